"""Small bills rebuilt from public bug reports, where they are at hand: the right answer by the commands."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.made.bills import of_month, write_csv
from tests.made.command_line import Answer, Costwatch, configure

CASES = Path(__file__).parents[3] / "shared" / "data" / "billing" / "cases"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not at hand: no folder {CASES}"),
]
CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
teams:
  - {name: alpha}
  - {name: beta}
"""
TAX = CONFIG + "pools:\n  - {name: tax, split: proportional, match: {ChargeCategory: Tax}}\n"


@dataclass(frozen=True)
class Told:
    """What the steps, ``cost show`` and ``cost verify`` say of a bill."""

    collected: Answer
    allocated: Answer
    verified: Answer
    rows: Sequence[Mapping[str, Any]]

    def total(self, metric: str = "BilledCost") -> Decimal:
        return Decimal(sum(row[f"{metric}Nano"] for row in self.rows)).scaleb(-9)

    def by(self, column: str = "x_Team") -> dict[str, Decimal]:
        return {row[column]: Decimal(row["BilledCostNano"]).scaleb(-9) for row in self.rows}


def told(costwatch: Costwatch, *names: str, config: str = CONFIG) -> Told:
    """Deliver these files in one folder, take both steps, and ask."""
    folder = Path("bill")
    folder.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(CASES / name, folder)
    configure(Path(), config)
    collected, allocated = costwatch("collect"), costwatch("allocate")
    shown = costwatch("cost", "show", "--by", "team", "--from", "2020-01-01", "--json")
    return Told(collected, allocated, costwatch("cost", "verify"), json.loads(shown.out or "[]"))


ONE_TOTAL = {
    "a file packed and plain": (("bill.csv", "bill.csv.gz"), 10),
    "a later version beside the earlier one": (("oct-v1.csv", "oct-v2.csv"), 20),
    "no columns of Savings Plans": (("no_sp_columns.csv",), 72),
    "timestamps of New York": (("tz.parquet",), None),
    "Oracle's layout of FOCUS": (("oci_focus_report.csv",), 25),
}


@pytest.mark.parametrize(("names", "total"), ONE_TOTAL.values(), ids=ONE_TOTAL)
def test_the_total_is_right_of(names: tuple[str, ...], total: int | None, costwatch: Costwatch) -> None:
    found = told(costwatch, *names)
    assert (found.collected.code, found.allocated.code, found.verified.code) == (0, 0, 0)
    assert total is None or found.total() == total


def test_a_line_that_is_there_twice_is_a_finding_with_its_dollars(costwatch: Costwatch) -> None:
    found = told(costwatch, "dup_identity.csv")
    assert found.verified.code == 3
    assert "dup_identity.csv: 1 line is there once more" in found.verified.out
    assert "(BilledCost $10.00)" in found.verified.out


UNAMORTISED = {
    "covered usage, negation and fee": "no_sp_columns.csv",
    "a fee upfront": "no_sp_columns_upfront.csv",
}


@pytest.mark.parametrize("name", UNAMORTISED.values(), ids=UNAMORTISED)
def test_without_columns_of_savings_plans_nothing_vanishes_or_counts_twice(
    name: str, costwatch: Costwatch
) -> None:
    found = told(costwatch, name)
    assert found.total("EffectiveCost") == found.total("BilledCost") > 0
    assert found.verified.code == 0
    assert "Savings Plans are not amortised" in found.verified.out


def test_a_refund_that_names_no_plan_is_not_a_plans(costwatch: Costwatch) -> None:
    found = told(costwatch, "cid1497_edp_refund.csv")
    assert found.total("EffectiveCost") == Decimal("70") - Decimal("8.869") + 2


def test_a_purchase_beside_its_amortised_usage_is_a_finding(costwatch: Costwatch) -> None:
    found = told(costwatch, "ft1092.csv")
    assert found.verified.code == 3
    assert "FINDING" in found.verified.out
    assert "$700.00" in found.verified.out


@pytest.mark.parametrize("name", ["taxday1.csv", "taxmonth.csv"])
def test_a_tax_is_split_alike_whatever_days_it_is_dated(name: str, costwatch: Costwatch) -> None:
    teams = told(costwatch, name, config=TAX).rows
    rows = costwatch("cost", "show", "--by", "team", "--pool", "tax", "--from", "2020-01-01", "--json").json
    taxes = {row["x_Team"]: round(Decimal(row["BilledCostNano"]).scaleb(-9), 2) for row in rows}
    assert taxes == {"alpha": Decimal("25.64"), "beta": Decimal("74.36")}
    assert {row["x_Team"] for row in teams} == {"alpha", "beta"}


