"""What ``costwatch cost show`` prints: rows of cost, and how far they can be relied on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import click

from costwatch.answers.cost_answer import NANO, CostAnswer
from costwatch.answers.unamortised import label
from costwatch.commands.output import print_table
from costwatch.cost.line_labels import column
from costwatch.model import BEFORE_CREDITS, METRICS, RESIDUALS, State
from costwatch.money import exact
from costwatch.warehouse.facts.cost import Cost
from costwatch.wording import at_instant

_NANO = 10**9
_CARRIERS = ("team", "parent")
_BEFORE = {net: f"x_{name}" for net, name in BEFORE_CREDITS.items()}


def as_json(answer: CostAnswer) -> list[Mapping[str, Any]]:
    """Integers divided once: the number printed is the shortest that means the nearest double."""
    return [_as_json(record) for record in answer.records()]


def _as_json(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what says nothing: costs before credits where there are none, and nothing unamortised."""
    if all(record[f"{name}{NANO}"] == record[f"{net}{NANO}"] for net, name in _BEFORE.items()):
        record = {
            name: value for name, value in record.items() if name.removesuffix(NANO) not in _BEFORE.values()
        }
    nano = {name: value for name, value in record.items() if name.endswith(NANO)}
    others = {name: value for name, value in record.items() if name not in nano and value != []}
    if "day" in others:
        others["day"] = others["day"].isoformat()
    if "x_AsOf" in others:
        others["x_AsOf"] = others["x_AsOf"].isoformat().replace("+00:00", "Z")
    return {**others, **{name.removesuffix(NANO): value / _NANO for name, value in nano.items()}, **nano}


@dataclass(frozen=True)
class CostTable:
    """An answer for people to read."""

    answer: CostAnswer

    def print_table(self, metric: str) -> None:
        """Largest first, or by day; a total for each currency where there is something to add up."""
        for each in self._heading(metric):
            click.echo(each)
        click.echo()
        shown = self._shown(metric)
        totals: dict[str, dict[str, Decimal]] = {}
        for row in self.answer.rows:
            mine = totals.setdefault(row.labels["currency"], dict.fromkeys(shown, Decimal()))
            for name in shown:
                mine[name] += self.answer.amount(row, shown[name])
        per_day = ["day", "x_State"] if self.answer.per_day else []
        columns = [*map(column, self.answer.by), *per_day, *shown]

        def order(row: Cost) -> tuple[date, Decimal]:
            return row.day or date.min, -abs(self.answer.amount(row, metric))

        lines = [
            [
                *self._names(row),
                *self._day(row),
                *(exact(self.answer.amount(row, each), row.labels["currency"]) for each in shown.values()),
            ]
            for row in sorted(self.answer.rows, key=order)
        ]
        if len(self.answer.rows) > len(totals):
            place = columns.index("BillingCurrency")
            for currency, sums in sorted(totals.items()):
                line = ["Total" if number == 0 else "" for number in range(len(columns))]
                line[place] = ("" if place else "Total ") + self.answer.unit(currency).name
                lines.append([*line[: -len(shown)], *(exact(total, currency) for total in sums.values())])
        print_table(columns, lines, right=shown)
        if any(row.labels.get(name) in RESIDUALS for name in _CARRIERS for row in self.answer.rows):
            click.echo("\n* carried by no team")

    def _shown(self, metric: str) -> dict[str, str]:
        """The columns of amounts, and their metrics: what is net, and before credits where that differs."""
        before = BEFORE_CREDITS.get(metric)
        if before and any(
            self.answer.amount(row, metric) != self.answer.amount(row, before) for row in self.answer.rows
        ):
            return {metric: metric, "before credits": before}
        return {metric: metric}

    def _heading(self, metric: str) -> list[str]:
        lines = [f"{metric}, {self.answer.first} to {self.answer.after - timedelta(days=1)} (UTC days)"]
        if self.answer.conversion:
            lines.append(f"{self.answer.conversion.unit.name} at fixed monthly rates")
        if self.answer.as_of:
            lines.append(f"as known on {at_instant(self.answer.as_of)}")
        if metric == METRICS[0] and (unamortised := label(self.answer.unamortised)):
            lines.append(f"{unamortised}; costwatch cost verify says why")
        return [*lines, settled(self.answer.states, self.answer.last_held if self.answer.is_open else None)]

    def _day(self, row: Cost) -> list[Any]:
        return [] if row.day is None else [row.day, self.answer.state(row)]

    def _names(self, row: Cost) -> list[str]:
        shown = {**row.labels, "currency": self.answer.unit(row.labels["currency"]).name}
        return [
            f"{value} *" if name in _CARRIERS and value in RESIDUALS else value or "(none)"
            for name, value in shown.items()
        ]


def settled(states: Mapping[date, State], last_held: date | None = None) -> str:
    """``2 of 21 days estimated (from 2026-11-20), nothing known after 2026-11-21``.

    last_held: the newest day of which anything is known; None: all are.
    """
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
    return text + (f", nothing known after {last_held}" if last_held else "")


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
