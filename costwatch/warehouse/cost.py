"""The one door to cost: pages, reports, rules and the command line all read through ``cost``."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costwatch.errors import UsageError
from costwatch.model import DIMENSIONS
from costwatch.money import NANO, units
from costwatch.warehouse import queries
from costwatch.warehouse.days import from_int, to_int

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
) -> list[Cost]:
    """Cost of the days ``first`` up to, not including, ``after``.

    by: labels of ``DIMENSIONS`` to group by; ``currency`` is always among them. where: label ->
    accepted values (equality). Ascending by labels, then day. Raises UsageError for an unknown label.
    """
    where = where or {}
    _check(by, where)
    grouped = tuple(dict.fromkeys((*by, "currency")))
    summary = {*grouped, *where} <= _SUMMARY.keys()
    columns = _SUMMARY if summary else _FACTS
    conditions, parameters = _conditions(where, columns)
    fields = [f'{columns[name]} AS "{name}",' for name in grouped] + (["c.day AS day,"] if per_day else [])
    sql = queries.text("cost_by_team" if summary else "cost_by_slice").format(
        columns=" ".join(fields),
        conditions=conditions,
        grouping=", ".join([columns[name] for name in grouped] + (["c.day"] if per_day else [])),
    )
    found = db.execute(sql, {**parameters, "first": to_int(first), "after": to_int(after)})
    return [
        Cost(
            {name: row[name] for name in grouped},
            from_int(row["day"]) if per_day else None,
            row["BilledCostWhole"] * NANO + row["BilledCostRest"],
            row["EffectiveCostWhole"] * NANO + row["EffectiveCostRest"],
            row["line_count"],
        )
        for row in found
    ]


def values(db: sqlite3.Connection, dimension: str, first: date, after: date) -> list[str]:
    """The values one dimension takes in a window, sorted: what a filter offers."""
    return sorted({row.labels[dimension] for row in cost(db, first, after, (dimension,))})


def days_held(db: sqlite3.Connection) -> tuple[date, date] | None:
    """The first and the last day that hold any cost; None for an empty warehouse."""
    row = db.execute("SELECT MIN(day) AS first, MAX(day) AS last FROM day_state").fetchone()
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
