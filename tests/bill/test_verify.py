"""``cost verify``: whatever is altered is found, whatever differs is named."""

import json
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from costwatch import cli
from costwatch.proof.bill import Discrepancy, altered
from costwatch.warehouse.bill import proof
from costwatch.warehouse.bill.publish import INVOICE_COLUMNS
from costwatch.warehouse.store import Warehouse
from tests.made.bills import of_month, on_day, tags, write_csv, write_parquet
from tests.made.command_line import ALERTS, Costwatch, configure
from tests.made.company import NOW
from tests.made.rolled_back import undone

CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
  - {name: second, kind: exports, role: check, location: second}
teams:
  - {name: risk}
  - {name: payments}
pools:
  - {name: support, match: {ServiceName: AWS Support}, split: even}
"""
LINES = [
    on_day(1, BilledCost="10.0000000004", EffectiveCost="9", Tags=tags(team="risk"), InvoiceId="EU-1"),
    on_day(1, BilledCost="1", EffectiveCost="1", Tags=tags(team="payments"), InvoiceId="EU-1"),
    on_day(2, BilledCost="0.1", EffectiveCost="0.2", Tags=tags(team="payments"), InvoiceId="EU-1"),
    on_day(2, BilledCost="-2", EffectiveCost="-2", ChargeCategory="Credit", InvoiceId="EU-2"),
    on_day(3, BilledCost="3", EffectiveCost="3", ServiceName="AWS Support", InvoiceId="EU-2"),
    on_day(3, BilledCost="1.9", EffectiveCost="1.9", ChargeCategory="Tax", InvoiceId="EU-1"),
    on_day(3, BilledCost="70", EffectiveCost="70", BillingCurrency="EUR", InvoiceId="IE-1"),
    of_month("2026-09", BilledCost="5", EffectiveCost="4", InvoiceId="EU-0"),
]
LINES = [{"InvoiceId": "", **line} for line in LINES]
OCTOBER = "2026-10"


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company whose bill another source tells, too; all of it is published."""
    folder = tmp_path_factory.mktemp("proven")
    configure(folder, CONFIG, ALERTS)
    write_parquet(folder / "bill" / "bill.parquet", LINES)
    write_csv(folder / "second" / "bill.csv", LINES)
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(folder / "costwatch.yaml"), step], NOW) == 0
    return folder


@pytest.fixture
def company(proven: Path, tmp_path: Path) -> Path:
    """The same for this test alone; it is also where commands run."""
    shutil.copytree(proven, tmp_path, dirs_exist_ok=True)
    return tmp_path


def alter(folder: Path, *statements: str) -> None:
    with Warehouse(folder / "costwatch.db").write() as db:
        for statement in statements:
            assert db.execute(statement).rowcount > 0


def found(db: sqlite3.Connection) -> list[Discrepancy]:
    """What the warehouse alone tells against itself."""
    held = proof.published_bills(db)
    places = [place for each in held.proofs for place in each.differing_bill()]
    places += proof.differing(db, held)
    told = [finding for each in held.proofs for finding in each.findings()]
    return [*held.findings, *told, *altered(places, held.proofs), *proof.unlike_published(db, held)]


