"""Shares of nodes, rates, and how far off estimates were: the arithmetic."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.cost.live_estimate import (
    Accuracy,
    Rate,
    accuracy,
    at_rank,
    billed_costs,
    estimated_costs,
    estimates,
    list_rates,
    settled_rates,
)
from costwatch.cost.node_share import GIB, NodeCost, NodeDay, NodeKey, NodeKind, WorkloadCost, WorkloadKey
from costwatch.money import NANO

DAY, BEFORE = date(2026, 10, 2), date(2026, 10, 1)
NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
HOUR = 3600
M5 = NodeKind("m5.xlarge", "eu-west-1", "on-demand")


def node(
    name: str = "n1", day: date = DAY, kind: NodeKind = M5, hours: float = 1, **columns: float
) -> NodeDay:
    """Of 4 vCPU and 16 GiB."""
    parts = {"cpu_cores": 4.0, "memory_bytes": 16.0 * GIB, "gpus": 0.0, **columns}
    key = NodeKey(day, "prod", name, f"i-{name}")
    return NodeDay(key, kind, **{"expected_seconds": hours * HOUR, "measured_seconds": hours * HOUR, **parts})


def used(cores: float, gib: float, gpus: float = 0, *, hours: float = 1) -> tuple[float, float, float]:
    """Core-seconds, byte-seconds and GPU-seconds."""
    return cores * hours * HOUR, gib * GIB * hours * HOUR, gpus * hours * HOUR


def cost_of(of: NodeDay, usage: tuple[float, float, float], nano: int = NANO) -> float:
    parts = of.part_costs(NodeCost(nano, "USD", "bill"))
    assert parts
    return sum(had * cost for had, cost in zip(usage, parts, strict=True))


@pytest.mark.parametrize(
    ("of", "usage", "cost"),
    [
        pytest.param(node(), used(2, 2), "0.384615385", id="an m5.xlarge at $1 an hour: 2 vCPU and 2 GiB"),
        pytest.param(
            node(cpu_cores=64, memory_bytes=488 * GIB, gpus=8),
            used(0, 0, 1),
            "0.050448430",
            id="AWS's p3.16xlarge: one GPU of eight is a tenth of 10 times .504484",
        ),
        pytest.param(
            node(cpu_cores=8, memory_bytes=32 * GIB, gpus=1),
            used(0, 0, 1 / 12),
            "0.038659794",
            id="a twelfth of a GPU that is sliced by time",
        ),
        pytest.param(node(), used(4, 16), "1", id="a whole node"),
        pytest.param(node(), used(8, 32), "2", id="an overcommitted one"),
        pytest.param(node(), used(4, 16, hours=0.5), "0.5", id="half of its time"),
        pytest.param(
            node(measured_seconds=HOUR / 2),
            used(4, 16, hours=0.5),
            "1",
            id="of what is not measured the share of what is",
        ),
    ],
)
def test_a_workload_costs_its_share_of_the_node(
    of: NodeDay, usage: tuple[float, float, float], cost: str
) -> None:
    assert round(cost_of(of, usage)) == Decimal(cost) * NANO


@pytest.mark.parametrize(
    ("of", "cost"),
    [
        pytest.param(node(), None, id="a node that costs nobody knows what"),
        pytest.param(
            node(measured_seconds=HOUR * 0.49),
            NodeCost(NANO, "USD", "bill"),
            id="a node that was measured for less than half of its time",
        ),
        pytest.param(
            node(measured_seconds=0, expected_seconds=0),
            NodeCost(NANO, "USD", "bill"),
            id="a node that did not live",
        ),
    ],
)
def test_what_is_not_known_is_not_zero(of: NodeDay, cost: NodeCost | None) -> None:
    assert of.part_costs(cost) is None


@given(
    st.lists(st.tuples(st.floats(0, 4), st.floats(0, 16)), min_size=1, max_size=8),
    st.integers(0, 10**13),
)
def test_workloads_together_cost_no_more_than_what_they_fill(
    parts: list[tuple[float, float]], nano: int
) -> None:
    whole = sum(cost_of(node(), used(cores, gib), nano) for cores, gib in parts)
    filled = sum(9 * cores + gib for cores, gib in parts) / 52
    assert whole == pytest.approx(filled * nano, rel=1e-9)


def test_a_rate_is_what_nodes_of_a_kind_cost_by_how_long_they_lived() -> None:
    nodes = [node("n1", hours=24), node("n2", hours=6), node("n3"), node("n1", BEFORE)]
    billed = {
        ("i-n1", DAY): {"USD": 24 * NANO},
        ("i-n2", DAY): {"USD": 9 * NANO},
        ("i-n1", BEFORE): {"USD": 9 * NANO},
    }
    assert settled_rates(nodes, billed) == {M5: Rate(Decimal("1.1"), "USD", "settled", DAY)}
    assert settled_rates(nodes, {("i-n1", BEFORE): {"EUR": NANO}}) == {
        M5: Rate(Decimal(1), "EUR", "settled", BEFORE)
    }
    assert settled_rates(nodes, {}) == {}


def test_a_kind_billed_in_two_currencies_has_the_rate_of_most_hours() -> None:
    nodes = [node("n1", hours=2), node("n2", hours=3)]
    billed = {("i-n1", DAY): {"USD": NANO}, ("i-n2", DAY): {"EUR": 6 * NANO}}
    assert settled_rates(nodes, billed) == {M5: Rate(Decimal(2), "EUR", "settled", DAY)}
    assert billed_costs(nodes, {**billed, ("i-n2", DAY): {"EUR": 1, "USD": 1}}).keys() == {nodes[0].key}


def test_list_prices_are_of_instance_types() -> None:
    spot, other = M5._replace(capacity_type="spot"), NodeKind("c5.large", "", "")
    rates = list_rates([M5, spot, other], {"m5.xlarge": Decimal("0.2")}, "EUR")
    assert rates == dict.fromkeys((M5, spot), Rate(Decimal("0.2"), "EUR", "list"))
    of = node(hours=2.5)
    assert estimated_costs([of, node("n2", kind=other)], rates) == {
        of.key: NodeCost(NANO // 2, "EUR", "list")
    }


def test_what_ran_since_the_last_estimate_costs_the_difference_an_hour() -> None:
    def cost(name: str, hours: float, nano: int) -> tuple[WorkloadKey, WorkloadCost]:
        key = WorkloadKey(DAY, "prod", "ml", "job", name)
        return key, WorkloadCost({"USD": nano}, {"settled"}, running_seconds=hours * HOUR)

    def at(hours: int, before: list, now: datetime) -> list:
        of = dict([cost("w", hours, hours * NANO // 2), cost("done", 1, NANO // 4)])
        return estimates(of, dict.fromkeys(of, "ml"), {"prod": hours * HOUR}, before, now)

    first = at(1, [], NOW)
    assert {(one.key.workload, one.estimated_nano, one.hourly_nano) for one in first} == {
        ("w", NANO // 2, NANO // 2),
        ("done", NANO // 4, NANO // 4),
    }
    later = NOW.replace(hour=11)
    second = {one.key.workload: one for one in at(3, first, later)}
    assert (second["w"].estimated_nano, second["w"].hourly_nano) == (3 * NANO // 2, NANO // 2)
    assert {name: one.grown_at for name, one in second.items()} == {"w": later, "done": NOW}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        pytest.param([], None, id="no pair"),
        pytest.param([(5, NANO - 1)], None, id="too little to tell anything"),
        pytest.param([(5, 0), (5, -NANO)], None, id="credits"),
        pytest.param([(NANO * 9 // 10, NANO)], ("0.1", "0.1", 1), id="one"),
        pytest.param(
            [(NANO * (100 + error) // 100, NANO) for error in range(1, 11)],
            ("0.055", "0.09", 10),
            id="ten, each a hundredth further off",
        ),
    ],
)
def test_accuracy(pairs: list[tuple[int, int]], expected: tuple[str, str, int] | None) -> None:
    found = accuracy(pairs)
    if expected is None:
        assert found is None
    else:
        assert found == Accuracy(Decimal(expected[0]), Decimal(expected[1]), expected[2])


def test_estimates_are_poor_that_are_off_by_more_than_fifteen_hundredths() -> None:
    assert not Accuracy(Decimal("0.15"), Decimal(1), 1).is_poor
    assert Accuracy(Decimal("0.1501"), Decimal(1), 1).is_poor


@pytest.mark.parametrize(
    ("share", "expected"), [("0.95", 19), ("0.5", 10), ("1", 20), ("0.01", 1), ("0.951", 20)]
)
def test_a_rank_is_the_nearest(share: str, expected: int) -> None:
    assert at_rank([Decimal(number) for number in range(1, 21)], Decimal(share)) == expected
