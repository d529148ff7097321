"""``cost verify``: what bridges BilledCost and EffectiveCost, and what is odd about what was delivered."""

import json
import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.money import units
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.bills import Line, line, on_day, write_csv
from tests.made.command_line import ALERTS, Answer, Costwatch, configure
from tests.made.cur_bills import Row, cur2_csv
from tests.made.cur_bills import line as cur_line

pytestmark = pytest.mark.slow

CASES = DATA / "cases"
CONFIG = "sources:\n  - {name: aws, kind: exports, location: bill}\n"
PLAN = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::900000000001:savingsplan/p1"}
RESERVED = {"reservation_reservation_a_r_n": "arn:aws:ec2:eu-west-1:900000000001:reserved-instances/r1"}
COLUMNS = {"CommitmentDiscountId": "", "CommitmentDiscountStatus": "", "ResourceId": ""}


def typed(kind: str, cost: str, **columns: object) -> Row:
    return cur_line(
        line_item_line_item_type=kind,
        line_item_unblended_cost=cost,
        line_item_resource_id=f"i-{kind}",
        **columns,
    )


NET, NET_PLAN = "line_item_net_unblended_cost", "savings_plan_net_savings_plan_effective_cost"
AMORTISED = [
    typed("Usage", "10"),
    typed("SavingsPlanCoveredUsage", "100", savings_plan_savings_plan_effective_cost="70", **PLAN),
    typed("SavingsPlanNegation", "-100", **PLAN),
    typed(
        "SavingsPlanRecurringFee",
        "72",
        savings_plan_total_commitment_to_date="72",
        savings_plan_used_commitment="70",
        **PLAN,
    ),
    typed("SavingsPlanUpfrontFee", "8760", **PLAN),
    typed("Refund", "-60", **PLAN),
    typed("DiscountedUsage", "0", reservation_effective_cost="0.9", **RESERVED),
    typed("Credit", "-4"),
]


@pytest.fixture
def verified(costwatch: Costwatch, tmp_path: Path) -> "Verify":
    def verify(*options: str) -> Answer:
        configure(tmp_path, CONFIG, ALERTS)
        for step in ("collect", "allocate"):
            answer = costwatch(step)
            assert answer.code == 0, answer.err
        return costwatch("cost", "verify", *options)

    return verify


Verify = Costwatch


def crossed(answer: Answer) -> dict[str, tuple[Decimal, Decimal]]:
    """Part -> BilledCost, EffectiveCost; the total must be their sum, and its difference theirs."""
    (bridge,) = answer.json["bridge"]
    sums = {
        name: sum(row[name] for row in bridge["rows"]) for name in ("BilledCostNano", "EffectiveCostNano")
    }
    assert {name: bridge["total"][name] for name in sums} == sums
    assert bridge["total"]["difference_nano"] == sums["EffectiveCostNano"] - sums["BilledCostNano"]
    assert sum(row["x_LineCount"] for row in bridge["rows"]) == bridge["total"]["x_LineCount"]
    return {
        row["part"]: (units(row["BilledCostNano"]), units(row["EffectiveCostNano"])) for row in bridge["rows"]
    }


def test_a_report_of_aws_is_bridged_from_purchases_to_what_is_unused(
    verified: Verify, tmp_path: Path
) -> None:
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", AMORTISED)
    answer = verified("--json")
    assert (answer.code, answer.json["findings"], answer.json["notes"]) == (0, [], [])
    assert crossed(answer) == {
        "purchases": (8832, 0),
        "used": (0, Decimal("70.9")),
        "unused": (0, 2),
        "refunds": (-60, 0),
        "other": (6, 6),
    }


def test_discounts_in_net_columns_are_a_part_of_the_bridge(verified: Verify, tmp_path: Path) -> None:
    usage, covered, negation = AMORTISED[:3]
    lines = [{**usage, NET: "9"}, {**covered, NET_PLAN: "63"}, {**negation, NET: "-90"}]
    cur2_csv(
        tmp_path / "bill" / "bill.csv.gz", [*lines, {**typed("EdpDiscount", "-1"), NET: "0"}, AMORTISED[-1]]
    )
    answer = verified("--json")
    assert answer.code == 0
    assert crossed(answer) == {"used": (0, 63), "discounts": (9, 9), "other": (-4, -4)}


