"""After days without an evaluation what fired and ended meanwhile is told, once, and nothing storms."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.alerts.routing import RootRoute
from costwatch.deliver import deliver
from costwatch.evaluate import Evaluation, evaluate
from costwatch.model import Alert
from costwatch.rules.budget import Budget
from costwatch.rules.threshold import Threshold
from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import FakeTime, Recorder
from tests.made.warehouse_rows import Row, budget, fill

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = date(2026, 11, 1)
SPEND = Threshold(name="Spend", by=("team",), above=Decimal(3000))


def settled(count: int) -> datetime:
    """When the first ``count`` days of November are settled."""
    return datetime(2026, 11, count + 3, 6, tzinfo=UTC)


class World:
    """A warehouse in which days settle, whether or not anybody looks at them."""

    def __init__(self, folder: Path) -> None:
        self.warehouse, self.receiver, self.values = Warehouse(folder / "costwatch.db"), Recorder(), [100] * 4
        self.settle()

    def settle(self, *values: int) -> None:
        """So many days more."""
        self.values += values
        rows: list[Row] = [
            (FIRST + number * DAY, team, "Amazon EC2", "USD", value, value, "settled")
            for number, value in enumerate(self.values)
            for team in ("ml", "risk")
        ]
        fill(self.warehouse, rows, settled(len(self.values)))

    @property
    def now(self) -> datetime:
        return settled(len(self.values))

    def evaluate(self, *rules: Any, later: timedelta = HOUR) -> Evaluation:
        return evaluate(self.warehouse, rules or [SPEND], self.now + later, watches_itself=True)

    def deliver(self, **route: str) -> list[str]:
        root = RootRoute.model_validate({"receiver": "default", "group_by": ["rule"], **route})
        deliver(self.warehouse, root, [self.receiver], {}, "http://x", self.now + HOUR, clock=FakeTime())
        return self.receiver.said


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    assert world.evaluate().alerts == ()
    return world


def times(alerts: tuple[Alert, ...]) -> list[tuple[str, datetime | None, datetime | None]]:
    return [(alert.label("team"), alert.fired_at, alert.resolved_at) for alert in alerts]


def test_what_fired_and_ended_while_nobody_looked_is_told_with_both_times_in_one_message(
    world: World,
) -> None:
    before = world.now + HOUR
    world.settle(5000, 100, 100)
    found = world.evaluate()
    assert found.alerts == ()
    assert times(found.changes) == [
        (team, before + DAY, resolved) for resolved in (None, before + 2 * DAY) for team in ("ml", "risk")
    ]
    (said,) = world.deliver()
    assert said.count("$5,000.00 on 5 Nov 2026, above $3,000.00") == 2


def test_what_fires_since_then_fires_since_then(world: World) -> None:
    before = world.now + HOUR
    world.settle(5000, 5000, 5000)
    found = world.evaluate()
    assert times(found.alerts) == [("ml", before + DAY, None), ("risk", before + DAY, None)]
    assert found.alerts[0].summary == "ml: $5,000.00 on 7 Nov 2026, above $3,000.00"
    assert len(world.deliver()) == 1


def test_each_day_counts_for_how_long_a_breach_has_lasted(world: World) -> None:
    rule = SPEND.model_copy(update={"for_": 2 * DAY})
    world.settle(5000, 5000, 5000)
    assert {alert.state for alert in world.evaluate(rule).alerts} == {"firing"}


def test_one_day_in_breach_is_not_three(world: World) -> None:
    rule = SPEND.model_copy(update={"for_": 2 * DAY})
    world.settle(5000, 100, 5000)
    assert {alert.state for alert in world.evaluate(rule).alerts} == {"pending"}
    assert world.deliver() == []


def test_a_weeks_absence_is_one_message_a_group(world: World) -> None:
    world.settle(5000, 100, 5000, 100, 5000, 100, 5000)
    world.evaluate(SPEND, SPEND.model_copy(update={"name": "Other", "above": Decimal(50)}))
    assert len(world.deliver()) == 2


def test_a_budget_that_was_passed_meanwhile_is_told_since_then(world: World) -> None:
    budget(world.warehouse, "ml", 1000)
    rule = Budget(name="Budget", at=(Decimal(1),), forecast=None)
    world.evaluate(rule)
    before = world.now + HOUR
    world.settle(5000, 100, 100)
    (alert,) = world.evaluate(rule).alerts
    assert alert.fired_at == before + DAY


def test_evaluations_that_are_on_time_look_at_the_newest_day_alone(world: World) -> None:
    world.settle(5000)
    assert len(world.evaluate().alerts) == 2
    world.settle(100)
    assert [alert.state for alert in world.evaluate().changes] == ["resolved"] * 2


def test_looking_twice_changes_no_byte(world: World) -> None:
    world.settle(5000, 100, 100)
    world.evaluate()
    with world.warehouse.read() as db:
        before = contents(db)
    world.evaluate()
    with world.warehouse.read() as db:
        assert contents(db) == before


def test_what_is_longer_ago_than_alerts_are_remembered_is_history(world: World) -> None:
    world.settle(5000, *[100] * 20)
    assert world.evaluate().changes == ()
