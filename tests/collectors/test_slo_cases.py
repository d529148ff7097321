"""Public bug reports about SLOs as small histories, which lie beside the repository; else tests skip."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.slo import Slo
from costwatch.collect import collect
from costwatch.model import Labels, Window, labels
from costwatch.slo.objectives import Objective
from costwatch.warehouse.slo.buckets import Sums, sums
from costwatch.warehouse.slo.definitions import instances
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.shared_cases import SHARED_DATA
from tests.made.slo_history import HOUR, counter
from tests.made.slo_history import objective as availability

pytestmark = pytest.mark.prometheus

Known = dict[Labels, Sums]
START = datetime.fromtimestamp(1_790_812_800, UTC)


@pytest.fixture
def known(tmp_path: Path) -> Callable[[str, Objective, float], Known]:
    """What is known of the first hours of a case."""

    def of(case: str, objective: Objective, hours: float) -> Known:
        paths = [*(SHARED_DATA / "cases").glob(f"{case}*.md")]
        if not paths:
            pytest.skip("the shared cases are not there")
        found = re.search(r"## Input `in.om`\n```\n(.*?)```", paths[0].read_text(encoding="utf-8"), re.DOTALL)
        assert found
        warehouse, end = Warehouse(tmp_path / "costwatch.db"), START + timedelta(hours=hours)
        with real_prometheus(tmp_path / "server", found[1]) as url:
            source = Slo(name="slos", url=url).with_objectives([objective])
            (done,) = collect(warehouse, tmp_path / "ledger", [source], end)
        assert (done.error, done.note) == ("", "")
        with warehouse.read() as db:
            by_number = sums(db, Window(START, end))
            return {each.labels: by_number[each.id] for each in instances(db)}

    return of


def slo(metric: str, by: str = "", target: str = "0.999") -> Objective:
    indicator = availability().indicator
    sides = {
        side: counter(f"sum {by}(rate({metric}{of}[{{{{.window}}}}]))")
        for side, of in (("total", ""), ("bad", '{code="500"}'))
    }
    return availability(target=target, indicator=type(indicator)(**sides))


def test_the_first_error(known: Callable[..., Known]) -> None:
    (hour,) = known("s01", slo("http_requests_total"), 1).values()
    assert (hour.total - hour.good, hour.total, hour.known_seconds) == (5, 12_000, 3600)


def test_a_quiet_hour(known: Callable[..., Known]) -> None:
    (found,) = known("s03", slo("http_requests_total", target="0.99"), 3).values()
    assert (found.good, found.total, found.known_seconds) == (24_000, 24_024, 3 * HOUR.total_seconds())


def test_one_series_for_each_label_set(known: Callable[..., Known]) -> None:
    found = known("s04", slo("m_total", "by (host) ", target="0.99"), 1)
    assert {of: (each.total - each.good, each.total) for of, each in found.items()} == {
        labels(host="a"): (0, 10_800),
        labels(host="b"): (600, 1200),
    }
