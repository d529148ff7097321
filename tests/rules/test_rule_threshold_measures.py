"""Rule kind threshold on what sources measure: in its own unit, and unknown where a day is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.model import Labels, State, labels
from costwatch.rules.threshold import Threshold
from costwatch.testing import Example, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, only

MEASURE = {"name": "T", "metric": "measure", "match": {"measure": "predictions"}}


def count(*values: object, state: State = State.SETTLED, **group: str) -> tuple[Labels, Any]:
    """Predictions of the days up to ``THROUGH``."""
    key = labels(measure="predictions", **{f"label:{name}": value for name, value in group.items()})
    return key, daily(THROUGH - timedelta(days=len(values) - 1), *values, state=state)


ALL = {"measure": dict([count(900, 1200)])}
BY_MODEL = {"measure": dict([count(900, 1200, model="a"), count(900, 20, model="b")])}
A, B = ({("label:model", name)} for name in "ab")
CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[Labels, Any]]] = {
    "few of them": ({"below": 1000}, {"measure": dict([count(900)])}, {(): BREACH}),
    "enough of them": ({"below": 1000}, ALL, {(): OK}),
    "two days together": ({"above": 2000, "window": "2d"}, ALL, {(): BREACH}),
    "more days than are known": ({"above": 2000, "window": "3d"}, ALL, {(): UNKNOWN}),
    "by a label": ({"below": 100, "by": ["label:model"]}, BY_MODEL, {tuple(A): OK, tuple(B): BREACH}),
    "days that may still change": (
        {"below": 1000},
        {"measure": dict([count(5, state=State.ESTIMATED)])},
        {(): UNKNOWN},
    ),
}


@pytest.mark.parametrize(("settings", "facts", "expected"), CASES.values(), ids=CASES)
def test_threshold(
    settings: Mapping[str, Any], facts: Mapping[str, Any], expected: Mapping[Labels, Any]
) -> None:
    check_rule(Threshold.model_validate({**MEASURE, **settings}), [Example(facts, NOW, expected)])


def test_it_says_how_many() -> None:
    finding = only(Threshold.model_validate({**MEASURE, "above": 1000}), ALL)
    assert finding.summary == "predictions: 1,200 on 17 Nov 2026, above 1,000"
    assert (finding.unit, finding.impact) == ("", None)


REFUSED = {
    "no measure": ({"match": {}}, "say which measure"),
    "a label of cost": ({"by": ["team"]}, "write label:team"),
    "cost by measure": ({"metric": "BilledCost"}, "cost has no label 'measure'"),
}


@pytest.mark.parametrize(("settings", "said"), REFUSED.values(), ids=REFUSED)
def test_settings_that_make_no_sense_are_refused(settings: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Threshold.model_validate({**MEASURE, "above": 1, **settings})
