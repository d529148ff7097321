"""Rule kind ``unit_cost``: what one unit costs, above a maximum or above what is usual."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.model import About, Finding, Impact, Labels, Series, Verdict, Window, labels
from costwatch.money import per_unit
from costwatch.plugins import (
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    WholeDays,
    accepted,
    matching,
    recent,
)
from costwatch.wording import on_day, percent

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_WEEKS = 4
_COST, _COUNT, _UNIT = "unit_cost", "unit_volume", "unit"
_DIGITS = 12  # as unit costs have


def _a_week_at_most(window: timedelta) -> timedelta:
    if window > _WEEK:
        raise ValueError("must be at most 7d: it is held against the same days of the four weeks before")
    return window


class UnitCost(RuleSettings):
    """Units that cost too much: one finding for each unit cost and combination of its labels ``by``.

    unit_cost: its name under ``unit_costs`` of costwatch.yaml, or several. by: labels by which it is grouped
    there; none: all of it together. match: label -> the value or values it must have; these labels tell
    instances apart, too. window: whole days up to the newest settled one: their cost ÷ their volume.
    above: the most that it may cost, per as many units as it is told. above_usual: by which share more than
    usual it may cost, such as 0.2; usual is the median of the same weekdays of the four weeks before, of
    which ``min_weeks`` must be known.

    What it costs a month if it stays (see ``min_impact``) is what a unit costs above that, times the units.
    Where the volume of the window is 0 or unknown, or there is nothing to compare with, it is unknown.

    Example::

        - {name: PredictionCost, kind: unit_cost, unit_cost: prediction, by: [model], above: 0.5}
        - {name: DecisionsDearer, kind: unit_cost, unit_cost: decision, window: 7d, above_usual: 0.2,
           min_impact: 500}
    """

    unit_cost: str | Annotated[tuple[str, ...], Field(min_length=1)]
    by: tuple[str, ...] = ()
    match: Mapping[str, MatchedValues] = Field(default_factory=dict)
    window: Annotated[WholeDays, AfterValidator(_a_week_at_most)] = _DAY
    above: Decimal | None = Field(default=None, ge=0)
    above_usual: Decimal | None = Field(default=None, gt=0)
    min_weeks: int = Field(default=2, ge=1, le=_WEEKS)

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.above is None and self.above_usual is None:
            raise ValueError("give 'above', 'above_usual' or both")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(_COST, self._asked, self._where),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return (_COST, *self.by, *self.match)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        span = recent(facts, now)
        costs = matching(facts.series(_COST, self._asked, span), self._where)
        newest = self.newest_day(facts, (point.day for series in costs.values() for point in series))
        if newest is None or not costs:
            said = "what a unit costs is not known of any day"
            yield Finding((), Verdict.UNKNOWN, None, self.above, "", said, About(_COST))
            return
        counts = facts.series(_COUNT, self._asked, span)
        days = Window.of_days(newest - self.window + _DAY, newest + _DAY)
        for key, series in sorted(costs.items()):
            counted = counts.get(tuple(pair for pair in key if pair[0] != "currency"), ())
            yield self._finding(key, _Units(self._by_day(series), self._by_day(counted)), days)
        for name in sorted({*self._where[_COST]} - {dict(key)[_COST] for key in costs}):
            said = f"{name}: what a unit costs is not known of any day"
            yield Finding(labels(unit_cost=name), Verdict.UNKNOWN, None, self.above, "", said, About(_COST))

    def _by_day(self, series: Series) -> Mapping[date, Decimal]:
        """Without days that may still change, unless the rule goes by these, too."""
        is_enough = self.settle == "estimated"
        return {point.day: point.value for point in series if is_enough or point.state.is_settled}

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        return (_COST, _UNIT, *(f"label:{name}" for name in sorted({*self.by, *self.match})))

    @cached_property
    def _where(self) -> dict[str, tuple[str, ...]]:
        names = (self.unit_cost,) if isinstance(self.unit_cost, str) else self.unit_cost
        return {_COST: names, **{f"label:{name}": values for name, values in accepted(self.match).items()}}

    def _finding(self, key: Labels, of: "_Units", days: Window) -> Finding:
        told = dict(key)
        currency, unit = told["currency"], told[_UNIT]
        groups = {name.removeprefix("label:"): told[name] for name in self._asked if name != _UNIT}
        instance = labels(**groups)
        value, last = of.cost(days), days.end.date() - _DAY
        usual = self._usual(of, days)
        limit = self._limit(usual)
        name = " · ".join(value or "(none)" for value in groups.values())
        span = "on" if self.window == _DAY else f"in the {self.window.days} days to"
        where = {each: (told[each],) for each in self._asked} | {"currency": (currency,)}
        about = About(_COST, self._asked, where, days, value if self.window == _DAY else None)
        if value is None:
            said = f"{name}: what a unit costs {span} {on_day(last)} is not known, as its volume is not"
            return Finding(instance, Verdict.UNKNOWN, None, limit, currency, said, about)
        said = f"{name}: {per_unit(value, currency)} {unit} {span} {on_day(last)}"
        change = None if usual is None else value - usual
        if limit is None:
            said += ", with nothing to compare with"
            return Finding(instance, Verdict.UNKNOWN, value, None, currency, said, about)
        if value <= limit:
            return Finding(instance, Verdict.OK, value, limit, currency, said, about, change=change)
        said += f", above {per_unit(limit, currency)}"
        if usual is not None and usual > 0:
            said += f"; {_beside_usual(value, usual, currency)}"
        impact = Impact.of_days((value - limit) * of.count(days), of.known(days), currency)
        return Finding(
            instance, Verdict.BREACH, value, limit, currency, said, about, impact=impact, change=change
        )

    def _usual(self, of: "_Units", days: Window) -> Decimal | None:
        """The median of the same days of the weeks before."""
        weeks = [
            Window(days.start - number * _WEEK, days.end - number * _WEEK) for number in range(1, _WEEKS + 1)
        ]
        known = [cost for week in weeks if (cost := of.cost(week)) is not None]
        return median(known) if len(known) >= self.min_weeks else None

    def _limit(self, usual: Decimal | None) -> Decimal | None:
        limits = [] if self.above is None else [self.above]
        if self.above_usual is not None and usual is not None:
            limits.append(round(usual * (1 + self.above_usual), _DIGITS))
        return min(limits, default=None)


def _beside_usual(value: Decimal, usual: Decimal, currency: str) -> str:
    share = percent(abs(value - usual) / usual)
    if share == "0 %":
        return "that is usual"
    return f"{share} {'more' if value > usual else 'less'} than usual ({per_unit(usual, currency)})"


@dataclass(frozen=True, slots=True)
class _Units:
    """One instance: what a unit cost on each day on which that is known, and how many there were."""

    costs: Mapping[date, Decimal]
    counts: Mapping[date, Decimal]

    def cost(self, days: Window) -> Decimal | None:
        """What one cost over the days that are known; None where none is."""
        known = self._of(days)
        if len(known) == 1:  # as it is told, to the last digit
            return self.costs[known[0]]
        count = self.count(days)
        if not count:
            return None
        return round(sum((self.costs[day] * self.counts[day] for day in known), Decimal()) / count, _DIGITS)

    def count(self, days: Window) -> Decimal:
        """How many there were on these."""
        return sum((self.counts[day] for day in self._of(days)), Decimal())

    def known(self, days: Window) -> int:
        """Of how many days both are known."""
        return len(self._of(days))

    def _of(self, days: Window) -> list[date]:
        first, after = days.days
        return [day for day in self.costs if first <= day < after and day in self.counts]
