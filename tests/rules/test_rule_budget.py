"""Rule kinds budget and freshness, and what every kind refuses to be told."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.model import About, Labels, Series, State, Verdict, Window, labels
from costwatch.plugins import RULES, load, registered
from costwatch.rules.budget import Budget
from costwatch.rules.freshness import Freshness
from costwatch.rules.threshold import Threshold
from costwatch.testing import Example, check_rule, daily
from costwatch.wording import on_day
from tests.made.rule_facts import BREACH, NOW, OK, UNKNOWN, facts, found, spend

# --- budgets -----------------------------------------------------------------------------------

MONTH = labels(
    name="experimentation month",
    team="experimentation",
    metric="EffectiveCost",
    period="month",
    currency="USD",
)
EVERYONE = labels(name="all", team="*", metric="EffectiveCost", period="quarter", currency="USD")
LEDGER = facts(
    spend("experimentation", *(100,) * 8, 20_000, 27_000),
    spend("risk", 50),
    (labels(team="idle", service="S", currency="USD"), daily(date(2026, 10, 1), *(10,) * 48)),
)


def budgets(**amounts: object) -> dict[str, Any]:
    return {
        **LEDGER,
        "budget": {
            MONTH: daily(date(2026, 10, 1), amounts["month"]) + daily(date(2026, 11, 1), amounts["month"]),
            EVERYONE: daily(date(2026, 10, 1), amounts["quarter"]),
        },
    }


MINE = labels(team="experimentation", period="2026-11", budget="experimentation month")
ALL = labels(team="*", period="2026-Q4", budget="all")


@pytest.mark.parametrize(
    ("settings", "amounts", "expected"),
    [
        pytest.param({}, {"month": 45_000, "quarter": 500_000}, {MINE: BREACH, ALL: OK}, id="one is spent"),
        pytest.param(
            {}, {"month": 48_500, "quarter": 500_000}, {MINE: BREACH, ALL: OK}, id="spent to the cent"
        ),
        pytest.param({}, {"month": 48_501, "quarter": 500_000}, {MINE: OK, ALL: OK}, id="nearly spent"),
        pytest.param(
            {"at": [0.8, 1.0]},
            {"month": 60_000, "quarter": 500_000},
            {MINE: BREACH, ALL: OK},
            id="a share is spent",
        ),
        pytest.param(
            {"forecast": {}},
            {"month": 49_000, "quarter": 500_000},
            {MINE: BREACH, ALL: OK},
            id="it will be spent",
        ),
        pytest.param({"teams": ["*"]}, {"month": 1, "quarter": 1}, {ALL: BREACH}, id="the whole bill alone"),
        pytest.param({"teams": ["risk"]}, {"month": 1, "quarter": 1}, {}, id="a team without a budget"),
    ],
)
def test_budget(settings: dict[str, Any], amounts: dict[str, Any], expected: dict[Labels, Verdict]) -> None:
    rule = Budget.model_validate({"name": "B", **settings})
    check_rule(rule, [Example(budgets(**amounts), NOW, expected)])


def test_budget_says_how_it_stands() -> None:
    rule = Budget.model_validate({"name": "B", "at": [0.5, 0.8, 1.0], "forecast": {"at": 1.0}})
    told = found(rule, budgets(month=45_000, quarter=250_000))
    mine, everyone = told[MINE], told[ALL]
    assert mine.summary == (
        "experimentation: $48,500.00 of $45,000.00 spent by 17 Nov 2026 (108 %);"
        " month-end forecast $49.8k, 11 % over"
    )
    assert (mine.value, mine.threshold, mine.unit) == (48_500, 45_000, "USD")
    assert mine.evidence["spent"] == "48500"
    assert mine.evidence["crossing_day"] == "2026-11-17"
    assert (mine.evidence["period_start"], mine.evidence["period_end"]) == ("2026-11-01", "2026-12-01")
    assert everyone.summary.startswith("all teams: $56,")
    assert everyone.summary.endswith("quarter-end forecast $65.5k, 26 % of it")


def test_a_budget_rests_on_the_newest_day_it_counts() -> None:
    about = found(Budget(name="B"), budgets(month=45_000, quarter=250_000))[MINE].about
    day = Window.of_days(date(2026, 11, 17), date(2026, 11, 18))
    assert about == About("budget", ("name",), {"name": ("experimentation month",)}, day)
    assert about.day is None, "a running total: no one day's sum"


def test_a_budget_goes_by_settled_days_unless_asked_for_less() -> None:
    early = labels(team="experimentation", service="S", currency="USD")
    given = budgets(month=60_000, quarter=500_000)
    given["EffectiveCost"] |= {early: daily(date(2026, 11, 18), 20_000, state=State.ESTIMATED)}
    assert found(Budget(name="B"), given)[MINE].verdict is OK
    mine = found(Budget(name="B", settle="estimated"), given)[MINE]
    assert (mine.verdict, mine.value) == (BREACH, 68_500)
    assert "spent by 18 Nov 2026" in mine.summary


def test_the_highest_share_reached_is_told() -> None:
    rule = Budget.model_validate({"name": "B", "at": [0.5, 0.8, 1.0]})
    assert found(rule, budgets(month=60_000, quarter=10**6))[MINE].threshold == 48_000
    assert found(rule, budgets(month=90_000, quarter=10**6))[MINE].threshold == 45_000


def test_a_forecast_breach_tells_the_forecast() -> None:
    rule = Budget.model_validate({"name": "B", "forecast": {"at": 1.0}})
    mine = found(rule, budgets(month=49_000, quarter=10**6))[MINE]
    assert (mine.value, mine.threshold) == (49_800, 49_000)


def test_of_a_period_only_partly_billed_only_a_breach_is_sure() -> None:
    late = {"budget": budgets(month=100, quarter=1)["budget"]}
    key = labels(team="experimentation", service="S", currency="USD")
    late["EffectiveCost"] = {key: daily(date(2026, 11, 9), *(10,) * 9)}
    assert found(Budget(name="B"), late)[MINE].verdict is UNKNOWN
    late["EffectiveCost"] = {key: daily(date(2026, 11, 9), *(20,) * 9)}
    assert found(Budget(name="B"), late)[MINE].verdict is BREACH


# --- freshness ---------------------------------------------------------------------------------

AGES = {
    "freshness": {
        labels(source="aws"): daily(NOW.date(), "31.52"),
        labels(source="gcp"): daily(NOW.date(), 30),
    }
}
AWS, GCP = labels(source="aws"), labels(source="gcp")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("*", {AWS: BREACH, GCP: OK}, id="all sources"),
        pytest.param("aws", {AWS: BREACH}, id="one"),
        pytest.param(["gcp", "azure"], {GCP: OK, labels(source="azure"): UNKNOWN}, id="one never tried"),
    ],
)
def test_freshness(source: object, expected: dict[Labels, Verdict]) -> None:
    rule = Freshness.model_validate({"name": "F", "source": source, "max_age": "30h"})
    check_rule(rule, [Example(AGES, NOW, expected)])
    findings = found(rule, AGES)
    if AWS in findings:
        assert findings[AWS].summary == "aws: nothing new for 31 h 31 min, over 30 h"


def days_old(aws: int, limit: int = 7) -> dict[str, dict[Labels, Series]]:
    return {
        "freshness": {AWS: daily(NOW.date(), 1)},
        "data_age": {AWS: daily(NOW.date(), aws)},
        "data_age_limit": {AWS: daily(NOW.date(), limit)},
    }


@pytest.mark.parametrize(
    ("age", "limit", "given", "verdict"),
    [
        pytest.param(29, 7, None, BREACH, id="older than what settles"),
        pytest.param(7, 7, None, OK, id="as old as that"),
        pytest.param(29, 37, None, OK, id="usually as silent"),
        pytest.param(3, 7, "2d", BREACH, id="older than the rule allows"),
        pytest.param(29, 7, "30d", OK, id="the rule allows more"),
    ],
)
def test_a_bill_that_ended_is_late_whatever_was_delivered(
    age: int, limit: int, given: str | None, verdict: Verdict
) -> None:
    allowed = {"max_data_age": given} if given else {}
    rule = Freshness.model_validate({"name": "F", "max_age": "30h", **allowed})
    finding = found(rule, days_old(age, limit))[AWS]
    assert finding.verdict is verdict
    if verdict is BREACH:
        ends = on_day(NOW.date() - timedelta(days=age))
        assert finding.summary == f"aws: bill ends {ends}, {age} days ago"
        assert (finding.unit, finding.value) == ("days", age)
        assert finding.about
        assert finding.about.query == "data_age"


def test_nothing_delivered_is_told_before_nothing_new_in_it() -> None:
    facts = days_old(29) | {"freshness": {AWS: daily(NOW.date(), 31)}}
    rule = Freshness.model_validate({"name": "F", "max_age": "30h"})
    assert found(rule, facts)[AWS].summary == "aws: nothing new for 31 h, over 30 h"


def test_a_named_source_that_nobody_ever_read_alerts() -> None:
    rule = Freshness.model_validate({"name": "F", "max_age": "30h", "source": "asw"})
    assert rule.no_data == "alert"
    assert found(rule, days_old(1))[labels(source="asw")].summary == "asw: never read yet"


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        pytest.param(Threshold, {}, "give 'above', 'below' or both", id="no limit"),
        pytest.param(
            Threshold, {"above": 1, "below": 2}, "every amount would be in breach", id="crossed limits"
        ),
        pytest.param(Threshold, {"above": 1, "by": ["tema"]}, "'tema' is no label", id="an unknown label"),
        pytest.param(
            Threshold, {"above": 1, "match": {"tema": "x"}}, "'tema' is no label", id="an unknown match"
        ),
        pytest.param(Threshold, {"above": 1, "window": "36h"}, "whole days", id="no whole days"),
        pytest.param(Threshold, {"above": 1, "window": "36d"}, "1d to 35d", id="too many days"),
        pytest.param(Budget, {"at": [1.0, 0.8]}, "must be ascending", id="shares descend"),
        pytest.param(Budget, {"at": []}, "give 'at', 'forecast' or 'steps'", id="no share"),
        pytest.param(Freshness, {"max_age": "0s"}, "must be more than 0s", id="no age"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(kind: type, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind.model_validate({"name": "R", **settings})


def test_the_kinds_are_registered() -> None:
    assert {"threshold", "budget", "freshness"} <= registered(RULES).keys()
    assert load(RULES, "threshold") is Threshold


# --- steps -----------------------------------------------------------------------------------------


def test_each_further_step_is_told_once_in_a_period() -> None:
    rule = Budget.model_validate({"name": "B", "at": [], "steps": 20_000})
    mine = found(rule, budgets(month=45_000, quarter=10**6))[MINE]
    assert (mine.verdict, str(mine.threshold)) == (BREACH, "40000")
    assert mine.evidence["reached"] == "40000"
    assert mine.summary.endswith("; $40,000.00 reached")
    assert found(rule, budgets(month=45_000, quarter=10**6))[ALL].verdict is BREACH, "beyond no budget, too"
    dear = Budget.model_validate({"name": "B", "at": [], "steps": 90_000})
    assert str(found(dear, budgets(month=45_000, quarter=10**6))[MINE].threshold) == "90000"
    assert found(dear, budgets(month=45_000, quarter=10**6))[MINE].verdict is OK


def test_a_step_that_was_told_stays_reached_until_the_period_ends() -> None:
    told = labels(rule="B", budget="experimentation month", team="experimentation", period="2026-11")
    others = labels(rule="Other", budget="all", team="*", period="2026-Q4")
    given = budgets(month=45_000, quarter=10**6)
    given["budget_reached"] = {
        (*told, ("currency", "USD")): daily(NOW.date(), 60_000),
        (*others, ("currency", "USD")): daily(NOW.date(), 999_000),
    }
    given["budget_reached"] = {tuple(sorted(key)): value for key, value in given["budget_reached"].items()}
    rule = Budget.model_validate({"name": "B", "steps": 20_000, "at": [0.9]})
    mine = found(rule, given)[MINE]
    assert (mine.verdict, mine.evidence["reached"]) == (BREACH, "60000")
    assert mine.summary.endswith("; $60,000.00 reached before")
    assert found(rule, given)[ALL].evidence["reached"] == "40000", "what another rule told is its own matter"
