"""Reservations and savings plans: what the export tells of them is kept, and their end is told in time."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.evaluate import evaluate
from costwatch.model import Finding, Verdict
from costwatch.plugins import Rule
from costwatch.rules.commitment_expiry import CommitmentExpiry
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import on_day
from tests.made.company import Company
from tests.made.cur_bills import FORMS, Row, line, usage

PLAN = "arn:aws:savingsplans::900000000001:savingsplan/p1"
RESERVED = "arn:aws:ec2:eu-west-1:900000000001:reserved-instances/r1"
NOW = datetime(2026, 11, 3, tzinfo=UTC)
TEAMS = {
    "teams": [{"name": "risk"}, {"name": "ml"}],
    "pools": [{"name": "owners", "split": "owner", "tags": ["team"]}],
}
_DAY = timedelta(days=1)


def covered(team: str, cost: str, day: int) -> Row:
    return usage(
        team,
        "3",
        day,
        line_item_line_item_type="SavingsPlanCoveredUsage",
        savings_plan_savings_plan_effective_cost=cost,
        savings_plan_savings_plan_a_r_n=PLAN,
    )


LINES = [
    covered("ml", "20", 1),
    covered("ml", "20", 31),
    covered("risk", "15", 10),
    line(
        line_item_line_item_type="SavingsPlanRecurringFee",
        line_item_unblended_cost="60",
        savings_plan_savings_plan_a_r_n=PLAN,
        savings_plan_total_commitment_to_date="60",
        savings_plan_used_commitment="55",
        savings_plan_start_time="2025-11-20T10:00:00.000Z",
        savings_plan_end_time="2026-11-20T10:00:00.000Z",
    ),
    line(
        line_item_line_item_type="RIFee",
        line_item_unblended_cost="31",
        reservation_reservation_a_r_n=RESERVED,
        reservation_unused_recurring_fee="31",
        reservation_unused_amortized_upfront_fee_for_billing_period="0",
        reservation_start_time="2025-11-05T00:00:00Z",
        reservation_end_time="2026-11-05T00:00:00Z",
    ),
    usage("ml", "7", 2),
]


def published(folder: Path, name: str, write: Callable[[Path, Sequence[Row]], Path]) -> Company:
    made = Company(folder, TEAMS)
    write(folder / "bill" / name, LINES)
    made.run(NOW)
    return made


def findings(made: Company, rule: Rule, now: datetime = NOW) -> dict[str, Finding]:
    with made.warehouse.read() as db:
        facts = WarehouseSnapshot(db, now)
        return {dict(each.labels).get("commitment", ""): each for each in rule.evaluate(facts, now)}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_aws_reports_tells_when_a_commitment_ends(form: str, tmp_path: Path) -> None:
    made = published(tmp_path, *FORMS[form])
    with made.warehouse.read() as db:
        rows = {row["id"]: dict(row) for row in db.execute("SELECT * FROM commitment")}
    assert rows[PLAN] == {
        "period": 20261001,
        "id": PLAN,
        "kind": "savings plan",
        "starts_at": "2025-11-20T10:00:00Z",
        "ends_at": "2026-11-20T10:00:00Z",
        "source": "aws",
        "ServiceName": "Amazon Elastic Compute Cloud",
        "team": "ml",
        "BillingCurrency": "USD",
        "EffectiveCostNano": 60 * 10**9,
        "day_count": 31,
    }
    assert (rows[RESERVED]["kind"], rows[RESERVED]["ends_at"]) == ("reservation", "2026-11-05T00:00:00Z")
    told = findings(made, CommitmentExpiry(name="Ends"))
    assert told[PLAN].summary == (
        "savings plan p1 for Amazon Elastic Compute Cloud: ends on 20 Nov 2026, in 17 days; it costs $58.91 a"
        " month, most of it ml; renew it, or let it end"
    )
    assert told[PLAN].verdict is Verdict.BREACH
    assert told[RESERVED].summary.startswith(
        "reservation r1 for Amazon Elastic Compute Cloud: ends on 5 Nov 2026"
    )


def test_each_of_its_days_fires_anew_and_what_is_over_is_told_so(tmp_path: Path) -> None:
    made = published(tmp_path, *FORMS["CUR 2.0 as Parquet"])
    rule = CommitmentExpiry(name="Ends", match={"commitment_kind": "savings plan"})
    fired = []
    for day in range(-20, 20):
        now = NOW + day * _DAY
        for alert in evaluate(made.warehouse, [rule], now).changes:
            fired.append((day, str(alert.state), alert.evidence["reached"], alert.fired_at == now))
    # 20 Nov 10:00 is 17 days and 10 hours after; the first of them within 30 days is 13 days before.
    assert fired == [(-12, "firing", 1, True), (11, "firing", 2, True), (18, "resolved", 2, False)]
    dear = CommitmentExpiry(name="Dear", min_impact=Decimal(100))
    assert evaluate(made.warehouse, [dear], NOW + 20 * _DAY).alerts == ()


def test_a_source_that_does_not_know_says_so(tmp_path: Path) -> None:
    made = Company(tmp_path, TEAMS)
    of_plan: dict[str, Any] = {"CommitmentDiscountId": PLAN, "CommitmentDiscountStatus": "Used"}
    made.bill([on_day(1, **of_plan), on_day(2)])
    made.run(NOW)
    (unknown,) = findings(made, CommitmentExpiry(name="Ends")).values()
    assert (unknown.verdict, dict(unknown.labels)) == (Verdict.UNKNOWN, {"source": "aws"})
    assert unknown.summary == "aws: its export does not tell when 1 commitment end; CUR 2.0 does"
    assert evaluate(made.warehouse, [CommitmentExpiry(name="Ends", no_data="alert")], NOW).alerts
    none = Company(tmp_path / "none", TEAMS)
    none.bill([on_day(2)])
    none.run(NOW)
    (unknown,) = findings(none, CommitmentExpiry(name="Ends")).values()
    assert (
        unknown.summary
        == "no bill that is read in this process names a reservation or savings plan it looks at"
    )


def test_a_commitment_that_the_bill_no_longer_names_is_forgotten(tmp_path: Path) -> None:
    made = published(tmp_path, *FORMS["CUR 2.0 as Parquet"])
    other = [{**dict(row), "savings_plan_savings_plan_a_r_n": f"{row['savings_plan_savings_plan_a_r_n']}x"
              if row["savings_plan_savings_plan_a_r_n"] else ""} for row in LINES]  # fmt: skip
    FORMS["CUR 2.0 as Parquet"][1](tmp_path / "bill" / "bill.parquet", other)
    made.run(NOW + _DAY)
    assert findings(made, CommitmentExpiry(name="Ends")).keys() == {f"{PLAN}x", RESERVED}
