"""AWS reports that lack what amortising takes: that kind of commitment stays unblended, whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from costwatch.errors import RefusedError
from costwatch.ledger.formats import cur, cur2
from costwatch.model import Load, LoadFindingKind
from costwatch.money import units
from tests.made.company import Company
from tests.made.cur_bills import FORMS, Row, cur2_csv, cur2_parquet, legacy_csv, line
from tests.made.registered import loads_of
from tests.made.soak import in_soak

pytestmark = pytest.mark.slow

PLAN = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::900000000001:savingsplan/p1"}
RESERVED = {"reservation_reservation_a_r_n": "arn:aws:ec2:eu-west-1:900000000001:reserved-instances/r1"}
PLAN_COST = "savings_plan_savings_plan_effective_cost"
COMMITTED, USED = "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"
RESERVED_COST = "reservation_effective_cost"
UPFRONT = "reservation_unused_amortized_upfront_fee_for_billing_period"
RECURRING = "reservation_unused_recurring_fee"
NET, NET_PLAN = "line_item_net_unblended_cost", "savings_plan_net_savings_plan_effective_cost"
NET_RESERVED = "reservation_net_effective_cost"
NET_PARTS = (
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
)
PLAN_COLUMNS, RESERVED_COLUMNS = (PLAN_COST, COMMITTED, USED), (RESERVED_COST, UPFRONT, RECURRING)


def typed(kind: str, cost: str, **columns: object) -> Row:
    return line(line_item_line_item_type=kind, line_item_unblended_cost=cost, **columns)


USAGE = typed("Usage", "10")
COVERED = typed("SavingsPlanCoveredUsage", "100", **{PLAN_COST: "70"}, **PLAN)
NEGATION = typed("SavingsPlanNegation", "-100", **PLAN)
FEE = typed("SavingsPlanRecurringFee", "72", **{COMMITTED: "72", USED: "70"}, **PLAN)
PAID = typed("SavingsPlanUpfrontFee", "8760", **PLAN)
DISCOUNTED = typed("DiscountedUsage", "0", **{RESERVED_COST: "0.9"}, **RESERVED)
MONTHLY = typed("RIFee", "40", **{UPFRONT: "1.5", RECURRING: "2.25"}, **RESERVED)
BOUGHT = typed("Fee", "500", **RESERVED)
SUPPORT = typed("Fee", "29", line_item_product_code="AWSSupportBusiness")
PLANS = [COVERED, NEGATION, FEE]
SOME = "add the column to the export"


def but(row: Row, **columns: object) -> Row:
    return {**row, **columns}


@dataclass(frozen=True)
class Bill:
    """Its parts, each lines and the columns that file has not; what stays unblended, and what it costs."""

    parts: Sequence[tuple[Sequence[Row], tuple[str, ...]]]
    left: tuple[str, ...]
    effective: str
    says: str = ""


def bill(lines: Sequence[Row], left: tuple[str, ...], effective: str, says: str = "", *without: str) -> Bill:
    return Bill([(lines, without)], left, effective, says)


SP, RI, NETS, SPREAD = "savings_plans", "reservations", "net", "spread_discounts"
BILLS = {
    "a plan with all its columns": bill(PLANS, (), "72"),
    "a plan without its columns": bill(PLANS, (SP,), "72", "are missing", *PLAN_COLUMNS),
    "a plan without the cost of covered usage": bill(PLANS, (SP,), "72", SOME, PLAN_COST),
    "a plan without what was committed": bill(PLANS, (SP,), "72", SOME, COMMITTED),
    "a plan without what was used of it": bill(PLANS, (SP,), "72", SOME, USED),
    "one line of covered usage without its cost": bill(
        [*PLANS, but(COVERED, **{PLAN_COST: ""}), NEGATION], (SP,), "72", "is empty in 1 of 2 lines"
    ),
    "covered usage that costs nothing needs no value": bill(
        [*PLANS, but(COVERED, line_item_unblended_cost="0", **{PLAN_COST: ""})], (), "72"
    ),
    "a cost of 0 is a value": bill([but(COVERED, **{PLAN_COST: "0"}), NEGATION], (), "0"),
    "a fee without what was committed": bill(
        [COVERED, NEGATION, but(FEE, **{COMMITTED: ""})], (SP,), "72", "is empty in 1 of 1 lines"
    ),
    "a fee that nobody used any of, in a month without usage": bill([but(FEE, **{USED: "0"})], (), "72"),
    "a fee alone, in a report without the cost of usage": bill(
        [but(FEE, **{USED: "0"})], (), "72", "", PLAN_COST
    ),
    "a plan paid upfront has no recurring fee": bill([PAID, COVERED, NEGATION], (), "70"),
    "a plan bought on the last day": bill([USAGE, PAID], (), "10"),
    "a plan bought in a report without its columns": bill(
        [USAGE, PAID], (SP,), "8770", "$8,760.00 of fees", *PLAN_COLUMNS
    ),
    "an upfront fee beside covered usage without its cost": bill(
        [PAID, COVERED, NEGATION], (SP,), "8760", SOME, PLAN_COST
    ),
    "an upfront fee whose unused part nobody would carry": bill(
        [PAID, COVERED, NEGATION], (SP,), "8760", "are missing", COMMITTED, USED
    ),
    "a negation without any covered usage": bill(
        [USAGE, NEGATION], (SP,), "-90", "there is no covered usage beside its SavingsPlanNegation"
    ),
    "an upfront fee that is paid back": bill([PAID, typed("Refund", "-8760", **PLAN)], (), "0"),
    "the same where plans are not amortised": bill(
        [PAID, typed("Refund", "-760", **PLAN), COVERED, NEGATION], (SP,), "8000", "of refunds", PLAN_COST
    ),
    "a discount on plans that is paid back without being a plan's": bill(
        [*PLANS, typed("Refund", "-8.869", line_item_product_code="ComputeSavingsPlans")], (), "63.131"
    ),
    "a reservation with all its columns": bill([DISCOUNTED, MONTHLY, BOUGHT], (), "4.65"),
    "a reservation without its columns": bill(
        [DISCOUNTED, MONTHLY, BOUGHT], (RI,), "540", "reservations are not amortised", *RESERVED_COLUMNS
    ),
    "a reservation without the cost of its usage": bill(
        [DISCOUNTED, MONTHLY, BOUGHT], (RI,), "540", SOME, RESERVED_COST
    ),
    "reserved usage without its cost": bill(
        [but(DISCOUNTED, **{RESERVED_COST: ""}), MONTHLY], (RI,), "40", "is empty in 1 of 1 lines"
    ),
    "a month in which only a reservation's fee stands": bill([USAGE, MONTHLY], (), "13.75"),
    "the same in a report without the cost of usage": bill([USAGE, MONTHLY], (), "13.75", "", RESERVED_COST),
    "a fee of which one unused part is empty": bill([but(MONTHLY, **{UPFRONT: ""})], (), "2.25"),
    "a fee of which both unused parts are empty": bill(
        [but(MONTHLY, **{UPFRONT: "", RECURRING: ""})], (RI,), "40", "is empty"
    ),
    "a fee of which a column of one unused part is missing": bill([MONTHLY], (RI,), "40", SOME, UPFRONT),
    "a reservation bought in a report without its columns": bill(
        [BOUGHT], (RI,), "500", "are missing", *RESERVED_COLUMNS
    ),
    "fees that may be a reservation's or not": bill(
        [DISCOUNTED, but(BOUGHT, reservation_reservation_a_r_n="")], (RI,), "500", SOME, *RESERVED
    ),
    "a reservation that is paid back": bill([BOUGHT, typed("Refund", "-500", **RESERVED)], (), "0"),
    "support, in a report without reservations": bill(
        [SUPPORT], (), "29", "", *RESERVED_COLUMNS, *RESERVED, *PLAN_COLUMNS, *PLAN
    ),
    "plans whole, reservations not": bill(
        [*PLANS, DISCOUNTED, MONTHLY], (RI,), "112", "reservations", RESERVED_COST
    ),
    "neither of them whole": bill(
        [*PLANS, DISCOUNTED, MONTHLY], (SP, RI), "112", "are not amortised", PLAN_COST, RESERVED_COST
    ),
    "a part of the bill without columns that its lines need": Bill(
        [([COVERED, FEE], ()), ([COVERED, NEGATION, NEGATION], PLAN_COLUMNS)], (SP,), "72", SOME
    ),
    "a part of the bill without columns that none of its lines needs": Bill(
        [(PLANS, ()), ([USAGE], (*PLAN_COLUMNS, *PLAN, *RESERVED_COLUMNS))], (), "82"
    ),
    "upfront fee and columns in two parts": Bill([([PAID], PLAN_COLUMNS), (PLANS, ())], (), "72"),
    "usage net of a discount": bill(
        [but(USAGE, **{NET: "9"}), typed("EdpDiscount", "-1", **{NET: "0"})], (), "9"
    ),
    "usage net of a discount whose line says no net cost": bill(
        [but(USAGE, **{NET: "9"}), typed("EdpDiscount", "-1")], (SPREAD,), "9"
    ),
    "usage net of a discount whose line says its amount twice": bill(
        [but(USAGE, **{NET: "9"}), typed("PrivateRateDiscount", "-1", **{NET: "-1"})], (SPREAD,), "9"
    ),
    "two discounts, of which one line says 0 and the other its amount": bill(
        [
            but(USAGE, **{NET: "7"}),
            typed("EdpDiscount", "-1", **{NET: "0"}),
            typed("BundledDiscount", "-2", **{NET: "-2"}),
        ],
        (SPREAD,),
        "7",
    ),
    "a discount that no other line is net of": bill(
        [but(USAGE, **{NET: "10"}), typed("EdpDiscount", "-1", **{NET: "-1"})], (), "9"
    ),
    "a discount whose lines are the only ones without a net cost, on plans, too": bill(
        [
            but(USAGE, **{NET: "9"}),
            but(COVERED, **{NET_PLAN: "63"}),
            but(NEGATION, **{NET: "-90"}),
            but(FEE, **{NET: "64.8"}),
            typed("EdpDiscount", "-8.2"),
        ],
        (SPREAD,),
        "74",
    ),
    "net of a discount, covered usage too": bill(
        [but(USAGE, **{NET: "9"}), but(COVERED, **{NET_PLAN: "63"}), but(NEGATION, **{NET: "-90"})], (), "72"
    ),
    "net of a discount, but not covered usage": bill(
        [but(USAGE, **{NET: "9"}), COVERED, NEGATION, typed("EdpDiscount", "-1", **{NET: "0"})],
        (NETS,),
        "79",
        "net columns are not used",
        NET_PLAN,
    ),
    "net of a discount, covered usage empty throughout": bill(
        [but(USAGE, **{NET: "9"}), COVERED, NEGATION], (NETS,), "80", "is empty"
    ),
    "net of a discount, but not reserved usage": bill(
        [but(USAGE, **{NET: "9"}), DISCOUNTED], (NETS,), "10.9", SOME, NET_RESERVED
    ),
    "net covered usage in a report that has no other net cost": bill(
        [USAGE, but(COVERED, **{NET_PLAN: "63"}), NEGATION], (NETS,), "80", SOME, NET
    ),
    "net columns of plans that are not amortised": bill(
        [but(USAGE, **{NET: "9"}), but(COVERED, **{NET_PLAN: "63"}), NEGATION],
        (SP, NETS),
        "10",
        "Savings Plans are not amortised",
        PLAN_COST,
    ),
    "no net column at all": bill(
        [*PLANS, DISCOUNTED, MONTHLY], (), "76.65", "", NET, NET_PLAN, NET_RESERVED, *NET_PARTS
    ),
    "net columns that are empty throughout": bill([USAGE, *PLANS], (), "82"),
}


def apart(lines: Sequence[Row], without: Sequence[str] = (), first: int = 0) -> list[Row]:
    """Lines of resources of their own, so that none is another's copy, less some columns."""
    named = (but(row, line_item_resource_id=f"i-{number}") for number, row in enumerate(lines, first))
    return [{column: value for column, value in row.items() if column not in without} for row in named]


