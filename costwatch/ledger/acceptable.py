"""Which values of a line cannot be taken as they are: unreadable, or of no bill there is.

A wrong year or a period that ends before it starts would be taken for cost of some other time.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import REQUIRED_VALUES
from costwatch.ledger.nano import is_exact

# Commitments are bought for up to five years; refunds and late usage come up to three years after.
_LATEST_DAYS, _AHEAD_DAYS = 3 * 366, 5 * 366
_LONGEST_DAYS = 366  # of a billing period

EXPECTED: Mapping[str, str] = {
    "BillingCurrency": "a currency is three letters",
    "BillingPeriodEnd": f"a billing period ends a day to {_LONGEST_DAYS} days after it starts",
    "ChargePeriodStart": "a charge starts at most three years before its billing period",
    "ChargePeriodEnd": "a charge ends not before it starts, nor over five years after its billing period",
}


def unacceptable(lines: ir.Table) -> dict[str, ir.BooleanValue]:
    """Of each column that every line must have (``REQUIRED_VALUES``): whether its value is one of these."""
    of_bill, after_bill = lines.BillingPeriodStart, lines.BillingPeriodEnd
    start, end = lines.ChargePeriodStart, lines.ChargePeriodEnd
    implausible = {
        "BillingCurrency": ~lines.BillingCurrency.re_search("^[A-Z]{3}$"),
        "BillingPeriodEnd": (after_bill < of_bill + ibis.interval(days=1))
        | (after_bill > of_bill + ibis.interval(days=_LONGEST_DAYS)),
        "ChargePeriodStart": start < of_bill - ibis.interval(days=_LATEST_DAYS),
        "ChargePeriodEnd": (end < start) | (end > after_bill + ibis.interval(days=_AHEAD_DAYS)),
    }
    found = {column: _is_unreadable(lines[column]) for column in REQUIRED_VALUES}
    # Where the value it is held against is unreadable, that one is told.
    return found | {column: found[column] | bad.fill_null(False) for column, bad in implausible.items()}


def _is_unreadable(value: ir.Value) -> ir.BooleanValue:
    if value.type().is_timestamp():
        return value.isnull()
    if value.type().is_string():
        # Blanks sort before letters: only what may be blank is looked at closely.
        return value.isnull() | ibis.ifelse(value < "!", value.strip() == "", False)
    return ~is_exact(value)
