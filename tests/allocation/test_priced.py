"""What explains cost: quantities in their units and contracted cost, exact from the lines to any question."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from costwatch.answers.verification import verification
from costwatch.errors import UsageError
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, small_table
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.nano import digits_of_quantity, priced, split
from costwatch.model import LoadFindingKind
from costwatch.money import NANO
from costwatch.proof.priced import PRICED
from costwatch.proof.second_opinion import Tolerance
from costwatch.warehouse.bill.loads import newest_loads
from costwatch.warehouse.facts.priced import PricedCost, priced_cost
from tests.made import cur_bills
from tests.made.bills import line, on_day, tags, write_csv
from tests.made.company import EVER, NOW, Company
from tests.made.cur_bills import cur2_parquet

pytestmark = pytest.mark.slow

TEAMS = [{"name": "risk"}, {"name": "payments"}, {"name": "platform"}]


def asked(company: Company, *by: str, as_of: datetime | None = None, **where: str) -> list[PricedCost]:
    with company.warehouse.read() as db:
        return priced_cost(db, *EVER, by, {name: [value] for name, value in where.items()}, as_of=as_of)


def proven(company: Company) -> None:
    """Lines, publication and teams agree."""
    files = LedgerFiles(company.root / "ledger")
    assert verification(company.warehouse, files, None, None, [], Tolerance()).findings == ()


def in_nanos(text: str, limit: float) -> int | None:
    """What a value counts as: nano-units, half away from zero; None where it is unknown."""
    value = float(text or "nan")
    if not abs(value) < limit:
        return None
    exact = Fraction(abs(value)) * NANO
    size = int(exact + Fraction(1, 2))
    return -size if value < 0 else size


# --- of a line ------------------------------------------------------------------------------

QUANTITIES = st.one_of(
    st.sampled_from([0.0, 1e-10, 5e-10, 0.1, 24.0, 9.3e9, 1.23456789e12, 8.9e15, 9e15, 1e300]),
    st.floats(-1e16, 1e16),
    st.floats(-1, 1),
)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(QUANTITIES, min_size=1, max_size=30))
def test_a_quantity_is_counted_to_the_nano_unit_whatever_its_size(values: list[float]) -> None:
    con = connect()
    table = small_table(con, "t", [(value,) for value in values], {"x": pa.float64()})
    found = fetch(con, compiled(table.select("x", **priced(table.x, table.x)))).to_pylist()
    con.disconnect()
    for row in found:
        whole, rest, contracted = (row[name] for name in PRICED)
        assert (whole is None) == (abs(row["x"]) >= 9e15)
        assert (contracted is None) == (abs(row["x"]) >= 9e9)
        if whole is not None:
            assert abs(whole * NANO + rest - Fraction(row["x"]) * NANO) <= Fraction(1, 2) + Fraction(1, 10**6)
            assert 0 <= rest <= NANO


@pytest.mark.parametrize("value", [nan, inf, -inf, None], ids=str)
def test_what_is_no_number_is_unknown(value: float | None) -> None:
    con = connect()
    table = small_table(con, "t", [(value,)], {"x": pa.float64()})  # type: ignore[list-item]
    (found,) = fetch(con, compiled(table.select(**priced(table.x, table.x)))).to_pylist()
    con.disconnect()
    assert found == dict.fromkeys(PRICED)


LIMBS = st.tuples(st.integers(-(9 * 10**18), 9 * 10**18), st.integers(-(10**18), 10**18))


@settings(max_examples=40, deadline=None)
@given(
    amounts=st.lists(LIMBS, min_size=1, max_size=20),
    weights=st.lists(st.integers(1, 10**9 // 8), min_size=1, max_size=8),
)
def test_a_quantity_is_split_exactly_and_fairly(amounts: list[tuple[int, int]], weights: list[int]) -> None:
    con = connect()
    columns = dict.fromkeys(("row", "span", "whole", "rest"), pa.int64())
    rows = small_table(con, "a", [(n, 0, *amount) for n, amount in enumerate(amounts)], columns)
    shares = small_table(
        con,
        "w",
        [(0, f"t{n}", weight) for n, weight in enumerate(weights)],
        {"span": pa.int64(), "team": pa.string(), "weight": pa.int64()},
    )
    digits = rows.select("row", "span", **digits_of_quantity(rows.whole, rows.rest))
    parts = fetch(con, compiled(split(digits, shares))).to_pylist()
    con.disconnect()
    for number, (whole, rest) in enumerate(amounts):
        mine = {part["team"]: part["whole"] * NANO + part["rest"] for part in parts if part["row"] == number}
        amount = whole * NANO + rest
        assert sum(mine.values()) == amount
        for n, weight in enumerate(weights):
            assert abs(mine[f"t{n}"] * sum(weights) - amount * weight) < sum(weights)


# --- of a bill ------------------------------------------------------------------------------

MANY = st.sampled_from(["0", "1", "0.0000000001", "-2.25", "744", "12345678901.000000001", "3e12", ""])
ROW = st.fixed_dictionaries(
    {
        "team": st.sampled_from(["risk", "payments", "platform", ""]),
        "day": st.integers(1, 4),
        "type": st.sampled_from(["BoxUsage", "Requests", "Storage", ""]),
        "unit": st.sampled_from(["Hours", "Requests", "GB-Months", ""]),
        "quantity": MANY,
        "contracted": st.sampled_from(["0", "1.5", "-0.3333333333", "123456.789", ""]),
        "shared": st.sampled_from(["", "", "support", "tax"]),
    }
)
POOLS = [
    {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
    {
        "name": "support",
        "split": "fixed",
        "match": {"ServiceName": "Help"},
        "percent": {"risk": 17, "platform": 83},
    },
    {"name": "base", "carried_by": "platform", "split": "fixed", "percent": {"risk": 33, "payments": 67}},
]
Row = Mapping[str, Any]
Oracle = dict[tuple[str, ...], int]


def as_focus(root: Path, rows: Sequence[Row]) -> None:
    lines = [
        on_day(
            row["day"],
            ResourceId=f"i-{number}",
            Tags=tags(team=row["team"]),
            x_UsageType=row["type"],
            PricingUnit=row["unit"],
            PricingQuantity=row["quantity"],
            ContractedCost=row["contracted"],
            BilledCost=row["contracted"] or "1",
            EffectiveCost="0.7",
            ServiceName="Help" if row["shared"] == "support" else "Compute",
            ChargeCategory="Tax" if row["shared"] == "tax" else "Usage",
        )
        for number, row in enumerate(rows)
    ]
    write_csv(root / "bill" / "bill.csv", lines)


def as_cur(root: Path, rows: Sequence[Row]) -> None:
    lines = [
        cur_bills.usage(
            row["team"],
            row["contracted"] or "0",
            row["day"],
            line_item_resource_id=f"i-{number}",
            line_item_usage_type=row["type"],
            pricing_unit=row["unit"].replace("Hours", "Hrs").replace("-Months", "-Mo"),
            line_item_usage_amount=row["quantity"],
            product={"product_name": "Help" if row["shared"] == "support" else "Compute"},
            line_item_line_item_type="Tax" if row["shared"] == "tax" else "Usage",
        )
        for number, row in enumerate(rows)
    ]
    cur2_parquet(root / "bill" / "bill.parquet", lines)


FORMATS: Mapping[str, Callable[[Path, Sequence[Row]], None]] = {"FOCUS": as_focus, "CUR 2.0": as_cur}


def quantities(rows: Sequence[Row], *by: str) -> Oracle:
    """The sums of the raw lines, by unit too; what no line says is not there."""
    sums: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        nanos = in_nanos(row["quantity"], 9e15)
        if nanos is not None and row["unit"]:
            sums[*(str(row[name]) for name in by), row["unit"]] += nanos
    return dict(sums)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("pools", [[], POOLS], ids=["owners alone", "shared, and given on"])
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(data=st.data())
def test_quantities_come_to_those_of_the_lines(
    form: str, pools: list[dict[str, Any]], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(ROW, min_size=20, max_size=60))
    with TemporaryDirectory() as folder:
        company = Company(Path(folder), {"teams": TEAMS, "pools": pools})
        FORMATS[form](company.root, rows)
        company.run()
        found = {
            (row.labels["usage_type"], row.labels["unit"]): row.PricingQuantityNano
            for row in asked(company, "usage_type")
            if row.PricingQuantityNano is not None
        }
        assert found == quantities(rows, "type")
        told = [in_nanos(row["contracted"] or ("0" if form == "CUR 2.0" else ""), 9e9) for row in rows]
        contracted = [row.ContractedCostNano for row in asked(company)]
        assert sum(nano or 0 for nano in contracted) == sum(nano or 0 for nano in told)
        if not pools:
            by_team = {
                (row.labels["team"].replace("unallocated", ""), row.labels["unit"]): row.PricingQuantityNano
                for row in asked(company, "team")
                if row.PricingQuantityNano is not None
            }
            assert by_team == quantities(rows, "team")
        sums = [(row.BilledCostNano, row.EffectiveCostNano, row.line_count) for row in asked(company)]
        (whole,) = company.cost()
        assert [*map(sum, zip(*sums, strict=True))] == [
            whole.BilledCostNano,
            whole.EffectiveCostNano,
            whole.line_count,
        ]
        proven(company)


SAYS = {
    "a quantity of 0 is known": ({"PricingQuantity": "0"}, "Hours", 0, 1_500_000_000),
    "no quantity is unknown": ({"PricingQuantity": ""}, "Hours", None, 1_500_000_000),
    "a quantity of no unit is unknown": ({"PricingUnit": ""}, "", None, 1_500_000_000),
    "no contracted cost is unknown": ({"ContractedCost": ""}, "Hours", NANO, None),
    "a contracted cost of 0 is known": ({"ContractedCost": "0"}, "Hours", NANO, 0),
    "more than nano-units can hold": (
        {"PricingQuantity": "2.6e15"},
        "Hours",
        26 * 10**14 * NANO,
        1_500_000_000,
    ),
    "more than can be counted is unknown": ({"PricingQuantity": "9e15"}, "Hours", None, 1_500_000_000),
    "text is unknown": ({"PricingQuantity": "many"}, "Hours", None, 1_500_000_000),
}


@pytest.mark.parametrize(("columns", "unit", "quantity", "contracted"), SAYS.values(), ids=SAYS)
def test_unknown_is_not_0(
    columns: dict[str, str], unit: str, quantity: int | None, contracted: int | None, tmp_path: Path
) -> None:
    company = Company(tmp_path)
    company.bill([line(**columns)])
    company.run()
    (row,) = asked(company)
    assert (row.labels["unit"], row.PricingQuantityNano, row.ContractedCostNano) == (
        unit,
        quantity,
        contracted,
    )
    assert row.uncontracted_line_count == (contracted is None)
    proven(company)


def test_columns_that_are_missing_are_told_once_and_say_nothing(tmp_path: Path) -> None:
    without = {
        name: value for name, value in line().items() if name not in ("PricingQuantity", "ContractedCost")
    }
    company = Company(tmp_path)
    company.bill([without, without])
    company.run()
    (row,) = asked(company)
    assert (row.PricingQuantityNano, row.ContractedCostNano, row.uncontracted_line_count) == (None, None, 2)
    with company.warehouse.read() as db:
        (load,) = newest_loads(db, ["aws"])
    told = [found.text for found in load.findings if found.kind is LoadFindingKind.LACKING]
    assert told == [
        "bill.csv: FOCUS without ContractedCost, PricingQuantity: it is read; what these say is unknown"
    ]


def test_what_cannot_be_counted_is_told(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill([line(PricingQuantity="1e16"), line(ContractedCost="1e10", ServiceName="b"), line()])
    company.run()
    with company.warehouse.read() as db:
        (load,) = newest_loads(db, ["aws"])
    (found,) = [found for found in load.findings if found.kind is LoadFindingKind.UNCOUNTED]
    assert found.text.startswith("bill.csv: 2 lines have a PricingQuantity of 9e+15 or more, or")
    assert not found.kind.is_wrong


@pytest.mark.parametrize("form", cur_bills.FORMS)
def test_covered_usage_counts_once_and_at_its_contracted_cost(form: str, tmp_path: Path) -> None:
    plan = {"savings_plan_savings_plan_a_r_n": "arn:plan", "line_item_usage_amount": "10"}
    covered = {"line_item_line_item_type": "SavingsPlanCoveredUsage", **plan}
    reserved = {
        "line_item_line_item_type": "DiscountedUsage",
        "reservation_effective_cost": "0.6",
        "pricing_public_on_demand_cost": "1.1",
        "reservation_reservation_a_r_n": "arn:reserved",
        "line_item_usage_amount": "4",
    }
    rows = [
        cur_bills.usage("risk", "2", line_item_usage_amount="20"),
        cur_bills.usage("risk", "1", savings_plan_savings_plan_effective_cost="0.62", **covered),
        cur_bills.usage("risk", "-1", line_item_line_item_type="SavingsPlanNegation", **plan),
        cur_bills.usage("risk", "0", **reserved),
    ]
    company = Company(tmp_path, {"teams": TEAMS})
    name, write = cur_bills.FORMS[form]
    write(company.root / "bill" / name, rows)
    company.run()
    (row,) = asked(company, "team", "usage_type")
    assert row.labels["unit"] == "Hours"
    assert row.PricingQuantityNano == 34 * NANO
    assert row.ContractedCostNano == 4_100_000_000
    assert row.EffectiveCostNano == 3_220_000_000
    proven(company)


def test_a_pool_is_explained_by_its_own_lines_and_the_share_of_the_team(tmp_path: Path) -> None:
    mysql = {
        "name": "mysql",
        "split": "fixed",
        "match": {"ServiceName": "RDS"},
        "percent": {"risk": 20, "payments": 80},
    }
    company = Company(tmp_path, {"teams": TEAMS, "pools": [mysql]})
    costs = {"BilledCost": "1000", "EffectiveCost": "900", "ContractedCost": "1000"}
    company.bill([line(ServiceName="RDS", PricingQuantity="100", PricingUnit="Hours", **costs)])
    company.run()
    found = {row.labels["team"]: row for row in asked(company, "team", pool="mysql")}
    pool = asked(company, pool="mysql")[0]
    assert (pool.PricingQuantityNano, pool.ContractedCostNano) == (100 * NANO, 1000 * NANO)
    share = Fraction(found["risk"].EffectiveCostNano, pool.EffectiveCostNano)
    assert share == Fraction(1, 5)
    assert found["risk"].PricingQuantityNano == 20 * NANO
    assert found["payments"].ContractedCostNano == 800 * NANO


def test_what_was_known_then_is_known_now(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": TEAMS})
    first = [on_day(1, Tags=tags(team="risk")), on_day(2, PricingUnit="GB", PricingQuantity="0.5")]
    by = ("team", "usage_type", "service")
    company.bill(first)
    company.run()
    then = asked(company, *by)
    company.bill([on_day(1, Tags=tags(team="risk"), PricingQuantity="3"), on_day(3, ContractedCost="7")])
    later = NOW + timedelta(days=1)
    company.run(later)
    assert asked(company, *by, as_of=NOW) == then
    assert asked(company, *by, as_of=later) == asked(company, *by) != then
    assert asked(company, *by, as_of=NOW - timedelta(days=1)) == []


def test_cost_and_what_explains_it_are_asked_by_the_same_labels(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": TEAMS})
    company.bill([line(Tags=tags(team="risk")), line(PricingUnit="GB")])
    company.run()
    assert [row.labels["unit"] for row in asked(company, unit="GB")] == ["GB"]
    assert [row.labels["team"] for row in asked(company, "team", parent="risk")] == ["risk"]
    with pytest.raises(UsageError, match="'planet': cost cannot be grouped or filtered by it"):
        asked(company, "planet")
