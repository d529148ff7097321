"""Rule kind ``slo_budget``: what is left, and how long it lasts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.model import Finding, Verdict
from costwatch.rules.slo_budget import SloBudget
from costwatch.testing import FakeSnapshot
from tests.made.slo_facts import slo_facts

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def found(facts: Mapping[str, Any], **settings: Any) -> Finding:
    rule = SloBudget.model_validate({"name": "Low", **settings})
    (finding,) = (one for one in rule.evaluate(FakeSnapshot(facts), NOW) if one.labels)
    return finding


@pytest.mark.parametrize(
    ("settings", "facts", "verdict"),
    [
        pytest.param({"below": 0.25}, {"left": "0.2499"}, Verdict.BREACH, id="less is left"),
        pytest.param({"below": 0.25}, {"left": "0.25"}, Verdict.OK, id="just as much is left"),
        pytest.param({"below": 0}, {"left": "0"}, Verdict.BREACH, id="nothing is left"),
        pytest.param({"below": 0}, {"left": "0.01"}, Verdict.OK, id="a little is left"),
        pytest.param({"within": "5d"}, {"hours_left": {"1d": 119}}, Verdict.BREACH, id="it ends too soon"),
        pytest.param({"within": "5d"}, {"hours_left": {"1d": 121}}, Verdict.OK, id="it lasts long enough"),
        pytest.param({"within": "5d"}, {"hours_left": {}}, Verdict.OK, id="it outlasts its period"),
        pytest.param(
            {"within": "5d", "over": "6h"}, {"hours_left": {"6h": 9}}, Verdict.BREACH, id="another burn"
        ),
        pytest.param({"below": 0.25}, {"left": None}, Verdict.UNKNOWN, id="no events, or nothing known"),
        pytest.param({"below": 0.25}, {"left": "0.1", "age": 1}, Verdict.UNKNOWN, id="nothing new"),
    ],
)
def test_a_budget_is_low_or_ends(settings: dict[str, Any], facts: dict[str, Any], verdict: Verdict) -> None:
    assert found(slo_facts(NOW, **facts), **settings).verdict is verdict


def test_it_is_told_in_words() -> None:
    facts = slo_facts(NOW, left="0.1", used=540, allowed=600, hours_left={"1d": 70})
    assert found(facts, below=0.25).summary == (
        "checkout: 10 % of the error budget left, below 25 %; at this rate the budget is gone in 2 d 22 h "
        "(burn over 24 h); 540 of 600 allowed errors used"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give 'below', 'within' or both"),
        ({"within": "5d", "over": "4h"}, "must be one of 5m, 30m, 1h, 2h, 6h, 1d, 3d"),
        ({"below": 25}, "less than or equal to 1"),
    ],
)
def test_a_limit_that_is_none_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SloBudget.model_validate({"name": "Low", **settings})
