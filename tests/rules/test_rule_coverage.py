"""Rule kind coverage: cost that nobody carries, where and since when, and nodes that nobody measures."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costwatch.model import Impact, Labels, Series, State, Verdict, labels
from costwatch.rules.coverage import Coverage
from costwatch.testing import Example, FakeSnapshot, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, facts, found, only

FIRST = THROUGH - timedelta(days=19)


def cost(team: str, *values: object, pool: str = "direct", provider: str = "AWS") -> tuple[Labels, Series]:
    """Costs of the newest days; those before are 0."""
    key = labels(team=team, pool=pool, provider=provider, currency="USD")
    return key, daily(FIRST, *[0] * (20 - len(values)), *values)


def nodes(*measured: object, today: object = None) -> dict[str, Any]:
    """Two nodes a day, and the hours of them that were measured; the running day has had ten of each."""
    first, next_day = THROUGH - timedelta(days=len(measured) - 1), THROUGH + timedelta(days=1)
    lived, known = daily(first, *[48] * len(measured)), daily(first, *measured)
    if today is not None:
        lived += daily(next_day, 20, state=State.ESTIMATED)
        known += daily(next_day, today, state=State.ESTIMATED)
    cluster = labels(cluster="prod")
    return {"node_expected_hours": {cluster: lived}, "node_measured_hours": {cluster: known}}


SPEND = facts(
    cost("risk", *[70] * 10),
    cost("unallocated", *[10] * 10),
    cost("unmeasured", *[0] * 6, *[40] * 4, pool="k8s"),
    cost("idle", *[20] * 10, pool="k8s"),
    cost("risk", *[100] * 10, provider="Datadog"),
)
CLUSTER = labels(cluster="prod", coverage="nodes")
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[Labels, Verdict]]] = {
    "of all cost": ({"max_share": 0.1}, SPEND, {(): BREACH}),
    "by provider": (
        {"max_share": 0.1, "by": ["provider"]},
        SPEND,
        {labels(provider="AWS"): BREACH, labels(provider="Datadog"): OK},
    ),
    "by pool": (
        {"max_share": 0.5, "by": ["pool"]},
        SPEND,
        {labels(pool="k8s"): BREACH, labels(pool="direct"): OK},
    ),
    "only what is unallocated": ({"max_share": 0.1, "of": ["unallocated"]}, SPEND, {(): OK}),
    "idle where it is asked for": ({"max_share": 0.08, "of": ["idle"]}, SPEND, {(): BREACH}),
    "exactly the share is not above": (
        {"max_share": 0.5, "window": "1d"},
        facts(cost("risk", 5), cost("unallocated", 5)),
        {(): OK},
    ),
    "only what matches": (
        {"max_share": 0.1, "match": {"provider": "Datadog"}},
        SPEND,
        {(): OK},
    ),
    "what costs less than nothing has no share": (
        {"max_share": 0.1},
        facts(cost("risk", -5), cost("unallocated", 1)),
        {(): UNKNOWN},
    ),
    "before the bill reaches back": (
        {"max_share": 0.1, "window": "30d"},
        facts(cost("unallocated", 5)),
        {(): UNKNOWN},
    ),
    "nodes that are measured": ({"min_measured_share": 0.9}, nodes(*[48] * 7), {CLUSTER: OK}),
    "nodes that are not": ({"min_measured_share": 0.9}, nodes(48, 48, 48, 48, 24, 12, 48), {CLUSTER: BREACH}),
    "the running day does not count": ({"min_measured_share": 0.9}, nodes(*[48] * 7, today=1), {CLUSTER: OK}),
    "the running day where it is asked for": (
        {"min_measured_share": 0.9, "window": "1d", "settle": "estimated"},
        nodes(*[48] * 7, today=1),
        {CLUSTER: BREACH},
    ),
    "both at once": (
        {"max_share": 0.1, "min_measured_share": 0.9, "by": ["provider"]},
        {**SPEND, **nodes(*[24] * 7)},
        {labels(provider="AWS"): BREACH, labels(provider="Datadog"): OK, CLUSTER: BREACH},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_coverage(case: str) -> None:
    settings, given, expected = CASES[case]
    check_rule(Coverage.model_validate({"name": "C", **settings}), [Example(given, NOW, expected)])


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        pytest.param(
            {"max_share": 0.1},
            SPEND,
            "all cost: $230.00 of $1,560.00 unallocated or unmeasured in the 7 days to 17 Nov 2026, 15 %, "
            "above 10 % since 14 Nov 2026; most of it in pool k8s",
            id="where most of it lies",
        ),
        pytest.param(
            {"max_share": 0.5, "by": ["pool"], "of": ["unmeasured"]},
            SPEND,
            "k8s: $160.00 of $300.00 unmeasured in the 7 days to 17 Nov 2026, 53 %, above 50 % since 14 "
            "Nov 2026",
            id="of one pool",
        ),
        pytest.param(
            {"max_share": 0.2, "by": ["provider"], "match": {"provider": "Datadog"}, "window": "1d"},
            SPEND,
            "Datadog: $0.00 of $100.00 unallocated or unmeasured on 17 Nov 2026, 0 %",
            id="nothing to tell",
        ),
        pytest.param(
            {"min_measured_share": 0.9},
            nodes(48, 48, 48, 48, 24, 12, 48),
            "prod: 82 % of the time of its nodes is measured in the 7 days to 17 Nov 2026, 90 % are "
            "wanted; least on 16 Nov 2026 (25 %), 15 Nov 2026 (50 %)",
            id="which days of which cluster",
        ),
    ],
)
def test_coverage_says_where_and_since_when(
    settings: Mapping[str, Any], given: dict[str, Any], said: str
) -> None:
    rule = Coverage.model_validate({"name": "C", **settings})
    assert said in {finding.summary for finding in found(rule, given).values()}


def test_it_matters_as_much_as_what_is_above_the_share() -> None:
    finding = only(Coverage(name="C", max_share=Decimal("0.1")), SPEND)
    assert finding.impact == Impact.of_days(Decimal(74), 7, "USD")
    assert finding.evidence == {
        "by_team": {"unallocated": "70", "unmeasured": "160"},
        "by_pool": {"direct": "70", "k8s": "160"},
    }


def test_without_a_settled_day_it_speaks_once_for_all() -> None:
    (finding,) = Coverage(name="C", max_share=Decimal("0.1")).evaluate(FakeSnapshot(), NOW)
    assert (finding.labels, finding.verdict) == ((), UNKNOWN)
    assert [*Coverage(name="C", min_measured_share=Decimal("0.9")).evaluate(FakeSnapshot(), NOW)] == []
    assert date(2026, 11, 17) == THROUGH
