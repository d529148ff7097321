"""What ``costwatch cost show`` prints: rows of cost, and how far they can be relied on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import click

from costwatch.answers.unamortised import Unamortised, label
from costwatch.commands.output import print_table
from costwatch.cost.conversion import Conversion, Unit
from costwatch.cost.line_labels import column
from costwatch.model import BEFORE_CREDITS, METRICS, RESIDUALS, State
from costwatch.money import exact, nanos
from costwatch.warehouse.facts.cost import Cost
from costwatch.wording import at_instant

_NANO = 10**9
_Key = tuple[tuple[str, ...], date | None]

_CARRIERS = ("team", "parent")


@dataclass(frozen=True)
class CostTable:
    """Cost of the UTC days ``first`` up to, not including, ``after``; ``last_held``: the newest with any.

    states: how settled each of these days is that holds cost. as_of: None for an answer of what is known
    now. conversion: None where nothing is converted. unamortised: what of these days' EffectiveCost is not.
    """

    rows: Sequence[Cost]
    before_credits: Sequence[Cost]  # of the same labels and days; a row that is nothing then is left out
    first: date
    after: date
    last_held: date
    states: Mapping[date, State]
    as_of: datetime | None
    conversion: Conversion | None
    unamortised: Sequence[Unamortised] = ()

    def as_json(self) -> list[Mapping[str, Any]]:
        """Integers divided once: the number printed is the shortest that means the nearest double."""
        return [
            {
                **_labels(row),
                **({"day": row.day.isoformat()} if row.day else {}),
                "BilledCost": row.BilledCostNano / _NANO,
                "EffectiveCost": row.EffectiveCostNano / _NANO,
                "BilledCostNano": row.BilledCostNano,
                "EffectiveCostNano": row.EffectiveCostNano,
                **self._before_as_json(row),
                "x_LineCount": row.line_count,
                "x_State": self._state(row),
                **({"x_Unamortised": left} if (left := self._unamortised(row)) else {}),
                **({"x_AsOf": self.as_of.isoformat().replace("+00:00", "Z")} if self.as_of else {}),
                **({"x_Converted": self._unit(row.labels["currency"]).converted} if self.conversion else {}),
            }
            for row in self.rows
        ]

    def print_table(self, metric: str, by: Sequence[str]) -> None:
        """Largest first, or by day; a total for each currency where there is something to add up."""
        for each in self._heading(metric):
            click.echo(each)
        click.echo()
        shown = self._shown(metric)
        totals: dict[str, dict[str, Decimal]] = {}
        for row in self.rows:
            mine = totals.setdefault(row.labels["currency"], dict.fromkeys(shown, Decimal()))
            for name in shown:
                mine[name] += self._amount(row, shown[name])
        per_day = [] if self.rows[0].day is None else ["day", "x_State"]
        columns = [*_labels(self.rows[0]), *per_day, *shown]
        ordered = sorted(self.rows, key=lambda row: (row.day or date.min, -abs(self._amount(row, metric))))
        lines = [
            [
                *self._names(row),
                *self._day(row),
                *(exact(self._amount(row, each), row.labels["currency"]) for each in shown.values()),
            ]
            for row in ordered
        ]
        if len(self.rows) > len(totals):
            place = columns.index("BillingCurrency")
            for currency, sums in sorted(totals.items()):
                line = ["Total" if number == 0 else "" for number in range(len(columns))]
                line[place] = ("" if place else "Total ") + self._unit(currency).name
                lines.append([*line[: -len(shown)], *(exact(total, currency) for total in sums.values())])
        print_table(columns, lines, right=shown)
        if any(row.labels.get(name) in RESIDUALS for name in _CARRIERS for row in self.rows):
            click.echo("\n* carried by no team")

    def _shown(self, metric: str) -> dict[str, str]:
        """The columns of amounts, and their metrics: what is net, and before credits where that differs."""
        before = BEFORE_CREDITS.get(metric)
        if before and any(self._amount(row, metric) != self._amount(row, before) for row in self.rows):
            return {metric: metric, "before credits": before}
        return {metric: metric}

    def _amount(self, row: Cost, metric: str) -> Decimal:
        """One of ``COST_METRICS``."""
        if metric in METRICS:
            return row.amount(metric)
        before = self._before.get(_key(row))
        of = next(net for net, name in BEFORE_CREDITS.items() if name == metric)
        return before.amount(of) if before else Decimal()

    @cached_property
    def _before(self) -> Mapping[_Key, Cost]:
        return {_key(row): row for row in self.before_credits}

    def _before_as_json(self, row: Cost) -> Mapping[str, Any]:
        """Of a row that has credits or refunds."""
        if all(self._amount(row, before) == row.amount(net) for net, before in BEFORE_CREDITS.items()):
            return {}
        before = {f"x_{name}": nanos(self._amount(row, name)) for name in BEFORE_CREDITS.values()}
        in_nano = {f"{name}Nano": nano for name, nano in before.items()}
        return {**{name: nano / _NANO for name, nano in before.items()}, **in_nano}

    def _heading(self, metric: str) -> list[str]:
        lines = [f"{metric}, {self.first} to {self.after - timedelta(days=1)} (UTC days)"]
        if self.conversion:
            lines.append(f"{self.conversion.unit.name} at fixed monthly rates")
        if self.as_of:
            lines.append(f"as known on {at_instant(self.as_of)}")
        if metric == METRICS[0] and (unamortised := label(self.unamortised)):
            lines.append(f"{unamortised}; costwatch cost verify says why")
        return [*lines, self._settled()]

    def _settled(self) -> str:
        """``2 of 21 days estimated (from 2026-11-20), nothing known after 2026-11-21``."""
        states = self.states
        count = {state: sum(each is state for each in states.values()) for state in State}
        if not states:
            text = "how settled the days were then was not noted"
        elif count[State.ESTIMATED]:
            since = min(day for day, state in states.items() if state is State.ESTIMATED)
            text = f"{count[State.ESTIMATED]} of {_days(len(states))} estimated (from {since})"
        elif count[State.SETTLED] and count[State.CLOSED]:
            text = f"{_days(len(states))} settled, {count[State.CLOSED]} of them closed"
        else:
            text = f"{_days(len(states))} {State.CLOSED if count[State.CLOSED] else State.SETTLED}"
        return text + (f", nothing known after {self.last_held}" if self._is_open else "")

    @property
    def _is_open(self) -> bool:
        """Whether the window ends with days of which nothing is known yet."""
        return self.after > self.last_held + timedelta(days=1)

    def _state(self, row: Cost) -> State:
        """Of the row's day; of a sum, that of the least settled day in the window."""
        if row.day is not None:
            return self.states.get(row.day, State.ESTIMATED)
        return State.ESTIMATED if self._is_open else _least(self.states.values())

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

    def _day(self, row: Cost) -> list[Any]:
        return [] if row.day is None else [row.day, self._state(row)]

    def _unit(self, currency: str) -> Unit:
        return Unit(currency, self.conversion is not None and currency == self.conversion.reporting)

    def _names(self, row: Cost) -> list[str]:
        shown = {**row.labels, "currency": self._unit(row.labels["currency"]).name}
        return [
            f"{value} *" if name in _CARRIERS and value in RESIDUALS else value or "(none)"
            for name, value in shown.items()
        ]


def _labels(row: Cost) -> dict[str, str]:
    return {column(name): value for name, value in row.labels.items()}


def _key(row: Cost) -> _Key:
    return tuple(row.labels.values()), row.day


def _least(states: Collection[State]) -> State:
    return min(states, key=list(State).index, default=State.ESTIMATED)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