@pytest.mark.parametrize("net", ["", "-10"], ids=["empty", "its amount once more"])
def test_a_discount_that_others_are_net_of_is_deducted_once(
    net: str, verified: Verify, tmp_path: Path
) -> None:
    lines = [{**typed("Usage", "100"), NET: "90"}, {**typed("EdpDiscount", "-10"), NET: net}]
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", lines)
    answer = verified("--json")
    assert (answer.code, answer.json["notes"]) == (0, [])
    assert crossed(answer) == {"discounts": (90, 90)}


def test_the_bridge_is_a_table_for_people(verified: Verify, tmp_path: Path) -> None:
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", AMORTISED[:4])
    told = verified().out
    assert [" ".join(row.split()) for row in told.splitlines() if row.startswith("2026-10 ")][-5:] == [
        "2026-10 purchases of commitments 1 $72.00 $0.00 -72",
        "2026-10 amortised: used 2 $0.00 $70.00 70",
        "2026-10 amortised: unused 0 $0.00 $2.00 2",
        "2026-10 other 1 $10.00 $10.00 0",
        "2026-10 total USD 4 $82.00 $82.00 0",
    ]


def test_what_is_not_amortised_is_a_note_and_its_fee_a_purchase(verified: Verify, tmp_path: Path) -> None:
    without = [{name: row[name] for name in row if "commitment" not in name} for row in AMORTISED[1:4]]
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", without)
    answer = verified("--json")
    assert answer.code == 0
    assert crossed(answer) == {"purchases": (72, 72), "used": (0, 0)}
    (note,) = answer.json["notes"]
    assert note["text"].startswith("aws 2026-10: Savings Plans are not amortised: columns ")
    assert "EffectiveCost is BilledCost for $100.00 of covered usage, $72.00 of fees" in note["text"]


def test_with_quick_nothing_is_bridged_but_what_was_delivered_is_told(
    verified: Verify, tmp_path: Path
) -> None:
    without = [{name: row[name] for name in row if "commitment" not in name} for row in AMORTISED[1:4]]
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", without)
    answer = verified("--quick", "--json")
    assert (answer.json["bridge"], len(answer.json["notes"])) == (None, 1)


def test_where_a_file_is_gone_its_month_is_not_bridged(
    verified: Verify, costwatch: Costwatch, tmp_path: Path
) -> None:
    write_csv(tmp_path / "bill" / "bill.csv", [line()])
    assert len(verified("--json").json["bridge"]) == 1
    for file in (tmp_path / "ledger").glob("*.parquet"):
        file.unlink()
    assert costwatch("cost", "verify", "--json").json["bridge"] == []


# --- FOCUS -------------------------------------------------------------------------------------


def focus(*lines: Line) -> list[Line]:
    return [{**COLUMNS, **each, "ResourceId": f"r-{number}"} for number, each in enumerate(lines)]


def charge(billed: str, effective: str, **columns: str) -> Line:
    return on_day(1, BilledCost=billed, EffectiveCost=effective, **columns)


SP = {"CommitmentDiscountId": "sp1"}
USED = {**SP, "CommitmentDiscountStatus": "Used"}
UNUSED = {**SP, "CommitmentDiscountStatus": "Unused"}
BOUGHT = {"ChargeCategory": "Purchase"}
BRIDGED: dict[str, tuple[Sequence[Line], dict[str, tuple[str, str]]]] = {
    "a commitment, used and not": (
        [charge("100", "0", **SP, **BOUGHT), charge("0", "75", **USED), charge("0", "25", **UNUSED)],
        {"purchases": ("100", "0"), "used": ("0", "75"), "unused": ("0", "25")},
    ),
    "a correction of a purchase": (
        [charge("-10", "0", **SP, **BOUGHT, ChargeClass="Correction"), charge("3", "3")],
        {"refunds": ("-10", "0"), "other": ("3", "3")},
    ),
    "tax, which is on what was effective": (
        [charge("5", "4", ChargeCategory="Tax"), charge("3", "3")],
        {"tax": ("5", "4"), "other": ("3", "3")},
    ),
    "what was prepaid without being a commitment, and what it covers": (
        [charge("1200", "0", **BOUGHT), charge("0", "300")],
        {"purchases": ("1200", "0"), "used": ("0", "300")},
    ),
    "support, bought and consumed at once": ([charge("29", "29", **BOUGHT)], {"other": ("29", "29")}),
    "less than half a cent": ([charge("3", "3.004")], {"other": ("3", "3.004")}),
}


