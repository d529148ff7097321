"""A collector of a table of its own is one file and one entry point: then every command knows it."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from costwatch.config import check
from costwatch.testing import check_collector
from tests.made import acme_meter
from tests.made.acme_meter import HOUR, NINE, LargeMeter, Meter, Window
from tests.made.command_line import ALERTS, Costwatch

CONFIG = "sources:\n- {name: racks, kind: meter, first: 2026-11-02T22:00:00Z}\n"


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path / "site"
    info = place / "acme_meter-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-meter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[costwatch.collectors]\nmeter = acme_meter:Meter\nlarge = acme_meter:LargeMeter\n"
    )
    shutil.copy(acme_meter.__file__, place)
    (tmp_path / "costwatch.yaml").write_text(CONFIG)
    (tmp_path / "alerts.yaml").write_text(ALERTS)
    monkeypatch.syspath_prepend(place)
    yield
    sys.modules.pop("acme_meter", None)


@pytest.mark.parametrize("kind", [Meter, LargeMeter])
def test_it_keeps_the_contract(kind: type[Meter]) -> None:
    check_collector(kind(name="racks", first=NINE), Window(NINE + HOUR / 3, NINE + 4 * HOUR))


def test_every_command_knows_it(costwatch: Costwatch, tmp_path: Path) -> None:
    assert costwatch("check").code == 0
    assert "meter" in costwatch("plugins").out
    assert costwatch("collect", "--dry-run").out == "racks: would load 2 rows of power\n"
    assert not (tmp_path / "costwatch.db").exists()
    assert costwatch("-v", "collect").err == "racks: loaded 2 rows of power\n"
    assert costwatch("allocate").code == 0
    assert costwatch("query", "SELECT SUM(joules) AS joules FROM x_power", "--json").json == [
        {"joules": 7200}
    ]
    status = costwatch("status", "--json")
    assert [(row["source"], row["state"]) for row in status.json["sources"]] == [("racks", "ok")]
    assert [(run["row_count"], run["line_count"]) for run in status.json["runs"]] == [(2, 2)]
    assert "ok    source racks" in costwatch("doctor").out


def test_what_is_incomplete_is_told_by_every_command(costwatch: Costwatch, tmp_path: Path) -> None:
    costwatch("check")
    code = (tmp_path / "site" / "acme_meter.py").read_text()
    (tmp_path / "site" / "acme_meter.py").write_text(code.replace("hour in self._partial", "True"))
    sys.modules.pop("acme_meter", None)
    collected = costwatch("collect")
    assert collected.code == 0
    assert collected.err == (
        "costwatch: racks: calls 2 of its answers for table 'power' incomplete, the first from "
        "2026-11-02 22:00 UTC; they are read again by each run until they are whole\n"
    )
    words = (
        "called 2 answers, from 2026-11-02 22:00 UTC on, incomplete: "
        "what is missing there is in no number yet, and each run asks for it again"
    )
    assert f"  racks: {words}\n" in costwatch("status").out
    status = costwatch("status", "--json")
    assert (status.code, status.json["sources"][0]["incomplete"]) == (0, words)
    assert status.json["runs"][0]["partial_count"] == 2


def test_a_clash_of_tables_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text(CONFIG + "- {name: halls, kind: large, first: 2026-11-02T22:00:00Z}\n")
    assert check(file) == [
        f"{file}:3: table 'power' is declared otherwise than by source 'racks'; "
        "one of the two collectors must rename it"
    ]


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("bill", "'role' must be left out, not 'bill'"),
        ("check", "'role' must be left out, not 'check'"),
    ],
)
def test_a_file_gives_no_role_to_what_brings_no_bill(tmp_path: Path, role: str, told: str) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text(CONFIG.replace("kind: meter", f"kind: meter, role: {role}"))
    assert check(file) == [f"{file}:2: {told}"]


def test_a_bill_needs_a_role(tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text("sources:\n- {name: aws, kind: exports, location: bill, role: null}\n")
    assert check(file) == [
        f"{file}:2: 'role' must be bill or check, or be left out; nothing is written there"
    ]