def test_an_export_of_azure_is_read_by_its_manifest_and_once(costwatch: Costwatch) -> None:
    run = Path("bill/export/20261001-20261031/6f1c2a3e-0000-4000-8000-000000000001")
    run.mkdir(parents=True)
    shutil.copy(CASES / "az_mtd.csv", run / "part_0_0001.csv")
    shutil.copy(CASES / "az_manifest.json", run / "manifest.json")
    found = told(costwatch, "az_oneoff.csv")
    assert (found.collected.code, found.verified.code) == (0, 0)
    assert found.total() == 200


def test_a_part_without_a_line_is_empty_and_not_damaged(costwatch: Costwatch) -> None:
    found = told(costwatch, "z_pandas.parquet", "bill.csv")
    assert (found.collected.code, found.collected.err) == (0, "")
    assert found.total() == 10


def test_equal_parts_of_a_manifest_are_refused(costwatch: Costwatch) -> None:
    month = Path("bill/data/BILLING_PERIOD=2026-10")
    month.mkdir(parents=True)
    for part in ("a-00001.csv", "a-00002.csv"):
        shutil.copy(CASES / "r1.csv", month / part)
    manifest = Path("bill/metadata/BILLING_PERIOD=2026-10/a-Manifest.json")
    manifest.parent.mkdir(parents=True)
    named = [f"s3://b/{month.relative_to('bill').as_posix()}/a-0000{part}.csv" for part in (1, 2)]
    manifest.write_text(json.dumps({"dataFiles": named}))
    found = told(costwatch)
    assert (found.collected.code, found.rows) == (1, [])
    assert "30 lines are in both in 2026-10 (BilledCost $300.00)" in found.collected.err


def test_two_formats_of_a_month_are_refused_and_the_other_months_are_published(costwatch: Costwatch) -> None:
    write_csv(Path("bill/september.csv"), [of_month("2026-09", BilledCost="7")])
    found = told(costwatch, "f.csv", "c.csv")
    assert found.collected.code == 1
    assert "c.csv (cur2) and " in found.collected.err
    assert found.allocated.code == 0
    assert found.total() == 7
    (source,) = costwatch("status", "--json").json["sources"]
    assert source["data_through"] == "2026-09-01"  # the one day that September has


KEYS = ("focus_team", "focus_Team", "focus_user-Team", "cur2_user_team")


@pytest.mark.parametrize("key", KEYS)
def test_the_key_of_a_tag_is_one_however_a_format_writes_it(key: str, costwatch: Costwatch) -> None:
    assert told(costwatch, f"tagkey_{key}.csv").by() == {"alpha": 10}


def test_names_are_one_whatever_their_letters_and_blanks(costwatch: Costwatch) -> None:
    teams = "  - {name: gamma, aliases: [İstanbul]}\n  - {name: delta, aliases: [Strasse]}\n"
    teams += "  - {name: epsilon, aliases: [Αθηνας]}\n"
    found = told(costwatch, "uni.csv", config=CONFIG + teams)
    alpha = 1 + 2 + 4 + 8 + 16 + 32 + 1024 + 2048  # the last two: a wide letter, and a blank of no width
    assert found.by() == {"alpha": alpha, "gamma": 64, "delta": 128 + 256, "epsilon": 512}
    assert found.verified.code == 0


def restated(costwatch: Costwatch, config: str = CONFIG) -> Answer:
    """A closed month of 30 days, and what ``status`` says once it came again with 3 of them."""
    folder = Path("bill")
    told(costwatch, "r1.csv", config=config)
    (folder / "r1.csv").unlink()
    shutil.copy(CASES / "r3.csv", folder)
    at = ("--now", "2026-11-20")
    assert costwatch(*at, "collect").code == 0
    allocated = costwatch(*at, "allocate")
    assert allocated.code == 0
    status = costwatch(*at, "status")
    for sentence in (
        "aws: the delivery of 2026-10 that came by 2026-11-20 00:00 UTC takes away "
        "27 of 30 settled days (4 Oct 2026 to 30 Oct 2026); 27 of 30 lines in USD (90 %); "
        "EffectiveCost and BilledCost from $300.00 to $30.00",
        "run: costwatch allocate --accept 2026-10",
    ):
        assert sentence in allocated.err
        assert sentence in status.out
        assert sentence in costwatch(*at, "doctor").out
    return status


def test_a_closed_month_that_loses_most_of_itself_is_published_and_doubted(costwatch: Costwatch) -> None:
    status = restated(costwatch)
    assert status.code == 3
    assert "settled through 2026-10-03" in status.out
    assert "it is published all the same" in status.out
    at = ("--now", "2026-11-20")
    (found,) = costwatch(*at, "status", "--json").json["restatements"]
    assert (found["period"], found["is_held"], len(found["lost_days"])) == ("2026-10-01", False, 27)
    assert costwatch(*at, "allocate", "--accept", "2026-10").code == 0
    assert costwatch(*at, "status", "--json").json["restatements"] == []


