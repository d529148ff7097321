"""The single lines behind a number: which resources it comes from, and the bill as an export."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.exports import Exports
from costwatch.allocation.focus_export import export
from costwatch.allocation.resources import resources
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.focus import MANDATORY
from tests.made.bills import line, on_day, tags
from tests.made.company import EVER, Company
from tests.made.cur_bills import cur2_parquet
from tests.made.cur_bills import line as cur_line

EC2 = "Amazon Elastic Compute Cloud"
TEAMS = [{"name": "risk"}, {"name": "payments"}]
POOLS = [
    {"name": "tax", "match": {"ChargeCategory": "Tax"}, "split": "proportional"},
    {
        "name": "support",
        "match": {"ServiceName": "Support"},
        "split": "fixed",
        "percent": {"risk": 33, "payments": 67},
    },
]


@pytest.fixture
def made(tmp_path: Path) -> Company:
    """A FOCUS bill and a CUR of another payer, with shared pools."""
    company = Company(tmp_path, {"teams": TEAMS, "pools": POOLS})
    rows = [
        on_day(1, Tags=tags(team="risk"), ResourceId="i-1", BilledCost="1.1", EffectiveCost="0.9"),
        on_day(2, Tags=tags(team="risk"), ResourceId="i-1", BilledCost="2.2", EffectiveCost="2"),
        on_day(2, Tags=tags(team="risk"), ResourceId="i-2", BilledCost="0.3333333333", EffectiveCost="0.1"),
        on_day(3, Tags=tags(team="payments", note="=1+1"), ResourceId="=cmd()", BilledCost="5"),
        on_day(3, ResourceId="vol-1", ServiceName="EBS", BilledCost="-0.7", ChargeCategory="Credit"),
        on_day(2, ServiceName=EC2, ChargeCategory="Tax", BilledCost="1", EffectiveCost="1"),
        on_day(4, ServiceName="Support", BilledCost="10.000000001", EffectiveCost="10.000000001"),
    ]
    company.bill([line(Tags="", ResourceId="") | row for row in rows])
    owned = {"resource_tags": {"user_team": "risk"}, "line_item_resource_id": "i-9"}
    cur2_parquet(tmp_path / "cur" / "cur.parquet", [cur_line(bill_payer_account_id="7", **owned)])
    company.sources.append(Exports(name="cur", location=str(tmp_path / "cur")))
    company.run()
    return company


def ledger(company: Company) -> LedgerFiles:
    return LedgerFiles(company.root / "ledger")


def test_resources_add_up_to_what_is_published(made: Company) -> None:
    found = resources(made.warehouse, ledger(made), "risk", EC2, *EVER).rows
    told = [(each.ResourceId, each.x_Pool) for each in found]
    assert told == [("i-1", ""), ("i-9", ""), ("", "tax"), ("i-2", "")]
    (published,) = made.cost(where={"team": ("risk",), "service": (EC2,)})
    assert sum(each.BilledCostNano for each in found) == published.BilledCostNano
    assert sum(each.EffectiveCostNano for each in found) == published.EffectiveCostNano
    assert sum(each.line_count for each in found) == published.line_count


def test_a_team_without_cost_of_a_service_has_no_resources(made: Company) -> None:
    assert resources(made.warehouse, ledger(made), "payments", "EBS", *EVER).rows == ()


@pytest.mark.parametrize("name", ["bill.parquet", "bill.csv", "bill.csv.gz"])
def test_an_export_adds_up_to_every_team(name: str, made: Company, tmp_path: Path) -> None:
    target = tmp_path / name
    count = export(made.warehouse, ledger(made), *EVER, (), target)
    rows = exported(target)
    assert len(rows) == count
    for column, published in (("BilledCost", made.billed()), ("EffectiveCost", made.effective())):
        sums: dict[str, Decimal] = {}
        for row in rows:
            nano = round(Decimal(repr(float(row[column]))), 9)
            sums[row["x_Team"]] = sums.get(row["x_Team"], Decimal()) + nano
        assert sums == published
    assert set(MANDATORY) <= rows[0].keys()
    never_empty = ("ServiceCategory", "PublisherName", "InvoiceIssuerName", "ListCost", "ContractedCost")
    assert all(row[column] not in (None, "") for row in rows for column in never_empty)
    assert list(tmp_path.glob(f".*{name}")) == []


def exported(path: Path) -> list[Mapping[str, Any]]:
    read = f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar=true)"
    answer = duckdb.sql(f"SELECT * FROM {read}")
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]


def test_an_exported_bill_can_be_collected_again(made: Company, tmp_path: Path) -> None:
    target = tmp_path / "again" / "bill" / "bill.parquet"
    target.parent.mkdir(parents=True)
    export(made.warehouse, ledger(made), *EVER, (), target)
    again = Company(tmp_path / "again")
    again.run()
    assert again.billed("currency") == made.billed("currency")
    assert again.effective("service") == made.effective("service")


def test_text_that_begins_like_a_formula_is_defused_in_csv_only(made: Company, tmp_path: Path) -> None:
    export(made.warehouse, ledger(made), *EVER, (), tmp_path / "bill.csv")
    export(made.warehouse, ledger(made), *EVER, (), tmp_path / "bill.parquet")
    assert "'=cmd()" in {row["ResourceId"] for row in exported(tmp_path / "bill.csv")}
    assert "=cmd()" in {row["ResourceId"] for row in exported(tmp_path / "bill.parquet")}
    notes = [json.loads(row["Tags"]).get("note") for row in exported(tmp_path / "bill.csv") if row["Tags"]]
    assert "=1+1" in notes


def test_only_some_teams_and_days_can_be_exported(made: Company, tmp_path: Path) -> None:
    first, after = EVER
    export(made.warehouse, ledger(made), first.replace(2026, 10, 2), after, ["risk"], tmp_path / "bill.csv")
    rows = exported(tmp_path / "bill.csv")
    assert {row["x_Team"] for row in rows} == {"risk"}
    assert min(row["ChargePeriodStart"] for row in rows) == "2026-10-02T00:00:00Z"


REFUSED = {
    "a name without a format": ("bill.txt", "let the name end .parquet, .csv or .csv.gz"),
    "a folder that is not there": ("missing/bill.csv", "name a file that can be written"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_export_is_refused_into(case: str, made: Company, tmp_path: Path) -> None:
    name, reason = REFUSED[case]
    with pytest.raises(CostwatchError, match=reason):
        export(made.warehouse, ledger(made), *EVER, (), tmp_path / name)
