"""How a shared pool is split over the teams, by the weights of its split: the expressions."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from costwatch.ledger.nano import quotient, split
from costwatch.model import UNMEASURED

COST_NANOS = ("BilledCostNano", "EffectiveCostNano")
SUMMED = (*COST_NANOS, "line_count")


def summed(table: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Both costs and the lines of ``table``, by ``keys``."""
    return table.group_by(keys).agg(**{column: table[column].sum() for column in SUMMED})


def numbered(amounts: ir.Table, kinds: ir.Table, keys: Sequence[str]) -> ir.Table:
    """``amounts`` of one pool, each with a number, ``row``, and what it is weighed by."""
    located = amounts.join(kinds.select("kind", "BillingCurrency", *keys), "kind")
    return located.mutate(row=ibis.row_number())


def spans_of(amounts: ir.Table, keys: Sequence[str]) -> ir.Table:
    """What is weighed alike: ``day``, ``until``, ``BillingCurrency``, ``keys`` and a number, ``span``."""
    known = ("day", "until", "BillingCurrency", *keys)
    spans = amounts.select(*known).distinct()
    window = ibis.window(order_by=[spans[column] for column in known])
    return spans.mutate(span=ibis.row_number().over(window))


def shared(amounts: ir.Table, spans: ir.Table, weights: ir.Table) -> ir.Table:
    """The charges of one shared pool, split: ``row``, ``team``, both costs in nano-units, ``line_count``.

    amounts: ``row``, ``day``, ``until`` (the charge period's last day, inclusive), ``BillingCurrency``, the
    keys of ``spans``, both costs and ``line_count``, which stays whole, at the first team by name. weights:
    as ``weighing.weigh`` gives them. A charge whose span has none is ``unmeasured``.
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
