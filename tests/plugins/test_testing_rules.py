"""The conformance suite for rules catches what it promises to, and its fake snapshot is a faithful one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from costwatch.model import About, Driver, Finding, State, Verdict, Window, labels
from costwatch.plugins import RuleSettings
from costwatch.testing import Example, FakeSnapshot, check_rule, daily

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIRST = date(2026, 11, 1)
AFTER = date(2026, 11, 3)
RISK = labels(team="risk", currency="USD")


class Over(RuleSettings):
    """A good rule: each team's sum over ``above``."""

    above: Decimal = Decimal(100)

    def evaluate(self, facts: Any, now: datetime) -> Iterator[Finding]:
        window = Window.of_days(FIRST, now.date())
        for key, series in facts.series("EffectiveCost", ("team",), window).items():
            yield self.finding(key, sum((point.value for point in series), Decimal()))

    def finding(self, key: Any, value: Decimal) -> Finding:
        verdict = Verdict.BREACH if value > self.above else Verdict.OK
        return Finding(key, verdict, value, self.above, "USD", "a sum")


class Eager(Over):
    """Calls nothing fine."""

    def evaluate(self, facts: Any, now: datetime) -> Iterator[Finding]:
        yield from super().evaluate(facts, now)
        yield self.finding(labels(team="*"), Decimal())


class Wordy(Over):
    """Puts the value among the labels."""

    def finding(self, key: Any, value: Decimal) -> Finding:
        return replace(super().finding(key, value), labels=labels(value=str(value)))


class Doubling(Over):
    """Finds each instance twice."""

    def evaluate(self, facts: Any, now: datetime) -> Iterator[Finding]:
        yield from super().evaluate(facts, now)
        yield from super().evaluate(facts, now)


class Ordinal(Over):
    """Numbers the instances as they come."""

    def evaluate(self, facts: Any, now: datetime) -> Iterator[Finding]:
        for place, finding in enumerate(super().evaluate(facts, now)):
            yield replace(finding, summary=f"number {place}")


class Remembering(Over):
    """Keeps what it saw. seen: that."""

    seen: list[str] = []  # noqa: RUF012

    def evaluate(self, facts: Any, now: datetime) -> Iterator[Finding]:
        for finding in super().evaluate(facts, now):
            self.seen.append(str(finding))
            yield finding


class Marked(Over):
    """Takes a label that is the alert's."""

    def finding(self, key: Any, value: Decimal) -> Finding:
        return replace(super().finding(key, value), labels=labels(**dict(key), severity="page"))


class Resting(Over):
    """Says what it rests on. about: how."""

    about: Any = None

    def finding(self, key: Any, value: Decimal) -> Finding:
        return replace(super().finding(key, value), about=self.about)


class Driven(Over):
    """Says what drives it. parts: by how much each. change: what they sum to."""

    parts: tuple[Decimal, ...] = ()
    change: Decimal | None = None

    def finding(self, key: Any, value: Decimal) -> Finding:
        drivers = tuple(Driver(labels(service=str(number)), part) for number, part in enumerate(self.parts))
        return replace(super().finding(key, value), drivers=drivers, change=self.change)


PAYMENTS = labels(team="payments", currency="USD")
FACTS = {"EffectiveCost": {RISK: daily(FIRST, 60, 70), PAYMENTS: daily(FIRST, 20, 30)}}
EXAMPLE = Example(FACTS, NOW, {RISK: Verdict.BREACH, PAYMENTS: Verdict.OK})


