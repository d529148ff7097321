"""Exact money and quantities as expressions: integer nano-units, equal on every engine.

Only IEEE operations that all engines agree on; casts of doubles to decimals do not agree.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.proof.priced import PRICED

# Below this a line, and the sum of a load's absolute lines, fits int64 nano-units.
LIMIT = 9e9
# From here on float64 does not know every whole number.
QUANTITY_LIMIT = 9e15
_BASE = 1_000_000_000
# The sizes of the weights of one span sum to at most this, as ``split`` wants it, and to at most so many
# times the sum of the weights themselves.
WEIGHT_SUM = 1_000_000_000
MOST_TIMES = 100_000


def is_exact(value: ir.FloatingValue) -> ir.BooleanValue:
    """False for null, NaN, infinities and amounts of 9e9 or more: such a line refuses its load."""
    return (value.abs() < LIMIT).fill_null(False)


def nano(value: ir.FloatingValue) -> ir.IntegerValue:
    """Nano-units, half away from zero; 0 where ``is_exact`` is false."""
    # The input is replaced, not the result: some engines evaluate both sides of a condition.
    return _nano(ibis.ifelse(is_exact(value), value, 0.0))


def _nano(exact: ir.FloatingValue) -> ir.IntegerValue:
    scaled = exact * ibis.literal(1e9, "float64")
    return ibis.ifelse(scaled < 0, (scaled - 0.5).ceil(), (scaled + 0.5).floor()).cast("int64")


def is_countable(value: ir.FloatingValue) -> ir.BooleanValue:
    """False for null, NaN, infinities and quantities of 9e15 or more: such a quantity counts as unknown."""
    return (value.abs() < QUANTITY_LIMIT).fill_null(False)


def priced(quantity: ir.FloatingValue, contracted: ir.FloatingValue) -> dict[str, ir.IntegerValue]:
    """``proof.priced.PRICED`` of a line, from its PricingQuantity and its ContractedCost; null where unknown.

    A quantity is in two: whole units, and the rest in nano-units, half up, from 0 to 1e9 (both included).
    Nano-units alone end at 9.2e9 units, which some teams ask for in a day.
    """
    nothing = ibis.null("float64")
    known = ibis.ifelse(quantity.abs() < QUANTITY_LIMIT, quantity, nothing)
    whole = known.floor().cast("int64")
    rest = ((known - whole.cast("float64")) * ibis.literal(1e9, "float64") + 0.5).floor().cast("int64")
    cost = _nano(ibis.ifelse(contracted.abs() < LIMIT, contracted, nothing))
    return dict(zip(PRICED, (whole, rest, cost), strict=True))


def carried_over(whole: ir.IntegerValue, rest: ir.IntegerValue) -> tuple[ir.IntegerValue, ir.IntegerValue]:
    """The same quantity with a rest from 0 up to, not including, 1e9 nano-units."""
    positive = (rest % _BASE + _BASE) % _BASE
    return whole + quotient(rest - positive, _BASE), positive


def quotient(a: ir.IntegerValue, b: Any) -> ir.IntegerValue:
    """Whole quotient of a >= 0, or of a multiple of b, by b > 0, exact up to 1e10 (Ibis' ``//`` is not)."""
    return ((a - a % b) / b + 0.5).floor().cast("int64")


def digits_of(amount: ir.IntegerValue) -> dict[str, ir.IntegerValue]:
    """Sign and digits of an amount in nano-units, as ``split`` wants them."""
    size = amount.abs()
    return {
        "sign": amount.sign().cast("int64"),
        "digit_0": quotient(size, _BASE),
        "digit_1": size % _BASE,
    }


def digits_of_quantity(whole: ir.IntegerValue, rest: ir.IntegerValue) -> dict[str, ir.IntegerValue]:
    """The same of a quantity, whose last digit is the rest in nano-units."""
    whole, rest = carried_over(whole, rest)
    is_negative = whole < 0
    size = ibis.ifelse(is_negative, -whole - ibis.ifelse(rest > 0, 1, 0), whole)
    return {
        "sign": ibis.ifelse(is_negative, -1, 1).cast("int64"),
        "digit_0": quotient(size, _BASE),
        "digit_1": size % _BASE,
        "digit_2": ibis.ifelse(is_negative & (rest > 0), _BASE - rest, rest),
    }


def split(amounts: ir.Table, weights: ir.Table) -> ir.Table:
    """Each amount split by largest remainder, ties to the first by what weights are of.

    amounts: ``row`` (unique), ``span`` (which weights apply), ``sign``, and ``digit_0``, ``digit_1``, …: the
    amount to the base of 1e9, the first digit up to 9.2e9, so that every product stays inside int64.
    weights: ``span``, ``weight``, and what it is of, such as ``team``. They are int64, not 0; a span's sum to
    more than 0, their sizes to at most ``WEIGHT_SUM``. One below 0 gets a part of the other sign.
    Returns ``row``, what weights are of, ``whole`` and ``rest``: a part is whole × 1e9 + rest, and the parts
    of a row sum to it exactly. Rows whose span has no weight are not returned.
    """
    digits = [column for column in amounts.columns if column.startswith("digit_")]
    of = [column for column in weights.columns if column not in ("span", "weight")]
    total = weights.group_by("span").agg(total_weight=weights.weight.sum())
    joined = amounts.join(weights, "span").join(total, "span")
    # As one divides by hand, from the first digit to the last.
    left: ir.IntegerValue = ibis.literal(0, "int64")
    quotients = []
    for digit in digits:
        step = left * _BASE + joined[digit] * joined.weight.abs()
        quotients.append(quotient(step, joined.total_weight))
        left = step % joined.total_weight
    # Rounded down, a part below 0 is of a larger size, and its remainder is what that is too much.
    is_taken, is_below = joined.weight < 0, (joined.weight < 0) & (left > 0)
    parts = joined.select(
        "row",
        *of,
        "sign",
        size=_of_digits([joined[digit] for digit in digits[:-1]]),
        last=joined[digits[-1]],
        whole=_signed(is_taken, _of_digits(quotients[:-1])),
        rest=_signed(is_taken, quotients[-1] + ibis.ifelse(is_below, 1, 0)),
        remainder=ibis.ifelse(is_below, joined.total_weight - left, left),
    )
    of_row = ibis.window(group_by=parts.row)
    lost = (parts.size - parts.whole.sum().over(of_row)) * _BASE + parts.last - parts.rest.sum().over(of_row)
    rank = ibis.row_number().over(
        ibis.window(group_by=parts.row, order_by=[parts.remainder.desc(), *(parts[name] for name in of)])
    )
    parts = parts.mutate(lost=lost, rank=rank)
    more = ibis.ifelse(parts.rank < parts.lost, 1, 0)
    return parts.select(
        "row",
        *of,
        whole=(parts.sign * parts.whole).cast("int64"),
        rest=(parts.sign * (parts.rest + more)).cast("int64"),
    )


def _signed(is_negative: ir.BooleanValue, size: ir.IntegerValue) -> ir.IntegerValue:
    return ibis.ifelse(is_negative, -size, size)


def _of_digits(digits: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    first, *others = digits
    for digit in others:
        first = first * _BASE + digit
    return first
