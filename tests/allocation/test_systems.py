"""Which system a charge belongs to: the first that it matches, or none, to the last digit."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from costwatch.allocation import focus_export
from costwatch.allocation.settings import Allocation
from costwatch.answers.systems import parts, systems, unmatched
from costwatch.cost.conversion import Conversion
from costwatch.ledger.files import LedgerFiles
from costwatch.model import NO_SYSTEM, Window
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import line, on_day, tags
from tests.made.company import EVER, NOW, Company

TEAMS = [
    {"name": "risk", "accounts": ["100000000001"], "parent": "product"},
    {"name": "search", "accounts": ["100000000002"], "parent": "product", "cost_center": "CC-2"},
    {"name": "platform", "accounts": ["100000000003"]},
    {"name": "product"},
]
VOLUME = "arn:aws:ec2:eu-west-1:100000000003:volume/vol-1"
POOLS = [{"name": "support", "split": "fixed", "match": {"ServiceName": "Support"}, "percent": {"risk": 100}}]
SYSTEMS = [
    {"name": "scoring", "team": "risk", "match": {"tags": {"system": ["Scoring ", "scores"]}}},
    {
        "name": "index",
        "team": "search",
        "match": {"accounts": ["100000000002"], "tags": {"app": ["index", "ΟΔΟΣ"]}},
    },
    {"name": "disks", "team": "platform", "match": {"resources": [VOLUME]}},
    {"name": "helpdesk", "team": "platform", "match": {"pools": ["support"]}},
    {"name": "unused", "match": {"tags": {"system": "nobody's"}}},
    {"name": "pods", "match": {"namespaces": ["default"]}},
]

BELONGS = {
    "to the one its tag names, whatever its case and blanks": ({"Tags": tags(system=" SCORING")}, "scoring"),
    "to the one another of its values names": ({"Tags": tags(system="scores")}, "scoring"),
    "to the one its tag names, in letters that Python and the engine make small differently": (
        {"Tags": tags(app="ΟΔΟΣ")},
        "index",
    ),
    "to the one of its account": ({"SubAccountId": "100000000002"}, "index"),
    "to the one any of its conditions names": ({"Tags": tags(app="index")}, "index"),
    "to the first where two match": (
        {"SubAccountId": "100000000002", "Tags": tags(system="scores")},
        "scoring",
    ),
    "to the one of its resource": ({"ResourceId": VOLUME}, "disks"),
    "to the one of its account before that of its resource": (
        {"ResourceId": VOLUME, "SubAccountId": "100000000002"},
        "index",
    ),
    "to none where another resource is named": ({"ResourceId": f"{VOLUME}2"}, NO_SYSTEM),
    "to none where nothing names one": ({}, NO_SYSTEM),
    "to none where it has no account": ({"SubAccountId": ""}, NO_SYSTEM),
}


def company(folder: Path, **allocation: Any) -> Company:
    lines = [
        line(**{"ResourceId": "", **columns}, ServiceName=case) for case, (columns, _) in BELONGS.items()
    ]
    lines.append(on_day(2, ServiceName="Support", ResourceId="", SubAccountId="100000000003", BilledCost="7"))
    made = Company(folder, {"teams": TEAMS, "pools": POOLS, "systems": SYSTEMS, **allocation})
    made.bill(lines)
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One bill in which every case is a service of its own."""
    made = company(tmp_path_factory.mktemp("systems"))
    made.run()
    return made


@pytest.mark.parametrize("case", BELONGS)
def test_a_charge_belongs(case: str, made: Company) -> None:
    assert [row.labels["system"] for row in made.cost("system", where={"service": (case,)})] == [
        BELONGS[case][1]
    ]


def test_the_shares_of_a_pool_belong_to_the_system_that_names_it(made: Company) -> None:
    (row,) = made.cost("system", "team", where={"pool": ("support",)})
    assert (row.labels["system"], row.labels["team"], row.amount("BilledCost")) == (
        "helpdesk",
        "risk",
        Decimal(7),
    )


def test_systems_add_up_to_the_team_and_to_the_bill(made: Company) -> None:
    by_team: dict[str, int] = {}
    for row in made.cost("team", "system"):
        by_team[row.labels["team"]] = by_team.get(row.labels["team"], 0) + row.EffectiveCostNano
    assert by_team == {row.labels["team"]: row.EffectiveCostNano for row in made.cost("team")}
    (bill,) = made.cost()
    assert sum(row.EffectiveCostNano for row in made.cost("system")) == bill.EffectiveCostNano


def test_parents_hold_what_is_below_them_and_cost_centers_add_up(made: Company) -> None:
    teams = {row.labels["team"]: row.EffectiveCostNano for row in made.cost("team")}
    found = {row.labels["parent"]: row.EffectiveCostNano for row in made.cost("parent")}
    alone = {team: amount for team, amount in teams.items() if team not in ("risk", "search")}
    assert found == {"product": teams["risk"] + teams["search"], **alone}
    centers = {row.labels["cost_center"]: row.EffectiveCostNano for row in made.cost("cost_center")}
    assert centers == {
        "CC-2": teams["search"],
        "no cost center": sum(teams.values()) - teams["search"],
    }


