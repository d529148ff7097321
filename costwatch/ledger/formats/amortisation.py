"""What the line item types of AWS cost reports mean: amortised cost, and FOCUS's categories.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html (types),
https://docs.aws.amazon.com/cur/latest/userguide/cur-sp.html and amortized-reservation.html (amortised cost).
"""

from collections.abc import Callable
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import text

Read = Callable[[ir.Table, str], ir.NumericValue]  # a cost column of a table, null where it is empty

_CATEGORIES = {
    "Usage": ("Usage", "SavingsPlanCoveredUsage", "DiscountedUsage", "SavingsPlanNegation"),
    "Purchase": ("Fee", "RIFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"),
    "Tax": ("Tax",),
    "Credit": ("Credit",),
}
# Refunds, and the discounts that stand on lines of their own.
_OTHER = "Adjustment"
_CORRECTION = "Refund"
_USED = ("DiscountedUsage", "SavingsPlanCoveredUsage")
_UNUSED = ("RIFee", "SavingsPlanRecurringFee")
_ONCE = ("Fee", "SavingsPlanUpfrontFee", "Credit", _CORRECTION)
_UNUSED_PARTS = (
    (
        "reservation_net_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
    ),
    ("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee"),
)
_ARN = "savings_plan_savings_plan_a_r_n"
_RESERVATION = "reservation_reservation_a_r_n"


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
    return ibis.ifelse(line_type(raw) == _CORRECTION, "Correction", ibis.null("string"))


def charge_frequency(raw: ir.Table) -> ir.StringValue:
    """FOCUS's ChargeFrequency: how often a line of that type is charged; tax is as often as what is taxed."""
    kind = line_type(raw)
    return ibis.cases((kind.isin(_ONCE), "One-Time"), (kind.isin(_UNUSED), "Recurring"), else_="Usage-Based")


def commitment_status(raw: ir.Table) -> ir.StringValue:
    """FOCUS's CommitmentDiscountStatus: what a commitment covered, and the part of it nobody used."""
    kind = line_type(raw)
    return ibis.cases((kind.isin(_USED), "Used"), (kind.isin(_UNUSED), "Unused"), else_=ibis.null("string"))


def commitment_id(raw: ir.Table) -> ir.StringValue:
    """The ARN of the Savings Plan or the reservation that a line belongs to."""
    return text(raw, _ARN, _RESERVATION)


def effective_cost(raw: ir.Table, read: Read) -> ir.NumericValue:
    """Amortised cost of each line, as AWS defines it; net of discounts where the report has net columns.

    A value that is empty counts as 0; where the report lacks a column altogether, lines of that type stay
    at their unblended cost.
    """
    kind = line_type(raw)
    unblended = _first(raw, read, "line_item_net_unblended_cost", "line_item_unblended_cost")
    nothing = read(raw, "line_item_unblended_cost") * 0
    committed = _first(raw, read, "savings_plan_total_commitment_to_date")
    used = _first(raw, read, "savings_plan_used_commitment")
    amortised = {
        "SavingsPlanCoveredUsage": _first(
            raw,
            read,
            "savings_plan_net_savings_plan_effective_cost",
            "savings_plan_savings_plan_effective_cost",
        ),
        "SavingsPlanRecurringFee": _sum(
            committed, -used if committed is not None and used is not None else None
        ),
        "DiscountedUsage": _first(raw, read, "reservation_net_effective_cost", "reservation_effective_cost"),
        "RIFee": _sum(*(_first(raw, read, *names) for names in _UNUSED_PARTS)),
    }
    known = {name: value.fill_null(0) for name, value in amortised.items() if value is not None}
    in_advance = {"Fee": text(raw, _RESERVATION).notnull(), _CORRECTION: _is_of_a_plan(raw)}
    return ibis.cases(
        *((kind == name, value) for name, value in known.items()),
        *((kind == name, nothing) for name in ("SavingsPlanNegation", "SavingsPlanUpfrontFee")),
        *((kind == name, ibis.ifelse(is_so, nothing, unblended)) for name, is_so in in_advance.items()),
        else_=unblended,
    )


def _is_of_a_plan(raw: ir.Table) -> ir.BooleanValue:
    return text(raw, _ARN).notnull() | text(raw, "line_item_product_code").endswith("SavingsPlans")


def _first(raw: ir.Table, read: Read, *names: str) -> ir.NumericValue | None:
    """The first of these columns that a line has a value in; None if the report has none of them."""
    values = [read(raw, name) for name in names if name in raw.columns]
    return ibis.coalesce(*values) if values else None


def _sum(*terms: ir.NumericValue | None) -> ir.NumericValue | None:
    """Of the terms that the report has; None if it has none."""
    there = [term.fill_null(0) for term in terms if term is not None]
    return reduce(add, there) if there else None
