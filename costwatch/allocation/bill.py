"""From the lines of a billing period to daily facts of the bill, one row for all lines that are alike."""

from collections.abc import Iterable, Mapping, Sequence
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
from costwatch.allocation.settings import Allocation, Pool
from costwatch.allocation.spelling import Spelling, compared_columns, spelling_of
from costwatch.allocation.weights import is_monthly
from costwatch.ledger.engines.duckdb import compiled, fetch, keep, of_one_schema
from costwatch.ledger.engines.engine import PLACE, Engine
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import BillFormat, Held, day_of, is_entry
from costwatch.ledger.map_keys import keys_held
from costwatch.ledger.nano import nano, priced
from costwatch.model import Load
from costwatch.warehouse.bill.places import SLICE_COLUMNS

# What a fact keeps of its lines besides team, service and day; its pool, system and tags are known later.
_KNOWN_LATER = ("x_Pool", "x_System", "AllocatedTags")
KEPT = (*(column for column in SLICE_COLUMNS if column not in _KNOWN_LATER), "InvoiceId", "InvoiceIssuerName")

# Hashes of what is written in a line: in its own columns, and in the maps among them.
MARKS = ("columns_mark", "entries_mark")
_ROW_BITS = 40
_ROWS_OF_A_FILE = 1 << _ROW_BITS


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
    held: Held
    tag_keys: Sequence[str]


def keep_facts(
    engine: Engine, parts: Sequence[LoadFiles], period: date, by: Allocation
) -> tuple[Spelling, list[str]]:
    """Sum the period's lines by day, and keep what is the same in alike lines once: two tables of the engine.

    by: with complete pools. Returns how lines write its names, and all keys of their tags.

    ``line_kinds``: ``part`` and ``MARKS``, which together tell lines apart that are written differently,
    ``KEPT``, ``ServiceName``, ``x_Estimated``, ``pool`` (its position), ``x_Pool``, ``x_System``
    (the first that they match), ``is_monthly`` (see ``weights``), the values that can name an
    owner (``<pool>_tag_<n>``, ``<pool>_category_<n>``), the tags that dimensions ask for (``tag <key>``),
    those that pools tell lines apart by (``key <column>``), and whether a pool takes such lines from the team
    that carries them (``takes <pool>``).
    ``days``: ``part``, ``MARKS``, ``first`` and ``last`` (days of the charge period), ``line`` (where the
    first of them stands) and ``weights.CARRIED``. docs/allocation.md tells what is made on the way.
    """
    written = [
        _written(engine, number, part, paths, period, by)
        for number, (part, paths) in enumerate(
            (part, paths) for part in parts for paths in of_one_schema(part.paths)
        )
    ]
    days = engine.keep("days", ibis.union(*map(_days, written), distinct=False))
    as_written = [(each, _line_kinds(engine, each, days)) for each in written]
    texts = [fetch(engine.con, compiled(_texts(*each, by))) for each in as_written]
    spelling = spelling_of([each.held for each in written], texts, by)
    line_kinds = [_normalised(*each, by, spelling) for each in as_written]
    keep(engine.con, "line_kinds", compiled(ibis.union(*line_kinds, distinct=False)))
    for each in written:
        engine.con.drop_table(f"columns_{each.number}")
        engine.con.drop_table(f"entries_{each.number}")
    return spelling, sorted({key for each in written for key in each.tag_keys})


def _written(
    engine: Engine, number: int, part: LoadFiles, paths: Sequence[Path], period: date, by: Allocation
) -> _SchemaGroup:
    of_format, held = format_named(part.format), keys_held(engine.con, paths)
    raw = of_format.charges(engine.lines(paths, f"lines_{number}"))
    told = part.columns(raw)
    fields = {name: raw[name] for name in _fields(raw, [told[column] for column in _used(by.pools)])}
    entries = {name: raw[name] for name in fields if is_entry(name)}
    entries |= named_values(of_format, raw, by, held, dimension_tags(by))
    columns = {name: value for name, value in fields.items() if name not in entries}
    columns |= _keys(engine, raw, {**_filled(told), **entries}, by)
    lines = raw.select(
        *PLACE,
        **columns,
        **entries,
        period=engine.period_of(told),
        first=told["ChargePeriodStart"].date(),
        last=(told["ChargePeriodEnd"] - ibis.interval(microseconds=1)).date(),
        x_Billed=told["BilledCost"],
        x_Effective=told["EffectiveCost"],
        x_Contracted=told["ContractedCost"],
        x_Quantity=told["PricingQuantity"],
    )
    marks = {
        mark: engine.mark([lines[name] for name in names] or [ibis.literal("")])
        for mark, names in zip(MARKS, (columns, entries), strict=True)
    }
    lines = lines.filter(lines.period == ibis.literal(period)).mutate(**marks)
    keys = of_format.tag_keys(raw.columns, held)
    return _SchemaGroup(number, part, lines, tuple(columns), tuple(entries), held, keys)


def _days(written: _SchemaGroup) -> ir.Table:
    lines = written.lines
    file, row = (lines[column] for column in PLACE)
    told = priced(lines.x_Quantity, lines.x_Contracted)
    sums = lines.group_by(*MARKS, "first", "last").agg(
        line=(file * _ROWS_OF_A_FILE + row).min(),
        line_count=lines.count(),
        BilledCostNano=nano(lines.x_Billed).sum(),
        EffectiveCostNano=nano(lines.x_Effective).sum(),
        **{name: value.sum() for name, value in told.items()},
    )
    days = {name: day_of(sums[name]).cast("int32") for name in ("first", "last")}
    return sums.mutate(**days, part=ibis.literal(written.number, "int32"))


