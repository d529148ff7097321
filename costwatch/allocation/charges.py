"""The single lines behind what was published, each with the team that owns it."""

from collections.abc import Collection, Mapping, Sequence
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
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse

Entries = Sequence[tuple[str, str]]  # ``tag`` or ``cost_category``, and its key


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
        if parts := tuple(LoadFiles.of(load, files) for load in of[period] if load.files):
            allocation = Allocation.as_published(period, each.config)
            found.append(PublishedLines(period, parts, allocation, _shared(allocation, trails)))
    return found


def _shared(allocation: Allocation, trails: Sequence[str]) -> tuple[str, ...]:
    split = {pool.name for pool in allocation.pools if not pool.is_owner}
    return tuple(trail for trail in trails if trail in split or pools.GIVEN_ON in trail)


def owned(con: Any, bill: PublishedLines, entries: Entries = ()) -> ir.Table:
    """Every line of the period that an owner carries and no pool gives on, as it was delivered.

    Columns: those of ``contract.BillFormat`` and ``DESCRIBED``, both costs in nano-units besides, ``source``,
    ``day`` (yyyymmdd), ``team``, ``x_Pool``, ``x_System``, and the values of ``entries``, each by its name
    such as ``tag:team``. Nothing is read before the expression is run.
    """
    _, named, is_given = _told_apart(con, bill, entries)
    return named.filter(~is_given)


def delivered(con: Any, bill: PublishedLines, entries: Entries = ()) -> ir.Table:
    """Every line of the period, whoever carries it: the same columns without ``team`` and ``x_Pool``."""
    return _all_lines(con, bill, entries)


def passed_on(
    warehouse: Warehouse,
    published: Sequence[PublishedLines],
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    *,
    per_day: bool = False,
) -> list[Cost]:
    """What pools passed on, which no line shows: cost by ``by`` and ``pool``, by the pools of each period."""
    found: list[Cost] = []
    with warehouse.read() as db:
        for bill in published:
            shared = [pool for pool in bill.shared if pool in where.get("pool", bill.shared)]
            of_period = {**where, "pool": shared, "billing_period": [bill.period.isoformat()]}
            asked = bill.period.isoformat() in where.get("billing_period", of_period["billing_period"])
            if shared and asked:
                found += cost(db, first, after, (*by, "pool"), of_period, per_day=per_day)
    return found


def split(con: Any, bill: PublishedLines) -> ir.Table:
    """The other lines of the period, with the same columns but ``team``, ``x_Pool`` and ``x_System``."""
    lines, named, is_given = _told_apart(con, bill, ())
    numbers = [*pools.owned(pools.complete(bill.allocation.pools))]
    taken = lines.filter(lines.pool.notin(numbers))
    return taken.union(named.filter(is_given).select(lines.columns), distinct=False)


def _told_apart(
    con: Any, bill: PublishedLines, entries: Entries
) -> tuple[ir.Table, ir.Table, ir.BooleanValue]:
    """All lines of the period; those that have an owner, with it; whether a pool gives one of these on."""
    ordered = pools.complete(bill.allocation.pools)
    claimed = owners.claims(con, bill.allocation.teams)
    lines = _all_lines(con, bill, entries)
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


def _all_lines(con: Any, bill: PublishedLines, entries: Entries) -> ir.Table:
    ordered = pools.complete(bill.allocation.pools)
    return ibis.union(
        *(
            _lines(con, part, paths, bill.period, ordered, bill.allocation.systems, entries)
            for part in bill.parts
            for paths in of_one_schema(part.paths)
        ),
        distinct=False,
    )


def _lines(
    con: Any,
    part: LoadFiles,
    paths: Sequence[Path],
    period: date,
    ordered: Sequence[Pool],
    known: Sequence[System],
    entries: Entries,
) -> ir.Table:
    of_format = format_named(part.format)
    raw = of_format.charges(raw_lines(con, paths))
    told = of_format.described(raw)
    described = {column: told.get(column, ibis.null(kind)).cast(kind) for column, kind in DESCRIBED.items()}
    columns = part.columns(raw)
    columns["SubAccountId"] = columns["SubAccountId"].fill_null("")
    read = {"tag": of_format.tag, "cost_category": of_format.cost_category}
    asked = {f"{kind}:{key}": read[kind](raw, key) for kind, key in entries}
    lines = raw.select(**columns, **described, **named_values(of_format, raw, ordered, known), **asked)
    lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(period))
    lines = lines.mutate(day=day_of(lines.ChargePeriodStart), pool=pools.pool_index(ordered, lines))
    return lines.mutate(
        source=ibis.literal(part.source),
        x_System=systems.system_of(lines, known, [pool.name for pool in ordered]),
        BilledCostNano=nano(lines.BilledCost),
        EffectiveCostNano=nano(lines.EffectiveCost),
        **naming(lines, ordered),
    )