@pytest.mark.parametrize("case", BRIDGED)
def test_a_focus_bill_is_bridged(case: str, verified: Verify, tmp_path: Path) -> None:
    lines, parts = BRIDGED[case]
    write_csv(tmp_path / "bill" / "bill.csv", focus(*lines))
    answer = verified("--json")
    assert answer.code == 0, answer.out
    assert crossed(answer) == {part: tuple(map(Decimal, costs)) for part, costs in parts.items()}


OPEN = {
    "usage of no commitment that costs less in effect": ([charge("100", "60")], "a difference of -40"),
    "a credit rounded to whole dollars": (
        [charge("-2.6137", "-3", ChargeCategory="Credit")],
        "a difference of -0.3863, rounding explains 0.005",
    ),
    "many that add up": ([charge("1", "0.999")] * 6, "a difference of -0.006"),
}


@pytest.mark.parametrize("case", OPEN)
def test_a_bridge_that_does_not_close_is_a_finding(case: str, verified: Verify, tmp_path: Path) -> None:
    lines, says = OPEN[case]
    write_csv(tmp_path / "bill" / "bill.csv", focus(*lines))
    answer = verified("--json")
    assert answer.code == 3
    (finding,) = answer.json["findings"]
    assert (finding["check"], finding["period"]) == ("bridge", "2026-10-01")
    assert finding["text"].startswith("2026-10 USD: ")
    assert says in finding["text"]


def test_a_bill_without_columns_of_commitments_cannot_tell_why_its_costs_differ(
    verified: Verify, tmp_path: Path
) -> None:
    write_csv(tmp_path / "bill" / "bill.csv", [charge("100", "60")])
    answer = verified("--json")
    assert answer.code == 0
    assert crossed(answer) == {"untold": (100, 60)}


PURCHASES = {
    "one that costs in effect what it was billed": ([charge("700", "700", **SP, **BOUGHT)], "$700.00 in all"),
    "two of them": (
        [charge("700", "23", **SP, **BOUGHT), charge("700", "24", **SP, **BOUGHT)],
        "2 Purchases of commitments have an EffectiveCost, $47.00 in all",
    ),
}


@pytest.mark.parametrize("case", PURCHASES)
def test_a_purchase_of_a_commitment_that_has_an_effective_cost_is_a_finding(
    case: str, verified: Verify, tmp_path: Path
) -> None:
    lines, says = PURCHASES[case]
    write_csv(tmp_path / "bill" / "bill.csv", focus(*lines, charge("0", "23", **USED)))
    answer = verified("--quick", "--json")
    assert answer.code == 3
    (finding,) = answer.json["findings"]
    assert finding["check"] == "delivered"
    assert finding["text"].startswith("aws 2026-10: ")
    assert says in finding["text"]