def test_a_closed_month_that_loses_most_of_itself_can_be_held(costwatch: Costwatch) -> None:
    status = restated(costwatch, CONFIG + "settle: {hold: true}\n")
    assert "settled through 2026-10-30" in status.out
    assert "what was published before is kept" in status.out
    at = ("--now", "2026-11-20")
    total = ("cost", "show", "--from", "2026-10-01", "--json")
    assert costwatch(*total).json[0]["BilledCostNano"] == 300 * 10**9
    accepted = costwatch(*at, "-v", "allocate", "--accept", "2026-10")
    assert (accepted.code, accepted.err) == (0, "2026-10: published, 3 lines\n")
    assert costwatch(*total).json[0]["BilledCostNano"] == 30 * 10**9
    assert costwatch(*at, "allocate", "--accept", "2026-10").code == 2


def test_usage_of_may_that_june_bills_hides_no_day(costwatch: Costwatch) -> None:
    told(costwatch, "may.csv")
    shutil.copy(CASES / "june.csv", "bill")
    assert [costwatch(step).code for step in ("collect", "allocate")] == [0, 0]
    status = costwatch("status", "--json").json
    assert status["restatements"] == []
    shown = costwatch("cost", "show", "--per-day", "--json").json
    assert max(row["day"] for row in shown) == status["data_through"]
    assert sum(row["BilledCostNano"] for row in shown) == sum(
        period["published"]["BilledCostNano"]
        for period in costwatch("cost", "verify", "--json").json["periods"]
    )


CREDITED = """\
budgets:
  - {team: "*", amount: 50, name: spent, include: [refunds, tax]}
  - {team: "*", amount: 50}
"""
IN_OCTOBER = ("--now", "2026-10-20T00:00:00Z")


def test_credits_do_not_hide_what_a_team_spends(costwatch: Costwatch) -> None:
    told(costwatch, "credits.csv", config=CONFIG + CREDITED)
    assert costwatch(*IN_OCTOBER, "allocate").code == 0
    week = ("--from", "2026-10-05", "--to", "2026-10-12")
    (row,) = costwatch("cost", "show", *week, "--json").json
    assert (row["EffectiveCost"], row["x_EffectiveCostBeforeCredits"]) == (0, 70)
    shown = costwatch("cost", "show", "--by", "team", *week).out
    assert shown.splitlines()[-3].split() == ["Total", "USD", "$0.00", "$70.00"]
    assert costwatch(*IN_OCTOBER, "report", "weekly", "--week", "2026-W41", "--to", "md").code == 0
    report = Path("reports/weekly-2026-W41.md").read_text()
    assert "**$0.00** for Mon 5 to Sun 11 Oct, before credits $70.00 (credits and refunds -$70.00)" in report
    assert "Nothing needs a person" not in report
    assert "| All teams | $0.00 (before credits $70.00) |" in report


def test_a_budget_counts_what_it_includes(costwatch: Costwatch) -> None:
    told(costwatch, "credits.csv", config=CONFIG + CREDITED)
    Path("alerts.yaml").write_text(
        "rules: [{name: Budget, kind: budget}]\nroute: {receiver: default}\n"
        "receivers: [{name: default, kind: stdout}]\n"
    )
    assert costwatch("allocate", *IN_OCTOBER).code == 0
    assert costwatch("alerts", "eval", *IN_OCTOBER).code == 0
    (alert,) = costwatch("alerts", "list", "--json").json
    assert alert["labels"]["budget"] == "spent"
    assert "$170.00 of $50.00 spent by 17 Oct 2026" in alert["summary"]
    assert "counted is EffectiveCost without credits" in alert["summary"]


def test_usage_of_may_that_is_billed_in_june_is_told_by_period_and_invoice(costwatch: Costwatch) -> None:
    may = ("--from", "2025-05-01", "--to", "2025-06-01", "--json")
    told(costwatch, "may.csv", "june.csv")
    for label, column, late in (
        ("billing_period", "BillingPeriodStart", "2025-06-01"),
        ("invoice", "InvoiceId", "INV-JUN"),
        ("charge_class", "ChargeClass", "Correction"),
    ):
        rows = costwatch("cost", "show", "--by", label, *may).json
        assert {row[column]: row["BilledCost"] for row in rows}[late] == 1500
        assert sum(row["BilledCost"] for row in rows) == 4500
        # Late usage is usage, and no refund.
        assert not any("x_BilledCostBeforeCredits" in row for row in rows)
    (row,) = costwatch("cost", "show", "--billing-period", "2025-06", "--invoice", "INV-JUN", *may).json
    assert row["BilledCost"] == 1500
