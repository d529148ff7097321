"""Rule kind k8s_efficiency: who uses little of what they request, since when, and what that costs."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from costwatch.model import Impact, Labels, State, Verdict, labels
from costwatch.rules.k8s_efficiency import Efficiency
from costwatch.testing import Example, FakeSnapshot, check_rule, daily
from tests.made.rule_facts import BREACH, NOW, OK, THROUGH, UNKNOWN, found, only

DAYS = 14
FIRST = THROUGH - timedelta(days=DAYS - 1)
TODAY = THROUGH + timedelta(days=1)
SHOP, ML = labels(cluster="prod", namespace="shop"), labels(cluster="prod", namespace="ml")


Pair = tuple[object, object]  # requested, used


def usage(key: Labels, cores: Pair, gib: Pair, days: int = DAYS) -> dict[str, Any]:
    """Cores and GiB requested and used on average on each of the newest days."""
    found = {}
    for name, unit, (requested, used) in (("cpu", "core", cores), ("memory", "gib", gib)):
        if used is not None:
            unused = Decimal(str(requested)) - Decimal(str(used))
            first = THROUGH - timedelta(days=days - 1)
            found[f"{name}_used_{unit}_hours"] = {key: daily(first, *[Decimal(str(used)) * 24] * days)}
            found[f"{name}_unused_{unit}_hours"] = {key: daily(first, *[unused * 24] * days)}
    return found


def together(*facts: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for each in facts:
        for query, answer in each.items():
            merged.setdefault(query, {}).update(answer)
    return merged


def costs(key: Labels, cpu: object, memory: object, days: int = 4) -> dict[str, Any]:
    """What is not used costs a day, as far as the bill is there."""
    priced = labels(**dict(key), currency="USD")
    first = THROUGH - timedelta(days=6)
    return {
        "cpu_unused_cost": {priced: daily(first, *[cpu] * days)},
        "memory_unused_cost": {priced: daily(first, *[memory] * days)},
    }


WASTE = together(usage(SHOP, (96, 12), (400, 100)), usage(ML, (10, 9), (40, 30)))
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[Labels, Verdict]]] = {
    "both by what they cost": ({"min_used_share": 0.3}, WASTE, {SHOP: BREACH, ML: OK}),
    "exactly the share is not below": (
        {"min_used_share": 0.125, "resource": "cpu"},
        WASTE,
        {SHOP: OK, ML: OK},
    ),
    "memory alone": ({"min_used_share": 0.8, "resource": "memory"}, WASTE, {SHOP: BREACH, ML: BREACH}),
    "only what matches": (
        {"min_used_share": 0.3, "match": {"namespace": "ml"}},
        WASTE,
        {ML: OK},
    ),
    "too small to matter": (
        {"min_used_share": 0.3, "min_cores": 97, "min_gib": 401},
        WASTE,
        {SHOP: OK, ML: OK},
    ),
    "large enough in one of both": ({"min_used_share": 0.3, "min_cores": 97}, WASTE, {SHOP: BREACH, ML: OK}),
    "nothing requested": ({"min_used_share": 0.3}, usage(SHOP, (0, 5), (0, 3)), {SHOP: OK}),
    "neither requested nor used": ({"min_used_share": 0.3}, usage(SHOP, (0, 0), (0, 0)), {SHOP: UNKNOWN}),
    "not known for the whole window": (
        {"min_used_share": 0.3, "window": "14d"},
        usage(SHOP, (96, 12), (400, 100), days=13),
        {SHOP: UNKNOWN},
    ),
    "memory that nobody measures": (
        {"min_used_share": 0.3},
        usage(SHOP, (96, 12), (400, None)),
        {SHOP: BREACH},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_efficiency(case: str) -> None:
    settings, given, expected = CASES[case]
    check_rule(Efficiency.model_validate({"name": "E", **settings}), [Example(given, NOW, expected)])


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        pytest.param(
            {"min_used_share": 0.3},
            together(usage(SHOP, (96, 12), (400, 100)), costs(SHOP, 100, 38)),
            "prod · shop: 16 % of requested CPU and memory used in the 7 days to 17 Nov 2026, below 30 % "
            "since 4 Nov 2026; 96.0 cores requested, 12.0 used; 400.0 GiB requested, 100.0 used; $4,200.38 "
            "a month for what is not used",
            id="with what it costs",
        ),
        pytest.param(
            {"min_used_share": 0.3, "resource": "cpu", "window": "1d"},
            usage(SHOP, (96, 12), (400, 100)),
            "prod · shop: 13 % of requested CPU used on 17 Nov 2026, below 30 % since 4 Nov 2026; 96.0 cores "
            "requested, 12.0 used",
            id="without a bill",
        ),
        pytest.param(
            {"min_used_share": 0.3, "min_cores": 100, "min_gib": 500},
            usage(SHOP, (96, 12), (400, 100)),
            "prod · shop: 16 % of requested CPU and memory used in the 7 days to 17 Nov 2026, too small to "
            "matter",
            id="too small",
        ),
    ],
)
def test_efficiency_says_since_when_requested_against_used_and_what_it_costs(
    settings: Mapping[str, Any], given: dict[str, Any], said: str
) -> None:
    assert only(Efficiency.model_validate({"name": "E", **settings}), given).summary == said


def test_it_is_since_the_first_day_that_all_days_after_were_below() -> None:
    given = usage(SHOP, (96, 12), (400, 100))
    given["cpu_used_core_hours"][SHOP] = daily(FIRST, *[2000] * 10, *[100] * 4)
    given["cpu_unused_core_hours"][SHOP] = daily(FIRST, *[300] * 10, *[2200] * 4)
    rule = Efficiency(name="E", min_used_share=Decimal("0.5"), resource="cpu", window=timedelta(days=3))
    finding = only(rule, given)
    assert "since 14 Nov 2026" in finding.summary


def test_it_matters_as_much_as_what_is_not_used_costs_on_the_days_that_are_billed() -> None:
    given = together(usage(SHOP, (96, 12), (400, 100)), costs(SHOP, 100, 38))
    finding = only(Efficiency(name="E", min_used_share=Decimal("0.3")), given)
    assert finding.impact == Impact.of_days(Decimal(552), 4, "USD")


def test_the_running_day_counts_only_where_it_is_asked_for() -> None:
    given = usage(SHOP, (96, 90), (400, 390))
    for query, value in (("used", 1), ("unused", 999)):
        series = given[f"cpu_{query}_core_hours"][SHOP]
        given[f"cpu_{query}_core_hours"][SHOP] = (*series, *daily(TODAY, value, state=State.ESTIMATED))
    rule = Efficiency(name="E", min_used_share=Decimal("0.3"), resource="cpu", window=timedelta(days=1))
    assert only(rule, given).verdict is OK
    assert only(rule.model_copy(update={"settle": "estimated"}), given).verdict is BREACH


def test_without_any_usage_it_speaks_once_for_all() -> None:
    (finding,) = Efficiency(name="E", min_used_share=Decimal("0.3")).evaluate(FakeSnapshot(), NOW)
    assert (finding.labels, finding.verdict) == ((), UNKNOWN)
    assert found(Efficiency(name="E", min_used_share=Decimal("0.3")), {}).keys() == {()}
