"""Bills that nobody here wrote, where they are at hand: the figures their origin gives."""

import csv
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.exports import Exports
from costwatch.model import LoadFindingKind
from costwatch.warehouse.bill.loads import newest_loads
from tests.made.bills import line, write_csv
from tests.made.company import NOW, Company

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[3] / "shared" / "data" / "billing"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"real bills are not at hand: no folder {DATA}")


def company(tmp_path: Path, location: Path, **allocation: object) -> Company:
    made = Company(tmp_path, allocation)
    made.sources = [Exports(name="bill", location=str(location))]
    made.run()
    return made


@needs_data
def test_the_published_focus_1_0_sample(tmp_path: Path) -> None:
    made = company(tmp_path, DATA / "focus-1.0")
    billed = made.billed("provider")
    assert billed["AWS"] == Decimal("18.006638649")
    assert sum(billed.values()) == Decimal("20.520226760")
    (compute,) = made.cost(where={"provider": ("AWS",), "service": ("Amazon Elastic Compute Cloud",)})
    assert (compute.amount("BilledCost"), compute.line_count) == (Decimal("16.041693059"), 554)
    with made.warehouse.read() as db:
        controls = [row["totals"] for row in db.execute("SELECT totals FROM load ORDER BY period")]
    assert '"BilledCostControl": "20.280226728990"' in controls[0]
    before = made.hashes("collection")
    for _ in range(9):
        made.run()
    assert made.hashes("collection") == before


LEGACY = {
    "logzio-test-billing-report-1.csv.gz": (
        "218.167863024",
        "218.167863287600",
        {"Amazon Elastic Compute Cloud": "212.423247", "AWS WAF": "5.473214"},
        {"Usage": "218.167863"},
    ),
    "logzio-test-billing-report-2.csv.gz": ("1.237035988", "1.237035988000", {}, {"Usage": "1.237036"}),
    "focus_converters-sample-anonymous-aws-export-dataset.csv": (
        "1.682308708",
        "1.682308697400",
        {},
        {"Usage": "1.602309", "Tax": "0.08"},
    ),
}


@needs_data
@pytest.mark.parametrize("name", LEGACY)
def test_a_published_legacy_report(name: str, tmp_path: Path) -> None:
    total, control, services, categories = LEGACY[name]
    made = company(tmp_path, DATA / "cur-legacy" / name)
    (whole,) = made.cost()
    assert (whole.amount("BilledCost"), whole.amount()) == (Decimal(total), Decimal(total))
    with made.warehouse.read() as db:
        (totals,) = [json.loads(row["totals"]) for row in db.execute("SELECT totals FROM load")]
    assert totals["USD"]["BilledCostControl"] == control
    billed = made.billed("service")
    assert {service: str(round(billed[service], 6)) for service in services} == services
    found = {category: round(cost, 6) for category, cost in made.billed("category").items()}
    assert found == {category: Decimal(cost) for category, cost in categories.items()}


SCENARIOS = sorted((DATA / "focus-spec-scenarios").glob("*.csv"))


@needs_data
@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_an_incomplete_focus_file_is_refused_by_file_line_and_column(path: Path, tmp_path: Path) -> None:
    made = Company(tmp_path)
    made.sources = [Exports(name="bill", location=str(path))]
    (collected,) = made.collect(NOW)
    assert collected.outcome == "failed"
    assert re.search(
        rf"{re.escape(path.name)}:\d+: .*column \w+ (is missing|cannot be read: ')", collected.error
    )
    assert not made.allocate()
    assert not list((tmp_path / "ledger").glob("*.part"))


LACKING = [path for path in SCENARIOS if path.name.startswith(("commitment", "one_hundred", "zero"))]
HOUR_30 = ("commitment_discount_purchase_scenario_2", "commitment_discount_purchase_scenario_3")
COMPLETABLE = [path for path in LACKING if path.stem not in HOUR_30]


def completed(path: Path) -> list[dict[str, str]]:
    """The rows of a scenario, with what places and prices a line and is not there: payer and currency."""
    added = {name: line()[name] for name in ("BillingAccountId", "BillingCurrency")}
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [{**added, **row} for row in csv.DictReader(file)]


@needs_data
@pytest.mark.parametrize("name", HOUR_30)
def test_a_scenario_that_ends_at_hour_30_is_refused_once_completed(name: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "bill" / "bill.csv", completed(DATA / "focus-spec-scenarios" / f"{name}.csv"))
    (collected,) = Company(tmp_path).collect()
    assert "column ChargePeriodEnd cannot be read: '2023-02-01T30:00:00Z'" in collected.error


@needs_data
@pytest.mark.parametrize("path", COMPLETABLE, ids=[path.stem for path in COMPLETABLE])
def test_a_file_that_only_lacks_columns_is_read_once_completed(path: Path, tmp_path: Path) -> None:
    rows = completed(path)
    write_csv(tmp_path / "bill" / "bill.csv", rows)
    made = Company(tmp_path)
    made.run()
    (total,) = made.cost()
    assert total.amount("BilledCost") == sum(Decimal(row["BilledCost"]) for row in rows)
    assert total.amount() == sum(Decimal(row["EffectiveCost"]) for row in rows)
    assert total.line_count == len(rows)
    with made.warehouse.read() as db:
        loads = newest_loads(db, ["aws"])
    (said,) = {
        finding.text for load in loads for finding in load.findings if finding.kind is LoadFindingKind.LACKING
    }
    assert said.startswith("bill.csv: FOCUS without BillingAccountName, ChargeClass, ")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_generated_focus_bill_of_100_000_lines(version: str, tmp_path: Path) -> None:
    rows = "100000" if version == "1.2" else "2000"
    command = [str(Path(sys.executable).with_name("focus-toolkit")), "generate", "--provider", "aws"]
    command += ["--focus-version", version, "--rows", rows, "--seed", "7", "--out", str(tmp_path / "made")]
    subprocess.run(command, check=True, capture_output=True)
    teams = [{"name": name, "aliases": [f"team-{name}"]} for name in ("platform", "payments", "data")]
    pools = [
        {"name": "tax", "match": {"ChargeCategory": "Tax"}, "split": "proportional"},
        {"name": "purchases", "match": {"ChargeCategory": "Purchase"}, "split": "even"},
        {"name": "direct", "split": "owner", "tags": ["Owner"]},
    ]
    (bill,) = (tmp_path / "made").glob("*_cost_and_usage_aws.csv")
    made = company(tmp_path / "company", bill, teams=teams, pools=pools)
    (total,) = made.cost()
    assert total.line_count == int(rows)
    if version == "1.2":
        assert total.amount("BilledCost") == Decimal("2252886.707039325")
        assert total.amount("EffectiveCost") == Decimal("2252886.707039248")
    assert sum(made.billed().values()) == total.amount("BilledCost")
    assert sum(made.effective().values()) == total.amount("EffectiveCost")
    assert len(made.billed()) > 2
