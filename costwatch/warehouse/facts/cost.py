"""The one door to cost: ``cost`` of a connection, and ``stored_cost`` of whoever reads rows."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import add, sub
from typing import Any

from costwatch.cost.conversion import converted
from costwatch.errors import UsageError
from costwatch.model import DIMENSIONS, KEYED_DIMENSIONS, is_dimension, tag_key
from costwatch.money import NANO, units
from costwatch.plugins import Rates
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, to_int, to_text
from costwatch.warehouse.facts import cost_tables
from costwatch.warehouse.facts.dimensions import dimensions
from costwatch.warehouse.history import table_as_of

_Rows = Callable[[str, Mapping[str, Any]], Iterable[Any]]
_Sums = dict[tuple[Any, ...], tuple[int, ...]]


@dataclass(slots=True)  # of a year there are many: a frozen one takes three times as long to make
class Cost:
    """The sum of one combination of labels (always with ``currency``), of one day if asked per day."""

    labels: Mapping[str, str]
    day: date | None
    BilledCostNano: int
    EffectiveCostNano: int
    line_count: int

    @property
    def is_nothing(self) -> bool:
        """Whether it holds no cost and no line of a bill."""
        return not (self.BilledCostNano or self.EffectiveCostNano or self.line_count)

    def amount(self, metric: str = "EffectiveCost") -> Decimal:
        """One of ``METRICS`` in currency units, exact."""
        return units(self.EffectiveCostNano if metric == "EffectiveCost" else self.BilledCostNano)

    def __add__(self, other: "Cost") -> "Cost":
        """Both, as one with the labels and the day of the first."""
        return Cost(
            self.labels,
            self.day,
            self.BilledCostNano + other.BilledCostNano,
            self.EffectiveCostNano + other.EffectiveCostNano,
            self.line_count + other.line_count,
        )


def cost(
    db: sqlite3.Connection,
    first: date,
    after: date,
    by: Sequence[str] = (),
    where: Mapping[str, Collection[str]] | None = None,
    *,
    per_day: bool = False,
    as_of: datetime | None = None,
    conversion: Rates | None = None,
) -> list[Cost]:
    """Cost of the days ``first`` up to, not including, ``after``.

    by: labels of ``DIMENSIONS`` to group by; ``currency`` is always among them. where: label ->
    accepted values (equality; ``parent``: a team at any level, with all that is below it, while grouped by
    it there are only those at the top). Ascending by labels, then day. Raises UsageError for an unknown
    label.

    as_of: as it was known at that instant; what was first published later was not known (it has no
    row), and what later publications added is not there. conversion: what has a rate is added up in the
    reporting currency; rows in any other currency have none and stay apart. Each day of a row is
    converted and rounded alone, the whole, parents and cost centers as their teams: so days and teams add
    up to the nano-unit, while the sum by other labels may differ from the whole by half a nano-unit for each
    row and day.
    """
    where = where or {}
    require_known(db, [*by, *where])
    return stored_cost(db.execute, first, after, by, where, per_day, as_of, conversion)


def stored_cost(
    read: _Rows,
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    per_day: bool,
    as_of: datetime | None,
    conversion: Rates | None,
) -> list[Cost]:
    """As ``cost``, of labels that are known."""
    if conversion is None:
        return _stored(read, first, after, by, where, per_day, as_of)
    # Parents and cost centers are sums of their teams, whatever is lost to rounding in each.
    of_teams = not by or cost_tables.ABOVE & {*by}
    parts = _stored(read, first, after, (*by, "team") if of_teams else by, where, True, as_of)
    return _converted(parts, tuple(dict.fromkeys((*by, "currency"))), conversion, per_day=per_day)


def _stored(
    read: _Rows,
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    per_day: bool,
    as_of: datetime | None,
) -> list[Cost]:
    grouped = tuple(dict.fromkeys((*by, "currency")))
    table = cost_tables.table_for({*grouped, *where})
    question = cost_tables.Question(grouped, where, per_day, as_of)
    window = {"first": to_int(first), "after": to_int(after)}
    if question.tags and table != cost_tables.FACTS:
        sums = _of_parts(read, question, table, window)
    else:
        sums = _sums(read, question, table, window)
    is_in_order = question.is_summed(table) and as_of is None and not question.tags
    labels_of = cache(lambda *of: dict(zip(grouped, of, strict=True)))
    day_of = cache(from_int)
    rows = (
        Cost(labels_of(*key[: len(grouped)]), day_of(key[-1]) if per_day else None, *of)
        for key, of in (sums.items() if is_in_order else sorted(sums.items()))
    )
    # What became known later is there as itself less itself.
    return [*rows] if as_of is None else [row for row in rows if not row.is_nothing]


def _of_parts(
    read: _Rows, question: cost_tables.Question, table: cost_tables.CostTable, window: Mapping[str, int]
) -> _Sums:
    """By keys of AllocatedTags: of the facts that have some, and what is left of ``table`` without these."""
    sums = _sums(read, question, cost_tables.PARTS, window)
    if (untold := question.without_tags()) is None:
        return sums
    parts = _sums(read, untold, cost_tables.PARTS, window)
    for key, whole in _sums(read, untold, table, window).items():
        left = tuple(map(sub, whole, parts.get(key, (0, 0, 0))))
        if any(left):
            told = iter(key)
            of = (f"no {tag_key(name)}" if name in question.tags else next(told) for name in question.grouped)
            place = (*of, *told)
            sums[place] = tuple(map(add, left, sums.get(place, (0, 0, 0))))
    return sums


def _sums(
    read: _Rows, question: cost_tables.Question, table: cost_tables.CostTable, window: Mapping[str, int]
) -> _Sums:
    """BilledCost and EffectiveCost in nano-units, and lines, by the labels asked for and the day."""
    bound = {**question.parameters, **instant_of(question.as_of), **window, "summary": table.summary}
    sums: _Sums = {}
    width, is_summed = len(question.grouped) + question.per_day, question.is_summed(table)
    for sign, sql in question.statements(table):  # -1: what became known later
        for row in read(sql, bound):
            key = row[:width]
            if is_summed:
                billed, billed_rest, effective, effective_rest, lines = row[width:]
                billed, effective = billed * NANO + billed_rest, effective * NANO + effective_rest
            else:
                billed, effective, lines = row[width:]
            if sign < 0:
                billed, effective, lines = -billed, -effective, -lines
            if held := sums.get(key):
                billed, effective, lines = billed + held[0], effective + held[1], lines + held[2]
            sums[key] = billed, effective, lines
    return sums


def _converted(
    parts: Iterable[Cost], grouped: Sequence[str], conversion: Rates, *, per_day: bool
) -> list[Cost]:
    """``parts``, each of one day, in the reporting currency where there is a rate, summed by ``grouped``."""
    sums: dict[tuple[tuple[str, ...], date], tuple[int, int, int]] = {}
    for part in parts:
        day = part.day or date.min
        rate = conversion.rate(part.labels["currency"], day)
        labels = part.labels if rate is None else {**part.labels, "currency": conversion.reporting}
        key = tuple(labels[name] for name in grouped), day if per_day else date.min
        billed, effective, lines = sums.get(key, (0, 0, 0))
        sums[key] = (
            billed + converted(part.BilledCostNano, rate or Decimal(1)),
            effective + converted(part.EffectiveCostNano, rate or Decimal(1)),
            lines + part.line_count,
        )
    return [
        Cost(dict(zip(grouped, values, strict=True)), day if per_day else None, *sums[values, day])
        for values, day in sorted(sums)
    ]


def values(db: sqlite3.Connection, dimension: str, first: date, after: date) -> list[str]:
    """The values one dimension takes in a window, sorted: what a filter offers."""
    require_known(db, [dimension])
    looked_for = cost_tables.values(dimension)
    if looked_for is None:
        return sorted({row.labels[dimension] for row in cost(db, first, after, (dimension,))})
    sql, summary = looked_for
    window = {"first": to_int(first), "after": to_int(after), "summary": summary}
    return [row["value"] for row in db.execute(sql, window)]


def days_held(db: sqlite3.Connection, as_of: datetime | None = None) -> tuple[date, date] | None:
    """The first and the last day that hold any cost; None for an empty warehouse.

    as_of: those that held any then; where that was not noted, those that do or did since.
    """
    sql = queries.filled("days_held", day_state=table_as_of("day_state", as_of))
    row = db.execute(sql, instant_of(as_of)).fetchone()
    if row["first"] is None and as_of is not None:
        row = db.execute(queries.text("days_ever_held"), instant_of(as_of)).fetchone()
    return None if row["first"] is None else (from_int(row["first"]), from_int(row["last"]))


def instant_of(as_of: datetime | None) -> dict[str, str]:
    """The parameter of queries that are asked as of then."""
    return {} if as_of is None else {"as_of": to_text(as_of)}


def require_known(db: sqlite3.Connection, names: Iterable[str]) -> None:
    """Raises UsageError for a label that cost does not have."""
    unknown = [name for name in names if not is_dimension(name)]
    configured = dimensions(db) if unknown else ()
    for name in unknown:
        if name not in configured:
            keyed = (f"{kind}:KEY" for kind in KEYED_DIMENSIONS)
            known = ", ".join([*DIMENSIONS, *configured, *keyed])
            raise UsageError(
                f"'{name}': cost cannot be grouped or filtered by it; use one of {known} (a dimension of "
                "costwatch.yaml is known once `costwatch allocate` published a period by it)"
            )
