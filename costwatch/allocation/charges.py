"""The single lines behind what was published, each with the team that owns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools, systems
from costwatch.allocation.bill import LoadFiles, named_values, naming
from costwatch.allocation.match import matches
from costwatch.allocation.settings import Allocation, Pool
from costwatch.cost.systems import System
from costwatch.ledger.engines.duckdb import of_one_schema, raw_lines
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import DESCRIBED, day_of
from costwatch.ledger.nano import nano
from costwatch.warehouse.bill import loads, publish
from costwatch.warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class PublishedLines:
    """One billing period as it was published: its files, and the teams and pools of then.

    shared: the values of ``x_Pool`` that no line shows: pools that are split, and what was given on.
    """

    period: date
    parts: tuple[LoadFiles, ...]
    allocation: Allocation
    shared: tuple[str, ...]


def bills(warehouse: Warehouse, files: LedgerFiles, first: date, after: date) -> list[PublishedLines]:
    """The published periods that hold charges of the days ``first`` up to ``after``, in order.

    Raises CostwatchError for one of pools that are not known any more.
    """
    with warehouse.read() as db:
        held = publish.periods_between(db, first, after)
        known = {period: each for period, each in publish.published(db).items() if period in held}
        of = {period: loads.stored_loads(db, each.loads) for period, each in known.items()}
        trails = publish.pools_published(db)
    found = []
    for period, each in sorted(known.items()):
        if of[period]:
            allocation = Allocation.as_published(period, each.config)
            parts = tuple(LoadFiles.of(load, files) for load in of[period])
            found.append(PublishedLines(period, parts, allocation, _shared(allocation, trails)))
    return found


def _shared(allocation: Allocation, trails: Sequence[str]) -> tuple[str, ...]:
    split = {pool.name for pool in allocation.pools if not pool.is_owner}
    return tuple(trail for trail in trails if trail in split or pools.GIVEN_ON in trail)


def owned(con: Any, bill: PublishedLines) -> ir.Table:
    """Every line of the period that an owner carries and no pool gives on, as it was delivered.

    Columns: those of ``contract.BillFormat`` and ``DESCRIBED``, both costs in nano-units besides, ``source``,
    ``day`` (yyyymmdd), ``team``, ``x_Pool`` and ``x_System``. Nothing is read before the expression is run.
    """
    _, named, is_given = _told_apart(con, bill)
    return named.filter(~is_given)


def split(con: Any, bill: PublishedLines) -> ir.Table:
    """The other lines of the period, with the same columns but ``team``, ``x_Pool`` and ``x_System``."""
    lines, named, is_given = _told_apart(con, bill)
    numbers = [*pools.owned(pools.complete(bill.allocation.pools))]
    taken = lines.filter(lines.pool.notin(numbers))
    return taken.union(named.filter(is_given).select(lines.columns), distinct=False)


def _told_apart(con: Any, bill: PublishedLines) -> tuple[ir.Table, ir.Table, ir.BooleanValue]:
    """All lines of the period; those that have an owner, with it; whether a pool gives one of these on."""
    ordered = pools.complete(bill.allocation.pools)
    claimed = owners.claims(con, bill.allocation.teams)
    lines = ibis.union(
        *(
            _lines(con, part, paths, bill.period, ordered, bill.allocation.systems)
            for part in bill.parts
            for paths in of_one_schema(part.paths)
        ),
        distinct=False,
    )
    named = []
    for number, pool in pools.owned(ordered).items():
        mine = lines.filter(lines.pool == number)
        named_by = [column for column in lines.columns if column.startswith(f"{number}_")]
        named.append(owners.assign(mine, named_by, claimed).mutate(x_Pool=ibis.literal(pool.name)))
    found = ibis.union(*named, distinct=False)
    given = [
        (found.team == pool.carried_by) & matches(pool.match, found) for pool in ordered if pool.carried_by
    ]
    return lines, found, reduce(or_, given, ibis.literal(False))


def _lines(
    con: Any,
    part: LoadFiles,
    paths: Sequence[Path],
    period: date,
    ordered: Sequence[Pool],
    known: Sequence[System],
) -> ir.Table:
    of_format = format_named(part.format)
    raw = of_format.charges(raw_lines(con, paths))
    told = of_format.described(raw)
    described = {column: told.get(column, ibis.null(kind)).cast(kind) for column, kind in DESCRIBED.items()}
    columns = part.columns(raw)
    columns["SubAccountId"] = columns["SubAccountId"].fill_null("")
    lines = raw.select(**columns, **described, **named_values(of_format, raw, ordered, known))
    lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(period))
    lines = lines.mutate(day=day_of(lines.ChargePeriodStart), pool=pools.pool_index(ordered, lines))
    return lines.mutate(
        source=ibis.literal(part.source),
        x_System=systems.system_of(lines, known, [pool.name for pool in ordered]),
        BilledCostNano=nano(lines.BilledCost),
        EffectiveCostNano=nano(lines.EffectiveCost),
        **naming(lines, ordered),
    )
