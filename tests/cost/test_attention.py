"""Which three things come first."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest

from costwatch.answers.spending import spending
from costwatch.cost.attention import actions
from costwatch.cost.explain import Change
from costwatch.cost.forecast import outlook
from costwatch.cost.spending import BudgetStanding, TeamSpending
from costwatch.model import Alert, Severity, labels
from costwatch.testing import an_alert
from tests.made.series import made

FRIDAY = date(2026, 11, 20)
WHOLE = {"USD": Decimal(10_000), "EUR": Decimal(100)}


def told(value: int, threshold: int, severity: str = "ticket", unit: str = "USD", **of: str) -> Alert:
    return an_alert(
        severity=Severity(severity),
        labels=labels(**of),
        value=Decimal(value),
        threshold=Decimal(threshold),
        unit=unit,
        summary=f"{of.get('team', 'all')}: {value} above {threshold}",
        runbook="",
    )


def rise(team: str, service: str, before: int, after: int, currency: str = "USD") -> Change:
    return Change(currency, labels(team=team, service=service), Decimal(before), Decimal(after))


def budgeted(team: str, daily: int, amount: int) -> TeamSpending:
    costs = [(FRIDAY - timedelta(days=n), team, "s3", "USD", daily) for n in range(60)]
    one = next(one for one in spending(made(costs)) if one.team == team)
    of = outlook(one.days, Decimal(amount), date(2026, 11, 1), date(2026, 12, 1), FRIDAY)
    budget = BudgetStanding(f"{team} month", "month", "EffectiveCost", Decimal(amount), of)
    return TeamSpending(**{name: getattr(one, name) for name in one.__slots__} | {"budget": budget})


def test_an_alert_says_what_rose_and_ranks_by_it() -> None:
    found = actions([told(620, 600, team="ml")], [], [rise("ml", "SageMaker", 900, 1600)], WHOLE)
    assert [(one.team, one.amount) for one in found] == [("ml", 700)]
    assert found[0].text == "ml: 620 above 600; SageMaker is up $700 (78 %) on the week before"


def test_an_alert_of_one_service_takes_only_the_increase_of_that_service() -> None:
    increases = [rise("ml", "SageMaker", 900, 1600), rise("ml", "NAT", 100, 300)]
    first, second = actions([told(400, 300, team="ml", service="NAT")], [], increases, WHOLE)
    assert first.text.startswith("ml: SageMaker cost $1.6k, $700 (78 %) more")
    assert second.text == "ml: 400 above 300; up $200 (200 %) on the week before"


def test_a_budget_that_will_not_last_names_the_day_and_the_reason() -> None:
    (found,) = actions([], [budgeted("ml", 100, 2500)], [rise("ml", "s3", 500, 700)], WHOLE)
    assert found.text == (
        "ml: the month is forecast at $3.0k, $500 over its budget of $2.5k, which it passes on 26 Nov 2026; "
        "s3 is up $200 (40 %) on the week before"
    )


def test_a_budget_told_by_its_alert_is_not_told_twice() -> None:
    alert = told(2000, 2500, team="ml", budget="ml month")
    assert [one.text for one in actions([alert], [budgeted("ml", 100, 2500)], [], WHOLE)] == [alert.summary]


def test_pages_come_first_then_the_share_of_each_currency() -> None:
    increases = [rise("risk", "s3", 0, 9000), rise("paris", "s3", 0, 95, "EUR")]
    found = actions([told(11, 10, "page", team="ml")], [], increases, WHOLE)
    assert [one.team for one in found] == ["ml", "paris", "risk"]


def test_different_teams_come_before_a_second_thing_of_one_team() -> None:
    increases = [rise("ml", f"service {n}", 0, 1000 - n) for n in range(4)] + [rise("risk", "s3", 0, 150)]
    assert [one.team for one in actions([], [], increases, WHOLE, limit=2)] == ["ml", "risk"]
    assert [one.team for one in actions([], [], increases, WHOLE, limit=3)] == ["ml", "ml", "risk"]


def test_what_nobody_owns_asks_for_an_owner() -> None:
    (found,) = actions([], [], [rise("unallocated", "s3", 0, 1000)], WHOLE)
    assert "nobody owns it: costwatch teams suggest" in found.text


@pytest.mark.parametrize(
    ("alerts", "increases"),
    [
        pytest.param([], [rise("ml", "s3", 1000, 1099)], id="an increase under 1 % of everything"),
        pytest.param([], [rise("ml", "s3", 5000, 10)], id="a decrease"),
        pytest.param([told(31, 30, unit="hours", source="aws")], [], id="an alert about no money"),
        pytest.param([told(90, 50, team="*", budget="* month")], [], id="the budget of everyone"),
    ],
)
def test_not_a_thing_for_one_owner(alerts: list[Alert], increases: list[Change]) -> None:
    assert actions(alerts, [], increases, WHOLE) == []


def test_an_alert_in_a_currency_the_week_did_not_spend_still_counts() -> None:
    empty: Mapping[str, Decimal] = {}
    assert [one.currency for one in actions([told(11, 10, unit="CHF", team="ml")], [], [], empty)] == ["CHF"]
