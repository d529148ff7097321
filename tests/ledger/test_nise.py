"""A legacy report that ``nise`` makes, against sums that DuckDB takes from the raw file."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from collectors.exports import Exports
from tests.made.company import Company

TEAMS = [
    {"name": "risk", "aliases": ["Risk-Decisioning"]},
    {"name": "payments", "accounts": ["100000000002"]},
    {"name": "platform"},
]
INSTANCE = {"inst_type": "m5.large", "vcpu": 2, "memory": "8 GiB", "storage": "EBS-Only", "family": "General"}
KINDS = {
    "on demand": {"cost": 0.1234567, "rate": 0.1234567},
    "covered by a plan": {"cost": 1.25, "rate": 1.25, "saving": 0.8300001},
    "taken back": {"cost": 1.25, "rate": 1.25, "saving": 0.8300001, "negation": True},
    "recurring fee": {"cost": 3.1, "rate": 3.1, "recurring_fee": True},
    "upfront fee": {"cost": 700, "rate": 700, "upfront_fee": True},
    "reserved": {"cost": 0.5, "rate": 0.5, "reserved_instance": True},
}
TAGGED = (("risk", "100000000001"), ("risk-decisioning", "100000000001"), ("", "100000000002"), ("", "9"))

# What nise leaves empty, though AWS fills it: without it neither plans nor reservations can be amortised.
FILLED = """
COPY (SELECT * REPLACE (
  CASE WHEN "lineItem/LineItemType" = 'SavingsPlanRecurringFee'
    THEN "lineItem/UnblendedCost" ELSE "savingsPlan/TotalCommitmentToDate" END
    AS "savingsPlan/TotalCommitmentToDate",
  CASE WHEN "lineItem/LineItemType" = 'SavingsPlanRecurringFee'
    THEN '1.9' ELSE "savingsPlan/UsedCommitment" END
    AS "savingsPlan/UsedCommitment",
  CASE WHEN "lineItem/LineItemType" = 'DiscountedUsage' THEN '0.31' ELSE "reservation/EffectiveCost" END
    AS "reservation/EffectiveCost")
  FROM read_csv('{}', all_varchar=true, header=true)) TO '{}' (HEADER)
"""
# The amortised cost of AWS's documentation, written down once more.
INDEPENDENT = """
SELECT team, round(sum(billed), 6), round(sum(effective), 6) FROM (
  SELECT
    CASE WHEN lower("resourceTags/user:team") IN ('risk', 'risk-decisioning') THEN 'risk'
         WHEN "lineItem/UsageAccountId" = '100000000002' THEN 'payments' ELSE 'unallocated' END AS team,
    "lineItem/UnblendedCost"::DOUBLE AS billed,
    CASE "lineItem/LineItemType"
      WHEN 'SavingsPlanCoveredUsage' THEN "savingsPlan/SavingsPlanEffectiveCost"::DOUBLE
      WHEN 'SavingsPlanRecurringFee' THEN coalesce("savingsPlan/TotalCommitmentToDate"::DOUBLE
        - "savingsPlan/UsedCommitment"::DOUBLE, 0)
      WHEN 'SavingsPlanNegation' THEN 0
      WHEN 'SavingsPlanUpfrontFee' THEN 0
      WHEN 'DiscountedUsage' THEN coalesce("reservation/EffectiveCost"::DOUBLE, 0)
      ELSE "lineItem/UnblendedCost"::DOUBLE END AS effective
  FROM read_csv(?, all_varchar=true, header=true)
) GROUP BY team ORDER BY team
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report as a file, and as S3 would hold it below ``bucket``."""
    folder = tmp_path_factory.mktemp("nise")
    generators = [
        {
            "EC2Generator": {
                "start_date": "2026-10-01",
                "end_date": "2026-10-03",
                "user": account,
                "tags": {"resourceTags/user:team": team or "nobody"},
                "instance_type": {**INSTANCE, **kind},
            }
        }
        for team, account in TAGGED
        for kind in KINDS.values()
    ]
    accounts = {"payer": "900000000001", "currency_code": "USD", "user": ["100000000001"]}
    (folder / "report.yml").write_text(yaml.safe_dump({"generators": generators, "accounts": accounts}))
    (folder / "bucket").mkdir()
    command = [str(Path(sys.executable).with_name("nise")), "report", "aws", "-w"]
    command += ["--static-report-file", "report.yml", "--aws-s3-bucket-name", "bucket"]
    command += ["--aws-s3-report-name", "cur", "--aws-s3-report-prefix", "pre"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_teams_carry_what_the_raw_file_says(made: Path, tmp_path: Path) -> None:
    (report,) = made.glob("*-cur.csv")
    filled = tmp_path / "bill" / "filled.csv"
    filled.parent.mkdir()
    duckdb.sql(FILLED.format(report, filled))
    company = Company(tmp_path, {"teams": TEAMS})
    company.run()
    rows = duckdb.sql(INDEPENDENT, params=[str(filled)]).fetchall()
    assert {
        team: (round(company.billed()[team], 6), round(company.effective()[team], 6)) for team, *_ in rows
    } == {team: (Decimal(str(billed)), Decimal(str(effective))) for team, billed, effective in rows}
    assert company.billed().keys() == {team for team, *_ in rows}
    assert company.billed() != company.effective()
    kinds = duckdb.sql('SELECT DISTINCT "lineItem/LineItemType" FROM read_csv(?)', params=[str(report)])
    assert len(kinds.fetchall()) == len(KINDS)


@pytest.mark.parametrize("form", ["a file", "a delivery with its manifest"])
def test_as_nise_leaves_it_nothing_is_amortised(form: str, made: Path, tmp_path: Path) -> None:
    (report,) = made.glob("*-cur.csv")
    company = Company(tmp_path, {"teams": TEAMS})
    location = report if form == "a file" else made / "bucket"
    company.sources = [Exports(name="aws", location=str(location))]
    company.run()
    rows = duckdb.sql(INDEPENDENT, params=[str(report)]).fetchall()
    assert {team: round(cost, 6) for team, cost in company.billed().items()} == {
        team: Decimal(str(billed)) for team, billed, _ in rows
    }
    assert company.effective() == company.billed()


def test_the_manifest_names_one_assembly(made: Path) -> None:
    (manifest,) = (made / "bucket" / "pre" / "cur").glob("*/cur-Manifest.json")
    assert len(json.loads(manifest.read_text())["reportKeys"]) == 1
