"""Cost as it is handed on: JSON, CSV, frames and the pages' tables are made of the records of one answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from costwatch.answers.unamortised import Unamortised, unamortised
from costwatch.cost.conversion import Conversion, Unit
from costwatch.cost.line_labels import column
from costwatch.csv_text import Cell, csv_text
from costwatch.model import BEFORE_CREDITS, KINDS_BEFORE_CREDITS, METRICS, State
from costwatch.money import nanos, units
from costwatch.warehouse.facts.cost import Cost, cost, days_held
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

NANO = "Nano"  # how the names of columns end that hold integer nano-units
_Key = tuple[tuple[str, ...], date | None]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CostAnswer:
    """Cost of the UTC days ``first`` up to, not including, ``after``; ``last_held``: the newest with any.

    by: the labels of each row, ``currency`` among them. before_credits: of the same labels and days, where a
    row that is nothing then is left out; None: it was not asked for. states: how settled each of these days
    is that holds cost. as_of: None for what is known now. conversion: None where nothing is converted.
    unamortised: what of these days' EffectiveCost is not.
    """

    by: tuple[str, ...]
    per_day: bool
    rows: Sequence[Cost]
    before_credits: Sequence[Cost] | None
    first: date
    after: date
    last_held: date
    states: Mapping[date, State]
    as_of: datetime | None = None
    conversion: Conversion | None = None
    unamortised: Sequence[Unamortised] = ()

    @property
    def columns(self) -> list[str]:
        """Of each record. Names ending ``Nano``: integers, 1e-9 of the currency."""
        before = [f"x_{name}" for name in BEFORE_CREDITS.values()] if self.before_credits is not None else []
        return [
            *(["day"] if self.per_day else []),
            *map(column, self.by),
            *(f"{name}{NANO}" for name in (*reversed(METRICS), *before)),
            "x_LineCount",
            "x_State",
            *(["x_Unamortised"] if self.unamortised else []),
            *(["x_AsOf"] if self.as_of else []),
            *(["x_Converted"] if self.conversion else []),
        ]

    def records(self) -> list[Mapping[str, Any]]:
        """Each row by ``columns``: ``day`` a date, ``x_Unamortised`` names, ``x_AsOf`` an instant (UTC)."""
        columns = self.columns
        return [dict(zip(columns, self._cells(row), strict=True)) for row in self.rows]

    def as_csv(self) -> str:
        """For spreadsheets: the costs in units, every digit of them."""
        columns = [name.removesuffix(NANO) for name in self.columns]
        return csv_text(columns, ([_cell(*item) for item in record.items()] for record in self.records()))

    def amount(self, row: Cost, metric: str) -> Decimal:
        """One of ``COST_METRICS`` of a row."""
        if metric in METRICS:
            return row.amount(metric)
        before = self._before.get(_key(row))
        of = next(net for net, name in BEFORE_CREDITS.items() if name == metric)
        return before.amount(of) if before else Decimal()

    def state(self, row: Cost) -> State:
        """Of the row's day; of a sum, that of the least settled day in the window."""
        if row.day is not None:
            return self.states.get(row.day, State.ESTIMATED)
        return State.ESTIMATED if self.is_open else _least(self.states.values())

    @property
    def is_open(self) -> bool:
        """Whether the window ends with days of which nothing is known yet."""
        return self.after > self.last_held + _DAY

    def unit(self, currency: str) -> Unit:
        """The currency of a row, and whether it is converted."""
        return Unit(currency, self.conversion is not None and currency == self.conversion.reporting)

    def _cells(self, row: Cost) -> list[Any]:
        before = BEFORE_CREDITS.values() if self.before_credits is not None else ()
        return [
            *([row.day] if self.per_day else []),
            *(row.labels[name] for name in self.by),
            row.BilledCostNano,
            row.EffectiveCostNano,
            *(nanos(self.amount(row, name)) for name in before),
            row.line_count,
            self.state(row),
            *([self._unamortised(row)] if self.unamortised else []),
            *([self.as_of] if self.as_of else []),
            *([self.unit(row.labels["currency"]).converted] if self.conversion else []),
        ]

    @cached_property
    def _before(self) -> Mapping[_Key, Cost]:
        return {_key(row): row for row in self.before_credits or ()}

    def _unamortised(self, row: Cost) -> list[str]:
        """What may be in the row; a converted sum may hold any currency."""
        currency = row.labels["currency"]
        return sorted(
            {
                name
                for each in self.unamortised
                if row.day is None or each.period <= row.day < each.period_end
                if self.conversion or currency in each.currencies
                for name in each.commitments
            }
        )


def ask_cost(
    facts: WarehouseSnapshot,
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    *,
    per_day: bool,
    conversion: Conversion | None = None,
    before_credits: bool = True,
) -> CostAnswer:
    """Cost as ``warehouse.facts.cost`` has it, and how far it can be relied on."""

    def ask(of: Mapping[str, Collection[str]]) -> list[Cost]:
        return cost(facts.db, first, after, by, of, per_day=per_day, as_of=facts.as_of, conversion=conversion)

    asked = where.get("charge_kind", KINDS_BEFORE_CREDITS)
    without = {**where, "charge_kind": tuple(kind for kind in KINDS_BEFORE_CREDITS if kind in asked)}
    return CostAnswer(
        tuple(dict.fromkeys((*by, "currency"))),
        per_day,
        ask(where),
        ask(without) if before_credits else None,
        first,
        after,
        held_days(facts)[1],
        facts.states(first, after),
        facts.as_of,
        conversion,
        unamortised(facts, first, after),
    )


def held_days(facts: WarehouseSnapshot) -> tuple[date, date]:
    """The first and the last day that hold any cost; those of an empty warehouse are today."""
    return days_held(facts.db, facts.as_of) or (facts.now.date(), facts.now.date())


def _cell(name: str, value: Any) -> Cell:
    if name.endswith(NANO):
        return units(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    cell: Cell = ", ".join(value) if isinstance(value, list) else value
    return cell


def _key(row: Cost) -> _Key:
    return tuple(row.labels.values()), row.day


def _least(states: Collection[State]) -> State:
    return min(states, key=list(State).index, default=State.ESTIMATED)