def test_a_good_rule_passes() -> None:
    check_rule(Over(name="good"), [EXAMPLE])


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Over, "expected"),
        (Eager, "unknown is not zero"),
        (Wordy, "taken for another"),
        (Doubling, "two findings"),
        (Ordinal, "order of the facts"),
        (Remembering, "changed the rule"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_broken_rule_is_refused(rule: Any, reason: str) -> None:
    expected = {
        Over: {RISK: Verdict.OK, PAYMENTS: Verdict.OK},
        Wordy: {labels(value="130"): Verdict.BREACH, labels(value="50"): Verdict.OK},
    }
    with pytest.raises(AssertionError, match=reason):
        check_rule(rule(name="broken"), [replace(EXAMPLE, expected=expected.get(rule, EXAMPLE.expected))])


DAYS = Window.of_days(FIRST, AFTER)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(Marked(name="r"), "are the alert's own", id="a label that is the alert's"),
        pytest.param(
            Resting(name="r", about=About("EffectiveCost", ["team"])),  # type: ignore[arg-type]
            "once it has been stored",
            id="a list that is read back as a tuple",
        ),
        pytest.param(
            Resting(name="r", about=About("EffectiveCost", ("team", "team"))),
            "twice",
            id="a label asked twice",
        ),
        pytest.param(
            Resting(name="r", about=About("EffectiveCost", ("team",), {"service": ("S3",)})),
            "does not ask for: service",
            id="a condition on a label not asked for",
        ),
        pytest.param(
            Resting(name="r", about=About("EffectiveCost", (), {}, Window(DAYS.start, DAYS.start))),
            "is empty",
            id="an empty window",
        ),
        pytest.param(
            Resting(name="r", about=About("EffectiveCost", ("team",), {}, DAYS, Decimal(130))),
            "rests on 130, but its facts sum up to 50",
            id="a value that is another instance's",
        ),
        pytest.param(Driven(name="r", parts=(Decimal(1),)), "not the change", id="drivers of no change"),
        pytest.param(
            Driven(name="r", parts=(Decimal(1), Decimal(2)), change=Decimal(4)),
            "sum to 3, not to its change of 4",
            id="drivers that do not add up",
        ),
    ],
)
def test_a_finding_that_says_wrong_things_of_itself_is_refused(rule: Any, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_rule(rule, [EXAMPLE])


def test_a_finding_that_says_right_things_of_itself_passes() -> None:
    resting = Resting(name="r", about=About("EffectiveCost", ("team",), {}, DAYS))
    driven = Driven(name="r", parts=(Decimal(1), Decimal(-3)), change=Decimal(-2))
    for rule in (resting, driven):
        check_rule(rule, [EXAMPLE])


def test_the_fake_snapshot_sums_to_the_labels_asked_for() -> None:
    snapshot = FakeSnapshot(
        {
            "BilledCost": {
                labels(team="risk", service="EC2", currency="USD"): daily(FIRST, 1, 2, 4),
                labels(team="risk", service="S3", currency="USD"): daily(
                    FIRST, 10, None, 20, state=State.ESTIMATED
                ),
                labels(team="risk", service="S3", currency="EUR"): daily(FIRST, 100),
            }
        }
    )
    answer = snapshot.series("BilledCost", ("team",), Window.of_days(FIRST, AFTER))
    assert answer == {
        RISK: (
            replace(daily(FIRST, 11)[0], state=State.ESTIMATED),
            *daily(date(2026, 11, 2), 2),
        ),
        labels(team="risk", currency="EUR"): daily(FIRST, 100),
    }
    assert snapshot.data_through is None


def test_the_fake_snapshot_knows_through_which_day_all_is_settled() -> None:
    settled, late = daily(FIRST, 1, 2), daily(date(2026, 11, 3), 3, state=State.ESTIMATED)
    snapshot = FakeSnapshot({"EffectiveCost": {RISK: (*settled, *late), PAYMENTS: daily(FIRST, 1, 1, 1, 1)}})
    assert snapshot.data_through == date(2026, 11, 2)


@pytest.mark.parametrize(("query", "by"), [("Spend", ()), ("BilledCost", ("colour",))])
def test_the_fake_snapshot_refuses_what_the_real_one_does(query: str, by: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is named"):
        FakeSnapshot().series(query, by, Window.of_days(FIRST, AFTER))


def test_the_fake_snapshot_answers_all_that_the_real_one_does() -> None:
    window, day = Window.of_days(FIRST, AFTER), Window.of_days(FIRST, date(2026, 11, 2))
    fake = FakeSnapshot(
        {"EffectiveCost": {RISK: daily(FIRST, 1, 2)}, "freshness": {labels(source="aws"): daily(FIRST, 5)}},
        live_facts={"freshness": {labels(source="aws"): daily(FIRST, 7)}},
        sql_rows={"SELECT 1 AS one": [{"one": 1}]},
    )
    assert fake.totals("EffectiveCost", (), [window, day]) == {
        window: {labels(currency="USD"): Decimal(3)},
        day: {labels(currency="USD"): Decimal(1)},
    }
    assert fake.through("EffectiveCost") == datetime(2026, 11, 3, tzinfo=UTC)
    assert fake.through("freshness") == datetime(2026, 11, 1, tzinfo=UTC)
    assert (fake.through("BilledCost"), fake.through("budget")) == (fake.through("EffectiveCost"), None)
    assert fake.live("freshness", ("source",), window) == {labels(source="aws"): daily(FIRST, 7)}
    assert fake.live("EffectiveCost", (), window) is None
    assert fake.sql("SELECT 1 AS one") == [{"one": 1}]
    with pytest.raises(ValueError, match="give it some"):
        fake.sql("SELECT 2")
