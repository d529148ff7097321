"""The one door to cost: pages, reports, rules and the command line all read through ``cost``."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from costwatch.cost.conversion import Conversion, converted
from costwatch.errors import UsageError
from costwatch.model import DIMENSIONS
from costwatch.money import NANO, units
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, to_int, to_text

_SUMMARY = {"team": "t.name", "service": "v.name", "currency": "c.BillingCurrency"}
_FACTS = {name: f"s.{column}" for name, column in DIMENSIONS.items()} | {
    "team": "t.name",
    "service": "v.name",
    "source": "s.source",
}


@dataclass(frozen=True, slots=True)
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


def cost(
    db: sqlite3.Connection,
    first: date,
    after: date,
    by: Sequence[str] = (),
    where: Mapping[str, Collection[str]] | None = None,
    *,
    per_day: bool = False,
    as_of: datetime | None = None,
    conversion: Conversion | None = None,
) -> list[Cost]:
    """Cost of the days ``first`` up to, not including, ``after``.

    by: labels of ``DIMENSIONS`` to group by; ``currency`` is always among them. where: label ->
    accepted values (equality). Ascending by labels, then day. Raises UsageError for an unknown label.

    as_of: as it was known at that instant; what was first published later was not known (it has no
    row), and what later publications added is not there. conversion: what has a rate is added up in the
    reporting currency; rows in any other currency have none and stay apart. Each day of a row is
    converted and rounded alone, and the whole as its teams: so days and teams add up to the nano-unit,
    while the sum by other labels may differ from the whole by half a nano-unit for each row and day.
    """
    where = where or {}
    _check(by, where)
    if conversion is None:
        return _stored(db, first, after, by, where, per_day, as_of)
    parts = _stored(db, first, after, by or ("team",), where, True, as_of)
    return _converted(parts, tuple(dict.fromkeys((*by, "currency"))), conversion, per_day=per_day)


def _stored(
    db: sqlite3.Connection,
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    per_day: bool,
    as_of: datetime | None,
) -> list[Cost]:
    grouped = tuple(dict.fromkeys((*by, "currency")))
    summary = as_of is None and {*grouped, *where} <= _SUMMARY.keys()
    columns = _SUMMARY if summary else _FACTS
    conditions, parameters = _conditions(where, columns)
    fields = [f'{columns[name]} AS "{name}",' for name in grouped] + (["c.day AS day,"] if per_day else [])
    query = "cost_by_team" if summary else "cost_by_slice" if as_of is None else "cost_as_of"
    sql = queries.filled(
        query,
        columns=" ".join(fields),
        conditions=conditions,
        grouping=", ".join([columns[name] for name in grouped] + (["c.day"] if per_day else [])),
    )
    parameters |= {} if as_of is None else {"as_of": to_text(as_of)}
    found = [
        Cost(
            {name: row[name] for name in grouped},
            from_int(row["day"]) if per_day else None,
            row["BilledCostWhole"] * NANO + row["BilledCostRest"],
            row["EffectiveCostWhole"] * NANO + row["EffectiveCostRest"],
            row["line_count"],
        )
        for row in db.execute(sql, {**parameters, "first": to_int(first), "after": to_int(after)})
    ]
    # What became known later is there as itself less itself.
    return found if as_of is None else [row for row in found if not row.is_nothing]


def _converted(
    parts: Iterable[Cost], grouped: Sequence[str], conversion: Conversion, *, per_day: bool
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
    return sorted({row.labels[dimension] for row in cost(db, first, after, (dimension,))})


def days_held(db: sqlite3.Connection, as_of: datetime | None = None) -> tuple[date, date] | None:
    """The first and the last day that hold any cost, or did since ``as_of``; None for an empty warehouse."""
    row = db.execute(
        queries.text("days_held"),
        {"as_of": None if as_of is None else to_text(as_of)},
    ).fetchone()
    return None if row["first"] is None else (from_int(row["first"]), from_int(row["last"]))


def _check(by: Sequence[str], where: Mapping[str, Collection[str]]) -> None:
    for name in (*by, *where):
        if name not in DIMENSIONS:
            known = ", ".join(DIMENSIONS)
            raise UsageError(f"'{name}': cost cannot be grouped or filtered by it; use one of {known}")


def _conditions(
    where: Mapping[str, Collection[str]], columns: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    parameters: dict[str, str] = {}
    conditions = ["1"]
    for name, accepted in where.items():
        keys = [f"{name}_{number}" for number in range(len(accepted))]
        parameters.update(zip(keys, accepted, strict=True))
        conditions.append(f"{columns[name]} IN ({', '.join(':' + key for key in keys)})")
    return " AND ".join(conditions), parameters
