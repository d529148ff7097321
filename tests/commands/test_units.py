"""``costwatch cost units``: what it prints, what it says of what nobody knows, and what doctor says."""

import json
from pathlib import Path

import pytest

from tests.commands.test_usage import golden
from tests.made.command_line import Costwatch, configure
from tests.made.unit_company import POOLS, SYSTEMS, TEAMS, UNIT_COSTS, UnitCompany

NOW = ("--now", "2026-11-03T06:00:00Z")
HOSTILE = "=cmd|' /C calc'!A1\x1b[31m"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = UnitCompany(tmp_path_factory.mktemp("company"))
    made.run()
    configure(made.root, f"teams: {TEAMS}\n")
    return made.root


@pytest.fixture
def units(costwatch: Costwatch, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Costwatch:
    monkeypatch.chdir(folder)
    return lambda *arguments: costwatch(*NOW, "cost", "units", *arguments)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cost-units.txt", ()),
        ("cost-units-per-day.txt", ("prediction", "--per-day", "--from", "2026-10-09", "--to", "2026-10-14")),
    ],
)
def test_units(units: Costwatch, name: str, words: tuple[str, ...]) -> None:
    shown = units(*words)
    assert (shown.code, shown.err) == (0, "")
    golden(name, shown.out)


def test_as_json_nothing_is_rounded_and_unknown_is_null(units: Costwatch) -> None:
    rows = units("--json", "--from", "2026-10-01", "--to", "2026-11-01").json
    by_name = {(row["unit_cost"], *row["by"].values()): row for row in rows}
    fraud = by_name["prediction", "fraud"]
    assert (fraud["costNano"], fraud["volume"], fraud["per"]) == (180 * 10**9, 27e6, 1000)
    assert fraud["value"] == pytest.approx(180 / 27000)
    assert (fraud["known_days"], fraud["unknown_days"], fraud["unknown_costNano"]) == (27, 4, 24 * 10**9)
    assert (fraud["unit"], fraud["BillingCurrency"], fraud["x_State"]) == (
        "per 1,000 predictions",
        "USD",
        "settled",
    )
    never = by_name["experiment",]
    assert (never["value"], never["volume"], never["change"], never["before"]) == (None, None, None, None)


def test_the_last_days_are_as_in_cost_show(units: Costwatch) -> None:
    (row, *_) = units("prediction", "--last", "7d", "--json").json
    assert (row["known_days"], row["change"]) == (5, 0.6)  # 27 to 31 Oct: two at $24, three at $48


def test_as_of_an_instant_before_the_bill_nothing_is_known(units: Costwatch) -> None:
    shown = units("--as-of", "2026-10-01")
    assert (shown.code, shown.out) == (0, "")
    assert "no unit cost is known; name some under unit_costs" in shown.err


REFUSED = {
    "a name that there is not": (
        ("predicton",),
        "cost units: no unit cost is called 'predicton'; did you mean",
    ),
    "a name that would steer a terminal": ((HOSTILE,), r"\x1b[31m"),
    "both kinds of window": (("--last", "7d", "--from", "2026-10-01"), "exclude each other"),
    "a window without a day": (("--from", "2026-10-02", "--to", "2026-10-02"), "holds no day"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused(units: Costwatch, words: tuple[str, ...], said: str) -> None:
    answer = units(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "\x1b" not in answer.err


def test_doctor_tells_one_whose_volume_never_arrived(
    costwatch: Costwatch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    of = {"teams": TEAMS, "pools": POOLS, "systems": SYSTEMS, "unit_costs": UNIT_COSTS}
    sources = [{"name": "files", "kind": "measure_files", "location": "measures"}]  # which may hold any
    (folder / "doctor.yaml").write_text(json.dumps({**of, "sources": sources}))  # JSON is YAML, too
    said = costwatch(*NOW, "-c", "doctor.yaml", "doctor")
    assert said.code == 3
    assert "mend  unit cost experiment: its volume experiments never arrived" in said.out
    assert "ok    unit cost prediction" in said.out
