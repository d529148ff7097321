"""From the lines of a billing period to what every team carries, day by day, exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation import owners, pools
from costwatch.allocation.pools import SUMMED
from costwatch.allocation.settings import OwnerPool, Pool, Team
from costwatch.errors import CostwatchError
from costwatch.ledger.engine import raw_lines, small_table
from costwatch.ledger.lines import day_of
from costwatch.ledger.money import nano
from costwatch.ledger.register import format_named

# What a fact keeps of its lines besides team, service and day; with x_Pool these are a slice.
KEPT = (
    "source",
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "RegionId",
    "ChargeCategory",
    "ChargeClass",
    "x_UsageType",
    "BillingCurrency",
)


@dataclass(frozen=True, slots=True)
class Part:
    """The files of one load that hold lines of the billing period, as which format they are read."""

    source: str
    format: str
    paths: tuple[Path, ...]


def facts(con: Any, parts: Sequence[Part], period: date, ordered: Sequence[Pool]) -> ir.Table:
    """Daily sums of the period's lines, as a temporary table of ``con``.

    Columns: ``KEPT``, ``ServiceName``, ``day`` (yyyymmdd), ``pool`` (position in ``ordered``), ``until``
    (last day of a shared charge's period; ``day`` for owned ones), the values that can name an owner
    (``<pool>_<column>``), ``line_count``, both costs in nano-units and ``row``.
    """
    lines = ibis.union(*(_lines(con, part, period, ordered) for part in parts), distinct=False)
    keys = [column for column in lines.columns if column not in ("BilledCost", "EffectiveCost")]
    sums = lines.group_by(keys).agg(
        line_count=lines.count(),
        BilledCostNano=nano(lines.BilledCost).sum(),
        EffectiveCostNano=nano(lines.EffectiveCost).sum(),
    )
    stored = con.create_table("facts", sums, temp=True)
    return con.create_table("numbered", stored.mutate(row=ibis.row_number()), temp=True)


def allocated(con: Any, found: ir.Table, ordered: Sequence[Pool], teams: Sequence[Team]) -> ir.Table:
    """Every fact on a team or a residual: ``team``, ``ServiceName``, ``day``, ``KEPT``, ``x_Pool``, costs."""
    carried = [
        _owned(found, number, pool, teams)
        for number, pool in enumerate(ordered)
        if isinstance(pool, OwnerPool)
    ]
    everything = con.create_table("carried", ibis.union(*carried, distinct=False), temp=True)
    for number, pool in enumerate(ordered):
        if isinstance(pool, OwnerPool):
            continue
        mine = found.filter(found.pool == number)
        shares = pools.shared(mine, everything, pool, teams)
        columns = ("ServiceName", "day", *KEPT)
        kept = shares.join(mine.select("row", *columns), "row").select(
            "team", *columns, *SUMMED, x_Pool=ibis.literal(pool.name)
        )
        grown = everything.union(kept.select(everything.columns), distinct=False)
        everything = con.create_table(f"carried_{number}", grown, temp=True)
    return everything.group_by([column for column in everything.columns if column not in SUMMED]).agg(
        **{column: everything[column].sum().cast("int64") for column in SUMMED}
    )


def _lines(con: Any, part: Part, period: date, ordered: Sequence[Pool]) -> ir.Table:
    raw = raw_lines(con, part.paths)
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


def _owned(found: ir.Table, number: int, pool: OwnerPool, teams: Sequence[Team]) -> ir.Table:
    mine = found.filter(found.pool == number)
    named_by = [column for column in found.columns if column.startswith(f"{number}_")]
    return owners.assign(mine, named_by, teams).select(
        "team", "ServiceName", "day", *KEPT, *SUMMED, x_Pool=ibis.literal(pool.name)
    )


def totals(found: ir.Table) -> dict[str, dict[str, int]]:
    """The bill: per BillingCurrency its lines and the sums of their nano-units."""
    sums = found.group_by("BillingCurrency").agg(**{column: found[column].sum() for column in SUMMED})
    return {
        row["BillingCurrency"]: {name: int(row[name]) for name in SUMMED}
        for row in sums.order_by("BillingCurrency").to_pyarrow().to_pylist()
    }


def require_conservation(period: date, bill: Mapping[str, Mapping[str, int]], carried: ir.Table) -> None:
    """Raises CostwatchError unless teams and residuals carry the bill, to the nano-unit."""
    sums = carried.group_by("BillingCurrency").agg(**{column: carried[column].sum() for column in SUMMED})
    found = {row.pop("BillingCurrency"): row for row in sums.to_pyarrow().to_pylist()}
    for currency, total in bill.items():
        for column in SUMMED:
            if found.get(currency, {}).get(column) != total[column]:
                raise CostwatchError(
                    f"period {period}: teams carry {found.get(currency, {}).get(column)} of {total[column]} "
                    f"{column} {currency}; nothing was published, please report this"
                )


def day_lines(found: ir.Table) -> list[tuple[str, int, int]]:
    """source, day and the number of its lines."""
    counts = found.group_by("source", "day").agg(lines=found.line_count.sum()).order_by("source", "day")
    return [(row["source"], row["day"], int(row["lines"])) for row in counts.to_pyarrow().to_pylist()]


def names(
    carried: ir.Table, slice_columns: Sequence[str]
) -> tuple[list[str], list[str], list[tuple[str, ...]]]:
    """The distinct teams, services and slices."""
    slices = carried.select(*slice_columns).distinct().to_pyarrow()
    return (
        carried.select("team").distinct().to_pyarrow()["team"].to_pylist(),
        carried.select("ServiceName").distinct().to_pyarrow()["ServiceName"].to_pylist(),
        list(zip(*(column.to_pylist() for column in slices.columns), strict=True)),
    )


def numbered(
    carried: ir.Table,
    team: Mapping[str, int],
    service: Mapping[str, int],
    slices: Mapping[tuple[str, ...], int],
    slice_columns: Sequence[str],
) -> ir.Table:
    """The facts by number, in the order they are stored: team, service, day, slice, both costs, lines."""
    teams = small_table(team.items(), {"team": pa.string(), "team_id": pa.int64()})
    services = small_table(service.items(), {"ServiceName": pa.string(), "service_id": pa.int64()})
    keys = small_table(
        [(*key, number) for key, number in slices.items()],
        {**dict.fromkeys(slice_columns, pa.string()), "slice_id": pa.int64()},
    )
    joined = carried.join(teams, "team").join(services, "ServiceName").join(keys, list(slice_columns))
    ordered = joined.order_by("team_id", "service_id", "day", "slice_id")
    return ordered.select("team_id", "service_id", "day", "slice_id", *SUMMED)
