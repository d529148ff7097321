"""What the line item types of AWS cost reports mean: amortised cost, and FOCUS's categories.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html (types),
https://docs.aws.amazon.com/cur/latest/userguide/cur-sp.html and amortized-reservation.html (amortised cost).
``completeness`` decides which commitments a bill has all columns and values for.
"""

from collections.abc import Callable, Collection
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import text
from costwatch.proof.bridge import Part

Read = Callable[[ir.Table, str], ir.NumericValue]  # a cost column of a table, null where it is empty
Unamortised = Collection[str] | None  # see ``contract.BillFormat.columns``

# What may stay unamortised. They are stored with each load, and never changed.
SAVINGS_PLANS, RESERVATIONS, NET = "savings_plans", "reservations", "net"
# Stored beside them: net columns of other lines hold what the lines of discounts deduct.
SPREAD_DISCOUNTS = "spread_discounts"

# The types of lines that are of one kind of commitment whatever else they say.
COVERED, NEGATION = "SavingsPlanCoveredUsage", "SavingsPlanNegation"
PLAN_FEE, PLAN_UPFRONT = "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"
DISCOUNTED, RESERVATION_FEE = "DiscountedUsage", "RIFee"
LINE_TYPES = {
    SAVINGS_PLANS: (COVERED, NEGATION, PLAN_FEE, PLAN_UPFRONT),
    RESERVATIONS: (DISCOUNTED, RESERVATION_FEE),
}
# Those that are of the commitment whose ARN stands in the line: what is paid in advance, and paid back.
FEE, REFUND = "Fee", "Refund"
DISCOUNT = "Discount"  # how the types of all discounts end that have lines of their own

PLAN_ARN, RESERVATION_ARN = "savings_plan_savings_plan_a_r_n", "reservation_reservation_a_r_n"
UNBLENDED, NET_UNBLENDED = "line_item_unblended_cost", "line_item_net_unblended_cost"
PUBLIC_COST = "pricing_public_on_demand_cost"
PLAN_COST = "savings_plan_savings_plan_effective_cost"
COMMITTED, USED_COMMITMENT = "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"
RESERVED_COST = "reservation_effective_cost"
UNUSED_UPFRONT = "reservation_unused_amortized_upfront_fee_for_billing_period"
UNUSED_RECURRING = "reservation_unused_recurring_fee"
NET_OF = {
    PLAN_COST: "savings_plan_net_savings_plan_effective_cost",
    RESERVED_COST: "reservation_net_effective_cost",
    UNUSED_UPFRONT: "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    UNUSED_RECURRING: "reservation_net_unused_recurring_fee",
    UNBLENDED: NET_UNBLENDED,
}
# What EffectiveCost is made of.
EFFECTIVE_COLUMNS = tuple(dict.fromkeys((UNBLENDED, *NET_OF, *NET_OF.values(), COMMITTED, USED_COMMITMENT)))

_CATEGORIES = {
    "Usage": ("Usage", COVERED, DISCOUNTED, NEGATION),
    "Purchase": (FEE, RESERVATION_FEE, PLAN_FEE, PLAN_UPFRONT),
    "Tax": ("Tax",),
    "Credit": ("Credit",),
}
# Refunds, and the discounts that stand on lines of their own.
_OTHER = "Adjustment"
_USED = (DISCOUNTED, COVERED)
_UNUSED = {RESERVATIONS: RESERVATION_FEE, SAVINGS_PLANS: PLAN_FEE}
_ONCE = (FEE, PLAN_UPFRONT, "Credit", REFUND)


def line_type(raw: ir.Table) -> ir.StringValue:
    """The type as delivered; it is never empty in a line that AWS wrote."""
    return raw["line_item_line_item_type"].cast("string")


def charge_category(raw: ir.Table) -> ir.StringValue:
    """FOCUS's ChargeCategory of each line; null without a type."""
    kind = line_type(raw)
    # One by one, the most frequent first: each is asked of what is left only.
    known = [(kind == each, category) for category, kinds in _CATEGORIES.items() for each in kinds]
    empty = text(raw, "line_item_line_item_type").isnull()
    return ibis.cases(*known, (empty, ibis.null("string")), else_=_OTHER)


