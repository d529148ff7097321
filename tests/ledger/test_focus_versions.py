"""FOCUS as each version and provider writes it: the same facts, whatever the names."""

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.exports import Exports
from costwatch.allocation.focus_export import export
from costwatch.ledger.files import LedgerFiles
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.bills import Line, line, tags, write_csv, write_parquet
from tests.made.company import EVER, NOW, Company

pytestmark = pytest.mark.slow

TEAMS = {
    "teams": [{"name": "risk"}, {"name": "payments"}],
    "pools": [
        {"name": "direct", "split": "owner", "tags": ["team"], "cost_categories": ["Unit"]},
    ],
}


COLUMNS = (
    "x_Team",
    "ServiceName",
    "RegionId",
    "ChargeCategory",
    "ChargeClass",
    "CommitmentDiscountStatus",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "x_UsageType",
    "BilledCost",
    "EffectiveCost",
)


def facts(company: Company) -> dict[str, dict[str, str]]:
    """What each line that was published says, as it is exported, by its account."""
    target = company.root / "exported.csv"
    export(company.warehouse, LedgerFiles(company.root / "ledger"), *EVER, (), target)
    with target.open(newline="") as file:
        return {
            row["SubAccountId"]: {column: row[column] for column in COLUMNS} for row in csv.DictReader(file)
        }


def told(root: Path, rows: Sequence[Line], name: str = "bill.csv") -> dict[str, dict[str, str]]:
    root.mkdir(exist_ok=True)
    company = Company(root, TEAMS)
    (write_parquet if name.endswith(".parquet") else write_csv)(company.root / "bill" / name, rows)
    company.run()
    return facts(company)


def renamed(row: Line, names: Mapping[str, str], **others: str) -> dict[str, str]:
    """The row with other names, without those that become nothing, and with others."""
    return {new: value for old, value in row.items() if (new := names.get(old, old))} | others


# Before 1.0 some names were others, and two columns were one.
PREVIEW = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "RegionId": "Region",
    "ChargeClass": "",
    "CommitmentDiscountStatus": "",
    "ContractedCost": "",
    "x_UsageType": "",
}
HALF = {
    **PREVIEW,
    "ChargeCategory": "ChargeType",
    "ChargeSubcategory": "ChargeSubCategory",
    "EffectiveCost": "AmortizedCost",
}
SUBCATEGORIES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "usage on demand": ({}, {"ChargeSubcategory": "On-Demand"}),
    "usage of a commitment": (
        {"CommitmentDiscountStatus": "Used"},
        {"ChargeSubcategory": "Used Commitment"},
    ),
    "what of a commitment nobody used": (
        {"CommitmentDiscountStatus": "Unused"},
        {"ChargeSubcategory": "Unused Commitment"},
    ),
    "a refund": (
        {"ChargeCategory": "Adjustment", "ChargeClass": "Correction"},
        {"ChargeSubcategory": "Refund"},
    ),
    "a credit": (
        {"ChargeCategory": "Credit"},
        {"ChargeSubcategory": "Credit", "ChargeCategory": "Adjustment"},
    ),
    "an adjustment": ({"ChargeCategory": "Adjustment"}, {"ChargeSubcategory": "General Adjustment"}),
}


@pytest.mark.parametrize("names", [PREVIEW, HALF], ids=["1.0-preview", "0.5"])
def test_a_line_of_an_older_version_says_the_same(names: Mapping[str, str], tmp_path: Path) -> None:
    wholes = [
        line(Tags=tags(team="risk"), SubAccountId=kind, **{"CommitmentDiscountStatus": "", **now})
        for kind, (now, _) in SUBCATEGORIES.items()
    ]
    older = [
        renamed({**whole, **then}, names)
        for whole, (_, then) in zip(wholes, SUBCATEGORIES.values(), strict=True)
    ]
    found = told(tmp_path / "now", wholes)
    assert found.keys() == SUBCATEGORIES.keys()
    assert found == told(tmp_path / "then", older)


