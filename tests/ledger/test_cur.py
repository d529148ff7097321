"""AWS cost reports: what each type of line costs, in every form they come in."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.ledger.engines.duckdb import connect, raw_lines
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import format_named
from tests.made.company import Company
from tests.made.cur_bills import FORMS, Row, cur2_csv, cur2_parquet, legacy_csv, legacy_parquet, line, usage
from tests.made.registered import loads_of

PLAN = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::900000000001:savingsplan/p1"}
RESERVED = {"reservation_reservation_a_r_n": "arn:aws:ec2:eu-west-1:900000000001:reserved-instances/r1"}


def typed(kind: str, cost: str, **columns: object) -> Row:
    """A line of one type; its service is its description, so that each can be told apart."""
    return line(line_item_line_item_type=kind, line_item_unblended_cost=cost, **columns)


# What it is -> the line, and what it should cost: EffectiveCost, ChargeCategory, ChargeClass, status.
TYPES: dict[str, tuple[Row, str, str, str, str]] = {
    "usage on demand": (typed("Usage", "1.25"), "1.25", "Usage", "", ""),
    "usage covered by a Savings Plan": (
        typed("SavingsPlanCoveredUsage", "3", savings_plan_savings_plan_effective_cost="2.1", **PLAN),
        "2.1",
        "Usage",
        "",
        "Used",
    ),
    "what the plan takes back of its covered usage": (
        typed("SavingsPlanNegation", "-3", **PLAN),
        "0",
        "Usage",
        "",
        "",
    ),
    "a plan's recurring fee, partly unused": (
        typed(
            "SavingsPlanRecurringFee",
            "5",
            savings_plan_total_commitment_to_date="5",
            savings_plan_used_commitment="4.3",
            **PLAN,
        ),
        "0.7",
        "Purchase",
        "",
        "Unused",
    ),
    "a plan's upfront fee": (typed("SavingsPlanUpfrontFee", "100", **PLAN), "0", "Purchase", "", ""),
    "a plan's upfront fee, refunded": (
        typed("Refund", "-100", line_item_product_code="ComputeSavingsPlans", **PLAN),
        "0",
        "Adjustment",
        "Correction",
        "",
    ),
    "usage covered by a reservation": (
        typed("DiscountedUsage", "0", reservation_effective_cost="0.9", **RESERVED),
        "0.9",
        "Usage",
        "",
        "Used",
    ),
    "a reservation's monthly fee": (
        typed(
            "RIFee",
            "40",
            reservation_unused_amortized_upfront_fee_for_billing_period="1.5",
            reservation_unused_recurring_fee="2.25",
            **RESERVED,
        ),
        "3.75",
        "Purchase",
        "",
        "Unused",
    ),
    "a reservation's upfront fee": (typed("Fee", "500", **RESERVED), "0", "Purchase", "", ""),
    "support, a fee without a reservation": (
        typed("Fee", "29", line_item_product_code="AWSSupportBusiness"),
        "29",
        "Purchase",
        "",
        "",
    ),
    "something bought on the Marketplace": (
        typed("Usage", "7", bill_billing_entity="AWS Marketplace", line_item_product_code="a1b2c3"),
        "7",
        "Usage",
        "",
        "",
    ),
    "tax": (typed("Tax", "2.2", line_item_resource_id=""), "2.2", "Tax", "", ""),
    "a credit": (typed("Credit", "-4"), "-4", "Credit", "", ""),
    "a refund": (typed("Refund", "-1.1"), "-1.1", "Adjustment", "Correction", ""),
    "a discount by contract": (typed("EdpDiscount", "-0.5"), "-0.5", "Adjustment", "", ""),
    "a bundled discount": (typed("BundledDiscount", "-0.25"), "-0.25", "Adjustment", "", ""),
    "usage that is net of a discount": (
        typed("Usage", "2", line_item_net_unblended_cost="1.8"),
        "1.8",
        "Usage",
        "",
        "",
    ),
    "covered usage that is net of a discount": (
        typed(
            "SavingsPlanCoveredUsage",
            "3",
            savings_plan_savings_plan_effective_cost="2",
            savings_plan_net_savings_plan_effective_cost="1.7",
            **PLAN,
        ),
        "1.7",
        "Usage",
        "",
        "Used",
    ),
    "reserved usage that is net of a discount": (
        typed(
            "DiscountedUsage",
            "0",
            reservation_effective_cost="0.8",
            reservation_net_effective_cost="0.6",
            **RESERVED,
        ),
        "0.6",
        "Usage",
        "",
        "Used",
    ),
    "a reservation's fee that is net of a discount": (
        typed(
            "RIFee",
            "40",
            reservation_unused_amortized_upfront_fee_for_billing_period="1.5",
            reservation_unused_recurring_fee="2",
            reservation_net_unused_amortized_upfront_fee_for_billing_period="1.2",
            reservation_net_unused_recurring_fee="1.9",
            **RESERVED,
        ),
        "3.1",
        "Purchase",
        "",
        "Unused",
    ),
}
SPLIT = [
    line(
        line_item_operation=operation,
        line_item_unblended_cost="11",
        split_line_item_parent_resource_id="i-0a1b2c3d",
    )
    for operation in ("EKSPod-EC2", "ECSTask-EC2")
]


def every_type(form: str) -> list[Row]:
    """All lines, each a service of its own, and split lines besides."""
    product = "product_name"
    lines = [{**each, "product": {product: case}} for case, (each, *_) in TYPES.items()]
    return [*lines, *SPLIT] if form else lines


@pytest.mark.parametrize("form", FORMS)
def test_every_type_of_line_has_its_amortised_cost_and_category(form: str, tmp_path: Path) -> None:
    name, write = FORMS[form]
    made = Company(tmp_path)
    write(tmp_path / "bill" / name, every_type(form))
    made.run()
    found = {
        row.labels["service"]: (row.amount("BilledCost"), row.amount(), row.labels["category"])
        for row in made.cost("service", "category")
    }
    assert found == {
        case: (Decimal(str(each["line_item_unblended_cost"])), Decimal(effective), category)
        for case, (each, effective, category, *_) in TYPES.items()
    }
    by_category = Counter(category for _, _, category, *_ in TYPES.values())
    assert by_category.keys() == {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
    assert all(sum(row.EffectiveCostNano for row in made.cost("category")) for _ in by_category)


@pytest.mark.parametrize("form", FORMS)
def test_corrections_and_commitments_are_told(form: str, tmp_path: Path) -> None:
    name, write = FORMS[form]
    path = write(tmp_path / name, every_type(form))
    files = LedgerFiles(tmp_path / "ledger")
    (load,) = loads_of(files, path)
    assert load.line_count == len(TYPES)
    con = connect()
    known = format_named(load.format)
    raw = known.charges(raw_lines(con, [files.path(load.files[0])]))
    columns = ("ServiceName", "ChargeClass", "CommitmentDiscountStatus")
    lines = raw.select(**{column: known.columns(raw)[column] for column in columns})
    rows = con.to_pyarrow(lines).to_pylist()
    con.disconnect()
    assert {row["ServiceName"]: (row["ChargeClass"], row["CommitmentDiscountStatus"]) for row in rows} == {
        case: (kind or None, status or None) for case, (_, _, _, kind, status) in TYPES.items()
    }


@pytest.mark.parametrize("form", FORMS)
def test_teams_are_found_by_tags_and_cost_categories(form: str, tmp_path: Path) -> None:
    name, write = FORMS[form]
    lines = [
        usage("risk", 1),
        {**usage("", 2), "cost_category": {"team": "payments"}},
        usage("", 4),
        {**usage("", 8), "line_item_usage_account_id": "100000000002"},
    ]
    teams = [{"name": "risk"}, {"name": "payments"}, {"name": "platform", "accounts": ["100000000002"]}]
    made = Company(tmp_path, {"teams": teams})
    write(tmp_path / "bill" / name, lines)
    made.run()
    assert made.billed() == {"risk": 1, "payments": 2, "unallocated": 4, "platform": 8}


KEYS = {
    "CostCenter": "user_cost_center",
    "cost-center": "user_cost_center",
    "cost center": "user_cost_center",
    "team": "user_team",
    "Team": "user_Team",
    "user_team": "user_team",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_tag_is_found_as_aws_spells_it(key: str, tmp_path: Path) -> None:
    made = Company(
        tmp_path, {"teams": [{"name": "risk"}], "pools": [{"name": "own", "split": "owner", "tags": [key]}]}
    )
    cur2_parquet(tmp_path / "bill" / "bill.parquet", [{**line(), "resource_tags": {KEYS[key]: "risk"}}])
    made.run()
    assert made.billed() == {"risk": Decimal("1.5")}


def test_tags_that_differ_by_case_only_are_both_read(tmp_path: Path) -> None:
    path = legacy_csv(tmp_path / "bill" / "bill.csv", [usage("", 1), usage("risk", 2)])
    header, *rows = path.read_text().splitlines()
    rows[0] += ",risk"
    rows[1] += ","
    path.write_text("\n".join([header + ",resourceTags/user:TEAM", *rows]) + "\n")
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    made.run()
    assert made.billed() == {"risk": 3}


def test_parts_of_a_legacy_report_may_have_other_columns(tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    legacy_csv(tmp_path / "bill" / "a.csv", [usage("risk", 1)])
    without = {name: value for name, value in usage("", 2).items() if not name.startswith("savings_plan")}
    legacy_csv(tmp_path / "bill" / "b.csv", [without])
    legacy_parquet(tmp_path / "bill" / "c.parquet", [usage("risk", 4)])
    made.run()
    assert made.billed() == {"risk": 5, "unallocated": 2}


MISSING = {
    "CUR 2.0": (cur2_csv, "line_item_unblended_cost"),
    "legacy CUR": (legacy_csv, "lineItem/UnblendedCost"),
}


@pytest.mark.parametrize("form", MISSING)
def test_a_missing_column_is_named_as_the_report_spells_it(form: str, tmp_path: Path) -> None:
    write, spelt = MISSING[form]
    path = write(tmp_path / "bill" / "bill.csv", [line()])
    text = path.read_text()
    assert spelt in text.splitlines()[0]
    path.write_text(text.replace(spelt, "other", 1))
    (collected,) = Company(tmp_path).collect()
    assert "bill.csv:1: not a complete" in collected.error
    assert f"mandatory column {spelt} is missing" in collected.error


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("line_item_unblended_cost", "$1.50"),
        ("line_item_usage_start_date", "10/1/26"),
        ("bill_payer_account_id", ""),
        ("line_item_line_item_type", ""),
        ("savings_plan_savings_plan_effective_cost", "none"),
    ],
)
def test_a_value_that_cannot_be_read_refuses_the_report(column: str, value: str, tmp_path: Path) -> None:
    covered = typed("SavingsPlanCoveredUsage", "1", savings_plan_savings_plan_effective_cost="1")
    cur2_csv(tmp_path / "bill" / "bill.csv", [line(), {**covered, column: value}])
    (collected,) = Company(tmp_path).collect()
    assert collected.outcome == "failed"
    assert "bill.csv:3: column" in collected.error
