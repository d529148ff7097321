"""Flat fees that no bill holds: when they are due, and what a day of them costs. Pure.

What is due is billed whole on the first day of its term; in effect it costs as much on each day of the
term, and all of it in all: of n days, number k (from 0) costs
floor(amount * (k + 1) / n) - floor(amount * k / n) nano-units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from costwatch.money import nanos
from costwatch.plugins import Settings

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAY = timedelta(days=1)


class Charge(Settings):
    """One entry of ``charges``.

    name: unique; its ResourceId and, without ``service``, its ServiceName. amount: of each term, in
    ``currency``; below 0 for what is paid back. period: how long a term is, counted from the day ``from`` on;
    ``once``: it is due on that day alone. until: the first day that it is not for any more; of the term that
    it cuts short, all is due all the same; ``once`` is spread up to it. team: whose it is; without one, whose
    any charge of its service and provider is. category: Tax, or what a charge of one day is.
    """

    name: str = Field(min_length=1, max_length=200)
    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=9, gt=-(10**9), lt=10**9)]
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    period: Literal["month", "quarter", "year", "once"] = "month"
    since: date = Field(alias="from")
    until: date | None = None
    team: str = ""
    service: str = ""
    provider: str = ""
    category: Literal["Usage", "Purchase", "Tax"] = "Usage"

    @field_validator("since")
    @classmethod
    def _is_of_a_bill(cls, since: date) -> date:
        if not 1990 < since.year < 2100:
            raise ValueError("must be a day of this century, or of the years before it")
        return since

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.until is not None and self.until <= self.since:
            raise ValueError("'until' is not after 'from': the charge would be for no day")
        return self


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """What a charge costs on one UTC day: what is due, or a day's share of what was."""

    day: date
    category: Literal["Usage", "Purchase", "Tax"]
    BilledCostNano: int
    EffectiveCostNano: int


def lines_of(charge: Charge, before: date) -> Iterator[ChargeLine]:
    """Its lines of the days before ``before``, by term and day.

    What is spread is bought on the day it is due and used by the day, as FOCUS has it; of a term of one day
    both are one line.
    """
    amount = nanos(charge.amount)
    for start, end in _terms(charge, before):
        days = (end - start).days
        if days == 1:
            yield ChargeLine(start, charge.category, amount, amount)
            continue
        is_tax = charge.category == "Tax"
        yield ChargeLine(start, "Tax" if is_tax else "Purchase", amount, 0)
        for number in range(min(days, (before - start).days)):
            share = amount * (number + 1) // days - amount * number // days
            yield ChargeLine(start + number * _DAY, "Tax" if is_tax else "Usage", 0, share)


def _terms(charge: Charge, before: date) -> Iterator[tuple[date, date]]:
    """[first day, day after) of each term that begins before ``before``."""
    if charge.period == "once":
        if charge.since < before:
            yield charge.since, charge.until or charge.since + _DAY
        return
    after, number = charge.until or date.max, 0
    while (start := _months_later(charge.since, number)) < min(before, after):
        number += _MONTHS[charge.period]
        yield start, min(_months_later(charge.since, number), after)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month; the last one of a month that is shorter."""
    number = day.year * 12 + day.month - 1 + months
    first = date(number // 12, number % 12 + 1, 1)
    next_first = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return min(first + (day.day - 1) * _DAY, next_first - _DAY)
