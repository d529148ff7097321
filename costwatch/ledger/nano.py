"""Exact money as expressions: integer nano-units, equal on every engine.

Only IEEE operations that all engines agree on; casts of doubles to decimals do not agree.
"""

from typing import Any

import ibis
import ibis.expr.types as ir

# Below this a line, and the sum of a load's absolute lines, fits int64 nano-units.
LIMIT = 9e9
_BASE = 1_000_000_000
# The weights of one span sum to at most this, as ``split`` wants it.
WEIGHT_SUM = 1_000_000_000


def is_exact(value: ir.FloatingValue) -> ir.BooleanValue:
    """False for null, NaN, infinities and amounts of 9e9 or more: such a line refuses its load."""
    return (value.abs() < LIMIT).fill_null(False)


def nano(value: ir.FloatingValue) -> ir.IntegerValue:
    """Nano-units, half away from zero; 0 where ``is_exact`` is false."""
    # The input is replaced, not the result: some engines evaluate both sides of a condition.
    scaled = ibis.ifelse(is_exact(value), value, 0.0) * ibis.literal(1e9, "float64")
    return ibis.ifelse(scaled < 0, (scaled - 0.5).ceil(), (scaled + 0.5).floor()).cast("int64")


def quotient(a: ir.IntegerValue, b: Any) -> ir.IntegerValue:
    """Whole quotient of a >= 0 by b > 0, exact up to quotients of 1e10 (Ibis' ``//`` is not)."""
    return ((a - a % b) / b + 0.5).floor().cast("int64")


def split(amounts: ir.Table, weights: ir.Table, column: str) -> ir.Table:
    """``column`` of each row of ``amounts``, split by largest remainder, ties to the first team name.

    amounts: ``row`` (unique), ``span`` (which weights apply), ``column`` (nano-units, any sign).
    weights: ``span``, ``team``, ``weight`` (int64 > 0, each span's sum at most 1e9).
    Returns ``row``, ``team``, ``column``; the parts of a row sum to it exactly. Rows whose span has
    no weight are not returned.
    """
    total = weights.group_by("span").agg(total_weight=weights.weight.sum())
    joined = amounts.join(weights, "span").join(total, "span")
    size = joined[column].abs()
    # Two limbs of 1e9 keep every product inside int64.
    high = quotient(size, _BASE) * joined.weight
    step = (high % joined.total_weight) * _BASE + (size % _BASE) * joined.weight
    parts = joined.select(
        "row",
        "team",
        size=size,
        sign=joined[column].sign().cast("int64"),
        whole=quotient(high, joined.total_weight) * _BASE + quotient(step, joined.total_weight),
        remainder=step % joined.total_weight,
    )
    left = parts.size - parts.whole.sum().over(ibis.window(group_by=parts.row))
    rank = ibis.row_number().over(
        ibis.window(group_by=parts.row, order_by=[parts.remainder.desc(), parts.team])
    )
    parts = parts.mutate(left=left, rank=rank)
    share = parts.sign * (parts.whole + ibis.ifelse(parts.rank < parts.left, 1, 0))
    return parts.select("row", "team", **{column: share.cast("int64")})
