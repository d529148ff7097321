"""Whose every dollar is, and that none gets lost on the way."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.ledger.engines.duckdb import connect, small_table
from costwatch.ledger.nano import digits_of, nano, split
from costwatch.money import NANO
from tests.made.bills import line, on_day, tags, write_csv
from tests.made.company import Company

TEAMS = [
    {"name": "risk", "aliases": ["Risk-Decisioning"], "accounts": ["100000000001"]},
    {"name": "payments", "accounts": [{"id": "100000000002", "valid_from": "2026-10-10"}]},
    {"name": "platform", "accounts": ["100000000002", {"id": "100000000001", "valid_from": "2026-10-20"}]},
]


def company(tmp_path: Path, lines: list[dict[str, str]], **allocation: Any) -> Company:
    write_csv(tmp_path / "bill" / "bill.csv", lines)
    made = Company(tmp_path, {"teams": TEAMS, **allocation})
    made.run()
    return made


OWNERS = {
    "its tag, whatever its case and blanks": ({"Tags": tags(team=" Payments ")}, "payments"),
    "an alias in its tag": ({"Tags": tags(team="risk-decisioning")}, "risk"),
    "its account where the tag names no team": ({"Tags": tags(team="nobody")}, "risk"),
    "its account where there is no tag": ({}, "risk"),
    "its tag before its account": ({"Tags": tags(team="platform")}, "platform"),
    "its cost category where there is no tag": ({"x_CostCategories": '{"team": "payments"}'}, "payments"),
    "its tag before its cost category": (
        {"Tags": tags(team="platform"), "x_CostCategories": '{"team": "payments"}'},
        "platform",
    ),
    "nobody's where nothing names a team": ({"SubAccountId": "100000000009"}, "unallocated"),
    "nobody's where it has no account": ({"SubAccountId": ""}, "unallocated"),
}


MOVES = {
    "before it moved": (9, "100000000002", "platform"),
    "on the day it moved": (10, "100000000002", "payments"),
    "before another one moved": (19, "100000000001", "risk"),
    "after another one moved": (31, "100000000001", "platform"),
}


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """service -> team, of one bill in which every case is a service of its own."""
    lines = [
        line(**{"x_CostCategories": "", **columns}, ServiceName=case) for case, (columns, _) in OWNERS.items()
    ]
    lines += [
        on_day(day, SubAccountId=account, ServiceName=case, x_CostCategories="")
        for case, (day, account, _) in MOVES.items()
    ]
    made = company(tmp_path_factory.mktemp("owners"), lines)
    return {row.labels["service"]: row.labels["team"] for row in made.cost("team", "service")}


@pytest.mark.parametrize("case", OWNERS)
def test_a_charge_is(case: str, owners: Mapping[str, str]) -> None:
    assert owners[case] == OWNERS[case][1]


@pytest.mark.parametrize("case", MOVES)
def test_an_account_belongs_to_whoever_had_it(case: str, owners: Mapping[str, str]) -> None:
    assert owners[case] == MOVES[case][2]


SHARED = line(
    ServiceName="AWS Support (Business)",
    ChargePeriodEnd="2026-11-01T00:00:00Z",
    BilledCost="10",
    EffectiveCost="9",
    SubAccountId="100000000009",
)
OWNED = [
    on_day(5, Tags=tags(team="risk"), BilledCost="30", EffectiveCost="30"),
    on_day(25, Tags=tags(team="payments"), BilledCost="10", EffectiveCost="10"),
    on_day(25, Tags=tags(team="platform"), BilledCost="-5", EffectiveCost="-5"),
    on_day(26, SubAccountId="100000000009", BilledCost="50", EffectiveCost="50"),
]
SUPPORT = {"name": "support", "match": {"ServiceName": "AWS Support (Business)"}}
SPLITS: Mapping[str, tuple[dict[str, Any], dict[str, str]]] = {
    "proportional: by what teams carry over the charge's whole period, negative ones nothing": (
        {"split": "proportional"},
        {"risk": "7.5", "payments": "2.5"},
    ),
    "even: among all teams": (
        {"split": "even"},
        {"payments": "3.333333334", "platform": "3.333333333", "risk": "3.333333333"},
    ),
    "even: among the teams named": (
        {"split": "even", "teams": ["risk", "platform"]},
        {"platform": "5", "risk": "5"},
    ),
    "fixed: by percentages": (
        {"split": "fixed", "percent": {"risk": "12.5", "payments": "87.5"}},
        {"risk": "1.25", "payments": "8.75"},
    ),
    "owner: by its own tags": ({"split": "owner", "tags": ["x"]}, {"unallocated": "10"}),
}


@pytest.mark.parametrize(("pool", "expected"), SPLITS.values(), ids=SPLITS)
def test_a_pool_is_split(pool: dict[str, Any], expected: dict[str, str], tmp_path: Path) -> None:
    made = company(tmp_path, [SHARED, *OWNED], pools=[{**SUPPORT, **pool}])
    found = {
        row.labels["team"]: row.amount("BilledCost")
        for row in made.cost("team", where={"pool": ("support",)})
    }
    assert sum(found.values()) == Decimal(10)
    # Weights are whole billionths, so a share is right to a billionth of the amount.
    for team, amount in expected.items():
        assert abs(found.pop(team) - Decimal(amount)) <= Decimal("1e-8")
    assert not found


def test_a_pool_whose_weights_sum_to_nothing_is_unmeasured(tmp_path: Path) -> None:
    made = company(tmp_path, [SHARED], pools=[{**SUPPORT, "split": "proportional"}])
    assert made.billed() == {"unmeasured": Decimal(10)}


def test_a_later_proportional_pool_counts_what_earlier_pools_gave(tmp_path: Path) -> None:
    tax = line(
        ChargeCategory="Tax", ChargePeriodEnd="2026-11-01T00:00:00Z", EffectiveCost="4", BilledCost="4"
    )
    pools = [
        {**SUPPORT, "split": "fixed", "percent": {"platform": 100}},
        {"name": "tax", "match": {"ChargeCategory": "Tax"}, "split": "proportional"},
    ]
    made = company(tmp_path, [{**SHARED, "EffectiveCost": "30"}, tax, OWNED[0]], pools=pools)
    found = {row.labels["team"]: row.amount() for row in made.cost("team", where={"pool": ("tax",)})}
    assert found == {"platform": Decimal(2), "risk": Decimal(2)}


def test_the_first_pool_that_matches_takes_a_charge(tmp_path: Path) -> None:
    pools = [
        {"name": "one", "match": {"Tags": {"env": ["prod", "staging"]}}, "split": "even", "teams": ["risk"]},
        {"name": "two", "match": {"ResourceId": "i-1"}, "split": "even", "teams": ["platform"]},
    ]
    lines = [
        line(Tags=tags(env="prod"), ResourceId="i-1"),
        line(Tags="", ResourceId="i-1", BilledCost="2"),
        line(Tags="", ResourceId="i-10", BilledCost="3"),
    ]
    made = company(tmp_path, lines, pools=pools)
    assert made.billed("pool") == {"one": Decimal("1.5"), "two": Decimal(2), "direct": Decimal(3)}


def test_a_shared_line_counts_once(tmp_path: Path) -> None:
    made = company(tmp_path, [SHARED, *OWNED], pools=[{**SUPPORT, "split": "even"}])
    assert made.cost()[0].line_count == 5


def test_currencies_are_split_apart(tmp_path: Path) -> None:
    euros = {"BillingCurrency": "EUR"}
    lines = [SHARED, {**SHARED, **euros}, OWNED[0], {**OWNED[1], **euros}]
    made = company(tmp_path, lines, pools=[{**SUPPORT, "split": "proportional"}])
    found = {(row.labels["team"], row.labels["currency"]): row.amount() for row in made.cost("team")}
    assert found == {("risk", "USD"): Decimal(39), ("payments", "EUR"): Decimal(19)}


# --- exact money -----------------------------------------------------------------------------

AMOUNTS = st.integers(-(9 * 10**18), 9 * 10**18)


@settings(max_examples=40, deadline=None)
@given(
    amounts=st.lists(AMOUNTS, min_size=1, max_size=20),
    weights=st.lists(st.integers(1, 10**9 // 8), min_size=1, max_size=8),
)
def test_a_split_is_exact_and_fair_to_the_nano(amounts: list[int], weights: list[int]) -> None:
    con = connect()
    integers = dict.fromkeys(("row", "span", "x"), pa.int64())
    rows = small_table(con, "a", [(n, 0, x) for n, x in enumerate(amounts)], integers)
    rows = rows.select("row", "span", **digits_of(rows.x))
    shares = small_table(
        con,
        "w",
        [(0, f"t{n}", w) for n, w in enumerate(weights)],
        {"span": pa.int64(), "team": pa.string(), "weight": pa.int64()},
    )
    parts = con.to_pyarrow(split(rows, shares)).to_pylist()
    con.disconnect()
    for number, amount in enumerate(amounts):
        mine = {part["team"]: part["whole"] * NANO + part["rest"] for part in parts if part["row"] == number}
        assert sum(mine.values()) == amount
        for n, weight in enumerate(weights):
            assert abs(mine[f"t{n}"] * sum(weights) - amount * weight) < sum(weights)


NANOS = {
    "half a nano rounds away from zero": ("5e-10", 1),
    "less than half rounds to zero": ("4e-10", 0),
    "minus half a nano rounds away from zero": ("-5e-10", -1),
    "ten decimals": ("1.2345678915", 1_234_567_892),
    "a large amount": ("8000000000", 8_000_000_000_000_000_000),
}


@pytest.mark.parametrize(("text", "expected"), NANOS.values(), ids=NANOS)
def test_nano_units(text: str, expected: int) -> None:
    con = connect()
    table = small_table(con, "t", [(float(text),)], {"x": pa.float64()})
    assert con.to_pyarrow(nano(table.x)).to_pylist() == [expected]
    con.disconnect()


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_teams_and_residuals_are_the_bill(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cents = st.integers(-(10**9), 10**12).map(lambda number: str(Decimal(number).scaleb(-10)))
    charge = st.builds(
        lambda day, billed, effective, team, category, currency: on_day(
            day,
            BilledCost=billed,
            EffectiveCost=effective,
            Tags=tags(team=team),
            ChargeCategory=category,
            BillingCurrency=currency,
            SubAccountId="100000000009",
        ),
        st.integers(1, 31),
        cents,
        cents,
        st.sampled_from(["risk", "payments", "platform", "nobody"]),
        st.sampled_from(["Usage", "Tax", "Credit"]),
        st.sampled_from(["USD", "EUR"]),
    )
    lines = data.draw(st.lists(charge, min_size=1, max_size=40))
    over = st.sampled_from(["period", "month", "day", None])
    pools = [
        {"name": name, "match": {"ChargeCategory": category}, "split": split, "over": data.draw(over)}
        for name, category, split in (("tax", "Tax", "proportional"), ("credit", "Credit", "even"))
    ]
    made = company(tmp_path_factory.mktemp("bill"), lines, pools=pools)
    for currency in {row["BillingCurrency"] for row in lines}:
        mine = [row for row in lines if row["BillingCurrency"] == currency]
        (total,) = made.cost(where={"currency": (currency,)})
        for column, found in (
            ("BilledCost", total.BilledCostNano),
            ("EffectiveCost", total.EffectiveCostNano),
        ):
            expected = sum(
                int((Decimal(row[column]) * 10**9).to_integral_value("ROUND_HALF_UP")) for row in mine
            )
            assert abs(found - expected) <= len(mine)  # a tie of the text may not be one of its double
        assert total.line_count == len(mine)