def _line_kinds(engine: Engine, written: _SchemaGroup, days: ir.Table) -> ir.Table:
    """What is written in lines that are alike, looked up in the first of them.

    Columns are read of every kind of line, maps, which cost more, of every kind of entries only.
    """
    kinds = days.filter(days.part == written.number)
    line_kinds = (
        ibis.table(days.schema(), name="days").filter(_.part == written.number).select(*MARKS).distinct()
    )
    for name, told_by, columns in (
        ("columns", MARKS, written.columns),
        ("entries", MARKS[1:], written.entries),
    ):
        first = kinds.group_by(*told_by).agg(line=kinds.line.min())
        place = zip(PLACE, (first.line >> _ROW_BITS, first.line & (_ROWS_OF_A_FILE - 1)), strict=True)
        found = written.lines.select(*PLACE, *columns).join(first.select(*told_by, **dict(place)), PLACE)
        # Each by itself: DuckDB would read both at once, and then all lines.
        found = found.select(*told_by, *columns).distinct()
        engine.keep(f"{name}_{written.number}", found)
        line_kinds = line_kinds.join(ibis.table(found.schema(), name=f"{name}_{written.number}"), told_by)
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


def _texts(written: _SchemaGroup, line_kinds: ir.Table, by: Allocation) -> ir.Table:
    """What stands in the columns in which names of the configuration may stand, together."""
    told = written.part.columns(line_kinds)
    named = {column: line_kinds[column] for column in line_kinds.columns if column.startswith(owners.NAMED)}
    return line_kinds.select(**{column: told[column] for column in compared_columns(by)}, **named).distinct()


def _normalised(written: _SchemaGroup, line_kinds: ir.Table, by: Allocation, spelling: Spelling) -> ir.Table:
    """What is written, once, as the contract has it."""
    ordered = by.pools
    told = written.part.columns(line_kinds)
    used = _filled({column: told[column] for column in _used(ordered)})
    named = {column: line_kinds[column] for column in line_kinds.columns if column.startswith(owners.NAMED)}
    keys = [column for column in line_kinds.columns if column.startswith(pools.KEY)]
    charges = line_kinds.select(*MARKS, *keys, **used, **named, source=ibis.literal(written.part.source))
    charges = charges.mutate(pool=pools.pool_index(ordered, charges, spelling))
    return charges.select(
        *(*MARKS, *KEPT, "ServiceName", "x_Estimated", "pool", *keys),
        part=ibis.literal(written.number, "int32"),
        is_monthly=is_monthly(charges),
        x_Pool=ibis.cases(*((charges.pool == number, pool.name) for number, pool in enumerate(ordered))),
        x_System=systems.system_of(charges, by.systems, [pool.name for pool in ordered], spelling),
        **naming(charges, ordered),
        **{name: charges[name].fill_null("") for name in map(owners.tag_column, dimension_tags(by))},
        **{
            f"{pools.TAKES}{number}": matches(pool.match, charges, spelling)
            for number, pool in enumerate(ordered)
            if pool.carried_by
        },
    )


def _keys(
    engine: Engine, raw: ir.Table, lines: Mapping[str, ir.Value], by: Allocation
) -> dict[str, ir.Value]:
    """The columns that some pool tells its lines apart by; empty in those of other pools."""
    asking = {number: pool for number, pool in enumerate(by.pools) if pool.columns}
    if not asking:
        return {}
    # Which pool takes a line must be known while lines are read: how they write its names, before.
    asked = [*compared_columns(by), *(name for name in lines if name.startswith(owners.NAMED))]
    spelling = spelling_of(
        [], [engine.fetch(raw.select(**{name: lines[name] for name in asked}).distinct())], by
    )
    pool_of_line = pools.pool_index(by.pools, lines, spelling)
    taken = {
        number: matches(pool.match, lines, spelling) if pool.carried_by else pool_of_line == number
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
    of_format: BillFormat, raw: ir.Table, by: Allocation, held: Held, more: Iterable[str] = ()
) -> dict[str, ir.Value]:
    """The tags and cost categories that some pool or system asks for, and which systems name the resource.

    more: tags besides. Each under the name of its folded key, so that none is read twice.
    """
    owned = pools.owned(by.pools).values()
    tags = {*more, *systems.tag_keys(by.systems), *(key for pool in by.pools for key in pool.match.Tags)}
    tags |= {key for pool in owned for key in pool.tags}
    categories = {category for pool in owned for category in pool.cost_categories}
    return {
        **{owners.tag_column(key): of_format.tag(raw, key, held) for key in sorted(tags)},
        **{
            owners.category_column(each): of_format.cost_category(raw, each, held)
            for each in sorted(categories)
        },
        **systems.by_resource(of_format.columns(raw)["ResourceId"], by.systems),
    }


def dimension_tags(by: Allocation) -> list[str]:
    """The tags that dimensions ask for."""
    return sorted({tag for each in by.dimensions.values() for tag in each.tags})


def naming(lines: ir.Table, ordered: Sequence[Pool]) -> dict[str, ir.StringValue]:
    """The values that can name a line's owner, as ``<pool>_<column>``; empty in those of other pools."""
    return {
        f"{number}_{column}": ibis.ifelse(lines.pool == number, value, "")
        for number, pool in pools.owned(ordered).items()
        for column, value in owners.value_columns(pool, lines).items()
    }
