"""From the lines of a billing period to daily facts of the bill, one row for all lines that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools
from costwatch.allocation.settings import OwnerPool, Pool
from costwatch.ledger.engine import of_one_schema, raw_lines
from costwatch.ledger.lines import day_of
from costwatch.ledger.money import nano
from costwatch.ledger.register import format_named
from costwatch.warehouse.publish import SLICE_COLUMNS

# What a fact keeps of its lines besides team, service and day; its pool is known later.
KEPT = tuple(column for column in SLICE_COLUMNS if column != "x_Pool")


@dataclass(frozen=True, slots=True)
class Part:
    """The files of one load that hold lines of the billing period, as which format they are read."""

    source: str
    format: str
    paths: tuple[Path, ...]


def facts(con: Any, parts: Sequence[Part], period: date, ordered: Sequence[Pool]) -> ir.Table:
    """Daily sums of the period's lines.

    Columns: ``KEPT``, ``ServiceName``, ``day`` (yyyymmdd), ``pool`` (position in ``ordered``), ``until``
    (last day of a shared charge's period; ``day`` for owned ones), the values that can name an owner
    (``<pool>_<column>``), ``line_count`` and both costs in nano-units.
    """
    lines = ibis.union(
        *(_lines(con, part, paths, period, ordered) for part in parts for paths in of_one_schema(part.paths)),
        distinct=False,
    )
    keys = [column for column in lines.columns if column not in ("BilledCost", "EffectiveCost")]
    return lines.group_by(keys).agg(
        line_count=lines.count(),
        BilledCostNano=nano(lines.BilledCost).sum(),
        EffectiveCostNano=nano(lines.EffectiveCost).sum(),
    )


def _lines(con: Any, part: Part, paths: Sequence[Path], period: date, ordered: Sequence[Pool]) -> ir.Table:
    raw = raw_lines(con, paths)
    lines = raw.select(**format_named(part.format).columns(raw))
    lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(period))
    lines = lines.mutate(
        source=ibis.literal(part.source),
        day=day_of(lines.ChargePeriodStart),
        pool=pools.pool_index(ordered, lines),
    )
    return lines.select(
        **{column: lines[column].fill_null("") for column in (*KEPT, "ServiceName")},
        day=lines.day,
        pool=lines.pool,
        until=_until(lines, ordered),
        **_naming(lines, ordered),
        BilledCost=lines.BilledCost,
        EffectiveCost=lines.EffectiveCost,
    )


def _until(lines: ir.Table, ordered: Sequence[Pool]) -> ir.IntegerValue:
    """Owned charges are not spread, so their length must not tell their facts apart."""
    owned = [number for number, pool in enumerate(ordered) if isinstance(pool, OwnerPool)]
    last = day_of(lines.ChargePeriodEnd - ibis.interval(microseconds=1))
    return ibis.ifelse(lines.pool.isin(owned) | (last < lines.day), lines.day, last)


def _naming(lines: ir.Table, ordered: Sequence[Pool]) -> dict[str, ir.StringValue]:
    return {
        f"{number}_{column}": ibis.ifelse(lines.pool == number, value, "")
        for number, pool in enumerate(ordered)
        if isinstance(pool, OwnerPool)
        for column, value in owners.value_columns(pool, lines).items()
    }
