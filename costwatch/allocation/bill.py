"""From the lines of a billing period to daily facts of the bill, one row for all lines that are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools
from costwatch.allocation.settings import OwnerPool, Pool
from costwatch.ledger.engine import Engine, of_one_schema
from costwatch.ledger.lines import BillFormat, day_of
from costwatch.ledger.money import nano
from costwatch.ledger.register import format_named
from costwatch.warehouse.publish import SLICE_COLUMNS

# What a fact keeps of its lines besides team, service and day; its pool is known later.
KEPT = (*(column for column in SLICE_COLUMNS if column != "x_Pool"), "InvoiceId", "InvoiceIssuerName")


_COMPARED_BY = ("ServiceName", "ChargeCategory", "BillingCurrency")


@dataclass(frozen=True, slots=True)
class Part:
    """The files of one load that hold lines of the billing period, as which format they are read."""

    source: str
    format: str
    paths: tuple[Path, ...]


def facts(engine: Engine, parts: Sequence[Part], period: date, ordered: Sequence[Pool]) -> ir.Table:
    """Daily sums of the period's lines.

    Columns: ``KEPT``, ``ServiceName``, ``x_Estimated``, ``day`` (yyyymmdd), ``pool`` (position in
    ``ordered``), ``until`` (last day of a shared charge's period; ``day`` for owned ones), the values that
    can name an owner (``<pool>_<column>``), ``line_count`` and both costs in nano-units.
    """
    lines = ibis.union(
        *(
            _lines(engine, part, paths, period, ordered)
            for part in parts
            for paths in of_one_schema(part.paths)
        ),
        distinct=False,
    )
    keys = [column for column in lines.columns if column not in ("BilledCost", "EffectiveCost")]
    return lines.group_by(keys).agg(
        line_count=lines.count(),
        BilledCostNano=nano(lines.BilledCost).sum(),
        EffectiveCostNano=nano(lines.EffectiveCost).sum(),
    )


def daily(engine: Engine, part: Part, period: date) -> ir.Table:
    """Daily sums of a bill that is only compared, as ``warehouse.checks.Checked``."""
    known = format_named(part.format)
    raws = (known.charges(engine.lines(paths)) for paths in of_one_schema(part.paths))
    lines = ibis.union(*(raw.select(**_compared(known.columns(raw))) for raw in raws), distinct=False)
    lines = engine.as_registered(lines)
    lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(period))
    keys = {
        "day": day_of(lines.ChargePeriodStart),
        **{column: lines[column].fill_null("") for column in _COMPARED_BY},
    }
    sums = lines.group_by(**keys).agg(
        BilledCostNano=nano(lines.BilledCost).sum(),
        EffectiveCostNano=nano(lines.EffectiveCost).sum(),
        estimated=lines.x_Estimated.cast("int64").sum(),
    )
    return sums.order_by(*keys)


def _compared(columns: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    needed = ("BillingPeriodStart", "ChargePeriodStart", "BilledCost", "EffectiveCost", "x_Estimated")
    return {column: columns[column] for column in (*needed, *_COMPARED_BY)}


def _lines(
    engine: Engine, part: Part, paths: Sequence[Path], period: date, ordered: Sequence[Pool]
) -> ir.Table:
    known = format_named(part.format)
    raw = known.charges(engine.lines(paths))
    lines = engine.as_registered(raw.select(**known.columns(raw), **named_values(known, raw, ordered)))
    lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(period))
    lines = lines.mutate(
        source=ibis.literal(part.source),
        day=day_of(lines.ChargePeriodStart),
        pool=pools.pool_index(ordered, lines),
    )
    return lines.select(
        **{column: lines[column].fill_null("") for column in (*KEPT, "ServiceName")},
        x_Estimated=lines.x_Estimated,
        day=lines.day,
        pool=lines.pool,
        until=_until(lines, ordered),
        **naming(lines, ordered),
        BilledCost=lines.BilledCost,
        EffectiveCost=lines.EffectiveCost,
    )


def named_values(known: BillFormat, raw: ir.Table, ordered: Sequence[Pool]) -> dict[str, ir.Value]:
    """The tags and cost categories that some pool asks for."""
    owned = [pool for pool in ordered if isinstance(pool, OwnerPool)]
    tags = {key for pool in ordered for key in pool.match.Tags} | {key for pool in owned for key in pool.tags}
    categories = {category for pool in owned for category in pool.cost_categories}
    return {
        **{owners.tag_column(key): known.tag(raw, key) for key in sorted(tags)},
        **{owners.category_column(each): known.cost_category(raw, each) for each in sorted(categories)},
    }


def _until(lines: ir.Table, ordered: Sequence[Pool]) -> ir.IntegerValue:
    """Owned charges are not spread, so their length must not tell their facts apart."""
    owned = [number for number, pool in enumerate(ordered) if isinstance(pool, OwnerPool)]
    last = day_of(lines.ChargePeriodEnd - ibis.interval(microseconds=1))
    return ibis.ifelse(lines.pool.isin(owned) | (last < lines.day), lines.day, last)


def naming(lines: ir.Table, ordered: Sequence[Pool]) -> dict[str, ir.StringValue]:
    """The values that can name a line's owner, as ``<pool>_<column>``; empty in those of other pools."""
    return {
        f"{number}_{column}": ibis.ifelse(lines.pool == number, value, "")
        for number, pool in enumerate(ordered)
        if isinstance(pool, OwnerPool)
        for column, value in owners.value_columns(pool, lines).items()
    }