def loaded(folder: Path, form: str, of: Bill) -> Load:
    name, write = FORMS[form]
    paths = [
        write(folder / f"{number}-{name}", apart(lines, without, 100 * number))
        for number, (lines, without) in enumerate(of.parts)
    ]
    (load,) = loads_of(folder / "ledger", *paths, declared=True)
    return load


@pytest.mark.parametrize("case", BILLS)
def test_a_bill_is_amortised_so_far_as_it_is_whole(case: str, tmp_path: Path) -> None:
    expected = BILLS[case]
    load = loaded(tmp_path, "CUR 2.0 as Parquet", expected)
    effective = units(load.totals["USD"].amounts.EffectiveCostNano)
    assert (load.unamortised, effective) == (expected.left, Decimal(expected.effective))
    assert load.totals["USD"].control["EffectiveCost"] == effective
    assert expected.says in " ".join(found.text for found in load.findings)
    assert bool(load.findings) is bool({*expected.left} - {SPREAD})
    assert {found.kind for found in load.findings} <= {LoadFindingKind.UNAMORTISED}


UNREADABLE = {
    "covered usage": (but(COVERED, **{PLAN_COST: "seventy"}), PLAN_COST, "'seventy'"),
    "a fee": (but(FEE, **{USED: "n/a"}), USED, "'n/a'"),
    "reserved usage": (but(DISCOUNTED, **{RESERVED_COST: "0,9"}), RESERVED_COST, "'0,9'"),
    "a net cost": (but(USAGE, **{NET: "?"}), NET, "'?'"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_the_column_is_named_that_keeps_a_cost_from_being_read(case: str, tmp_path: Path) -> None:
    odd, column, value = UNREADABLE[case]
    path = cur2_csv(tmp_path / "bill.csv", [NEGATION, odd])
    with pytest.raises(RefusedError) as refused:
        loads_of(tmp_path / "ledger", path)
    (reason,) = refused.value.reasons
    assert reason == f"bill.csv:3: column {column} cannot be read: {value}; correct the export"


ALL_FORMS = ["a plan without its columns", "a reservation without its columns", "neither of them whole"]
ALL_FORMS += [
    "net of a discount, but not covered usage",
    "a part of the bill without columns that its lines need",
]


@pytest.mark.parametrize("case", ALL_FORMS)
@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_same_in_every_form(form: str, case: str, tmp_path: Path) -> None:
    expected = BILLS[case]
    load = loaded(tmp_path, form, expected)
    effective = units(load.totals["USD"].amounts.EffectiveCostNano)
    assert (load.unamortised, effective) == (expected.left, Decimal(expected.effective))
    spelt = "savingsPlan/SavingsPlan" if form.startswith("legacy CUR as C") else "savings_plan_savings_plan"
    if case == "a plan without its columns" and "zip" not in form:
        assert spelt in load.findings[0].text


def test_the_money_is_told_by_currency(tmp_path: Path) -> None:
    euros = [but(row, line_item_currency_code="EUR") for row in (COVERED, NEGATION)]
    load = loaded(tmp_path, "CUR 2.0 as CSV.gz", bill([*PLANS, *euros], (SP,), "72", "", PLAN_COST))
    told = {found.currency: (found.amounts.line_count, found.text) for found in load.findings}
    assert [told[currency][0] for currency in ("EUR", "USD")] == [2, 3]
    assert told["USD"][1] == (
        "Savings Plans are not amortised: column savings_plan_savings_plan_effective_cost is missing; "
        "EffectiveCost is BilledCost for $100.00 of covered usage, $72.00 of fees, -$100.00 of negation; "
        "add the column to the export"
    )
    assert "€100.00 of covered usage, -€100.00 of negation" in told["EUR"][1]


def test_each_billing_period_is_a_bill_of_its_own(tmp_path: Path) -> None:
    november = {
        "bill_billing_period_start_date": "2026-11-01T00:00:00Z",
        "bill_billing_period_end_date": "2026-12-01T00:00:00Z",
    }
    lines = [*PLANS, *(but(row, **november) for row in (but(COVERED, **{PLAN_COST: ""}), NEGATION, FEE))]
    october, after = loads_of(tmp_path / "ledger", cur2_csv(tmp_path / "bill.csv.gz", apart(lines)))
    assert (october.unamortised, after.unamortised) == ((), (SP,))
    nano = [load.totals["USD"].amounts for load in (october, after)]
    assert [(units(of.EffectiveCostNano), of.line_count) for of in nano] == [(72, 3), (72, 3)]


def test_what_is_registered_is_what_teams_carry(tmp_path: Path) -> None:
    made = Company(tmp_path)
    cur2_parquet(tmp_path / "bill" / "a.parquet", apart([COVERED, FEE, USAGE]))
    cur2_parquet(tmp_path / "bill" / "b.parquet", apart([COVERED, NEGATION, NEGATION], PLAN_COLUMNS, 100))
    made.run()
    (whole,) = made.cost()
    assert whole.amount() == whole.amount("BilledCost") == 82


def test_a_whole_fee_is_no_unused_part(tmp_path: Path) -> None:
    """A pool that takes what nobody used must not take all that was paid."""
    pools = [
        {
            "name": "waste",
            "match": {"CommitmentDiscountStatus": "Unused"},
            "split": "fixed",
            "percent": {"risk": 100},
        }
    ]
    made = Company(tmp_path, {"teams": [{"name": "risk"}], "pools": pools})
    legacy_csv(tmp_path / "bill" / "bill.csv", apart(PLANS, PLAN_COLUMNS))
    made.run()
    assert made.effective() == {"unallocated": 72}


AMOUNTS = st.integers(-(10**6), 10**9).map(lambda cents: str(Decimal(cents) / 100))
LINES = st.lists(
    st.builds(
        lambda row, cost, value, arn: but(
            row,
            line_item_unblended_cost=cost,
            **{column: value for column in (*PLAN_COLUMNS, *RESERVED_COLUMNS) if row[column]},
            **({} if arn else {"savings_plan_savings_plan_a_r_n": "", "reservation_reservation_a_r_n": ""}),
        ),
        st.sampled_from(
            [
                *(USAGE, COVERED, NEGATION, FEE, PAID, DISCOUNTED, MONTHLY, BOUGHT, SUPPORT),
                *(typed("Refund", "-1", **PLAN), typed("Refund", "-1", **RESERVED), typed("Refund", "-1")),
            ]
        ),
        AMOUNTS,
        st.sampled_from(["", "0", "1.25"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.soak
@settings(
    max_examples=in_soak(500, else_=8), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(
    lines=LINES,
    without=st.sets(st.sampled_from([*PLAN_COLUMNS, *RESERVED_COLUMNS])),
    split_at=st.integers(0, 8),
    form=st.sampled_from(["CUR 2.0 as Parquet", "legacy CUR as CSV"]),
)
def test_what_is_not_amortised_costs_what_was_billed(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[Row],
    without: set[str],
    split_at: int,
    form: str,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    parts = [part for part in ((lines[:split_at], ()), (lines[split_at:], tuple(without))) if part[0]]
    load = loaded(folder, form, Bill(parts, (), ""))
    assert load.unamortised is not None
    mine = {SP: "savings_plan", RI: "reservation"}
    types = {SP: ("SavingsPlan",), RI: ("DiscountedUsage", "RIFee")}

    def of(row: Row) -> str:
        kind = str(row["line_item_line_item_type"])
        for name, starts in types.items():
            if kind.startswith(starts):
                return name
        named = [name for name, group in mine.items() if row[f"{group}_{group}_a_r_n"]]
        return named[0] if named and (kind == "Refund" or (kind == "Fee" and named[0] == RI)) else ""

    counted = load.totals["USD"].amounts
    if {of(row) for row in lines} - {""} <= {*load.unamortised}:
        assert counted.EffectiveCostNano == counted.BilledCostNano
    told = sum(found.amounts.BilledCostNano for found in load.findings)
    billed = sum(
        Decimal(str(row["line_item_unblended_cost"])) for row in lines if of(row) in load.unamortised
    )
    assert units(told) == billed


def test_both_formats_name_columns_as_their_reports_do() -> None:
    row = {"line_type": "DiscountedUsage", "commitment": RI, "currency": "USD", "line_count": 1}
    evidence = [{**row, "billed_nano": 0, "net_nano": 0, "net_count": 0}]
    for known, spelt in ((cur2, "reservation_effective_cost"), (cur, "reservation/EffectiveCost")):
        left, (finding,) = known.judged(evidence)
        assert left == (RI,)
        assert f"column {spelt} is missing" in finding.text