def test_systems_are_answered_with_whose_cost_they_are(made: Company) -> None:
    with made.warehouse.read() as db:
        facts = WarehouseSnapshot(db, datetime(2026, 11, 20, tzinfo=UTC))
        found = {one.system: one for one in systems(facts)}
        assert found.keys() >= {"scoring", "index", "disks", "helpdesk", NO_SYSTEM}
        assert all(
            sum(amount for _, amount in parts(facts, one, by)) == one.month_to_date
            for one in found.values()
            for by in ("team", "service")
        )


def test_systems_that_nothing_matches_are_named_with_the_reason(made: Company) -> None:
    known = Allocation.model_validate(made.allocation).systems
    with made.warehouse.read() as db:
        found = unmatched(WarehouseSnapshot(db, datetime(2026, 11, 20, tzinfo=UTC)), known)
    assert found == {
        "unused": "no charge of the last 35 days belongs to it; run costwatch allocate if it is new, "
        "or correct its match or move it up",
        "pods": "no line of a bill has what it is told by; give tags, accounts, resources or pools, too",
    }


def test_the_exported_lines_say_their_system(made: Company, tmp_path: Path) -> None:
    target = tmp_path / "charges.parquet"
    files = LedgerFiles(made.root / "ledger")
    focus_export.export(made.warehouse, files, date(2026, 10, 1), date(2026, 11, 1), [], target)
    rows = pq.read_table(target).to_pylist()
    expected = {case: system for case, (_, system) in BELONGS.items()} | {"Support": "helpdesk"}
    assert {row["ServiceName"]: row["x_System"] for row in rows} == expected


def test_a_team_at_any_level_is_asked_for_with_all_below_it(tmp_path: Path) -> None:
    above = [{"name": "product", "parent": "company"}, {"name": "company"}]
    made = company(tmp_path, teams=[*TEAMS[:3], *above])
    made.run()
    teams = {row.labels["team"]: row.EffectiveCostNano for row in made.cost("team")}
    (whole,) = made.cost("parent", where={"parent": ("product",)})
    assert (whole.labels["parent"], whole.EffectiveCostNano) == ("company", teams["risk"] + teams["search"])
    for asked, found in {
        "product": {"risk", "search"},
        "company": {"risk", "search"},
        "risk": {"risk"},
        "unallocated": {"unallocated"},
        "isk": set(),
    }.items():
        assert {row.labels["team"] for row in made.cost("team", where={"parent": (asked,)})} == found


def test_whose_team_was_above_it_is_answered_as_it_was_known_then(tmp_path: Path) -> None:
    made = company(tmp_path)
    made.run()
    made.allocation = {**made.allocation, "teams": [{**TEAMS[0], "parent": "platform"}, *TEAMS[1:]]}
    later = NOW + timedelta(days=2)
    assert [period.changed for period in made.allocate(later)] == [False]
    with made.warehouse.read() as db:
        found = [
            {row.labels["parent"] for row in cost(db, *EVER, ("parent",), {"team": ("risk",)}, as_of=as_of)}
            for as_of in (NOW, later, None)
        ]
    assert found == [{"product"}, {"platform"}, {"platform"}]


def test_converted_parents_cost_what_their_converted_teams_do(tmp_path: Path) -> None:
    lines = [
        on_day(day, BillingCurrency="EUR", EffectiveCost="0.000000001", SubAccountId=f"10000000000{team}")
        for day in range(1, 12)
        for team in (1, 2, 3)
    ]
    made = Company(tmp_path, {"teams": TEAMS})
    made.bill(lines)
    made.run()
    rates = Conversion.model_validate({"reporting": "USD", "rates": {"2026-10": {"EUR": "1.3"}}})
    with made.warehouse.read() as db:
        sums = {
            by: sum(row.EffectiveCostNano for row in cost(db, *EVER, by, conversion=rates))
            for by in ((), ("team",), ("parent",), ("cost_center",))
        }
    assert {*sums.values()} == {33}


MATTERS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "another owner or tier of a system": (
        {"systems": [{**SYSTEMS[0], "team": "platform", "tier": 1}, *SYSTEMS[1:]]},
        False,
    ),
    "another parent": ({"teams": [*TEAMS[:3], {"name": "product", "cost_center": "CC-1"}]}, False),
    "another order of systems": ({"systems": [*SYSTEMS[::-1]]}, True),
}


@pytest.mark.parametrize(("change", "anew"), MATTERS.values(), ids=MATTERS)
def test_a_period_is_allocated_anew_only_by_what_moves_its_charges(
    change: dict[str, Any], anew: bool, tmp_path: Path
) -> None:
    made = company(tmp_path)
    made.run()
    made.allocation = {**made.allocation, **change}
    assert [period.changed for period in made.allocate()] == [anew]


def test_a_closed_period_keeps_the_systems_of_then(tmp_path: Path) -> None:
    made = company(tmp_path)
    made.run()
    before = made.cost("system", "service")
    made.allocation = {**made.allocation, "systems": []}
    later = datetime(2027, 3, 1, tzinfo=UTC)
    assert [period.changed for period in made.allocate(later)] == [False]
    october = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))
    assert made.cost("system", "service") == before
    assert [period.changed for period in made.allocate(later, october)] == [True]
    assert {row.labels["system"] for row in made.cost("system")} == {NO_SYSTEM}