HARMLESS = {
    "a purchase of 0 in effect": charge("700", "0", **SP, **BOUGHT),
    "a purchase that is no commitment's": charge("29", "29", **BOUGHT),
    "a fee whose unused part is told beside it": charge("40", "3.75", **UNUSED, **BOUGHT),
    "usage of a commitment": charge("0", "23", **USED),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_no_finding_is(case: str, verified: Verify, tmp_path: Path) -> None:
    write_csv(tmp_path / "bill" / "bill.csv", focus(HARMLESS[case]))
    answer = verified()
    assert answer.code == 0, answer.out


def test_an_export_of_a_report_is_bridged_like_the_report(
    verified: Verify, costwatch: Costwatch, tmp_path: Path
) -> None:
    cur2_csv(tmp_path / "bill" / "bill.csv.gz", AMORTISED)
    told = crossed(verified("--json"))
    assert costwatch("export", "focus", tmp_path / "exported.csv").code == 0
    again = tmp_path / "again"
    (again / "bill").mkdir(parents=True)
    shutil.move(tmp_path / "exported.csv", again / "bill" / "bill.csv")
    configure(again, CONFIG, ALERTS)
    for step in ("collect", "allocate"):
        assert costwatch("-c", again / "costwatch.yaml", step).code == 0
    answer = costwatch("-c", again / "costwatch.yaml", "cost", "verify", "--json")
    assert answer.code == 0, answer.out
    exported = crossed(answer)
    assert sum(billed for billed, _ in exported.values()) == sum(billed for billed, _ in told.values())
    assert exported["unused"] == told["unused"]
    assert exported["refunds"] == told["refunds"]


# --- bills that went wrong elsewhere -----------------------------------------------------------

# file -> EffectiveCost, exit code of cost verify, and what it says
WENT_WRONG = {
    "no_sp_columns": ("72", 0, "note: aws 2026-10: Savings Plans are not amortised"),
    "no_sp_columns_upfront": ("8760", 0, "$8,760.00 of fees"),
    "cid1497_edp_refund": ("63.131", 0, "all of it agrees"),
    "ft1092": ("1390", 3, "FINDING aws 2026-10: 1 Purchase of a commitment has an EffectiveCost, $700.00"),
}


@needs_data
@pytest.mark.parametrize("name", WENT_WRONG)
def test_a_bill_that_went_wrong(name: str, verified: Verify, costwatch: Costwatch, tmp_path: Path) -> None:
    effective, code, says = WENT_WRONG[name]
    (tmp_path / "bill").mkdir()
    shutil.copy(CASES / f"{name}.csv", tmp_path / "bill")
    answer = verified()
    assert (answer.code, says in answer.out) == (code, True), answer.out
    (row,) = costwatch("cost", "show", "--json").json
    assert row["EffectiveCostNano"] == int(Decimal(effective) * 10**9)
    assert row.get("x_Unamortised", []) == (["savings_plans"] if "sp_columns" in name else [])
    heading = costwatch("cost", "show").out
    assert ("unamortised: Savings Plans in 2026-10" in heading) is ("sp_columns" in name)
    assert "unamortised" not in costwatch("cost", "show", "--metric", "BilledCost").out


@needs_data
def test_the_published_focus_1_0_sample_rounds_its_effective_cost(verified: Verify, tmp_path: Path) -> None:
    (tmp_path / "bill").mkdir()
    shutil.copy(DATA / "focus-1.0" / "focus_sample.csv", tmp_path / "bill")
    answer = verified("--json")
    assert answer.code == 3
    assert {finding["check"] for finding in answer.json["findings"]} == {"bridge"}
    assert json.dumps(answer.json["findings"]).count("a difference of") == 2


UNCATEGORISED = {
    "one": ([charge("-30", "-30", ChargeCategory="Rebate")], "1 line has", "'Rebate', -$30.00 in all"),
    "two of three names": (
        [charge("-30", "-30", ChargeCategory="Rebate"), charge("2", "2", ChargeCategory="Fee")],
        "2 lines have",
        "'Fee' and 1 more, -$28.00 in all",
    ),
}


@pytest.mark.parametrize("case", UNCATEGORISED)
def test_a_charge_category_that_focus_does_not_have_is_a_finding(
    case: str, verified: Verify, tmp_path: Path
) -> None:
    lines, count, says = UNCATEGORISED[case]
    write_csv(tmp_path / "bill" / "bill.csv", focus(*lines, charge("100", "100", ChargeCategory="usage")))
    answer = verified("--quick", "--json")
    assert answer.code == 3
    (finding,) = answer.json["findings"]
    told = f"{count} a ChargeCategory that FOCUS does not have, {says}: it counts, but as none of Usage, "
    assert finding["text"].startswith(f"aws 2026-10: {told}")
