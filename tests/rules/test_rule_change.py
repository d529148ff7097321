"""Rule kind change: which days it compares, what it finds and says, and what does not cancel."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from costwatch.cost.comparison import comparison
from costwatch.model import Impact, Labels, Series, State, Verdict, Window, labels
from costwatch.rules.change import Change
from costwatch.testing import Example, FakeSnapshot, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, facts, found, only

ML = labels(team="ml")
DAYS = 75


def cost(
    *newest: object, usual: object = 100, days: int = DAYS, state: State = State.SETTLED, **of: str
) -> tuple[Labels, Series]:
    """``usual`` each day but the newest ones, up to ``THROUGH``; None is a day without a line."""
    first = THROUGH - timedelta(days=days - 1)
    key = {"team": "ml", "service": "EC2", "region": "eu", "usage_type": "box", "currency": "USD", **of}
    return labels(**key), daily(first, *[usual] * (days - len(newest)), *newest, state=state)


def rule(**settings: Any) -> Change:
    return Change.model_validate({"name": "C", "compare": "day", "by": ["team"], **settings})


OTHER = cost(team="risk", service="RDS")


@pytest.mark.parametrize(
    ("compare", "newest", "days", "before"),
    [
        pytest.param("day", "2026-11-17", ("11-17", 1), [("11-16", 1)], id="a day with the day before"),
        pytest.param(
            "same_weekday",
            "2026-11-17",
            ("11-17", 1),
            [("11-10", 1), ("11-03", 1), ("10-27", 1), ("10-20", 1)],
            id="a day with four of its weekday",
        ),
        pytest.param("week", "2026-11-17", ("11-11", 7), [("11-04", 7)], id="7 days with the 7 before"),
        pytest.param(
            "month_to_date", "2026-11-17", ("11-01", 17), [("10-01", 17)], id="as many days of last month"
        ),
        pytest.param("month_to_date", "2026-11-01", ("11-01", 1), [("10-01", 1)], id="the first day"),
        pytest.param(
            "month_to_date", "2026-03-30", ("03-01", 28), [("02-01", 28)], id="last month was shorter"
        ),
        pytest.param("month_to_date", "2027-01-31", ("01-01", 31), [("12-01", 31)], id="across the new year"),
    ],
)
def test_complete_periods_of_one_length_are_compared(
    compare: Any, newest: str, days: tuple[str, int], before: list[tuple[str, int]]
) -> None:
    of = comparison(compare, date.fromisoformat(newest))

    def window(start: str, count: int) -> Window:
        year = 2026 if newest < "2027" or start.startswith("12") else 2027
        first = date.fromisoformat(f"{year}-{start}")
        return Window.of_days(first, first + timedelta(days=count))

    assert (of.days, list(of.before)) == (window(*days), [window(*each) for each in before])
    assert of.history.end == of.before[0].end


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(("day", "week", "month_to_date")))
def test_no_period_is_compared_with_a_longer_one_or_with_itself(newest: date, compare: Any) -> None:
    of = comparison(compare, newest)
    for before in of.before:
        assert before.end - before.start == of.days.end - of.days.start
        assert before.end <= of.days.start


@pytest.mark.parametrize(
    ("settings", "given_facts", "expected"),
    [
        pytest.param({"above_pct": 40}, [cost(150)], {ML: BREACH}, id="a rise over a day"),
        pytest.param({"above_pct": 50}, [cost(150)], {ML: OK}, id="exactly as much is not above"),
        pytest.param({"above_pct": 40, "above": 60}, [cost(150)], {ML: OK}, id="both must be exceeded"),
        pytest.param({"above": 49}, [cost(150)], {ML: BREACH}, id="an amount alone"),
        pytest.param({"above_pct": 40}, [cost(20)], {ML: OK}, id="a fall is no rise"),
        pytest.param({"below_pct": 40}, [cost(50)], {ML: BREACH}, id="a fall"),
        pytest.param({"below_pct": 40, "below": 60}, [cost(50)], {ML: OK}, id="a fall too small"),
        pytest.param(
            {"compare": "same_weekday", "above_pct": 40}, [cost(*[160] * 7)], {ML: BREACH}, id="a weekday"
        ),
        pytest.param(
            {"compare": "same_weekday", "above_pct": 40},
            [cost(*[500] + [100] * 6 + [110])],
            {ML: OK},
            id="one odd week misleads no weekday",
        ),
        pytest.param({"compare": "week", "above_pct": 40}, [cost(*[150] * 7)], {ML: BREACH}, id="a week"),
        pytest.param({"compare": "week", "above_pct": 40}, [cost(150)], {ML: OK}, id="one day of a week"),
        pytest.param(
            {"compare": "month_to_date", "above_pct": 40}, [cost(*[150] * 17)], {ML: BREACH}, id="a month"
        ),
        pytest.param({"above_pct": 40, "match": {"service": "RDS"}}, [cost(150)], {}, id="nothing matches"),
    ],
)
def test_change(
    settings: dict[str, Any], given_facts: list[tuple[Labels, Series]], expected: dict[Labels, Verdict]
) -> None:
    expected = expected | ({} if "match" in settings else {labels(team="risk"): OK})
    if "match" in settings:
        expected = {labels(team="risk"): OK}
    check_rule(rule(**settings), [Example(facts(*given_facts, OTHER), NOW, expected)])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            {"by": ["team", "service"]},
            "ml · EC2: $185.00 on 17 Nov 2026, 85 % more than on the day before ($100.00)",
            id="day",
        ),
        pytest.param(
            {"compare": "same_weekday"},
            "ml: $185.00 on 17 Nov 2026, 85 % more than usual on Tuesdays ($100.00)",
            id="weekday",
        ),
        pytest.param(
            {"compare": "week", "above_pct": 10},
            "ml: $785.00 in the 7 days to 17 Nov 2026, 12 % more than in the 7 days before ($700.00)",
            id="week",
        ),
        pytest.param(
            {"compare": "month_to_date", "above_pct": 1, "by": []},
            "the whole bill: $1,785.00 from 1 to 17 Nov 2026, 5 % more than in the same days of October"
            " ($1,700.00)",
            id="month",
        ),
    ],
)
def test_a_change_says_what_it_is_compared_with(settings: dict[str, Any], said: str) -> None:
    assert only(rule(**{"above_pct": 40, **settings}), facts(cost(185))).summary == said


def test_a_change_tells_its_drivers_and_what_it_costs_a_month() -> None:
    given_facts = facts(
        cost(160), cost(90, usage_type="disk"), *(cost(101, usage_type=f"t{n}") for n in "123456")
    )
    finding = only(rule(above=40), given_facts)
    assert (finding.change, finding.value, finding.threshold) == (Decimal(56), Decimal(856), Decimal(840))
    assert finding.impact == Impact(Decimal("1704.500000000"), "USD")
    assert [(dict(each.labels).get("usage_type", "rest"), int(each.amount)) for each in finding.drivers] == [
        ("box", 60), ("disk", -10), ("t1", 1), ("t2", 1), ("t3", 1), ("rest", 3)
    ]  # fmt: skip


def test_a_rise_and_a_fall_do_not_cancel() -> None:
    swapped = facts(cost(180), cost(20, service="RDS"))
    finding = only(rule(above_pct=30), swapped)
    assert finding.verdict is BREACH
    assert finding.summary == (
        "ml: $200.00 on 17 Nov 2026, as on the day before; parts of it rose by $80.00 while others fell"
    )
    assert finding.change == 0
    assert finding.impact == Impact(Decimal("2435.000000000"), "USD")
    assert only(rule(above_pct=41), swapped).verdict is OK, "of the whole it is 40 %"
    assert only(rule(below_pct=30), swapped).summary.endswith("parts of it fell by $80.00 while others rose")
    assert only(rule(above_pct=30, by=[]), swapped).verdict is BREACH


def test_many_small_moves_are_no_change() -> None:
    wobbling = facts(*(cost(100 + (-1) ** n * 20, usage_type=f"t{n}") for n in range(40)))
    assert (
        only(rule(above_pct=5), facts(*[(k, s) for k, s in wobbling["EffectiveCost"].items()])).verdict
        is BREACH
    )
    assert only(rule(above_pct=25), wobbling).verdict is OK


def test_what_is_new_is_a_finding_of_its_own_with_no_history() -> None:
    bill = (cost(days=2), cost(30, usual=None, days=2, service="Bedrock"))
    told = found(rule(above_pct=40), facts(*bill))
    assert told[ML].verdict is OK, "30 % more"
    new = told[labels(team="ml", service="Bedrock")]
    assert new.verdict is BREACH
    assert new.summary == "ml · Bedrock: $30.00 on 17 Nov 2026, new: nothing in the 35 days to 16 Nov 2026"
    assert new.impact == Impact(Decimal("913.125000000"), "USD")
    there = cost(30, usual=None, region="us-east-1")
    assert found(rule(above_pct=40), facts(cost(), there)).keys() == {
        ML,
        labels(team="ml", region="us-east-1"),
    }
    assert found(rule(above_pct=40, new=[]), facts(cost(), there)).keys() == {ML}
    assert found(rule(above_pct=40, above=40), facts(cost(), there)).keys() == {ML}, "too little"
    by_service = found(rule(above_pct=40, by=["team", "service"]), facts(*bill))
    assert by_service[labels(team="ml", service="Bedrock")].summary == new.summary


def test_what_had_a_cost_within_five_weeks_is_not_new() -> None:
    now_and_then = cost(30, *[None] * 30, 30, usual=None, service="Support")
    series = now_and_then[0], daily(THROUGH - timedelta(days=31), 30, *[None] * 30, 30)
    assert found(rule(above_pct=40), facts(cost(), series)).keys() == {ML}


def test_what_is_gone_is_told_where_falls_are_asked_for() -> None:
    ended = cost(None, service="RDS")
    assert found(rule(above_pct=40), facts(cost(), ended)).keys() == {ML}
    gone = found(rule(below_pct=60), facts(cost(), ended))[labels(team="ml", service="RDS")]
    assert gone.summary == "ml · RDS: $0.00 on 17 Nov 2026, gone: $100.00 on the day before"
    assert gone.verdict is BREACH
    team = found(rule(below_pct=60), facts(OTHER, ended))
    assert team[ML].summary == "ml: $0.00 on 17 Nov 2026, gone: $100.00 on the day before"


@pytest.mark.parametrize(
    ("compare", "days"), [("day", 1), ("same_weekday", 14), ("week", 13), ("month_to_date", 47)]
)
def test_days_before_the_bill_begins_are_unknown(compare: str, days: int) -> None:
    asked = rule(compare=compare, above_pct=40)
    assert only(asked, facts(cost(900, days=days))).verdict is UNKNOWN
    if compare != "month_to_date":
        assert only(asked, facts(cost(900 * days, days=days + 1))).verdict is BREACH


def test_a_day_that_nobody_has_a_line_of_is_unknown() -> None:
    assert only(rule(above_pct=40), facts(cost(None, 150))).labels == ()
    assert only(rule(above_pct=40), facts(cost(None, 150))).verdict is UNKNOWN
    assert only(rule(compare="week", above_pct=40), facts(cost(None, 900, 900, 900))).verdict is UNKNOWN


def test_days_that_may_still_change_are_compared_only_if_asked_for_and_over() -> None:
    key, series = cost()
    late = daily(THROUGH + timedelta(days=1), 200, 90, 1, state=State.ESTIMATED)  # 18, 19 and 20 Nov
    given_facts = facts((key, (*series, *late)))
    assert only(rule(above_pct=40), given_facts).value == 100
    early = only(rule(above_pct=40, settle="estimated"), given_facts)
    assert early.summary == (
        "provisional: ml: $200.00 on 18 Nov 2026, 100 % more than on the day before ($100.00)"
    ), "the 19th is today"
    assert only(rule(above_pct=40, settle="estimated"), facts((key, series))).value == 100


def test_before_any_day_is_settled_it_speaks_once() -> None:
    finding = only(rule(above_pct=40), facts(cost(state=State.ESTIMATED)))
    assert (finding.labels, finding.verdict) == ((), UNKNOWN)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({}, "give 'above_pct', 'above', 'below_pct' or 'below'", id="no limit"),
        pytest.param({"below_pct": 100}, "less than 100", id="nothing falls by more than all"),
        pytest.param({"above_pct": 0}, "greater than 0", id="every wobble"),
        pytest.param({"above": 1, "match": {"currency": "EUR"}}, "match takes no currency", id="currency"),
        pytest.param({"above": 1, "by": ["tem"]}, "use team", id="a label misspelt"),
        pytest.param({"above": 1, "compare": "daily"}, "day", id="a comparison misspelt"),
    ],
)
def test_a_change_rule_that_can_never_fire_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        rule(**settings)


def test_rules_that_differ_by_label_share_their_answers() -> None:
    asked: list[tuple[object, ...]] = []

    class Counting(FakeSnapshot):
        def totals(self, query: str, by: Any, windows: Any) -> Any:
            asked.append((query, by, *windows))
            return super().totals(query, by, windows)

    snapshot = Counting(facts(*(cost(150, team=f"t{n}") for n in range(5))))
    rules = [rule(match={"team": f"t{n}"}, by=["team"], above_pct=40) for n in range(5)]
    assert sum(len(list(each.evaluate(snapshot, NOW))) for each in rules) == 5
    assert len({*asked}) == 1