def charge_class(raw: ir.Table) -> ir.StringValue:
    """FOCUS's ChargeClass: ``Correction`` for what is paid back."""
    return ibis.ifelse(line_type(raw) == REFUND, "Correction", ibis.null("string"))


def charge_frequency(raw: ir.Table) -> ir.StringValue:
    """FOCUS's ChargeFrequency: how often a line of that type is charged; tax is as often as what is taxed."""
    kind = line_type(raw)
    return ibis.cases(
        (kind.isin(_ONCE), "One-Time"), (kind.isin([*_UNUSED.values()]), "Recurring"), else_="Usage-Based"
    )


def commitment_status(raw: ir.Table, unamortised: Unamortised = None) -> ir.StringValue:
    """FOCUS's CommitmentDiscountStatus: what a commitment covered, and the part of it nobody used.

    A fee that stays unamortised is the whole fee, used or not.
    """
    kind = line_type(raw)
    unused = [fee for commitment, fee in _UNUSED.items() if commitment not in (unamortised or ())]
    told = [(kind.isin(_USED), "Used"), *([(kind.isin(unused), "Unused")] if unused else [])]
    return ibis.cases(*told, else_=ibis.null("string"))


def commitment_id(raw: ir.Table) -> ir.StringValue:
    """The ARN of the Savings Plan or the reservation that a line belongs to."""
    return text(raw, PLAN_ARN, RESERVATION_ARN)


def commitment(raw: ir.Table) -> ir.StringValue:
    """Which kind of commitment a line is of, by its type, or by the ARN of a fee or a refund; null: of none.

    Never by the name of a product: a discount on plans is refunded without being paid for a plan.
    """
    kind = line_type(raw)
    (of_plan, of_reservation) = _named(raw, (), SAVINGS_PLANS, RESERVATIONS)
    return ibis.cases(
        *((kind.isin(types), name) for name, types in LINE_TYPES.items()),
        ((kind == REFUND) & of_plan, SAVINGS_PLANS),
        (kind.isin([FEE, REFUND]) & of_reservation, RESERVATIONS),
        else_=ibis.null("string"),
    )


def is_discount(raw: ir.Table) -> ir.BooleanValue:
    """Whether a line is a discount on others: ``EdpDiscount``, ``BundledDiscount`` and the like."""
    return line_type(raw).endswith(DISCOUNT).fill_null(False)


def effective_cost(raw: ir.Table, read: Read, unamortised: Unamortised = None) -> ir.NumericValue:
    """Amortised cost of each line, as AWS defines it; net of discounts where the report has net columns.

    What is in ``unamortised`` stays unblended, whole: usage, negation, fees and refunds of that commitment;
    with ``NET`` no net column is read. A value that is empty counts as 0. With ``SPREAD_DISCOUNTS`` a line of
    a discount is 0, for the lines that it is given on are net of it.

    What was paid in advance is 0, for it is spread over usage, and so is a refund that names a plan or a
    reservation: with what is paid back its amortisation ends. AWS's Cloud Intelligence Dashboards do so for
    plans, whose refunds they tell by the product (summary_view.sql of their framework on GitHub).

    None is how loads were read before completeness was looked at: where a file lacks a column, lines of that
    type stay unblended, and a refund of a plan is told by its product, too.
    """
    left = unamortised or ()
    kind = line_type(raw)

    def first(name: str) -> ir.NumericValue | None:
        """A column, net where it may be and has a value; None if the report has neither."""
        names = [NET_OF.get(name, name), name] if NET not in left else [name]
        values = [read(raw, each) for each in dict.fromkeys(names) if each in raw.columns]
        return ibis.coalesce(*values) if values else None

    unblended = first(UNBLENDED)
    nothing = read(raw, UNBLENDED) * 0
    committed, used = first(COMMITTED), first(USED_COMMITMENT)
    plans = {
        COVERED: first(PLAN_COST),
        PLAN_FEE: _sum(committed, -used if committed is not None and used is not None else None),
        NEGATION: nothing,
        PLAN_UPFRONT: nothing,
    }
    reservations = {
        DISCOUNTED: first(RESERVED_COST),
        RESERVATION_FEE: _sum(first(UNUSED_UPFRONT), first(UNUSED_RECURRING)),
    }
    amortised = {
        **(plans if SAVINGS_PLANS not in left else {}),
        **(reservations if RESERVATIONS not in left else {}),
    }
    known = [(kind == name, value.fill_null(0)) for name, value in amortised.items() if value is not None]
    in_advance = [(kind == FEE) & is_of for is_of in _named(raw, left, RESERVATIONS)]
    paid_back = [(kind == REFUND) & is_of for is_of in _named(raw, left, SAVINGS_PLANS, RESERVATIONS)]
    if unamortised is None:
        of_plans = text(raw, "line_item_product_code").endswith("SavingsPlans")
        paid_back = [(kind == REFUND) & (text(raw, PLAN_ARN).notnull() | of_plans)]
    deducted = [is_discount(raw)] if SPREAD_DISCOUNTS in left else []
    told = [*known, *((is_so, nothing) for is_so in (*in_advance, *paid_back, *deducted))]
    return ibis.cases(*told, else_=unblended) if told else unblended


