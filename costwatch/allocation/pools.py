"""Which pool takes a charge, and how a shared pool is split over the teams."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.owners import tag_column
from costwatch.allocation.settings import EvenPool, FixedPool, Match, OwnerPool, Pool, ProportionalPool, Team
from costwatch.ledger.engine import small_table
from costwatch.ledger.money import quotient, split
from costwatch.model import RESIDUALS, UNMEASURED

DEFAULT_OWNER = OwnerPool(name="direct", split="owner")
# The weights of one span sum to at most this, as money.split wants it.
_WEIGHT_SUM = 1_000_000_000
COST_NANOS = ("BilledCostNano", "EffectiveCostNano")
SUMMED = (*COST_NANOS, "line_count")


def complete(pools: Sequence[Pool]) -> tuple[Pool, ...]:
    """``pools`` in order, with the owner pool for all that none of them takes."""
    everything = any(isinstance(pool, OwnerPool) and pool.match == Match() for pool in pools)
    return tuple(pools) if everything else (*pools, DEFAULT_OWNER)


def pool_index(pools: Sequence[Pool], lines: ir.Table) -> ir.IntegerValue:
    """The position of the first pool that matches a line."""
    last = len(pools) - 1
    branches = [(matches(pool.match, lines), n) for n, pool in enumerate(pools[:-1])]
    return ibis.cases(*branches, else_=last).cast("int64") if branches else ibis.literal(last, "int64")


def matches(match: Match, lines: ir.Table) -> ir.BooleanValue:
    """Every condition by equality; a missing value equals nothing."""
    given = match.model_dump(exclude={"Tags"}, exclude_none=True)
    conditions = [lines[column].isin(_listed(accepted)) for column, accepted in given.items()]
    conditions += [lines[tag_column(key)].isin(_listed(accepted)) for key, accepted in match.Tags.items()]
    return reduce(and_, conditions, ibis.literal(True)).fill_null(False)


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
        return _proportional(spans, carried)
    fixed = [(team, weight) for team, weight in _fixed(pool, teams).items() if weight > 0]
    table = small_table(con, f"weights of {pool.name}", fixed, {"team": pa.string(), "weight": pa.int64()})
    return spans.cross_join(table).select("span", "team", "weight")


def _fixed(pool: Pool, teams: Sequence[Team]) -> Mapping[str, int]:
    if isinstance(pool, FixedPool):
        return {team: int(percent * (_WEIGHT_SUM // 100)) for team, percent in pool.percent.items()}
    if isinstance(pool, EvenPool):
        return dict.fromkeys(pool.teams or [team.name for team in teams], 1)
    raise TypeError(f"pool {pool.name} is not shared")


def _proportional(spans: ir.Table, carried: ir.Table) -> ir.Table:
    direct = carried.filter(~carried.team.isin(RESIDUALS))
    located = spans.join(
        direct,
        [
            spans.BillingCurrency == direct.BillingCurrency,
            direct.day >= spans.day,
            direct.day <= spans.until,
        ],
    )
    sums = located.group_by("span", "team").agg(carried=located.EffectiveCostNano.sum().cast("float64"))
    sums = sums.filter(sums.carried > 0)
    # Scaled by the largest, which no order of summing can change.
    window = ibis.window(group_by=sums.span)
    scale = (_WEIGHT_SUM / sums.count().over(window)).floor() / sums.carried.max().over(window)
    weighted = sums.mutate(weight=(sums.carried * scale).floor().cast("int64"))
    return weighted.filter(weighted.weight > 0).select("span", "team", "weight")


def _listed(accepted: str | tuple[str, ...]) -> list[str]:
    return [accepted] if isinstance(accepted, str) else list(accepted)