def test_a_bill_that_is_as_it_was_delivered_is_proven(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("cost", "verify", "--invoice", "EU-1", "13.00", "--json")
    assert (answer.code, answer.err) == (0, "")
    told = answer.json
    assert told["findings"] == told["not_verified"] == told["differing"] == []
    of = {(period["BillingPeriodStart"], period["BillingCurrency"]): period for period in told["periods"]}
    october = of["2026-10-01", "USD"]
    tables = ("published", "load", "bill", "team_invoice", "team_cost", "cost_day")
    assert {json.dumps(october[table]) for table in tables} == {
        '{"BilledCostNano": 14000000000, "EffectiveCostNano": 13100000000, "x_LineCount": 6}'
    }
    assert october["rounding"] == {"BilledCost": "0.0000000004", "EffectiveCost": "0"}
    assert {part["InvoiceId"]: part["ChargeCategory"] for part in october["parts"]} == {
        "EU-1": "Usage",
        "EU-2": "Usage",
    }


ALTERED = {
    "a cost of a team": "UPDATE team_cost SET EffectiveCostNano = EffectiveCostNano + 1 WHERE team = 1",
    "a day moved": "UPDATE team_cost SET day = 20261009 WHERE day = 20261003",
    "a row moved to another team": "UPDATE team_cost SET team = 3 WHERE team = 1",
    "a row moved to another service": "UPDATE team_cost SET service = 9 WHERE service = 1",
    "a row deleted": "DELETE FROM team_cost WHERE day = 20261002",
    "a team without its name": "DELETE FROM team WHERE name = 'risk'",
    "a quantity": "UPDATE team_cost SET PricingQuantityWhole = PricingQuantityWhole + 1 WHERE team = 1",
    "the rest of a quantity": "UPDATE team_cost SET PricingQuantityRest = 1 WHERE day = 20261002",
    "a contracted cost": "UPDATE team_cost SET ContractedCostNano = NULL WHERE day = 20261002",
    "another unit": "UPDATE slice SET PricingUnit = 'Years'",
    "what was published of quantities": "UPDATE published SET priced = replace(priced, '7000', '8000')",
    "quantities that are none": "UPDATE published SET priced = '[]' WHERE period = 20261001",
    "another region": "UPDATE slice SET RegionId = 'x'",
    "a row moved to another account": "UPDATE team_cost SET slice = 99 WHERE day = 20261002",
    "another name of a team": "UPDATE team SET name = 'fraud' WHERE name = 'risk'",
    "another name of a service": "UPDATE service SET name = 'x' WHERE name = 'AWS Support'",
    "a slice gone": "DELETE FROM slice WHERE ChargeCategory = 'Tax'",
    "a cost of the summary": "UPDATE cost_day SET BilledCostNano = -BilledCostNano WHERE day = 20261001",
    "a currency": "UPDATE cost_day SET BillingCurrency = 'CHF' WHERE BillingCurrency = 'EUR'",
    "a kind of charge in the summary": "UPDATE cost_day SET x_ChargeKind = 'refunds' WHERE day = 20261001",
    "a kind of charge in the facts": "UPDATE slice SET x_ChargeKind = 'credits' WHERE ChargeCategory = 'Tax'",
    "a cost of a sum by place": "UPDATE place_day SET BilledCostNano = 7 WHERE period > 20260901",
    "sums of a day by place deleted": "DELETE FROM place_day WHERE day = 20261002 AND service = 0",
    "facts without usage types deleted": "DELETE FROM place_day WHERE day = 20261002 AND team * service > 0",
    "another account of a place": "UPDATE place SET SubAccountId = 'x' WHERE summary = 'account'",
    "another kind of charge of a place": "UPDATE place SET x_ChargeKind = 'x' WHERE summary = 'charge'",
    "places of a summary gone": "DELETE FROM place WHERE summary = 'system'",
    "places of the facts gone": "DELETE FROM place WHERE summary = 'place'",
    "a cost of an invoice": "UPDATE bill SET BilledCostNano = 0 WHERE InvoiceId = 'EU-1'",
    "another invoice": "UPDATE bill SET InvoiceId = 'EU-3' WHERE InvoiceId = 'EU-2'",
    "another payer": "UPDATE team_invoice SET BillingAccountId = '9' WHERE InvoiceId = 'EU-2'",
    "an invoice of a team deleted": "DELETE FROM team_invoice WHERE InvoiceId = 'IE-1'",
    "lines of a day": "UPDATE day_line SET line_count = 7 WHERE day = 20261002",
    "a total": "UPDATE published SET totals = replace(totals, '14000000000', '14000000001')",
    "totals that are none": "UPDATE published SET totals = '[]' WHERE period = 20261001",
    "a load that is none": "UPDATE published SET loads = 'x' WHERE period = 20261001",
    "a period not published": "DELETE FROM published WHERE period = 20261001",
    "a load gone": "DELETE FROM load WHERE period = 20261001 AND source = 'aws'",
    "totals of a load": "UPDATE load SET totals = replace(totals, '14.0000000004', '14.0001')",
    "files of a load": "UPDATE load SET files = '[]' WHERE period = 20261001 AND source = 'aws'",
    "what another source said": "UPDATE check_cost SET BilledCostNano = 1 WHERE day = 20261001",
}


@pytest.mark.parametrize("statement", ALTERED.values(), ids=ALTERED)
def test_an_altered_row_is_found_and_its_period_named(
    costwatch: Costwatch, company: Path, statement: str
) -> None:
    alter(company, statement)
    answer = costwatch("cost", "verify", "--quick")
    assert answer.code == 3, answer.out + answer.err
    findings = [line for line in answer.out.splitlines() if line.startswith("FINDING")]
    assert findings
    assert any(line.startswith("FINDING 2026-10") for line in findings)


KEYS = {
    "team_cost": ("period", "team", "service", "day", "slice"),
    "cost_day": ("period", "day", "team", "service", "BillingCurrency", "x_ChargeKind"),
    "place_day": ("period", "place", "team", "service", "day"),
    "bill": ("period", *INVOICE_COLUMNS),
    "team_invoice": ("period", "team", *INVOICE_COLUMNS),
}
MONEY = ("BilledCostNano", "EffectiveCostNano", "line_count")


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_single_row_is_altered_is_found(proven: Path, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(KEYS)))
    column = data.draw(st.sampled_from([*KEYS[table], *MONEY]))
    with undone(proven / "costwatch.db") as db:
        rows = list(db.execute(f"SELECT * FROM {table}"))
        row = data.draw(st.sampled_from(rows))
        if isinstance(row[column], str):
            value = data.draw(st.sampled_from([*sorted({each[column] for each in rows}), "else"]))
        else:
            value = data.draw(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 20261131))
        assume(value != row[column])
        known = " AND ".join(f"{name} = :{name}" for name in dict(row) if name not in MONEY)
        assert found(db) == []
        try:
            db.execute(f"UPDATE {table} SET {column} = :value WHERE {known}", {**dict(row), "value": value})
        except sqlite3.IntegrityError:
            assume(False)
        assert found(db) != []


