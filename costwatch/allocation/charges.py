"""The single lines behind what was published, each with the team that owns it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools, systems
from costwatch.allocation.bill import LoadFiles, named_values, naming
from costwatch.allocation.match import matches
from costwatch.allocation.settings import Allocation, Pool
from costwatch.allocation.spelling import Spelling, compared_columns, conditions, spelling_of
from costwatch.allocation.trails import passed_on as passed_on_by
from costwatch.ledger.engines.duckdb import compiled, fetch, keep, of_one_schema, raw_lines, stored
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import DESCRIBED, BillFormat, day_of
from costwatch.ledger.map_keys import keys_held
from costwatch.ledger.nano import nano
from costwatch.model import Load
from costwatch.warehouse.bill import loads, publish
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse

_ALL = ibis.literal(True)
Entries = Sequence[tuple[str, str]]  # ``tag`` or ``cost_category``, and its key
_LEAST = (
    *("BillingCurrency", "BillingPeriodStart", "ChargePeriodStart", "EffectiveCost"),
    *("SubAccountId", "SubAccountName"),
)
_SUMMED_UP = ("BillingPeriodStart", "ChargePeriodStart", "EffectiveCost")


@dataclass(frozen=True, slots=True)
class PublishedLines:
    """One billing period as it was published: its files, and the teams and pools of then.

    allocation: with complete pools. shared: the values of ``x_Pool`` that no line shows: pools that are
    split, and what was given on. spelling: how lines write names; None: to be looked up.
    """

    period: date
    parts: tuple[LoadFiles, ...]
    allocation: Allocation
    shared: tuple[str, ...]
    spelling: Spelling | None = None

    @classmethod
    def of(
        cls,
        period: date,
        known: publish.PublishedPeriod,
        charged: Sequence[Load],
        files: LedgerFiles,
        trails: Sequence[str],
    ) -> "PublishedLines":
        """As it is stored. charged: its loads; trails: what ``x_Pool`` says anywhere.

        Raises CostwatchError for one of pools that are not known any more.
        """
        allocation = pools.completed(Allocation.as_published(period, known.config))
        parts = tuple(LoadFiles.of(load, files) for load in charged if load.files)
        spelling = Spelling.from_json(known.spelling) if known.spelling else None
        return cls(period, parts, allocation, passed_on_by(allocation, trails), spelling)


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
        if any(load.files for load in of[period]):
            found.append(PublishedLines.of(period, each, of[period], files, trails))
    return found


def owned(con: Any, bill: PublishedLines, entries: Entries = ()) -> ir.Table:
    """Every line of the period that an owner carries and no pool gives on, as it was delivered.

    Columns: those of ``contract.BillFormat`` and ``DESCRIBED``, both costs in nano-units besides, ``source``,
    ``day`` (yyyymmdd), ``team``, ``x_Pool``, ``x_System``, and the values of ``entries``, each by its name
    such as ``tag:team``. Nothing is read before the expression is run.
    """
    _, named, is_given = _told_apart(_Reading.of(con, bill, entries))
    return named.filter(~is_given)


def delivered(con: Any, bill: PublishedLines, entries: Entries = ()) -> ir.Table:
    """Every line of the period, whoever carries it: the same columns without ``team`` and ``x_Pool``."""
    return _Reading.of(con, bill, entries).lines()


def tag_keys(con: Any, bill: PublishedLines) -> set[str]:
    """The tag keys that lines of the period's files have, as they are written."""
    found: set[str] = set()
    for part in bill.parts:
        of_format = format_named(part.format)
        for paths in of_one_schema(part.paths):
            columns = of_format.charges(raw_lines(con, paths)).columns
            found.update(of_format.tag_keys(columns, keys_held(con, paths)))
    return found


