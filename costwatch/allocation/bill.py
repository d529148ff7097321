"""From the lines of a billing period to daily facts of the bill, one row for all lines that are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis import _

from costwatch.allocation import owners, pools, systems
from costwatch.allocation.match import matches
from costwatch.allocation.settings import Pool
from costwatch.allocation.weights import is_monthly
from costwatch.cost.systems import System
from costwatch.ledger.engines.duckdb import compiled, keep, of_one_schema
from costwatch.ledger.engines.engine import PLACE, Engine
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import COSTS, BillFormat, day_of, is_entry
from costwatch.ledger.nano import nano
from costwatch.model import Load
from costwatch.warehouse.bill.publish import SLICE_COLUMNS

# What a fact keeps of its lines besides team, service and day; its pool and system are known later.
_KNOWN_LATER = ("x_Pool", "x_System")
KEPT = (*(column for column in SLICE_COLUMNS if column not in _KNOWN_LATER), "InvoiceId", "InvoiceIssuerName")

# Hashes of what is written in a line: in its own columns, and in the maps among them.
MARKS = ("columns_mark", "entries_mark")
_ROW_BITS = 40
_ROWS_OF_A_FILE = 1 << _ROW_BITS

_COMPARED_BY = ("ServiceName", "ChargeCategory", "BillingCurrency")


@dataclass(frozen=True, slots=True)
class LoadFiles:
    """The files of one load that hold lines of the billing period, and how they are read: see ``Load``."""

    source: str
    format: str
    paths: tuple[Path, ...]
    unamortised: tuple[str, ...] | None = None

    @classmethod
    def of(cls, load: Load, files: LedgerFiles) -> "LoadFiles":
        """The files of a stored load in the ledger."""
        paths = tuple(files.path(digest) for digest in load.files)
        return cls(load.source, load.format, paths, load.unamortised)

    def columns(self, raw: ir.Table) -> dict[str, ir.Value]:
        """See ``contract.BillFormat``."""
        return format_named(self.format).columns(raw, self.unamortised)


@dataclass(frozen=True, slots=True)
class _SchemaGroup:
    """The period's lines of files of one schema, with the names of what tells them apart, and ``MARKS``.

    Reading a map is what costs most: ``entries`` are those columns that are read from one.
    """

    number: int
    part: LoadFiles
    lines: ir.Table
    columns: tuple[str, ...]
    entries: tuple[str, ...]


def keep_facts(
    engine: Engine, parts: Sequence[LoadFiles], period: date, ordered: Sequence[Pool], known: Sequence[System]
) -> None:
    """Sum the period's lines by day, and keep what is the same in alike lines once: two tables of the engine.

    ``line_kinds``: ``part`` and ``MARKS``, which together tell lines apart that are written differently,
    ``KEPT``, ``ServiceName``, ``x_Estimated``, ``pool`` (position in ``ordered``), ``x_Pool``, ``x_System``
    (the first of ``known`` that they match), ``is_monthly`` (see ``weights``), the values that can name an
    owner (``<pool>_tag_<n>``, ``<pool>_category_<n>``), those that pools tell lines apart by (``key
    <column>``), and whether a pool takes such lines from the team that carries them (``takes <pool>``).
    ``days``: ``part``, ``MARKS``, ``first`` and ``last`` (days of the charge period), ``line`` (where the
    first of them stands), ``line_count`` and both costs in nano-units. docs/allocation.md tells what is made
    on the way.
    """
    written = [
        _written(engine, number, part, paths, period, ordered, known)
        for number, (part, paths) in enumerate(
            (part, paths) for part in parts for paths in of_one_schema(part.paths)
        )
    ]
    days = engine.keep("days", ibis.union(*map(_days, written), distinct=False))
    line_kinds = [_normalised(each, _line_kinds(engine, each, days), ordered, known) for each in written]
    keep(engine.con, "line_kinds", compiled(engine.con, ibis.union(*line_kinds, distinct=False)))
    for each in written:
        engine.con.drop_table(f"columns_{each.number}")
        engine.con.drop_table(f"entries_{each.number}")


def daily(engine: Engine, part: LoadFiles, period: date) -> ir.Table:
    """Daily sums of a bill that is only compared, as ``warehouse.bill.second_opinion.Checked``."""
    known = format_named(part.format)
    raws = (known.charges(engine.lines(paths)) for paths in of_one_schema(part.paths))
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


def _written(
    engine: Engine,
    number: int,
    part: LoadFiles,
    paths: Sequence[Path],
    period: date,
    ordered: Sequence[Pool],
    known: Sequence[System],
) -> _SchemaGroup:
    of_format = format_named(part.format)
    raw = of_format.charges(engine.lines(paths))
    told = part.columns(raw)
    fields = {name: raw[name] for name in _fields(raw, [told[column] for column in _used(ordered)])}
    entries = {name: raw[name] for name in fields if is_entry(name)} | named_values(
        of_format, raw, ordered, known
    )
    columns = {name: value for name, value in fields.items() if name not in entries}
    columns |= _keys(told, entries, ordered)
    lines = raw.select(
        *PLACE,
        **columns,
        **entries,
        period=engine.period_of(told),
        first=told["ChargePeriodStart"].date(),
        last=(told["ChargePeriodEnd"] - ibis.interval(microseconds=1)).date(),
        x_Billed=told["BilledCost"],
        x_Effective=told["EffectiveCost"],
    )
    marks = {
        mark: engine.mark([lines[name] for name in names] or [ibis.literal("")])
        for mark, names in zip(MARKS, (columns, entries), strict=True)
    }
    lines = lines.filter(lines.period == ibis.literal(period)).mutate(**marks)
    return _SchemaGroup(number, part, lines, tuple(columns), tuple(entries))


def _days(written: _SchemaGroup) -> ir.Table:
    lines = written.lines
    file, row = (lines[column] for column in PLACE)
    sums = lines.group_by(*MARKS, "first", "last").agg(
        line=(file * _ROWS_OF_A_FILE + row).min(),
        line_count=lines.count(),
        BilledCostNano=nano(lines.x_Billed).sum(),
        EffectiveCostNano=nano(lines.x_Effective).sum(),
    )
    days = {name: day_of(sums[name]).cast("int32") for name in ("first", "last")}
    return sums.mutate(**days, part=ibis.literal(written.number, "int32"))


def _line_kinds(engine: Engine, written: _SchemaGroup, days: ir.Table) -> ir.Table:
    """What is written in lines that are alike, looked up in the first of them.

    Columns are read of every kind of line, maps, which cost more, of every kind of entries only.
    """
    kinds = days.filter(days.part == written.number)
    line_kinds = engine.con.table("days").filter(_.part == written.number).select(*MARKS).distinct()
    for name, told_by, columns in (
        ("columns", MARKS, written.columns),
        ("entries", MARKS[1:], written.entries),
    ):
        first = kinds.group_by(*told_by).agg(line=kinds.line.min())
        place = zip(PLACE, (first.line >> _ROW_BITS, first.line & (_ROWS_OF_A_FILE - 1)), strict=True)
        found = written.lines.select(*PLACE, *columns).join(first.select(*told_by, **dict(place)), PLACE)
        # Each by itself: DuckDB would read both at once, and then all lines.
        engine.keep(f"{name}_{written.number}", found.select(*told_by, *columns).distinct())
        line_kinds = line_kinds.join(engine.con.table(f"{name}_{written.number}"), told_by)
    return line_kinds


def _used(ordered: Sequence[Pool]) -> list[str]:
    """The columns of the contract by which lines are told apart, and chosen by some pool."""
    chosen = {
        column for pool in ordered for column in pool.match.model_dump(exclude={"Tags"}, exclude_none=True)
    }
    return sorted({*KEPT, "ServiceName", "ChargeFrequency", "x_Estimated", *chosen} - {"source"})


def _fields(raw: ir.Table, values: Sequence[ir.Value]) -> list[str]:
    """The columns of ``raw`` that ``values`` are made of."""
    fields = (field for value in values for field in value.op().find(ops.Field))
    return sorted({field.name for field in fields if field.rel == raw.op()})


def _normalised(
    written: _SchemaGroup, line_kinds: ir.Table, ordered: Sequence[Pool], known: Sequence[System]
) -> ir.Table:
    """What is written, once, as the contract has it."""
    told = written.part.columns(line_kinds)
    used = _filled({column: told[column] for column in _used(ordered)})
    named = {column: line_kinds[column] for column in line_kinds.columns if column.startswith(owners.NAMED)}
    keys = [column for column in line_kinds.columns if column.startswith(pools.KEY)]
    charges = line_kinds.select(*MARKS, *keys, **used, **named, source=ibis.literal(written.part.source))
    charges = charges.mutate(pool=pools.pool_index(ordered, charges))
    return charges.select(
        *(*MARKS, *KEPT, "ServiceName", "x_Estimated", "pool", *keys),
        part=ibis.literal(written.number, "int32"),
        is_monthly=is_monthly(charges),
        x_Pool=ibis.cases(*((charges.pool == number, pool.name) for number, pool in enumerate(ordered))),
        x_System=systems.system_of(charges, known, [pool.name for pool in ordered]),
        **naming(charges, ordered),
        **{
            f"{pools.TAKES}{number}": matches(pool.match, charges)
            for number, pool in enumerate(ordered)
            if pool.carried_by
        },
    )


def _keys(
    told: Mapping[str, ir.Value], named: Mapping[str, ir.Value], ordered: Sequence[Pool]
) -> dict[str, ir.Value]:
    """The columns that some pool tells its lines apart by; empty in those of other pools."""
    asking = {number: pool for number, pool in enumerate(ordered) if pool.columns}
    if not asking:
        return {}
    lines = {**_filled(told), **named}
    pool_of_line = pools.pool_index(ordered, lines)
    taken = {
        number: matches(pool.match, lines) if pool.carried_by else pool_of_line == number
        for number, pool in asking.items()
    }
    found = {}
    for column in sorted({column for pool in asking.values() for column in pool.columns}):
        needed = reduce(or_, (taken[number] for number, pool in asking.items() if column in pool.columns))
        found[pools.key_column(column)] = ibis.ifelse(needed, lines[column], "")
    return found


def _filled(told: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    return {
        column: value.fill_null("") if value.type().is_string() else value for column, value in told.items()
    }


def until(facts: ir.Table, ordered: Sequence[Pool]) -> ir.IntegerValue:
    """The last day of each charge; owned ones are not spread, so that their length tells nothing apart."""
    owned = [*pools.owned(ordered)]
    return ibis.ifelse(
        facts.pool.isin(owned) | (facts["last"] < facts["first"]), facts["first"], facts["last"]
    )


def named_values(
    of_format: BillFormat, raw: ir.Table, ordered: Sequence[Pool], known: Sequence[System]
) -> dict[str, ir.Value]:
    """The tags and cost categories that some pool or system asks for, and which systems name the resource."""
    owned = pools.owned(ordered).values()
    tags = {key for pool in ordered for key in pool.match.Tags} | {key for pool in owned for key in pool.tags}
    tags |= systems.tag_keys(known)
    categories = {category for pool in owned for category in pool.cost_categories}
    return {
        **{owners.tag_column(key): of_format.tag(raw, key) for key in sorted(tags)},
        **{owners.category_column(each): of_format.cost_category(raw, each) for each in sorted(categories)},
        **systems.by_resource(of_format.columns(raw)["ResourceId"], known),
    }


def naming(lines: ir.Table, ordered: Sequence[Pool]) -> dict[str, ir.StringValue]:
    """The values that can name a line's owner, as ``<pool>_<column>``; empty in those of other pools."""
    return {
        f"{number}_{column}": ibis.ifelse(lines.pool == number, value, "")
        for number, pool in pools.owned(ordered).items()
        for column, value in owners.value_columns(pool, lines).items()
    }
