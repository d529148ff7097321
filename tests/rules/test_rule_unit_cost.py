"""Rule kind unit_cost: above a maximum, above what is usual for the weekday, and what it says of neither."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.model import Impact, Labels, State, labels
from costwatch.rules.unit_cost import UnitCost
from costwatch.testing import Example, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, found, only, spend

FIRST = THROUGH - timedelta(days=44)
UNIT = "per 1,000 predictions"
FRAUD, RANKING = (
    labels(unit_cost="prediction", model="fraud"),
    labels(unit_cost="prediction", model="ranking"),
)
BY_MODEL = {"name": "R", "unit_cost": "prediction", "by": ["model"]}


def told(
    *values: object, name: str = "prediction", state: State = State.SETTLED, **group: str
) -> Mapping[str, Any]:
    """What a unit cost on the days up to ``THROUGH``, 0.5 before; there were 100 of them each day."""
    key = {f"label:{label}": value for label, value in group.items()} | {"unit_cost": name, "unit": UNIT}
    costs = (*(0.5,) * (45 - len(values)), *values)
    counts = [None if value is None else 100 for value in costs]
    return {
        "unit_cost": {labels(**key, currency="USD"): daily(FIRST, *costs, state=state)},
        "unit_volume": {labels(**key): daily(FIRST, *counts, state=state)},
    }


def given(*parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of it, and a bill that is settled through ``THROUGH``."""
    answers: dict[str, Any] = {"EffectiveCost": dict([spend("ml")]), "unit_cost": {}, "unit_volume": {}}
    for part in parts:
        for query, series in part.items():
            answers[query] = {**answers[query], **series}
    return answers


BOTH = given(told(0.8, model="fraud"), told(0.5, model="ranking"))
CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[Labels, Any]]] = {
    "above a maximum": ({"above": 0.7}, BOTH, {FRAUD: BREACH, RANKING: OK}),
    "exactly the maximum is not above": ({"above": 0.8}, BOTH, {FRAUD: OK, RANKING: OK}),
    "above what is usual": ({"above_usual": 0.5}, BOTH, {FRAUD: BREACH, RANKING: OK}),
    "not so far above what is usual": ({"above_usual": 0.6}, BOTH, {FRAUD: OK, RANKING: OK}),
    "the lower of both limits counts": (
        {"above_usual": 0.6, "above": 0.7},
        BOTH,
        {FRAUD: BREACH, RANKING: OK},
    ),
    "only what matches": ({"by": [], "match": {"model": "ranking"}, "above": 0.1}, BOTH, {RANKING: BREACH}),
    "a day without a volume is unknown": (
        {"above": 0.7},
        given(told(0.9, None, model="fraud")),
        {FRAUD: UNKNOWN},
    ),
    "a week goes by the days that are known": (
        {"above": 0.55, "window": "7d"},
        given(told(0.8, 0.8, None, model="fraud")),
        {FRAUD: BREACH},
    ),
    "a weekday is held against its like": (  # 7 days a week, the last one dear each week
        {"above_usual": 0.2},
        given(told(*[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9] * 5, model="fraud")),
        {FRAUD: OK},
    ),
    "with too few weeks to compare with": (
        {"above_usual": 0.2},
        given(told(*[None] * 30, 0.5, *[None] * 6, 0.9, model="fraud")),
        {FRAUD: UNKNOWN},
    ),
    "what may still change is not looked at": (
        {"above": 0.7},
        given(told(0.9, model="fraud", state=State.ESTIMATED)),
        {FRAUD: UNKNOWN},
    ),
    "unless it is asked for": (
        {"above": 0.7, "settle": "estimated"},
        given(told(0.9, model="fraud", state=State.ESTIMATED)),
        {FRAUD: BREACH},
    ),
    "one that nothing is known of is told by name": (
        {"above": 0.7, "unit_cost": ["prediction", "decision"]},
        given(told(0.9, model="fraud")),
        {FRAUD: BREACH, labels(unit_cost="decision"): UNKNOWN},
    ),
}


@pytest.mark.parametrize(("settings", "facts", "expected"), CASES.values(), ids=CASES)
def test_unit_cost(
    settings: Mapping[str, Any], facts: Mapping[str, Any], expected: Mapping[Labels, Any]
) -> None:
    check_rule(UnitCost.model_validate({**BY_MODEL, **settings}), [Example(facts, NOW, expected)])


def test_it_says_what_it_costs_and_what_is_usual() -> None:
    rule = UnitCost.model_validate({**BY_MODEL, "above_usual": 0.2})
    finding = only(rule, given(told(0.8, model="<b>fraud</b>")))
    assert finding.summary == (
        "prediction · <b>fraud</b>: $0.80 per 1,000 predictions on 17 Nov 2026, above $0.60; "
        "60 % more than usual ($0.50)"
    )
    # 0.2 above the limit, a hundred times a day.
    assert finding.impact == Impact(Decimal("608.75"), "USD")
    assert (finding.change, finding.threshold) == (Decimal("0.3"), Decimal("0.6"))


def test_all_of_it_together_needs_no_label() -> None:
    rule = UnitCost.model_validate({"name": "R", "unit_cost": "prediction", "above": 0.7, "window": "2d"})
    finding = only(rule, given(told(0.7, 0.9)))
    assert finding.labels == labels(unit_cost="prediction")
    assert finding.summary.startswith("prediction: $0.80 per 1,000 predictions in the 2 days to 17 Nov 2026")
    assert finding.about is not None
    assert finding.about.value is None  # of several days nothing can be looked up by one sum


def test_it_asks_once_however_many_there_are() -> None:
    rule = UnitCost.model_validate({**BY_MODEL, "above": 0.7})
    assert found(rule, given()).keys() == {()}
    assert [one.query for one in rule.selections] == ["unit_cost"]


REFUSED = {
    "no limit": ({}, "give 'above', 'above_usual' or both"),
    "more than a week": ({"above": 1, "window": "8d"}, "at most 7d"),
    "none named": ({"above": 1, "unit_cost": []}, "at least 1 item"),
}


@pytest.mark.parametrize(("settings", "said"), REFUSED.values(), ids=REFUSED)
def test_settings_that_make_no_sense_are_refused(settings: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        UnitCost.model_validate({**BY_MODEL, **settings})
