"""Rule kind threshold: what it finds, what it says, and how little it asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from costwatch.model import About, Impact, Labels, Point, Series, State, Verdict, Window, labels, midnight
from costwatch.plugins import Indexed, Rule, Sums
from costwatch.rules.budget import Budget
from costwatch.rules.threshold import Threshold
from costwatch.testing import Example, FakeSnapshot, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, facts, found, only, spend

ESTIMATED = tuple(
    Point(midnight(THROUGH + timedelta(days=number)), Decimal(9_999), State.ESTIMATED) for number in (1, 2)
)
MIXED = facts(
    spend("ml-platform", 6000, 9412.33),
    spend("ml-platform", 50, service="Amazon S3"),
    spend("risk", 10, 10),
    spend("risk", 9_000, currency="EUR"),
)
SPELT = facts(
    *(
        (labels(team="risk", account=account, currency="USD"), spend("", amount)[1])
        for account, amount in {
            "012345670123": 1,
            "12345670123": 2,
            "0123-4567-0123": 4,
            "1": 100,
        }.items()
    )
)
ML, RISK = labels(team="ml-platform"), labels(team="risk")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"by": ["team"], "above": 6000}, {ML: BREACH, RISK: OK}, id="a team above"),
        pytest.param(
            {"by": ["team"], "above": 9462.33}, {ML: OK, RISK: OK}, id="exactly the amount is not above"
        ),
        pytest.param({"by": ["team"], "below": 50}, {ML: OK, RISK: BREACH}, id="a team below"),
        pytest.param(
            {"by": ["team"], "below": 50, "above": 6000},
            {ML: BREACH, RISK: BREACH},
            id="either side of a corridor",
        ),
        pytest.param({"above": 6000}, {(): BREACH}, id="the whole bill, in one currency"),
        pytest.param(
            {"by": ["team"], "match": {"service": "Amazon S3"}, "above": 40},
            {ML: BREACH},
            id="only what matches, summed to the labels asked for",
        ),
        pytest.param(
            {"by": ["team"], "match": {"service": ["Amazon S3", "Amazon EC2"]}, "above": 9450},
            {ML: BREACH, RISK: OK},
            id="several values are summed",
        ),
        pytest.param({"by": ["team"], "match": {"team": "nobody"}, "above": 1}, {}, id="nobody matches"),
        pytest.param(
            {"by": ["team"], "currency": "EUR", "above": 8000}, {RISK: BREACH}, id="another currency"
        ),
        pytest.param({"by": ["team"], "window": "7d", "above": 15000}, {ML: BREACH, RISK: OK}, id="a week"),
    ],
)
def test_threshold(settings: dict[str, Any], expected: dict[Labels, Verdict]) -> None:
    rule = Threshold.model_validate({"name": "T", **settings})
    check_rule(rule, [Example(MIXED, NOW, expected)])


@pytest.mark.parametrize("account", ["012345670123", "12345670123", "0123-4567-0123"])
def test_an_account_is_one_however_it_is_spelt(account: str) -> None:
    settings = {"name": "T", "by": ["team"], "match": {"account": account}}
    above = Threshold.model_validate({**settings, "above": 6.99})
    check_rule(above, [Example(SPELT, NOW, {RISK: BREACH})])
    within = Threshold.model_validate({**settings, "above": 7})
    check_rule(within, [Example(SPELT, NOW, {RISK: OK})])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            {
                "by": ["team", "service"],
                "match": {"team": "ml-platform", "service": "Amazon EC2"},
                "above": 6000,
            },
            "ml-platform · Amazon EC2: $9,412.33 on 17 Nov 2026, above $6,000.00",
            id="a day above",
        ),
        pytest.param(
            {"by": ["team"], "match": {"team": "risk"}, "window": "7d", "below": 1000},
            "risk: $520.00 in the 7 days to 17 Nov 2026, below $1,000.00",
            id="a week below",
        ),
        pytest.param(
            {"by": ["team"], "match": {"service": ["Amazon S3"]}, "above": 100},
            "ml-platform · Amazon S3: $50.00 on 17 Nov 2026",
            id="nothing to tell",
        ),
        pytest.param(
            {"above": 6000},
            "the whole bill: $9,472.33 on 17 Nov 2026, above $6,000.00",
            id="everything",
        ),
    ],
)
def test_threshold_says_what_where_and_when(settings: dict[str, Any], said: str) -> None:
    assert only(Threshold.model_validate({"name": "T", **settings}), MIXED).summary == said


def test_threshold_rests_on_one_day_that_can_be_looked_up_again() -> None:
    rule = Threshold(name="T", by=("team",), match={"service": "Amazon EC2"}, above=Decimal(6000))
    about = found(rule, MIXED)[ML].about
    assert about == About(
        "EffectiveCost",
        ("team", "service"),
        {"team": ("ml-platform",), "service": ("Amazon EC2",), "currency": ("USD",)},
        Window.of_days(THROUGH, THROUGH + timedelta(days=1)),
        Decimal("9412.33"),
    )
    assert about.day == THROUGH
    week = Threshold(name="T", by=("team",), above=Decimal(1), window=timedelta(days=7))
    about = found(week, MIXED)[ML].about
    assert about is not None
    assert about.window == Window.of_days(THROUGH - timedelta(days=6), THROUGH + timedelta(days=1))
    assert about.day is None


@pytest.mark.parametrize(
    ("settings", "impact"),
    [
        pytest.param({"above": 6000}, "103862.794375", id="a day above: 30.4375 of them"),
        pytest.param({"above": 15000, "window": "7d"}, "3967.006339286", id="a week above"),
        pytest.param({"above": 10_000}, None, id="no breach costs nothing"),
        pytest.param({"below": 10_000}, None, id="what too little costs is not known"),
    ],
)
def test_threshold_knows_what_a_month_above_costs(settings: dict[str, Any], impact: str | None) -> None:
    match = {"team": "ml-platform", "service": "Amazon EC2"}
    found = only(Threshold.model_validate({"name": "T", "match": match, **settings}), MIXED).impact
    assert found == (None if impact is None else Impact(Decimal(impact), "USD"))


def test_threshold_looks_at_settled_days_unless_asked_for_less() -> None:
    key, series = spend("risk", 10)
    given = facts((key, (*series, *ESTIMATED)))
    rule = {"name": "T", "by": ["team"], "above": 500}
    assert only(Threshold.model_validate(rule), given).value == 10
    for key in ("settle", "state"):
        early = only(Threshold.model_validate({**rule, key: "estimated"}), given)
        assert (early.verdict, early.summary) == (BREACH, "risk: $9,999.00 on 19 Nov 2026, above $500.00")


def test_a_settled_day_without_a_line_of_the_team_is_zero() -> None:
    quiet = labels(team="quiet", service="Amazon EC2", currency="USD")
    given = facts(spend("risk", 10), (quiet, daily(THROUGH - timedelta(days=20), 70)))
    rule = Threshold(name="T", by=("team",), below=Decimal(5))
    assert found(rule, given)[labels(team="quiet")].value == 0
    assert found(rule, given)[labels(team="quiet")].verdict is BREACH


def test_threshold_knows_nothing_of_days_before_the_bill_begins() -> None:
    given = facts(
        (labels(team="risk", service="S", currency="USD"), daily(THROUGH - timedelta(days=2), 1, 2, 3))
    )
    week = Threshold(name="T", by=("team",), above=Decimal(1), window=timedelta(days=7))
    assert only(week, given).verdict is UNKNOWN
    assert only(week.model_copy(update={"window": timedelta(days=3)}), given).verdict is BREACH


@pytest.mark.parametrize("kind", [Threshold(name="T", above=Decimal(1), by=("team",)), Budget(name="B")])
def test_before_any_day_is_settled_a_rule_speaks_once_for_all(kind: Rule) -> None:
    given = facts((labels(team="risk", service="S", currency="USD"), ESTIMATED))
    assert found(kind, given).keys() == {()}
    assert only(kind, given).verdict is UNKNOWN


@dataclass
class Counting:
    """A snapshot that counts what it is asked for the first time, as the warehouse's does."""

    facts: FakeSnapshot
    answers: dict[object, Any] = field(default_factory=dict)
    data_through: date | None = THROUGH

    def series(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        return self._once(("series", query, by, window), lambda: self.facts.series(query, by, window))

    def totals(self, query: str, by: tuple[str, ...], windows: Sequence[Window]) -> Mapping[Window, Sums]:
        def ask(window: Window) -> Sums:
            return Indexed(self.facts.totals(query, by, [window])[window])

        return {each: self._once(("totals", query, by, each), partial(ask, each)) for each in windows}

    def _once(self, key: object, ask: Callable[[], Any]) -> Any:
        if key not in self.answers:
            self.answers[key] = ask()
        return self.answers[key]


def test_ten_thousand_rules_that_differ_by_label_share_two_queries_and_one_a_window() -> None:
    given = facts(*(spend(f"team-{number}", number) for number in range(100)))
    snapshot = Counting(FakeSnapshot(given))
    rules: Sequence[Threshold] = [
        Threshold(
            name=f"T{number}",
            by=("service", "team"),
            match={"team": f"team-{number % 100}", "service": ("Amazon EC2",)},
            window=timedelta(days=1 + number % 3),
            above=Decimal(50),
        )
        for number in range(10_000)
    ]
    findings = [finding for rule in rules for finding in rule.evaluate(snapshot, NOW)]
    assert len(findings) == 10_000
    assert len(snapshot.answers) == 2 + 3
