"""What a budget counts of a cost."""

from datetime import date
from decimal import Decimal

import pytest

from costwatch.cost.counting import EVERYTHING, basis, counted
from costwatch.model import Labels, Point, SeriesByLabels, State, labels, midnight

DAY = midnight(date(2026, 11, 2))
AMOUNTS = {"charges": 100, "credits": -30, "refunds": -5, "tax": 20}


def ask(metric: str, by: tuple[str, ...]) -> SeriesByLabels:
    held = [kind for kind in AMOUNTS if "Before" not in metric or kind in ("charges", "tax")]
    groups: dict[Labels, int] = {}
    for kind in held:
        key = labels(currency="USD", **({"charge_kind": kind} if "charge_kind" in by else {}))
        groups[key] = groups.get(key, 0) + AMOUNTS[kind]
    return {key: (Point(DAY, Decimal(amount), State.SETTLED),) for key, amount in groups.items()}


CASES = {
    "all of it": ("EffectiveCost", EVERYTHING, 85, "EffectiveCost"),
    "no tax": ("EffectiveCost", "credits,refunds", 65, "EffectiveCost without tax"),
    "nothing else": ("BilledCost", "", 100, "BilledCost without credits, refunds and tax"),
    "before credits": ("EffectiveCostBeforeCredits", EVERYTHING, 120, "EffectiveCostBeforeCredits"),
    "before both": ("BilledCostBeforeCredits", "", 100, "BilledCostBeforeCredits without tax"),
}


@pytest.mark.parametrize(("metric", "include", "amount", "name"), CASES.values(), ids=CASES)
def test_what_is_left_out_is_not_counted_and_named(metric: str, include: str, amount: int, name: str) -> None:
    answer = counted(ask, metric, include, ())
    assert {key: [point.value for point in points] for key, points in answer.items()} == {
        labels(currency="USD"): [amount]
    }
    assert basis(metric, include) == name
