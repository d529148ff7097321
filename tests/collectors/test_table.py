"""``kind: table``: a vendor's own columns become a bill, or a sentence."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from collectors.layouts.focus_lines import COLUMNS
from collectors.layouts.foreign_rows import amount, instants
from collectors.table import Table
from costwatch.collect import collect
from costwatch.ledger.formats import focus
from costwatch.ledger.formats.contract import COSTS, DESCRIBED
from costwatch.model import Export, Window
from costwatch.warehouse.store import Warehouse
from tests.made.command_line import Costwatch, configure

NOW = datetime(2026, 11, 3, tzinfo=UTC)
EVER = Window.of_days(date(2026, 1, 1), date(2026, 12, 1))
CONSTANTS = {"ProviderName": "Datadog", "BillingCurrency": "USD"}
COLUMNS_OF = {"usage_date": "ChargePeriodStart", "cost": "BilledCost", "product": "ServiceName"}


def table(location: Path, **settings: Any) -> Table:
    known = {"name": "datadog", "columns": COLUMNS_OF, "constants": CONSTANTS}
    return Table.model_validate({**known, **settings, "location": str(location)})


def lines(source: Table) -> list[Mapping[str, str]]:
    batches = source.collect(EVER)  # kept: its files go when it does
    export = next(batches).read()
    assert isinstance(export, Export)
    assert [file.trouble for file in export.files] == [""] * len(export.files)
    return [row for file in export.files for row in pq.read_table(file.path).to_pylist()]


def mistakes(path: Path, **settings: Any) -> list[str]:
    (collected,) = collect(Warehouse(path / "db"), path / "ledger", [table(path / "in", **settings)], NOW)
    assert collected.outcome == "failed"
    return collected.error.replace(f"{path / 'in'}/", "").splitlines()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_a_line_says_what_its_columns_and_the_constants_say_and_the_rest_follows(inbox: Path) -> None:
    (inbox / "october.csv").write_text("usage_date,cost,product,unused\n2026-10-05,12.50,Logs,x\n")
    (line,) = lines(table(inbox, columns={**COLUMNS_OF, "product": ["ServiceName", "tag:product"]}))
    told = {
        "BilledCost": "12.50",
        "EffectiveCost": "12.50",
        "ListCost": "12.50",
        "BillingAccountId": "datadog",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00",
        "BillingPeriodEnd": "2026-11-01T00:00:00",
        "ChargePeriodStart": "2026-10-05T00:00:00",
        "ChargePeriodEnd": "2026-10-06T00:00:00",
        "ChargeCategory": "Usage",
        "ProviderName": "Datadog",
        "InvoiceIssuerName": "Datadog",
        "ServiceName": "Logs",
        "Tags": json.dumps({"product": "Logs"}),
    }
    assert {name: line[name] for name in told} == told


def test_parquet_keeps_every_digit_and_its_own_types(inbox: Path) -> None:
    rows = {
        "usage_date": pa.array([date(2026, 10, 5), date(2026, 10, 6)], pa.date32()),
        "cost": pa.array([Decimal("0.000000123"), Decimal("9.10")], pa.decimal128(18, 9)),
        "product": pa.array(["A", None]),
    }
    pq.write_table(pa.table(rows), inbox / "x.parquet")
    assert [(row["BilledCost"], row["ServiceName"]) for row in lines(table(inbox))] == [
        ("0.000000123", "A"),
        ("9.100000000", "Datadog"),
    ]


def test_a_table_is_a_bill_like_any_other(costwatch: Costwatch) -> None:
    Path("llm").mkdir()
    Path("llm/usage.csv").write_text(
        "month;tokens;usd;who\n2026-09;12;1.234,56;risk\n2026-10;5;0,000000001;nobody\n2026-10;7;-2;risk\n"
    )
    configure(
        Path(),
        "sources:\n  - name: llm\n    kind: table\n    location: llm\n"
        '    columns: {month: ChargePeriodStart, usd: BilledCost, who: "tag:team"}\n'
        "    constants: {ProviderName: Acme AI, BillingCurrency: USD}\n"
        "    delimiter: ;\n    decimal: ','\n"
        "teams: [{name: risk}]\n",
    )
    assert [costwatch(step).code for step in ("collect", "allocate")] == [0, 0]
    rows = costwatch("cost", "show", "--by", "team", "--by", "billing_period", "--json").json
    assert {(row["x_Team"], row["BillingPeriodStart"]): row["BilledCostNano"] for row in rows} == {
        ("risk", "2026-09-01"): 1_234_560_000_000,
        ("risk", "2026-10-01"): -2_000_000_000,
        ("unallocated", "2026-10-01"): 1,
    }
    verified = costwatch("cost", "verify")
    assert (verified.code, verified.err) == (0, "")


MISTAKES = {
    "a column that is not there": (
        "usage_date,Cost,product\n2026-10-05,1,x\n",
        [
            "x.csv:1: has no column 'cost'; did you mean 'Cost'?",
            "x.csv:1: its columns are usage_date, Cost, prod",
        ],
    ),
    "no amount": (
        "usage_date,cost,product\n2026-10-05,a lot,x\n",
        ["x.csv:2: column 'cost': 'a lot' is no amount"],
    ),
    "no day": (
        "usage_date,cost,product\n10/05/2026,1,x\n",
        ["x.csv:2: column 'usage_date': '10/05/2026' is no day; write it like 2026-10-31, or 2026-10"],
    ),
    "nothing where a day should be": (
        "usage_date,cost,product\n,1,Total\n",
        ["x.csv:2: column 'usage_date' is empty, which becomes ChargePeriodStart"],
    ),
    "no cost": ("usage_date,cost,product\n2026-10-05,,x\n", ["x.csv:2: has no cost"]),
    "lines of another length": (
        "usage_date,cost,product\n2026-10-05,1\n",
        ["x.csv:2: has 2 values under 3 columns"],
    ),
    "nothing": ("", ["x.csv: is empty"]),
    "several": (
        "usage_date,cost,product\n2026-10-05,x,x\n2026-10-05,1,x\nnever,1,x\n",
        ["x.csv:2: column 'cost'", "x.csv:4: column 'usage_date'"],
    ),
    "a year that no bill is of": (
        "usage_date,cost,product\n0202-10-05,1,x\n",
        ["x.csv:2: column 'usage_date'"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_read_is_told_by_file_line_and_column(
    text: str, expected: list[str], inbox: Path
) -> None:
    (inbox / "x.csv").write_text(text)
    told = mistakes(inbox.parent)
    assert len(told) == len(expected)
    for line, begins in zip(told, expected, strict=True):
        assert line.startswith(begins)


def test_a_file_of_another_encoding_or_that_is_damaged_is_told(inbox: Path) -> None:
    (inbox / "a.csv").write_bytes("usage_date,cost,product\n2026-10-05,1,é\n".encode("latin-1"))
    (inbox / "b.parquet").write_bytes(b"PAR1 and then nothing")
    told = mistakes(inbox.parent)
    assert told[0] == "a.csv: is not UTF-8; save it again"
    assert told[1].startswith("b.parquet: cannot be read (")


def test_a_later_file_that_holds_an_earlier_one_whole_counts_once(inbox: Path) -> None:
    text = "usage_date,cost,product\n2026-10-05,1,Logs\n"
    (inbox / "v1.csv").write_text(text)
    (inbox / "v2.csv").write_text(f"{text}2026-10-06,2,Logs\n")
    (found,) = collect(Warehouse(inbox.parent / "db"), inbox.parent / "ledger", [table(inbox)], NOW)
    assert (found.outcome, found.line_count) == ("loaded", 2)


def test_the_same_files_read_in_another_way_are_another_version(inbox: Path) -> None:
    (inbox / "x.csv").write_text("usage_date,cost,product\n2026-10-05,1,x\n")
    versions = {
        batch.version
        for each in (table(inbox), table(inbox, constants={**CONSTANTS, "RegionId": "x"}))
        for batch in each.collect(EVER)
    }
    assert len(versions) == 2


WRONG = {
    "no FOCUS column": ({"columns": {**COLUMNS_OF, "x": "BiledCost"}}, "did you mean 'BilledCost'"),
    "no currency": ({"constants": {}}, "nothing becomes BillingCurrency"),
    "no day": ({"columns": {"cost": "BilledCost"}}, "nothing becomes ChargePeriodStart"),
    "told twice": ({"constants": {**CONSTANTS, "BilledCost": "1"}}, "BilledCost is told twice"),
}


@pytest.mark.parametrize(("settings", "said"), WRONG.values(), ids=WRONG)
def test_a_table_that_can_be_no_bill_is_refused_with_its_configuration(
    settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError, match=said):
        table(tmp_path, **settings)


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,234.50", ".", "1234.50"),
        ("$1,234", ".", "1234"),
        ("-$0.10", ".", "-0.10"),
        ("€ -3", ".", "-3"),
        ("1e-7", ".", "0.0000001"),
        ("1.234,50", ",", "1234.50"),
        ("0,5", ",", "0.5"),
    ],
)
def test_amounts_are_read_to_the_last_digit(text: str, decimal: str, value: str) -> None:
    assert amount(text, decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal"), [("12,34", "."), ("1.5", ","), ("NaN", "."), ("1e999", "."), ("5 %", ".")]
)
def test_what_is_no_amount_is_not_guessed(text: str, decimal: str) -> None:
    with pytest.raises(ValueError, match="is no amount"):
        amount(text, decimal)


@pytest.mark.parametrize(
    ("text", "date_format", "first", "end"),
    [
        ("2026-10", "", "2026-10-01", "2026-11-01"),
        ("2026-10-31", "", "2026-10-31", "2026-11-01"),
        ("2026-10-31T23:30:00-02:00", "", "2026-11-01T01:30:00", "2026-11-02"),
        ("10/31/2026", "%m/%d/%Y", "2026-10-31", "2026-11-01"),
        ("Oct 2026", "%b %Y", "2026-10-01", "2026-11-01"),
    ],
)
def test_days_months_and_instants_are_utc(text: str, date_format: str, first: str, end: str) -> None:
    told = tuple(datetime.fromisoformat(each) for each in instants(text, date_format))
    assert told == (datetime.fromisoformat(first), datetime.fromisoformat(end))


def test_all_that_a_bill_is_read_by_can_be_named_and_nothing_else() -> None:
    raw_names = {*focus.origins, *DESCRIBED, *COSTS, *focus.MANDATORY}
    assert raw_names <= {*COLUMNS}
    assert {name for name in COLUMNS if not name.startswith("x_")} - raw_names <= {
        *("ChargeClass", "ChargeFrequency", "CommitmentDiscountStatus", "InvoiceId", "RegionId"),
        *("ResourceId", "SubAccountId", "SubAccountName", "Tags"),
    }
