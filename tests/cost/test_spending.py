"""What the Overview page and the report show equals what the rules compare."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.answers.spending import spending
from costwatch.rules.budget import Budget
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.series import made
from tests.made.warehouse_rows import NOW, company

FRIDAY = date(2026, 11, 20)


@pytest.fixture
def facts(tmp_path: Path):
    with company(tmp_path / "costwatch.db").read() as db:
        yield WarehouseSnapshot(db, NOW)


def test_everyone_comes_first_then_teams_by_cost_then_what_no_team_carries(facts: WarehouseSnapshot) -> None:
    assert [one.team for one in spending(facts)] == [
        *("*", "ml-platform", "platform", "feature-store", "risk", "payments", "unallocated")
    ]


def test_sums_equal_the_named_query_that_cost_show_reads(facts: WarehouseSnapshot) -> None:
    by_team = {one.team: one for one in spending(facts)}
    for (first, days), read in (
        ((date(2026, 11, 1), 20), lambda one: one.month_to_date),
        ((date(2026, 11, 14), 7), lambda one: one.last_7_days),
        ((date(2026, 11, 7), 7), lambda one: one.prior_7_days),
    ):
        after = first + timedelta(days=days)
        for asked in cost(facts.db, first, after, ("team",)):
            assert read(by_team[asked.labels["team"]]) == asked.amount()
        assert read(by_team["*"]) == cost(facts.db, first, after)[0].amount()


def test_budgets_stand_as_the_budget_rule_says(facts: WarehouseSnapshot) -> None:
    rule = Budget.model_validate({"name": "MonthBudget", "at": [0.5], "forecast": {"at": 1.0}})
    evidence = {dict(one.labels)["budget"]: one.evidence for one in rule.evaluate(facts, NOW)}
    outlook = {one.budget.name: one.budget for one in spending(facts) if one.budget}
    assert outlook.keys() == evidence.keys()
    for name, budget in outlook.items():
        assert budget.outlook.spent == Decimal(evidence[name]["spent"])
        assert round(budget.outlook.forecast, 2) == Decimal(evidence[name]["forecast"])
        assert budget.over == budget.outlook.forecast - budget.amount


def test_an_earlier_last_day_is_told_as_it_was_then(facts: WarehouseSnapshot) -> None:
    everyone = spending(facts, through=date(2026, 11, 8))[0]
    assert everyone.through == date(2026, 11, 8)
    assert everyone.month_to_date == cost(facts.db, date(2026, 11, 1), date(2026, 11, 9))[0].amount()
    assert max(point.day for point in everyone.days) == date(2026, 11, 8)
    assert len(everyone.days) == 30
    assert [entry.day for entry in everyone.month if entry.is_settled][-1] == date(2026, 11, 8)


def test_a_last_day_that_is_not_settled_is_brought_back(facts: WarehouseSnapshot) -> None:
    assert spending(facts, through=date(2026, 11, 22)) == spending(facts)
    assert spending(facts)[0].through == FRIDAY


def test_a_week_with_an_unknown_day_is_unknown_not_smaller() -> None:
    costs = [(FRIDAY - timedelta(days=n), "ml", "s3", "USD", 10) for n in range(12)]
    everyone = spending(made(costs))[0]
    assert everyone.last_7_days == 70
    assert everyone.prior_7_days is None
    assert everyone.change_7_days is None


def test_a_team_without_a_row_on_a_known_day_spent_nothing_on_it() -> None:
    costs = [(FRIDAY - timedelta(days=n), "ml", "s3", "USD", 10) for n in range(14)]
    small = {one.team: one for one in spending(made([*costs, (FRIDAY, "risk", "s3", "USD", 3)]))}["risk"]
    assert (small.last_7_days, small.prior_7_days, small.change_7_days) == (3, 0, 3)


def test_nothing_settled_is_nothing_known() -> None:
    assert spending(made([(FRIDAY, "ml", "s3", "USD", 10)], open_days=[FRIDAY])) == []
    assert spending(made([])) == []
