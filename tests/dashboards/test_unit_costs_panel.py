"""Costs of kind per unit, and what a System costs per unit: as the command says, and unknown as such."""

from pathlib import Path

import pytest

from tests.made.opened_pages import Open
from tests.made.unit_company import NOW, TEAMS, UNIT_COSTS, UnitCompany, lines

MODE = {"mode": "per unit"}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = UnitCompany(tmp_path_factory.mktemp("units"))
    made.run(NOW)
    file = made.root / "costwatch.yaml"
    file.write_text(f"teams: {TEAMS}\n")
    return file


def test_every_unit_cost_stands_with_its_groups(open_page: Open, units: Path) -> None:
    shown = open_page(units, "costs", NOW, **MODE)
    # $18 and $6 a day by 3M and 1M, four of 28 days unknown; dearer on the last three.
    assert [float(value) for value in shown.numbers("unit_cost_prediction")] == [0.00675] * 3
    assert "prediction per 1,000 predictions $0.00675 +13 % $648.00 96,000,000 4 ($96.00)" in shown.text
    assert "namespace=ranking" in shown.text
    assert "experiment per experiment unknown unknown – unknown 28 ($364.00)" in shown.text
    assert "Sun 4 Oct to Sat 31 Oct; change: against the same weekdays, Sun 6 Sep to Sat 3 Oct" in shown.text
    assert (
        "prediction — USD per 1,000 predictions, by day; where the line is broken it is unknown" in shown.text
    )


def test_one_alone_and_another_range(open_page: Open, units: Path) -> None:
    shown = open_page(units, "costs", NOW, **MODE, unit_cost="prediction", range="7d")
    assert "experiment" not in shown.text
    assert float(shown.numbers("unit_cost_prediction")[0]) == pytest.approx(0.008571428571)
    assert "Sun 25 Oct to Sat 31 Oct" in shown.text


def test_a_system_says_what_it_costs_per_unit(open_page: Open, units: Path) -> None:
    shown = open_page(units, "system", NOW, system="model-server")
    assert "Per unit — Sun 4 Oct to Sat 31 Oct; change: against the four weeks before" in shown.text
    assert float(shown.numbers("unit_cost_prediction")[0]) == 0.00675
    assert 'href="costs?mode=per+unit&amp;unit_cost=prediction"' in shown.html
    assert "decision" not in shown.text


def test_what_nobody_knows_is_told_and_no_number_shown(open_page: Open, units: Path) -> None:
    shown = open_page(units, "costs", NOW, **MODE, unit_cost="predicton")
    assert "No unit cost is known of unit_cost predicton" in shown.text
    assert "data-exact" not in shown.html


def test_before_any_is_named_it_says_what_to_configure(open_page: Open, full: Path) -> None:
    shown = open_page(full, "costs", **MODE)
    assert "No unit cost is named yet" in shown.text


def test_groups_are_text_and_no_markup(open_page: Open, tmp_path: Path) -> None:
    decision = {**UNIT_COSTS[1], "by": ["service"], "where": {}}
    made = UnitCompany(tmp_path, [decision])
    made.bill([{**line, "ServiceName": HOSTILE} for line in lines()])
    made.run(NOW)
    (tmp_path / "costwatch.yaml").write_text(f"teams: {TEAMS}\n")
    shown = open_page(tmp_path / "costwatch.yaml", "costs", NOW, **MODE)
    assert "service=<script>" in shown.text
    assert HOSTILE not in shown.html
