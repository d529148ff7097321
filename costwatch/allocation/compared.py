"""Daily sums of a bill that is only compared with the one that is allocated."""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from costwatch.allocation.bill import LoadFiles
from costwatch.ledger.engines.duckdb import of_one_schema
from costwatch.ledger.engines.engine import Engine
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import COSTS, day_of
from costwatch.ledger.nano import nano

_COMPARED_BY = ("ServiceName", "ChargeCategory", "BillingCurrency")


def daily(engine: Engine, part: LoadFiles, period: date) -> ir.Table:
    """Daily sums of a bill that is only compared, as ``warehouse.bill.second_opinion.Checked``."""
    known = format_named(part.format)
    raws = (
        known.charges(engine.lines(paths, f"lines_{number}"))
        for number, paths in enumerate(of_one_schema(part.paths))
    )
    lines = ibis.union(*(_compared(engine, raw, part.columns(raw)) for raw in raws), distinct=False)
    lines = lines.filter(lines.period == ibis.literal(period))
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


def _compared(engine: Engine, raw: ir.Table, told: Mapping[str, ir.Value]) -> ir.Table:
    needed = ("ChargePeriodStart", *COSTS, "x_Estimated", *_COMPARED_BY)
    return raw.select(period=engine.period_of(told), **{column: told[column] for column in needed})
