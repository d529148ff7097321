"""Rule kind threshold over facts that are neither cost nor measured by a source of measures."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.errors import UsageError
from costwatch.model import State, labels
from costwatch.rules.threshold import Threshold
from costwatch.testing import Example, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, found, only

_DAY = timedelta(days=1)
FIRST = THROUGH - 9 * _DAY
SHOP, ML = labels(cluster="prod", namespace="shop"), labels(cluster="prod", namespace="ml")
HOURS = {"cpu_requested_core_hours": {SHOP: daily(FIRST, *[24] * 10), ML: daily(FIRST, *[240] * 10)}}


def rule(**settings: Any) -> Threshold:
    return Threshold.model_validate({"name": "T", "metric": "cpu_requested_core_hours", **settings})


def test_any_fact_that_is_told_by_the_day_can_be_held_against_an_amount() -> None:
    asked = rule(by=["cluster", "namespace"], window="7d", above=1000)
    check_rule(asked, [Example(HOURS, NOW, {SHOP: OK, ML: BREACH})])
    told = found(asked, HOURS)[ML]
    said = "prod · ml: 1,680 core hours in the 7 days to 17 Nov 2026, above 1,000 core hours"
    assert told.summary == said
    assert (told.unit, told.impact) == ("core hours", None)
    one = only(rule(match={"cluster": "prod", "namespace": "shop"}, below=30), HOURS)
    assert (one.verdict, one.value) == (BREACH, 24)


def test_money_of_other_facts_has_its_currency_and_its_impact() -> None:
    job = labels(workload="etl", currency="USD")
    given = {"workload_cost": {job: daily(FIRST, *[20] * 10)}}
    told = only(rule(metric="workload_cost", by=["workload"], above=15), given)
    assert told.summary == "etl: $20.00 on 17 Nov 2026, above $15.00"
    assert told.impact is not None


def test_a_window_of_which_a_day_is_not_known_is_unknown() -> None:
    given = {"cpu_requested_core_hours": {SHOP: daily(FIRST, *[24] * 8, None, 24)}}
    asked = rule(by=["cluster", "namespace"], window="3d", above=1)
    assert only(asked, given).verdict is UNKNOWN
    partial = {"cpu_requested_core_hours": {SHOP: daily(FIRST, 24, state=State.ESTIMATED)}}
    assert only(asked, partial).labels == ()


def test_shares_are_not_added_up() -> None:
    given = {"node_coverage": {labels(cluster=name): daily(FIRST, 0.5) for name in ("prod", "dev")}}
    by_cluster = rule(metric="node_coverage", by=["cluster"], below=0.9)
    assert {finding.verdict for finding in found(by_cluster, given).values()} == {BREACH}
    one = rule(metric="node_coverage", match={"cluster": ["prod", "dev"]}, below=0.9)
    with pytest.raises(UsageError, match="cannot be added to another; name its labels under 'by'"):
        found(one, given)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({"metric": "cpu_requested_core_hour"}, "use cpu_requested_core_hours", id="misspelt"),
        pytest.param({"by": ["namspace"]}, "use namespace", id="a label misspelt"),
        pytest.param({"by": ["account"]}, "no label is named 'account'", id="a label of cost"),
        pytest.param({"metric": "slo_burn_rate"}, "is not told by the day", id="another step"),
        pytest.param({"metric": "node_coverage", "window": "7d"}, "write window: 1d", id="days of shares"),
    ],
)
def test_what_can_never_be_found_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        rule(**{"above": 1, **settings})