VERSIONS_OF_AWS: dict[str, Line] = {
    "1.0": {"x_UsageType": "BoxUsage", "Tags": tags(), "x_CostCategories": tags(Unit="payments")},
    "1.2": {"SkuMeter": "BoxUsage", "Tags": tags(**{"costCategory/Unit": "payments"})},
    "1.2 with a tag of the resource": {
        "SkuMeter": "BoxUsage",
        "Tags": tags(**{"resourceTags/team": "payments", "costCategory/Unit": "risk"}),
    },
    "1.2 with a tag that names its user": {
        "SkuMeter": "BoxUsage",
        "Tags": tags(**{"resourceTags/user:team": "payments"}),
    },
}


@pytest.mark.parametrize("name", ["bill.csv", "bill.parquet"])
@pytest.mark.parametrize("version", VERSIONS_OF_AWS)
def test_an_export_of_aws_says_the_same_in_each_version(version: str, name: str, tmp_path: Path) -> None:
    if name == "bill.parquet" and version == "1.0":
        name = "bill.csv"  # x_CostCategories would have to be a map
    (fact,) = told(tmp_path, [line(**VERSIONS_OF_AWS[version])], name).values()
    assert (fact["x_Team"], fact["x_UsageType"], fact["RegionId"]) == ("payments", "BoxUsage", "eu-west-1")


AZURE = {
    "instants without seconds": {
        "BillingPeriodStart": "2026-10-01T00:00Z",
        "BillingPeriodEnd": "2026-11-01T00:00Z",
        "ChargePeriodStart": "2026-10-01T00:00Z",
        "ChargePeriodEnd": "2026-10-02T00:00Z",
    },
    "tags without braces": {"Tags": '"team": "risk","env": "prod"'},
    "tags with braces": {"Tags": '{"team":"risk"}'},
}


@pytest.mark.parametrize("changes", AZURE.values(), ids=AZURE)
@pytest.mark.parametrize("name", ["bill.csv", "bill.parquet"])
def test_an_export_of_azure_is_read_with(changes: Line, name: str, tmp_path: Path) -> None:
    row = line(**{"Tags": tags(team="risk"), **changes})
    company = Company(tmp_path, TEAMS)
    if name == "bill.csv":
        write_csv(tmp_path / "bill" / name, [row])
    else:  # all of it as text but the costs, as Azure writes it
        columns = {each: [float(value)] if each.endswith("Cost") else [value] for each, value in row.items()}
        (tmp_path / "bill").mkdir()
        pq.write_table(pa.table(columns), tmp_path / "bill" / name)
    company.run()
    assert company.billed() == {"risk": Decimal("1.5")}


def test_what_is_allotted_to_another_resource_goes_by_its_tags(tmp_path: Path) -> None:
    rows = [
        line(Tags=tags(team="risk"), AllocatedResourceId="pod-1", AllocatedTags=tags(team="payments")),
        line(Tags=tags(team="risk"), AllocatedResourceId="", AllocatedTags=""),
    ]
    company = Company(tmp_path, TEAMS)
    company.bill(rows)
    company.run()
    assert company.billed() == {"risk": Decimal("1.5"), "payments": Decimal("1.5")}


@needs_data
def test_the_focus_report_of_oracle(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "alpha"}]})
    company.sources = [Exports(name="oci", location=str(DATA / "cases" / "oci_focus_report.csv"))]
    company.run(NOW)
    assert company.billed() == {"alpha": 25}
    assert company.effective("provider") == {"OCI": 25}
    assert company.billed("region") == {"us-ashburn-1": 25}


@pytest.mark.parametrize("start", ["2026-10-01T00:00:00+02:00", "2026-10-01T00:00:00-05:00", "2026-10-01"])
def test_a_period_that_begins_at_a_local_midnight_is_its_month(start: str, tmp_path: Path) -> None:
    company = Company(tmp_path, TEAMS)
    company.bill([line(BillingPeriodStart=start, Tags=tags(team="risk"))])
    company.run()
    assert company.billed("billing_period") == {"2026-10-01": Decimal("1.5")}


def test_a_category_is_known_in_any_case(tmp_path: Path) -> None:
    company = Company(tmp_path, TEAMS)
    company.bill([line(ChargeCategory="credit", BilledCost="-5")])
    company.run()
    assert company.billed("charge_kind") == {"credits": -5}