def contracted_cost(raw: ir.Table, read: Read) -> ir.NumericValue:
    """FOCUS's ContractedCost: what a line costs by contract before any commitment.

    AWS bills what a reservation covers at 0, so that its public price stands for it.
    """
    covered = read(raw, PUBLIC_COST)
    own = ibis.coalesce(read(raw, NET_UNBLENDED), read(raw, UNBLENDED))
    return priced_once(raw, ibis.ifelse(line_type(raw) == DISCOUNTED, covered, own))


def priced_once(raw: ir.Table, value: ir.NumericValue) -> ir.NumericValue:
    """0 for a negation, which repeats the quantity and takes back the cost of covered usage."""
    return ibis.ifelse(line_type(raw) == NEGATION, 0.0, value)


def _named(raw: ir.Table, left: Collection[str], *commitments: str) -> list[ir.BooleanValue]:
    """Whether a line's ARN is of one of these commitments, for each that is amortised."""
    plan, reservation = text(raw, PLAN_ARN).notnull(), text(raw, RESERVATION_ARN).notnull()
    is_of = {SAVINGS_PLANS: plan, RESERVATIONS: reservation & ~plan}
    return [is_of[each] for each in commitments if each not in left]


def bridge_part(raw: ir.Table, read: Read, unamortised: Unamortised = None) -> ir.StringValue:
    """See ``contract.BillFormat``. A recurring fee is one line: what was paid, and what of it nobody used."""
    left = unamortised or ()
    kind, of = line_type(raw), commitment(raw)
    amortised = [fee for each, fee in _UNUSED.items() if each not in left]
    is_net = NET_UNBLENDED in raw.columns and NET not in left
    is_spread = [is_discount(raw)] if SPREAD_DISCOUNTS in left else []
    return ibis.cases(
        (kind.isin([COVERED, NEGATION, DISCOUNTED]), Part.USED.value),
        *([(kind.isin(amortised), Part.FEE.value)] if amortised else []),
        (of.notnull(), ibis.ifelse(kind == REFUND, Part.REFUND.value, Part.PURCHASE.value)),
        *((is_so, Part.DISCOUNT.value) for is_so in is_spread),
        *([(_is_discounted(raw, read), Part.DISCOUNT.value)] if is_net else []),
        else_=Part.OTHER.value,
    )


def _is_discounted(raw: ir.Table, read: Read) -> ir.BooleanValue:
    return (read(raw, NET_UNBLENDED) != read(raw, UNBLENDED)).fill_null(False)


def _sum(*terms: ir.NumericValue | None) -> ir.NumericValue | None:
    """Of the terms that the report has; None if it has none."""
    there = [term.fill_null(0) for term in terms if term is not None]
    return reduce(add, there) if there else None
