"""Collecting SLOs whatever happens on the way: kills, servers that come back, time that goes on."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.slo import Slo
from costwatch.collect import Collected, collect
from costwatch.model import Window
from costwatch.warehouse.slo.buckets import short_windows, sums
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made import killed_slos
from tests.made.kubernetes_told import MIDNIGHT, told, written
from tests.made.slo_history import FIRST, MINUTE, made, objective
from tests.made.soak import in_soak

pytestmark = pytest.mark.prometheus

TABLES = (
    "SELECT i.slo, i.labels, s.* FROM sli s JOIN slo_instance i ON i.id = s.instance",
    "SELECT i.slo, i.labels, s.* FROM sli_sum s JOIN slo_instance i ON i.id = s.instance",
    "SELECT i.slo, i.labels, s.* FROM sli_window s JOIN slo_instance i ON i.id = s.instance",
    "SELECT * FROM slo",
    "SELECT source, table_name, window_end FROM watermark",
    "SELECT * FROM source_version",
)


def contents(folder: Path) -> list[list[tuple[object, ...]]]:
    """All of what was stored of SLOs."""
    with Warehouse(folder / "costwatch.db").read() as db:
        return [sorted(tuple(row) for row in db.execute(sql)) for sql in TABLES]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three weeks, with a gap."""
    with real_prometheus(tmp_path_factory.mktemp("slo") / "server", made(21).openmetrics()) as running:
        yield running


@pytest.fixture(scope="module")
def whole(url: str, tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[object, ...]]]:
    """What a run stores that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    assert killed_slos.run(folder, url).error == ""
    return contents(folder)


SHORT = [("asking", 1), ("asking", 7), ("storing", 1), ("storing", 4)]
LONG = [*(("asking", number) for number in range(1, 40)), *(("storing", number) for number in range(1, 14))]


@pytest.mark.soak
@pytest.mark.parametrize(("where", "number"), in_soak(LONG, else_=SHORT))
def test_killed_and_run_again_the_tables_are_equal(
    where: str, number: int, url: str, whole: list[list[tuple[object, ...]]], tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, killed_slos.__file__, tmp_path, url, where, str(number)],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": "."},
        check=False,
    )
    assert killed.returncode in (9, 0)
    assert killed_slos.run(tmp_path, url).error == ""
    assert contents(tmp_path) == whole


def test_runs_of_five_minutes_leave_one_row_each_and_no_versions(url: str, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    source = Slo(name="slos", url=url).with_objectives([objective()])
    start = FIRST + timedelta(days=3)
    for minute in range(0, 60, 5):
        collect(warehouse, tmp_path / "ledger", [source], start + minute * MINUTE)
    with warehouse.read() as db:
        assert db.execute("SELECT count(*) FROM source_version").fetchone()[0] == 0
        assert db.execute("SELECT count(*) FROM sli").fetchone()[0] == 3 * 288 + 11
        assert db.execute("SELECT count(*) FROM sli_window").fetchone()[0] == 5


def outage(tmp_path: Path) -> str:
    """Two requests a second, scraped each 15 s; from minute 60 on for two minutes all of them fail."""
    ok = [2 * (at if at < 3600 else 3600 if at < 3720 else at - 120) for at in range(0, 4500, 15)]
    bad = [2 * min(max(at - 3600, 0), 120) for at in range(0, 4500, 15)]
    by_code = {"200": ok, "500": bad}
    series = [
        told(
            "http_requests_total",
            {"job": "api", "instance": "i1", "code": code},
            " ".join(str(value) for value in values if code == "200" or value) or "_",
            every=15,
            since=0 if code == "200" else 15 * (len(values) - sum(map(bool, values))),
        )
        for code, values in by_code.items()
    ]
    return written([*series, told("up", {"job": "api", "instance": "i1"}, "1x300", every=15)])


def test_an_outage_is_seen_within_two_minutes(tmp_path: Path) -> None:
    """Of the hour and of five minutes burn passes 14.4, though the series of errors is new."""
    warehouse = Warehouse(tmp_path / "costwatch.db")
    burns = {}
    with real_prometheus(tmp_path / "server", outage(tmp_path)) as url:
        source = Slo(name="slos", url=url).with_objectives([objective()])
        for minute in range(58, 70):
            now = FIRST + minute * MINUTE
            collect(warehouse, tmp_path / "ledger", [source], now)
            with warehouse.read() as db:
                live = {seconds: of for (_, seconds), of in short_windows(db).items()}
            assert live[300].at == now
            burns[minute - 60] = [
                round((live[seconds].total - live[seconds].good) / live[seconds].total / 0.001, 1)
                for seconds in (3600, 300)
            ]
    assert burns[0] == [0, 0]
    assert burns[1] == [16.7, 200]  # a minute of 3600 s, and of 300 s
    assert burns[2] == [33.3, 400]
    assert [minute for minute, (hour, five) in burns.items() if hour > 14.4 and five > 14.4] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


@pytest.mark.parametrize("up", ["_", "1x96"], ids=["and so was its target", "though its target was scraped"])
def test_a_series_that_was_gone_is_bridged_when_it_is_back(up: str, tmp_path: Path) -> None:
    """Runs that found nothing lie in between."""
    warehouse = Warehouse(tmp_path / "costwatch.db")
    target = {"job": "api", "instance": "i1"}
    requests = told("http_requests_total", {**target, "code": "200"}, "7000000+100x12 _x60 7007300+100x24")
    series = [requests, told("up", target, up)]
    first = objective()
    end = FIRST + 96 * 5 * MINUTE

    def run(minutes: int) -> Collected:
        source = Slo(name="slos", url=url).with_objectives([first])
        (done,) = collect(warehouse, tmp_path / "ledger", [source], FIRST + minutes * MINUTE)
        return done

    with real_prometheus(tmp_path / "server", written(series)) as url:
        for minutes in (60, 120, 300, 360, 365, 370, 480):
            assert run(minutes).error == ""
    with warehouse.read() as db:
        (found,) = sums(db, Window(FIRST, end)).values()
        assert db.execute("SELECT * FROM sli_window").fetchall()
    assert (found.total, found.bridged_seconds, found.known_seconds) == (9600, 61 * 300, 96 * 300)
    assert FIRST.timestamp() == MIDNIGHT
