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


def lines(tagging: str, *values: object, **names: str) -> tuple[Labels, Series]:
    """Costs of lines of the newest days, before any is shared; those before are 0."""
    known = {"team": "risk", "provider": "AWS", "account": "1", "charge_kind": "charges", **names}
    key = labels(tagging=tagging, currency="USD", **known)
    return key, daily(FIRST, *[0] * (20 - len(values)), *values)


def bill(*of: tuple[Labels, Series]) -> dict[str, Any]:
    """What lines say of their owner, and as much of cost, as when their periods were published."""
    cost_of_days = [
        sum(points, Decimal()) for points in zip(*([p.value for p in s] for _, s in of), strict=True)
    ]
    return {
        "tagging_cost": dict(of),
        "EffectiveCost": {labels(team="risk", pool="direct", currency="USD"): daily(FIRST, *cost_of_days)},
    }


LINES = (
    lines("tagged", *[60] * 10),
    lines("untagged", *[5] * 6, *[20] * 4),
    lines("untagged", *[1] * 10, team="unallocated", account="2"),
    lines("not asked", *[500] * 10, team=""),
    lines("tagged", *[100] * 10, provider="Datadog", account=""),
)
TAGGED = bill(*LINES)
BEFORE = {**TAGGED, "tagging_cost": {key: series[-3:] for key, series in LINES}}
UNTAGGED = {"of": ["untagged"], "max_share": 0.1}


def in_cluster(team: str, namespace: str, *values: object) -> tuple[Labels, Series]:
    key = {"cluster": "prod", "namespace": namespace, "label:app": f"{namespace}-app", "pool": "k8s"}
    return labels(team=team, currency="USD", **key), daily(FIRST, *values * 20)


PODS = facts(
    in_cluster("risk", "risk", 90),
    in_cluster("unallocated", "risk", 10),
    in_cluster("unallocated", "batch", 30),
    in_cluster("payments", "batch", 10),
)
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
    "by namespace": (
        {"max_share": 0.2, "by": ["cluster", "namespace"]},
        PODS,
        {
            labels(cluster="prod", namespace="batch"): BREACH,
            labels(cluster="prod", namespace="risk"): OK,
        },
    ),
    "by a label of pods, where a namespace matches": (
        {"max_share": 0.2, "by": ["label:app"], "match": {"namespace": ["batch"]}},
        PODS,
        {labels(**{"label:app": "batch-app"}): BREACH},
    ),
    "untagged, of what lines of owner pools cost": (UNTAGGED, TAGGED, {(): OK}),
    "untagged by account, whoever carries it": (
        {**UNTAGGED, "by": ["account"]},
        TAGGED,
        {labels(account="1"): BREACH, labels(account="2"): BREACH, labels(account=""): OK},
    ),
    "untagged by team": (
        {**UNTAGGED, "by": ["team"], "match": {"provider": "AWS"}},
        TAGGED,
        {labels(team="risk"): BREACH, labels(team="unallocated"): BREACH},
    ),
    "untagged of days published before it was kept": (
        {**UNTAGGED, "by": ["account"]},
        BEFORE,
        {(): UNKNOWN},
    ),
    "untagged of days published since": (
        {**UNTAGGED, "by": ["provider"], "window": "3d"},
        BEFORE,
        {labels(provider="AWS"): BREACH, labels(provider="Datadog"): OK},
    ),
    "untagged of what asks for no tag": (UNTAGGED, bill(lines("not asked", *[9] * 10)), {}),
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
            {**UNTAGGED, "match": {"provider": "AWS"}},
            TAGGED,
            "all cost: $102.00 of $522.00 untagged in the 7 days to 17 Nov 2026, 20 %, above 10 % since 14 "
            "Nov 2026; most of it in account 1",
            id="the account that most is untagged in",
        ),
        pytest.param(
            UNTAGGED,
            BEFORE,
            "what is untagged in the 7 days to 17 Nov 2026 is not known: some of it was published before "
            "that was kept; run `costwatch allocate --from 2026-11-11 --to 2026-11-15`",
            id="what makes it known",
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


def test_who_carries_what_is_untagged_is_kept_with_it() -> None:
    rule = Coverage.model_validate({"name": "C", **UNTAGGED, "match": {"provider": "AWS"}})
    finding = only(rule, TAGGED)
    assert finding.evidence == {
        "by_team": {"risk": "95", "unallocated": "7"},
        "by_account": {"1": "95", "2": "7"},
    }
    assert finding.about is not None
    assert finding.about.where["tagging"] == ("untagged",)


def test_without_a_settled_day_it_speaks_once_for_all() -> None:
    (finding,) = Coverage(name="C", max_share=Decimal("0.1")).evaluate(FakeSnapshot(), NOW)
    assert (finding.labels, finding.verdict) == ((), UNKNOWN)
    assert [*Coverage(name="C", min_measured_share=Decimal("0.9")).evaluate(FakeSnapshot(), NOW)] == []
    assert date(2026, 11, 17) == THROUGH


def test_a_value_of_a_dimension_is_matched_however_it_is_spelt() -> None:
    settings = {"name": "C", "max_share": 0.1, "match": {"product": "Gift Cards"}}
    rule = Coverage.model_validate(settings, context={"dimensions": ("product",)})
    told = [
        (labels(team=team, pool="direct", product="gift-cards", currency="USD"), daily(FIRST, *[cost] * 20))
        for team, cost in (("unallocated", 4), ("risk", 6))
    ]
    (finding,) = rule.evaluate(FakeSnapshot(facts(*told), dimensions=("product",)), NOW)
    assert (finding.verdict, finding.value) == (BREACH, Decimal("0.4"))
