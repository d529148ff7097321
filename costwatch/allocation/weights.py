"""How a shared pool is split over the teams, by the weights of its split."""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.settings import Pool
from costwatch.allocation.splits.even import EvenPool
from costwatch.allocation.splits.fixed import FixedPool
from costwatch.allocation.splits.proportional import ProportionalPool, proportional
from costwatch.allocation.teams import Team
from costwatch.ledger.engines.duckdb import small_table
from costwatch.ledger.nano import WEIGHT_SUM, quotient, split
from costwatch.model import UNMEASURED

COST_NANOS = ("BilledCostNano", "EffectiveCostNano")
SUMMED = (*COST_NANOS, "line_count")


def shared(con: Any, amounts: ir.Table, carried: ir.Table, pool: Pool, teams: Sequence[Team]) -> ir.Table:
    """The charges of one shared pool, split: ``row``, ``team``, both costs in nano-units, ``line_count``.

    amounts: ``row``, ``day``, ``until`` (the charge period's last day, inclusive), ``BillingCurrency``,
    both costs and ``line_count``, which stays whole, at the first team by name. carried: what teams
    carry already (``team``, ``day``, ``BillingCurrency``, ``EffectiveCostNano``). Where no team has a
    weight the charge is ``unmeasured``.
    """
    spans = amounts.select("day", "until", "BillingCurrency").distinct()
    window = ibis.window(order_by=[spans.day, spans.until, spans.BillingCurrency])
    spans = spans.mutate(span=ibis.row_number().over(window))
    weights = weights_of(con, pool, spans, carried, teams)
    located = amounts.join(spans, ["day", "until", "BillingCurrency"])
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


def weights_of(con: Any, pool: Pool, spans: ir.Table, carried: ir.Table, teams: Sequence[Team]) -> ir.Table:
    """``span``, ``team``, ``weight`` (> 0) for every span and team of a shared pool."""
    if isinstance(pool, ProportionalPool):
        return proportional(spans, carried)
    fixed = [(team, weight) for team, weight in _fixed(pool, teams).items() if weight > 0]
    table = small_table(con, f"weights of {pool.name}", fixed, {"team": pa.string(), "weight": pa.int64()})
    return spans.cross_join(table).select("span", "team", "weight")


def _fixed(pool: Pool, teams: Sequence[Team]) -> Mapping[str, int]:
    if isinstance(pool, FixedPool):
        return {team: int(percent * (WEIGHT_SUM // 100)) for team, percent in pool.percent.items()}
    if isinstance(pool, EvenPool):
        return dict.fromkeys(pool.teams or [team.name for team in teams], 1)
    raise TypeError(f"pool {pool.name} is not shared")