# --- the ledger --------------------------------------------------------------------------------


def ledger_file(folder: Path, source: str) -> Path:
    with Warehouse(folder / "costwatch.db").read() as db:
        (row, *_) = db.execute("SELECT files FROM load WHERE source = ?", (source,)).fetchall()
    return folder / "ledger" / f"{json.loads(row['files'])[0]}.parquet"


def rewritten(path: Path, column: str, value: str) -> None:
    """The same Parquet file, whole, with one value changed."""
    table = pq.read_table(path)
    at = table.column_names.index(column)
    cells = table.column(column).to_pylist()
    changed = pa.array([value, *cells[1:]], table.schema.types[at])
    pq.write_table(table.set_column(at, column, changed), path)


def test_a_file_that_the_ledger_lost_is_named_with_what_brings_it_back(
    costwatch: Costwatch, company: Path
) -> None:
    ledger_file(company, "aws").unlink()
    answer = costwatch("cost", "verify")
    assert answer.code == 3
    assert "bill.parquet is missing in the ledger" in answer.out
    assert costwatch("collect", "aws").code == 0
    assert costwatch("cost", "verify").code == 0


def test_delivered_parquet_that_is_no_longer_what_it_was_is_found(
    costwatch: Costwatch, company: Path
) -> None:
    rewritten(ledger_file(company, "aws"), "ChargeDescription", "")
    answer = costwatch("cost", "verify")
    assert answer.code == 3
    assert "bill.parquet is changed in the ledger" in answer.out


def test_csv_in_the_ledger_is_counted_again(costwatch: Costwatch, company: Path) -> None:
    rewritten(ledger_file(company, "second"), "BilledCost", "10.5")
    answer = costwatch("cost", "verify")
    assert answer.code == 3
    assert "2026-10 second USD: counted again are 6 lines, BilledCost 14.5" in answer.out
    assert costwatch("cost", "verify", "--quick").code == 0


def test_a_file_that_cannot_be_read_is_no_finding_but_a_failure(costwatch: Costwatch, company: Path) -> None:
    ledger_file(company, "second").write_bytes(b"PAR1 and nothing else")
    answer = costwatch("cost", "verify", "--json")
    assert answer.code == 1
    assert answer.err.startswith("costwatch: ledger ")
    assert answer.json["findings"] == []
    assert len(answer.json["not_verified"]) == 2  # of both months


def test_control_totals_that_rounding_cannot_explain_are_found(costwatch: Costwatch, company: Path) -> None:
    alter(company, "UPDATE load SET totals = replace(totals, '14.0000000004', '14.0000000041')")
    answer = costwatch("cost", "verify", "--quick")
    assert answer.code == 3
    assert (
        "2026-10 USD: BilledCost: the files' own total less the sum of their lines is 0.0000000041"
        in answer.out
    )


