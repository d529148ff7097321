"""What a test of rules shows is what the same rules do on a real warehouse, evaluation by evaluation."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.alerts.rule_tests import RuleTest
from costwatch.commands.rule_test_facts import facts_of
from costwatch.evaluate import evaluate, evaluate_facts
from costwatch.plugins import Rule
from costwatch.rules.budget import Budget
from costwatch.rules.change import Change
from costwatch.rules.coverage import Coverage
from costwatch.rules.threshold import Threshold
from costwatch.testing.replay import Replay
from costwatch.warehouse.store import Warehouse
from tests.made.warehouse_rows import Row, budget, fill

DAY = timedelta(days=1)
FIRST = date(2026, 10, 1)
SETTLED_AFTER = timedelta(hours=48)
SERIES = (("ml", "EC2"), ("ml", "S3"), ("db", "RDS"), ("unallocated", "EC2"))
RULES: tuple[Rule, ...] = (
    Threshold(name="Spend", by=("team",), above=Decimal(250)),
    Threshold.model_validate(
        {"name": "Slow", "by": ["team", "service"], "above": 120, "for": "1d", "keep_firing_for": "1d"}
    ),
    Threshold(name="Early", match={"team": "ml"}, above=Decimal(250), settle="estimated"),
    Change(name="Change", compare="same_weekday", by=("team",), above_pct=Decimal(30)),
    Budget(name="Budget", at=(Decimal("0.5"), Decimal(1))),
    Coverage(name="Uncovered", max_share=Decimal("0.2"), of=("unallocated",)),
)


def rows_of(values: dict[tuple[str, str], list[int]], now: datetime) -> list[Row]:
    """The bill as it is known at ``now``: whole days, the last two of them not settled."""
    found: list[Row] = []
    for (team, service), amounts in values.items():
        for number, amount in enumerate(amounts):
            day = FIRST + number * DAY
            ended = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
            if ended <= now:
                state = "settled" if ended + SETTLED_AFTER <= now else "estimated"
                found.append((day, team, service, "USD", amount, amount, state))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_alerts_are_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    values = {key: [chance.choice((50, 100, 100, 150, 400)) for _ in range(48)] for key in SERIES}
    given = [
        {"team": team, "service": service, "from": str(FIRST), "values": " ".join(map(str, amounts))}
        for (team, service), amounts in values.items()
    ]
    amount = {"name": "ml month", "team": "ml", "metric": "EffectiveCost", "period": "month"}
    budgets = [
        {**amount, "include": "credits,refunds,tax", "from": f"2026-{month}-01", "values": "6000"}
        for month in (10, 11)
    ]
    test = RuleTest.model_validate(
        {
            "name": "a",
            "at": "2026-11-18",
            "data": {"cost": given, "budget": budgets},
            "expect": [{"rule": "Spend", "state": "none"}],
        }
    )
    warehouse, replay = (
        Warehouse(tmp_path / "costwatch.db"),
        Replay([*facts_of(test, (), None)], SETTLED_AFTER),
    )
    budget(warehouse, "ml", 6000)
    held, seen = {}, set()
    for half_day in range(78, 96):
        now = datetime(2026, 10, 1, tzinfo=UTC) + half_day * DAY / 2
        fill(warehouse, rows_of(values, now), now)
        real = evaluate(warehouse, RULES, now)
        held, errors = evaluate_facts(replay.at(now), held, RULES, now)
        assert not errors
        assert not real.errors
        shown = [alert for alert in held.values() if alert.state != "resolved"]
        assert told(shown) == told(real.alerts), now
        seen |= {(alert.rule, alert.state) for alert in shown}
    assert len({rule for rule, _ in seen}) >= 5
    assert ("Slow", "pending") in seen


def told(alerts: object) -> list[tuple[object, ...]]:
    return sorted((a.rule, a.labels, a.state, a.value, a.summary, a.active_at, a.fired_at) for a in alerts)  # type: ignore[attr-defined]
