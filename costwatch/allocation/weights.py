"""How a shared pool is split over the teams, by the weights of its split: the expressions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.ledger.engines.duckdb import small_table
from costwatch.ledger.nano import quotient, split
from costwatch.model import UNMEASURED, Window
from costwatch.plugins import Over
from costwatch.warehouse.encoding import to_int

COST_NANOS = ("BilledCostNano", "EffectiveCostNano")
SUMMED = (*COST_NANOS, "line_count")
# The ChargeFrequency of fees, which some bills put under Usage, and not always spell alike.
_FEES = ("one-time", "recurring")
_PERIOD = ("period_first", "period_last")


def summed(table: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Both costs and the lines of ``table``, by ``keys``."""
    return table.group_by(keys).agg(**{column: table[column].sum() for column in SUMMED})


def is_monthly(lines: ir.Table) -> ir.BooleanValue:
    """Whether charges are weighed over their billing period where the pool does not say: all but usage.

    On which days a tax or a fee is dated says when it was billed, and a correction what it is of.
    """
    return (
        (lines.ChargeCategory != "Usage")
        | (lines.ChargeClass == "Correction")
        | lines.ServiceName.lower().contains("support")
        | lines.ChargeFrequency.lower().isin(_FEES)
    )


def billing_period(con: Any, period: Window) -> ir.Table:
    """The days of a billing period as a table of one row, which the expressions of all periods read."""
    first, after = period.days
    days = to_int(first), to_int(max(first, after - timedelta(days=1)))
    return small_table(con, "billing_period", [days], dict.fromkeys(_PERIOD, pa.int64()))


def numbered(
    amounts: ir.Table, kinds: ir.Table, over: Over | None, period: ir.Table, keys: Sequence[str]
) -> ir.Table:
    """``amounts`` of one pool, each with a number, ``row``, and what it is weighed by.

    That is ``first`` and ``last``, the days that ``plugins.SplitSettings`` means by ``over``, its currency,
    and ``keys``.
    """
    located = amounts.join(kinds.select("kind", "BillingCurrency", "is_monthly", *keys), "kind")
    located = located.cross_join(period)
    is_monthly = ibis.literal(over == "month") if over else located.is_monthly
    last = located.day if over == "day" else located.until
    weighed = located.select(
        *("kind", "day", *SUMMED, "BillingCurrency", *keys),
        first=ibis.ifelse(is_monthly, located.period_first, located.day),
        last=ibis.ifelse(is_monthly, located.period_last, last),
    )
    return weighed.mutate(row=ibis.row_number())


def spans_of(amounts: ir.Table, keys: Sequence[str]) -> ir.Table:
    """What is weighed alike: ``first``, ``last``, ``BillingCurrency``, ``keys`` and a number, ``span``."""
    known = ("first", "last", "BillingCurrency", *keys)
    spans = amounts.select(*known).distinct()
    window = ibis.window(order_by=[spans[column] for column in known])
    return spans.mutate(span=ibis.row_number().over(window))


def shared(amounts: ir.Table, spans: ir.Table, weights: ir.Table) -> ir.Table:
    """The charges of one shared pool, split: ``row``, ``team``, both costs in nano-units, ``line_count``.

    amounts: as ``numbered`` has them; ``line_count`` stays whole, at the first team by name. weights: as
    ``weighing.weigh`` gives them. A charge whose span has none is ``unmeasured``.
    """
    located = amounts.join(spans, [column for column in spans.columns if column != "span"])
    # Both costs are split in one go: two rows for each charge, even and odd.
    both = ibis.union(
        *(
            located.select("span", row=located.row * len(COST_NANOS) + number, amount=located[column])
            for number, column in enumerate(COST_NANOS)
        ),
        distinct=False,
    )
    parts = split(both, weights, "amount")
    which = parts.row % len(COST_NANOS)
    parts = parts.group_by(row=quotient(parts.row, len(COST_NANOS)), team=parts.team).agg(
        **{
            name: ibis.ifelse(which == n, parts.amount, 0).sum().cast("int64")
            for n, name in enumerate(COST_NANOS)
        }
    )
    first = ibis.row_number().over(ibis.window(group_by=parts.row, order_by=parts.team)) == 0
    counted = parts.mutate(first=first).join(amounts.select("row", lines="line_count"), "row")
    counted = counted.mutate(line_count=ibis.ifelse(counted.first, counted.lines, 0).cast("int64"))
    unweighted = located.anti_join(weights, "span").mutate(team=ibis.literal(UNMEASURED))
    columns = ("row", "team", *SUMMED)
    return counted.select(*columns).union(unweighted.select(*columns), distinct=False)