# --- windows, invoices, older periods -----------------------------------------------------------


def test_only_the_periods_that_are_asked_for_are_verified(costwatch: Costwatch, company: Path) -> None:
    alter(company, "UPDATE team_cost SET BilledCostNano = 0 WHERE period = 20260901")
    assert costwatch("cost", "verify", "--from", "2026-10-01", "--to", "2026-11-01").code == 0
    answer = costwatch("cost", "verify", "--to", "2026-09-02", "--json")
    assert answer.code == 3
    assert {each["BillingPeriodStart"] for each in answer.json["periods"]} == {"2026-09-01"}
    assert {each["period"] for each in answer.json["findings"]} == {"2026-09-01"}


def test_where_nothing_is_published_there_is_nothing_to_prove(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("cost", "verify", "--from", "2026-12-01")
    assert answer.code == 1
    assert "nothing is published there" in answer.err


@pytest.mark.parametrize(
    ("number", "amount", "code", "says"),
    [
        pytest.param("EU-1", "13.00", 0, "EU-1     $13.00", id="to the cent"),
        pytest.param("EU-1", "13.005", 0, "EU-1", id="half a cent off"),
        pytest.param("EU-1", "13.01", 3, "a difference of -0.01 (-$0.01)", id="a cent off"),
        pytest.param("EU-2", "10", 3, "BilledCost is 1 USD, the invoice 10", id="far off"),
        pytest.param("EU-9", "1", 3, "holds no line of it; held are EU-1, EU-2, IE-1, EU-0", id="unknown"),
        pytest.param("", "0", 3, "holds no line of it", id="charges of no invoice are none"),
    ],
)
def test_an_invoice_is_held_against_the_bill(
    costwatch: Costwatch, company: Path, number: str, amount: str, code: int, says: str
) -> None:
    answer = costwatch("cost", "verify", "--quick", "--invoice", number, amount)
    assert (answer.code, says in answer.out) == (code, True), answer.out


def test_several_invoices_are_held_at_once_and_credits_may_be_negative(
    costwatch: Costwatch, company: Path
) -> None:
    alter(company, "UPDATE bill SET InvoiceId = 'CN-1' WHERE ChargeCategory = 'Credit'")
    alter(company, "UPDATE team_invoice SET InvoiceId = 'CN-1' WHERE ChargeCategory = 'Credit'")
    options = ("--invoice", "CN-1", "-2.00", "--invoice", "IE-1", "70", "--invoice", "EU-0", "5.00")
    answer = costwatch("cost", "verify", "--quick", *options, "--json")
    assert answer.code == 0
    differences = [held["difference"] for each in answer.json["invoices"] for held in each["held"].values()]
    assert differences == ["0", "0", "0"]


def test_an_invoice_in_two_currencies_has_no_sum(costwatch: Costwatch, company: Path) -> None:
    for table in ("bill", "team_invoice"):
        alter(company, f"UPDATE {table} SET InvoiceId = 'EU-1' WHERE InvoiceId = 'IE-1'")
    answer = costwatch("cost", "verify", "--quick", "--invoice", "EU-1", "13")
    assert answer.code == 3
    assert "has charges in EUR and USD, which are never added" in answer.out


def test_a_tolerance_is_not_negative(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("cost", "verify", "--tolerance-amount", "-1")
    assert (answer.code, "never negative" in answer.err) == (2, True)


@pytest.mark.parametrize("amount", ["12,5", "1e3", "NaN", "inf", "€5", "1.0000000001", ""])
def test_an_amount_is_written_in_digits(costwatch: Costwatch, company: Path, amount: str) -> None:
    answer = costwatch("cost", "verify", "--invoice", "EU-1", amount)
    assert answer.code == 2
    assert "write it like 1234.56" in answer.err


def test_a_period_from_before_the_bill_was_kept_by_invoice_says_what_to_run(
    costwatch: Costwatch, company: Path
) -> None:
    for table in ("bill", "team_invoice"):
        alter(company, f"DELETE FROM {table} WHERE period = 20260901")
    answer = costwatch("cost", "verify", "--quick", "--json")
    assert answer.code == 3
    (finding,) = answer.json["findings"]
    assert finding["check"] == "unproven"
    assert "costwatch allocate --from 2026-09-01 --to 2026-10-01" in finding["text"]
