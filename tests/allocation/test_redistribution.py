"""What a team carries and a pool gives to others: every dollar of it, with its trail."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.allocation.focus_export import export
from costwatch.allocation.resources import resources
from costwatch.ledger.files import LedgerFiles
from tests.made.bills import line, on_day, tags
from tests.made.company import EVER, Company

TEAMS = [{"name": name} for name in ("risk", "payments", "platform", "security")]
COMPUTE, STORAGE = "Amazon EC2", "Amazon S3"


def charge(team: str, cost: str, day: int = 5, **columns: str) -> dict[str, str]:
    known = {"Tags": tags(team=team), "BilledCost": cost, "EffectiveCost": cost, "SubAccountId": ""}
    return on_day(day, **{**known, **columns})


LINES = [
    charge("platform", "10", ServiceName=COMPUTE, ResourceId="i-1"),
    charge("platform", "2", ServiceName=STORAGE, ResourceId="b-1"),
    charge("platform", "5", 6, ServiceName=COMPUTE),  # a day on which no other team carries anything
    charge("risk", "30", ServiceName=COMPUTE),
    charge("payments", "10", ServiceName=COMPUTE),
    charge("security", "4", ServiceName=STORAGE),
]


def company(folder: Path, pools: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, str]]) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": list(pools)})
    made.bill(lines)
    made.run()
    return made


def carried(made: Company) -> dict[tuple[str, str], Decimal]:
    return {(row.labels["team"], row.labels["pool"]): row.amount() for row in made.cost("team", "pool")}


IN_STEPS = "in steps: what one was given the next gives on, and nothing comes back"
CASES: Mapping[str, tuple[list[dict[str, Any]], dict[tuple[str, str], str]]] = {
    "all of it, day by day, in proportion to what others carry; on a day without others, to nobody": (
        [
            {
                "name": "shared",
                "split": "proportional",
                "carried_by": "platform",
                "match": {"RegionId": "eu-west-1"},
            }
        ],
        {
            ("risk", "direct"): "30",
            ("payments", "direct"): "10",
            ("security", "direct"): "4",
            ("risk", "direct > shared"): "8.181818181",
            ("payments", "direct > shared"): "2.727272727",
            ("security", "direct > shared"): "1.090909092",
            ("unmeasured", "direct > shared"): "5",
        },
    ),
    "only what matches": (
        [
            {
                "name": "disks",
                "split": "fixed",
                "carried_by": "platform",
                "match": {"ServiceName": STORAGE},
                "percent": {"risk": 75, "payments": 25},
            }
        ],
        {
            ("risk", "direct"): "30",
            ("payments", "direct"): "10",
            ("security", "direct"): "4",
            ("platform", "direct"): "15",
            ("risk", "direct > disks"): "1.5",
            ("payments", "direct > disks"): "0.5",
        },
    ),
    "evenly to all others": (
        [{"name": "rest", "split": "even", "carried_by": "security"}],
        {
            ("risk", "direct"): "30",
            ("payments", "direct"): "10",
            ("platform", "direct"): "17",
            ("payments", "direct > rest"): "1.333333334",
            ("platform", "direct > rest"): "1.333333333",
            ("risk", "direct > rest"): "1.333333333",
        },
    ),
    IN_STEPS: (
        [
            {"name": "base", "split": "fixed", "carried_by": "platform", "percent": {"security": 100}},
            {"name": "guard", "split": "even", "carried_by": "security"},
        ],
        {
            ("risk", "direct"): "30",
            ("payments", "direct"): "10",
            ("payments", "direct > guard"): "2",
            ("risk", "direct > guard"): "2",
            ("payments", "direct > base > guard"): "8.5",
            ("risk", "direct > base > guard"): "8.5",
        },
    ),
    "what a pool above gave to the team, too": (
        [
            {"name": "disks", "split": "fixed", "match": {"ResourceId": "b-1"}, "percent": {"platform": 100}},
            {"name": "out", "split": "fixed", "carried_by": "platform", "percent": {"risk": 100}},
        ],
        {
            ("risk", "direct"): "30",
            ("payments", "direct"): "10",
            ("security", "direct"): "4",
            ("risk", "direct > out"): "15",
            ("risk", "disks > out"): "2",
        },
    ),
}


@pytest.mark.parametrize(("pools", "expected"), CASES.values(), ids=CASES)
def test_a_pool_gives_on(
    pools: list[dict[str, Any]], expected: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    made = company(tmp_path, pools, LINES)
    found = carried(made)
    assert sum(found.values()) == 61
    assert found.keys() == expected.keys()
    for key, amount in expected.items():
        assert abs(found[key] - Decimal(amount)) <= Decimal("2e-8"), key
    assert made.cost()[0].line_count == len(LINES)


def test_lines_that_were_given_on_are_no_resources_of_the_giver(tmp_path: Path) -> None:
    disks = {"name": "disks", "split": "even", "carried_by": "platform", "match": {"ServiceName": STORAGE}}
    made = company(tmp_path, [disks], LINES)
    files = LedgerFiles(tmp_path / "ledger")

    def found(team: str, service: str) -> list[tuple[str, str, int]]:
        answer = resources(made.warehouse, files, team, service, *EVER).rows
        return [(each.ResourceId, each.x_Pool, each.EffectiveCostNano) for each in answer]

    assert found("platform", STORAGE) == []
    assert found("platform", COMPUTE) == [("i-1", "", 10 * 10**9), ("", "", 5 * 10**9)]
    assert found("risk", STORAGE) == [("", "direct > disks", 666_666_667)]


def test_an_export_sums_to_what_is_published(tmp_path: Path) -> None:
    made = company(tmp_path, CASES[IN_STEPS][0], LINES)
    export(made.warehouse, LedgerFiles(tmp_path / "ledger"), *EVER, (), tmp_path / "out.parquet")
    sums: dict[tuple[str, str], float] = {}
    for row in pq.read_table(tmp_path / "out.parquet").to_pylist():
        key = row["x_Team"], row["x_Pool"]
        sums[key] = sums.get(key, 0) + row["EffectiveCost"]
    assert sums == pytest.approx({key: float(amount) for key, amount in carried(made).items()})


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_nothing_is_lost_on_the_way(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    nanos = st.integers(-(10**12), 10**12).map(lambda number: str(Decimal(number).scaleb(-9)))
    names = [team["name"] for team in TEAMS]
    charges = st.builds(
        lambda team, day, billed, effective, service, category: charge(
            team,
            effective,
            day,
            BilledCost=billed,
            ServiceName=service,
            ChargeCategory=category,
        ),
        st.sampled_from([*names, "nobody"]),
        st.integers(1, 3),
        nanos,
        nanos,
        st.sampled_from([COMPUTE, STORAGE]),
        st.sampled_from(["Usage", "Tax"]),
    )
    lines = data.draw(st.lists(charges, min_size=1, max_size=30))
    givers = data.draw(st.permutations(names))[: data.draw(st.integers(1, 3))]
    pools: list[dict[str, Any]] = [
        {"name": "tax", "split": "proportional", "match": {"ChargeCategory": "Tax"}},
        *(
            {
                "name": f"of {giver}",
                "carried_by": giver,
                "split": data.draw(st.sampled_from(["proportional", "even"])),
                "match": data.draw(st.sampled_from([{}, {"ServiceName": STORAGE}])),
                "over": data.draw(st.sampled_from(["period", "month", "day", None])),
            }
            for giver in givers
        ),
    ]
    made = company(tmp_path_factory.mktemp("given"), pools, lines)
    (total,) = made.cost()
    for column, found in (("BilledCost", total.BilledCostNano), ("EffectiveCost", total.EffectiveCostNano)):
        assert found == sum(int(Decimal(row[column]) * 10**9) for row in lines)
    assert total.line_count == len(lines)
    left = {(row.labels["team"], row.labels["service"]) for row in made.cost("team", "service")}
    for pool in pools[1:]:
        services = [pool["match"]["ServiceName"]] if pool["match"] else [COMPUTE, STORAGE]
        assert not left & {(pool["carried_by"], service) for service in services}
    trails = [row.labels["pool"].split(" > ")[1:] for row in made.cost("pool")]
    order = {f"of {giver}": number for number, giver in enumerate(givers)}
    assert all(order[one] < order[other] for trail in trails for one, other in pairwise(trail))


def test_a_pool_of_lines_still_gives_to_a_team_whose_cost_was_given_on(tmp_path: Path) -> None:
    pools = [
        {"name": "out", "split": "even", "carried_by": "platform"},
        {"name": "tax", "split": "fixed", "match": {"ChargeCategory": "Tax"}, "percent": {"platform": 100}},
    ]
    made = company(tmp_path, pools, [*LINES[:1], line(ChargeCategory="Tax", EffectiveCost="7")])
    assert carried(made)["platform", "tax"] == 7


def test_what_nobody_carries_is_given_on_too(tmp_path: Path) -> None:
    pools = [{"name": "rest", "split": "fixed", "carried_by": "unallocated", "percent": {"payments": 100}}]
    made = company(tmp_path, pools, [*LINES, charge("nobody", "3")])
    found = carried(made)
    assert found["payments", "direct > rest"] == 3
    assert ("unallocated", "direct") not in found
