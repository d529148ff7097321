"""Which bill a file is, by its columns: read, read in part, named as another one, or no bill at all."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.errors import NotABillError, RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import cur, cur2
from costwatch.ledger.formats.contract import REQUIRED_VALUES
from costwatch.ledger.formats.focus import MANDATORY, RENAMED
from costwatch.ledger.formats.recognition import recognise
from costwatch.ledger.register import register
from costwatch.model import DeliveredFile, Export, Load, LoadFinding, LoadFindingKind
from tests.made.bills import line, write_csv, write_parquet
from tests.made.company import Company
from tests.made.cur_bills import cur2_csv
from tests.made.cur_bills import line as cur_line

NOT_NEEDED = [column for column in MANDATORY if column not in REQUIRED_VALUES]

READ = {
    "FOCUS": (MANDATORY, "focus", ()),
    "FOCUS in small letters, with blanks around them": (
        [f" {each.lower()} " for each in MANDATORY],
        "focus",
        (),
    ),
    "FOCUS with what places and prices a line": (REQUIRED_VALUES, "focus", tuple(NOT_NEEDED)),
    "FOCUS by its older names": ([RENAMED.get(each, (each,))[0] for each in MANDATORY], "focus", ()),
    "FOCUS by its newer names": ([RENAMED.get(each, (each,))[-1] for each in MANDATORY], "focus", ()),
    "CUR 2.0": (cur2.MANDATORY, "cur2", ()),
    "CUR 2.0 without a product": (
        [column for column in cur2.MANDATORY if "product" not in column],
        "cur2",
        ("line_item_product_code",),
    ),
    "legacy CUR": ([cur._slashed(column) for column in cur2.MANDATORY], "cur", ()),
    "legacy CUR without an account": (
        [cur._slashed(column) for column in cur2.MANDATORY if "usage_account" not in column],
        "cur",
        ("lineItem/UsageAccountId",),
    ),
}


@pytest.mark.parametrize(("columns", "name", "lacking"), READ.values(), ids=READ)
def test_a_bill_is_told_from_its_columns(columns: Sequence[str], name: str, lacking: tuple[str, ...]) -> None:
    told = recognise("bill.csv", columns)
    assert (told.bill.name, told.lacking) == (name, lacking)


FOREIGN = {
    "Azure's actual costs of an enterprise": (
        "InvoiceSectionName,AccountName,SubscriptionId,ResourceGroup,Date,ProductName,MeterCategory,MeterId,"
        "Quantity,EffectivePrice,CostInBillingCurrency,CostCenter,ResourceId,Tags,ReservationId,ChargeType,"
        "Frequency,BillingAccountId,BillingCurrencyCode,BillingPeriodStartDate,PublisherName",
        "an Azure actual-cost export (or amortised-cost, whose columns are the same), not FOCUS: "
        'export "Cost and usage details (FOCUS)" instead',
    ),
    "the same as its portal writes them": (
        "BillingAccountId,BillingPeriodStartDate,BillingProfileId,Date,Product,MeterId,MeterCategory,"
        "Quantity,EffectivePrice,Cost,UnitPrice,BillingCurrency,ResourceId,AvailabilityZone,Tags,ChargeType",
        "an Azure actual-cost export (or",
    ),
    "Azure's costs of a customer agreement": (
        "invoiceId,billingAccountId,subscriptionId,date,meterCategory,quantity,costInBillingCurrency,"
        "costInPricingCurrency,paygCostInUsd,chargeType,resourceId,tags",
        "an Azure actual-cost export (or",
    ),
    "Azure's usage details": (
        "UsageDateTime,InstanceId,MeterCategory,MeterId,Quantity,PreTaxCost,Currency",
        "an Azure usage-details file, not FOCUS: export",
    ),
    "Azure's price sheet": (
        "MeterId,MeterName,PriceType,MarketPrice,UnitPrice",
        "an Azure price sheet, not FOCUS",
    ),
    "GCP's standard export": (
        "billing_account_id,service,sku,usage_start_time,usage_end_time,project,labels,cost,currency,usage,credits",
        "a GCP BigQuery billing export (standard), not FOCUS: export its FOCUS table",
    ),
    "GCP's detailed export": (
        "billing_account_id,service.description,usage_start_time,cost,currency,resource.name,price",
        "a GCP BigQuery billing export (detailed), not FOCUS",
    ),
    "GCP's console": (
        "Billing account name,Project name,Service description,SKU description,Cost ($)",
        "a cost table of GCP's console, not FOCUS",
    ),
    "OCI's cost report": (
        "lineItem/referenceNo,lineItem/tenantId,lineItem/intervalUsageStart,product/service,cost/myCost,"
        "cost/currencyCode,tags/Oracle-Tags.CreatedBy",
        "an OCI cost report, not its FOCUS report: take the files of the folder FOCUS Reports",
    ),
    "AWS's detailed billing report": (
        "InvoiceID,PayerAccountId,LinkedAccountId,RecordType,RecordId,ProductName,RateId,UsageQuantity,BlendedCost,"
        "UnBlendedCost,user:team",
        "an AWS detailed billing report (DBR), not FOCUS: create a data export",
    ),
    "AWS's invoice": (
        "InvoiceID,PayerAccountId,LinkedAccountId,RecordType,RecordID,ProductCode,UsageQuantity,CurrencyCode,"
        "CostBeforeTax,Credits,TaxAmount,TotalCost",
        "an AWS invoice CSV (monthly billing report), not FOCUS",
    ),
    "a download of AWS Cost Explorer": (
        "Service,EC2-Instances($),Tax($),Total costs($)",
        "an AWS Cost Explorer download, not FOCUS: create a data export of FOCUS 1.2 or CUR 2.0 instead",
    ),
    "a report of reservations": (
        "Reservation ID,Instance type,Utilization,Net savings",
        "an AWS report of what commitments were used for, not FOCUS",
    ),
    "Alibaba's bill": (
        "Billing Date,Product Code,Pretax Gross Amount,Pretax Amount,Currency",
        "an Alibaba Cloud bill, not FOCUS",
    ),
    "DigitalOcean's invoice": (
        "product,group_description,description,hours,start,end,USD,project_name,category",
        "a DigitalOcean invoice, not FOCUS",
    ),
    "FOCUS's contract commitments": (
        "ContractCommitmentId,ContractId,ContractCommitmentCost,BillingCurrency",
        "FOCUS's dataset of contract commitments, not Cost and Usage: take it out",
    ),
}


@pytest.mark.parametrize(("columns", "said"), FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_bill_is_named(columns: str, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        recognise("oct.csv", columns.split(","))
    assert not isinstance(refused.value, NotABillError)
    (reason,) = refused.value.reasons
    assert reason.startswith(f"oct.csv:1: {said}")


def test_the_name_of_a_file_tells_amortised_from_actual_costs() -> None:
    with pytest.raises(
        RefusedError, match=r"^amortized\.csv:1: an Azure amortised-cost export, not FOCUS: exp"
    ):
        recognise("amortized.csv", ["CostInBillingCurrency", "MeterCategory"])


NO_BILLS = {
    "notes": (
        ["day", "note"],
        "its columns are 'day', 'note'; no column is one of FOCUS, CUR 2.0, legacy CUR",
    ),
    "a table that has a little of a bill": (
        [*"bcdefg", "BillingCurrency", "ServiceName"],
        "'b', 'billingcurrency', 'c', 'd', 'e' and 3 more; the nearest is FOCUS, of which it has 2 of 21",
    ),
}


@pytest.mark.parametrize(("columns", "said"), NO_BILLS.values(), ids=NO_BILLS)
def test_what_is_no_bill_is_said_to_be_none(columns: list[str], said: str) -> None:
    with pytest.raises(NotABillError) as refused:
        recognise("notes.csv", columns)
    (reason,) = refused.value.reasons
    assert reason.startswith("notes.csv:1: not a bill: ")
    assert said in reason
    assert reason.endswith("; take it out of the folder")


@pytest.mark.parametrize("name", ["notes.csv", "notes.parquet"])
def test_a_file_that_is_no_bill_is_said_to_be_none_when_it_is_collected(name: str, tmp_path: Path) -> None:
    write = write_csv if name.endswith("csv") else write_parquet
    write(tmp_path / "bill" / name, [{"day": "Monday", "note": "nothing, really"}])
    (collected,) = Company(tmp_path).collect()
    assert f"{name}:1: not a bill: its columns are 'day', 'note'" in collected.error


def test_a_foreign_bill_is_named_whatever_its_values(tmp_path: Path) -> None:
    lines = [{"CostInBillingCurrency": "1", "MeterCategory": "Storage", "Tags": "no JSON"}]
    write_csv(tmp_path / "bill" / "oct.csv", lines)
    (collected,) = Company(tmp_path).collect()
    assert "oct.csv:1: an Azure actual-cost export" in collected.error
    assert not list((tmp_path / "ledger").glob("*"))


def loads(tmp_path: Path, *paths: Path) -> Sequence[Load]:
    files = tuple(DeliveredFile(str(path), path) for path in paths)
    return register(LedgerFiles(tmp_path / "ledger"), Export(files)).loads


def test_what_some_files_are_without_is_one_line_for_all_alike(tmp_path: Path) -> None:
    whole = line()
    part = {name: value for name, value in whole.items() if name not in ("ChargeClass", "ListCost")}
    paths = [write_csv(tmp_path / f"{name}.csv", [{**part, "ResourceId": name}]) for name in "abc"]
    paths += [
        write_csv(tmp_path / "d.csv", [{**whole, "ResourceId": "d"}]),
        cur2_csv(tmp_path / "e.csv", [cur_line()]),
    ]
    (load,) = loads(tmp_path, *paths[:4])
    assert load.findings == (
        LoadFinding(
            LoadFindingKind.LACKING,
            "a.csv and 2 more files: FOCUS without ChargeClass, ListCost: "
            "it is read; what these say is unknown",
        ),
    )
    assert [load.findings for load in loads(tmp_path, paths[4])] == [()]


@pytest.mark.parametrize("column", NOT_NEEDED)
def test_a_bill_is_allocated_without(column: str, tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    company.bill([{name: value for name, value in line().items() if name != column}])
    company.run()
    assert company.billed() == {"risk": Decimal("1.5")}


def test_a_file_that_is_no_bill_holds_up_no_other(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    company.bill([line()])
    (tmp_path / "bill" / "notes-2026-10.csv").write_text("day,note\nMonday,nothing\n")
    (collected,) = company.collect()
    assert "notes-2026-10.csv:1: not a bill" in collected.error
    company.allocate()
    assert company.billed() == {"risk": Decimal("1.5")}
