"""What FOCUS asks of the columns of an export, held by every row of it, whatever a bill says."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.exports import Exports
from costwatch.allocation.focus_export import export
from costwatch.allocation.focus_rules import CHARGE_FREQUENCIES, SERVICE_CATEGORIES
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.contract import REQUIRED_VALUES
from costwatch.ledger.formats.focus import MANDATORY
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.bills import line, on_day, tags
from tests.made.company import EVER, Company
from tests.made.cur_bills import cur2_parquet
from tests.made.cur_bills import line as cur_line

pytestmark = pytest.mark.slow

Row = Mapping[str, str | None]
TEAMS = [{"name": "risk"}, {"name": "payments"}, {"name": "platform", "accounts": ["100000000001"]}]
POOLS = [
    {"name": "tax", "match": {"ChargeCategory": "Tax"}, "split": "even"},
    {"name": "fees", "match": {"ChargeCategory": ["Purchase", "Credit"]}, "split": "even"},
    {"name": "base", "match": {"ServiceName": "Storage"}, "split": "fixed", "percent": {"platform": 100}},
    {"name": "on", "carried_by": "platform", "split": "even"},
]
PLAN = "arn:aws:savingsplans::1:savingsplan/x"
# What a bill may say of a line, and mostly none of it.
EMPTY = dict.fromkeys(
    (
        *("ResourceId", "ResourceName", "ResourceType", "RegionName", "InvoiceId", "ChargeFrequency"),
        *("CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountStatus"),
        *("CommitmentDiscountQuantity", "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit"),
        *("ListUnitPrice", "ContractedUnitPrice", "PricingCategory", "SkuId", "SkuPriceId"),
    ),
    "",
)
SAID = {
    **{"ResourceName": "node", "ResourceType": "Machine", "RegionName": "Ireland", "InvoiceId": "77"},
    **{
        "ChargeFrequency": "usage-based",
        "CommitmentDiscountName": "a plan",
        "CommitmentDiscountStatus": "Used",
    },
    **{"CommitmentDiscountQuantity": "1e-9", "CommitmentDiscountUnit": "Hours"},
    **{"ConsumedQuantity": "1.5e-7", "ConsumedUnit": "Hours", "PricingCategory": "Committed"},
    **{"ListUnitPrice": "2", "ContractedUnitPrice": "1.5", "SkuId": "S", "SkuPriceId": "P", "RegionId": ""},
}
COMMITTED = {"CommitmentDiscountId": PLAN, "ServiceCategory": "compute"}
BARE = {"RegionId": "eu-west-1", "BillingAccountName": "", "SubAccountName": "", "PricingUnit": ""}
KINDS: tuple[Mapping[str, str], ...] = (
    *({"ChargeCategory": each} for each in ("Usage", "Tax", "Purchase", "Credit", "Adjustment")),
    {"ServiceName": "Storage", "ChargeClass": "Correction"},
    {"SubAccountId": "", "Tags": tags(team="risk"), "BilledCost": "0.000000001"},
    {"ResourceId": "i-1", "ChargeClass": "none of ours", "ChargeFrequency": "now and then"},
)


def bill() -> list[dict[str, str]]:
    """Every kind of line with everything said, with nothing said, and with a commitment."""
    return [
        {**line(), **on_day(number), **EMPTY, **said, **kind}
        for kind in KINDS
        for number, said in enumerate((SAID, {}, BARE, {**SAID, **COMMITTED}, {**BARE, **COMMITTED}), 1)
    ]


def focus(folder: Path) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": POOLS})
    made.bill(bill())
    return made


def cur(folder: Path) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": POOLS})
    reserved = {"reservation_reservation_a_r_n": "arn:aws:ec2:::reserved-instances/r"}
    planned = {"savings_plan_savings_plan_a_r_n": PLAN}
    lines = [
        cur_line(line_item_line_item_type=kind, **columns)
        for kind, columns in (
            *(("Usage", each) for each in ({}, {"resource_tags": {"user_team": "risk"}})),
            *((each, {}) for each in ("Tax", "Credit", "Refund", "Fee", "EdpDiscount")),
            *((each, planned) for each in ("SavingsPlanCoveredUsage", "SavingsPlanNegation")),
            *((each, planned) for each in ("SavingsPlanRecurringFee", "SavingsPlanUpfrontFee")),
            *((each, reserved) for each in ("DiscountedUsage", "RIFee")),
        )
    ]
    cur2_parquet(folder / "bill" / "cur.parquet", lines)
    return made


def bare(folder: Path) -> Company:
    """A bill that says of its lines only what places and prices them."""
    unsaid = {*MANDATORY} - {*REQUIRED_VALUES} | {"RegionId", "SubAccountName", *EMPTY}
    made = Company(folder, {"teams": TEAMS, "pools": POOLS})
    made.bill([{name: value for name, value in each.items() if name not in unsaid} for each in bill()])
    return made


BILLS = {"a FOCUS bill": focus, "a CUR": cur, "a bill that says little": bare}


@pytest.fixture(scope="module", params=BILLS)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = BILLS[request.param](tmp_path_factory.mktemp("bill"))
    made.run()
    return made


@pytest.fixture(scope="module", params=["bill.parquet", "bill.csv"])
def rows(request: pytest.FixtureRequest, company: Company) -> list[Row]:
    return exported(company, company.root / request.param)


def exported(company: Company, target: Path) -> list[Row]:
    export(company.warehouse, LedgerFiles(company.root / "ledger"), *EVER, (), target)
    read = "read_parquet" if target.suffix == ".parquet" else "read_csv"
    options = "" if target.suffix == ".parquet" else ", all_varchar=true"
    answer = duckdb.sql(f"SELECT COLUMNS(*)::VARCHAR FROM {read}('{target}'{options})")
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]


def _of(column: str, of: str) -> Callable[[Row], bool]:
    return lambda row: row[of] is not None or row[column] is None


def _both(column: str, of: str) -> Callable[[Row], bool]:
    return lambda row: (row[of] is None) == (row[column] is None)


def _unless_tax(column: str) -> Callable[[Row], bool]:
    return lambda row: row["ChargeCategory"] != "Tax" or row[column] is None


NEVER_NULL = (
    *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "BillingAccountId"),
    *("BillingAccountName", "ChargeCategory", "ChargeDescription", "ChargeFrequency", "InvoiceIssuerName"),
    *("ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "ChargePeriodStart"),
    *("ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd"),
)
PRICED = ("ListUnitPrice", "ContractedUnitPrice", "PricingCategory", "PricingQuantity", "SkuId", "SkuPriceId")
BOTH = {
    **{"SubAccountName": "SubAccountId", "RegionName": "RegionId", "ResourceType": "ResourceId"},
    **{"PricingUnit": "PricingQuantity", "ConsumedUnit": "ConsumedQuantity"},
    **{"CommitmentDiscountUnit": "CommitmentDiscountQuantity"},
    **{
        "CommitmentDiscountType": "CommitmentDiscountId",
        "CommitmentDiscountCategory": "CommitmentDiscountId",
    },
}
OF_A_COMMITMENT = ("CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountQuantity")
RULES: Mapping[str, Callable[[Row], bool]] = {
    **{f"{column} is never null": lambda row, c=column: row[c] is not None for column in NEVER_NULL},  # type: ignore[misc]
    **{f"{column} is null exactly where {of} is": _both(column, of) for column, of in BOTH.items()},
    **{
        f"{column} is null without a commitment": _of(column, "CommitmentDiscountId")
        for column in OF_A_COMMITMENT
    },
    **{f"{column} of a tax is null": _unless_tax(column) for column in PRICED},
    "ResourceName is null without a resource": _of("ResourceName", "ResourceId"),
    "ChargeFrequency is one of three": lambda row: row["ChargeFrequency"] in CHARGE_FREQUENCIES,
    "a purchase is not charged by usage": lambda row: (
        (row["ChargeCategory"], row["ChargeFrequency"]) != ("Purchase", "Usage-Based")
    ),
    "ChargeClass is Correction or null": lambda row: row["ChargeClass"] in ("Correction", None),
    "ServiceCategory is one that FOCUS knows": lambda row: row["ServiceCategory"] in SERVICE_CATEGORIES,
    "what is not used is not consumed": lambda row: (
        (row["ChargeCategory"] == "Usage" and row["CommitmentDiscountStatus"] != "Unused")
        or row["ConsumedQuantity"] is None
    ),
    "usage of a commitment has a status": lambda row: (
        row["CommitmentDiscountId"] is None
        or row["ChargeCategory"] != "Usage"
        or row["CommitmentDiscountStatus"] in ("Used", "Unused")
    ),
    "usage and purchases have a pricing category": lambda row: (
        row["ChargeCategory"] not in ("Usage", "Purchase")
        or row["ChargeClass"] is not None
        or row["PricingCategory"] in ("Standard", "Committed", "Dynamic", "Other")
    ),
    "text is never empty": lambda row: all(value is None or value.strip() for value in row.values()),
}


@pytest.mark.parametrize("rule", RULES)
def test_in_every_row(rule: str, rows: list[Row]) -> None:
    assert [row for row in rows if not RULES[rule](row)] == []


def test_numbers_and_times_in_csv_are_plain(company: Company) -> None:
    for row in exported(company, company.root / "plain.csv"):
        for column, value in row.items():
            if value is not None and column.endswith(("Cost", "Quantity", "UnitPrice")):
                assert re.fullmatch(r"-?\d+(\.\d+)?", value)
            if value is not None and column.endswith(("Start", "End")):
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)


def test_a_share_says_what_its_lines_say_alike(tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": TEAMS, "pools": POOLS})
    fee = {**EMPTY, "ChargeCategory": "Purchase", "ChargeFrequency": "Recurring", "InvoiceId": "77"}
    lines = [
        on_day(1, **fee, ServiceCategory="Storage", BillingAccountName="Acme"),
        on_day(2, **{**fee, "InvoiceId": "78", "ChargeFrequency": "One-Time"}),
        on_day(2, **{**fee, "ChargeFrequency": "Recurring"}),
        on_day(3, **{**fee, "ChargeCategory": "Usage", "ChargeFrequency": "Recurring"}),
    ]
    made.bill(lines)
    made.run()
    told = {
        (row["ChargePeriodStart"] or "")[8:10]: tuple(
            row[column] for column in ("x_Pool", "ChargeFrequency", "InvoiceId", "ServiceCategory")
        )
        for row in exported(made, tmp_path / "bill.csv")
        if row["x_Team"] == "risk" and row["x_Pool"] != "fees > on"
    }
    assert told == {
        "01": ("fees", "Recurring", "77", "Storage"),
        "02": ("fees", "One-Time", None, "Compute"),
        "03": ("direct > on", "Recurring", "77", "Compute"),
    }


@needs_data
@pytest.mark.parametrize("place", ["focus-1.0", "cur2/keboola-layout/mock-cur-v2-bucket"])
def test_bills_that_nobody_here_wrote_keep_every_rule_too(place: str, tmp_path: Path) -> None:
    everything: dict[str, Any] = {"name": "all", "split": "even"}
    for number, pools in enumerate([[], [everything]]):
        made = Company(tmp_path / f"{number}", {"teams": TEAMS, "pools": pools})
        made.sources = [Exports(name="bill", location=str(DATA / place))]
        made.run()
        rows = exported(made, tmp_path / f"{number}.parquet")
        broken = {rule for rule, holds in RULES.items() for row in rows if not holds(row)}
        assert broken == set()
        billed = sum(Decimal(repr(float(row["BilledCost"] or 0))) for row in rows)
        assert abs(billed - sum(made.billed().values())) < Decimal("1e-6")