def unnamed_and_tagged(
    con: Any, bill: PublishedLines, tags: Sequence[str], accounts: Iterable[str]
) -> ir.Table:
    """Those of some accounts, with little else than the team, what names owners, and ``tags``.

    All lines that nothing asked for names are among them, and few others. Those that are alike are one, with
    ``EffectiveCostNano`` and ``line_count``; tags are called as ``owners.tag_column`` says. To tell all
    columns, and each line by itself, takes seconds for each period. Lines are read at once.
    """
    _, named, is_given = _told_apart(_Reading.of(con, bill, tags=tags, accounts=accounts))
    return named.filter(~is_given)


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
    lines, named, is_given = _told_apart(_Reading.of(con, bill))
    numbers = [*pools.owned(bill.allocation.pools)]
    taken = lines.filter(lines.pool.notin(numbers))
    return taken.union(named.filter(is_given).select(lines.columns), distinct=False)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the lines of a period are read. tags: told besides, and little else, of some accounts."""

    con: Any
    by: Allocation
    period: date
    groups: Sequence[tuple[LoadFiles, Sequence[Path]]]
    spelling: Spelling
    entries: Entries
    tags: Sequence[str] | None
    accounts: Iterable[str]

    @classmethod
    def of(
        cls,
        con: Any,
        bill: PublishedLines,
        entries: Entries = (),
        tags: Sequence[str] | None = None,
        accounts: Iterable[str] = (),
    ) -> "_Reading":
        by = bill.allocation if tags is None else bill.allocation.model_copy(update={"systems": ()})
        groups = [(part, paths) for part in bill.parts for paths in of_one_schema(part.paths)]
        spelling = bill.spelling or _spelling(con, groups, by)
        return cls(con, by, bill.period, groups, spelling, entries, tags, accounts)

    def lines(self) -> ir.Table:
        """All of them."""
        parts = (self._lines(number, *group) for number, group in enumerate(self.groups))
        return ibis.union(*parts, distinct=False)

    def _lines(self, number: int, part: LoadFiles, paths: Sequence[Path]) -> ir.Table:
        by, spelling = self.by, self.spelling
        of_format = format_named(part.format)
        raw = of_format.charges(raw_lines(self.con, paths))
        values = named_values(of_format, raw, by, spelling.keys, self.tags or ())
        lines = raw.select(**self._columns(part, raw), **values, **self._entries(of_format, raw, paths))
        lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(self.period))
        lines = lines.mutate(day=day_of(lines.ChargePeriodStart))
        if self.tags is not None:
            mine = lines.SubAccountId.isin(sorted(self.accounts)), _may_be_unnamed(lines, by.pools)
            # Kept, so that the engine does not ask each line of the bill what is to be asked of few.
            keep(self.con, f"alike_{number}", compiled(_alike(lines.filter(*mine))))
            lines = stored(self.con, f"alike_{number}")
        lines = lines.mutate(pool=pools.pool_index(by.pools, lines, spelling))
        costs = ("BilledCost", "EffectiveCost")
        return lines.mutate(
            source=ibis.literal(part.source),
            x_System=systems.system_of(lines, by.systems, [pool.name for pool in by.pools], spelling),
            **{f"{cost}Nano": nano(lines[cost]) for cost in costs if cost in lines.columns},
            **naming(lines, by.pools),
        )

    def _columns(self, part: LoadFiles, raw: ir.Table) -> dict[str, ir.Value]:
        columns = part.columns(raw)
        columns["SubAccountId"] = columns["SubAccountId"].fill_null("")
        if self.tags is not None:
            matched = {column for pool in self.by.pools for column, _ in conditions(pool)} - {"Tags"}
            return {column: columns[column] for column in {*_LEAST, *matched}}
        told = format_named(part.format).described(raw)
        return columns | {
            column: told.get(column, ibis.null(kind)).cast(kind) for column, kind in DESCRIBED.items()
        }

    def _entries(self, of_format: BillFormat, raw: ir.Table, paths: Sequence[Path]) -> dict[str, ir.Value]:
        # The configuration need not ask for these: their keys may be none of those that are kept.
        held = keys_held(self.con, paths) if self.entries else {}
        read = {"tag": of_format.tag, "cost_category": of_format.cost_category}
        return {f"{kind}:{key}": read[kind](raw, key, held) for kind, key in self.entries}


def _may_be_unnamed(lines: ir.Table, ordered: Sequence[Pool]) -> ir.BooleanValue:
    """Whether some owner pool finds nothing that it asks for: which one takes a line, is told of few.

    Blank texts come before the first letter that is seen; to strip each takes longer than to read it.
    """
    blank = (
        reduce(and_, (value < "!" for value in owners.value_columns(pool, lines).values()), _ALL)
        for pool in pools.owned(ordered).values()
    )
    return reduce(or_, blank)


def _alike(lines: ir.Table) -> ir.Table:
    """Lines that say the same as one, with their sum: whose they are is then asked of few."""
    told = [column for column in lines.columns if column not in _SUMMED_UP]
    sums = {"EffectiveCostNano": nano(lines.EffectiveCost).sum(), "line_count": lines.count()}
    return lines.group_by(*told).agg(**sums)


def _told_apart(reading: _Reading) -> tuple[ir.Table, ir.Table, ir.BooleanValue]:
    """All lines of the period; those that have an owner, with it; whether a pool gives one of these on."""
    by, lines = reading.by, reading.lines()
    claimed = owners.claims(reading.con, by.teams, reading.spelling)
    named = []
    for number, pool in pools.owned(by.pools).items():
        mine = lines.filter(lines.pool == number)
        named_by = [column for column in lines.columns if column.startswith(f"{number}_")]
        named.append(owners.assign(mine, named_by, claimed).mutate(x_Pool=ibis.literal(pool.name)))
    found = ibis.union(*named, distinct=False)
    given = [
        (found.team == pool.carried_by) & matches(pool.match, found, reading.spelling)
        for pool in by.pools
        if pool.carried_by
    ]
    return lines, found, reduce(or_, given, ibis.literal(False))


def _spelling(con: Any, groups: Sequence[tuple[LoadFiles, Sequence[Path]]], by: Allocation) -> Spelling:
    """Of a period that was published before it was kept."""
    held, texts = [], []
    for part, paths in groups:
        of_format, keys = format_named(part.format), keys_held(con, paths)
        raw = of_format.charges(raw_lines(con, paths))
        told, named = part.columns(raw), named_values(of_format, raw, by, keys)
        asked = {column: told[column] for column in compared_columns(by)}
        asked |= {column: value for column, value in named.items() if column != systems.BY_RESOURCE}
        held.append(keys)
        texts.append(fetch(con, compiled(raw.select(**asked).distinct())))
    return spelling_of(held, texts, by)
