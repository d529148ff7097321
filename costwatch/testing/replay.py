"""Facts as they become known over time, for rules to look at again and again."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from costwatch.model import (
    CHARGES,
    COST_METRICS,
    DIMENSIONS,
    NO_COST_CENTER,
    NO_SYSTEM,
    UNALLOCATED,
    Labels,
    Point,
    SeriesByLabels,
    State,
    Window,
    tag_key,
)
from costwatch.plugins import FactQuery, Indexed, Sums, fact_query
from costwatch.testing.facts import Facts, FakeSnapshot

_DAY = timedelta(days=1)
# What tells how things stand at an instant; all else that has a value a day adds that day up.
_AT_ONCE = frozenset({"budget", "freshness", "data_age", "data_age_limit"})
# What a cost has that nobody gave another.
_COST_LABELS = {
    "team": UNALLOCATED,
    "pool": "direct",
    "system": NO_SYSTEM,
    "cost_center": NO_COST_CENTER,
    "category": "Usage",
    "charge_kind": CHARGES,
    "currency": "USD",
}


@dataclass(frozen=True)
class Given:
    """One series of a query: a value, or None, each ``step`` from the instant ``first`` (UTC) on."""

    query: FactQuery
    labels: Mapping[str, str]
    first: datetime
    step: timedelta
    values: Sequence[Decimal | None]

    @property
    def is_of_days(self) -> bool:
        """Whether each value adds up a time that must be over before it is known."""
        return self.query.step >= _DAY and self.query.name not in _AT_ONCE


@dataclass(frozen=True)
class _KnownThen(FakeSnapshot):
    """What is known at one instant; labels that a series was not given are empty, as in a store."""

    through_day: date | None = None
    asked: set[str] = field(default_factory=set)
    answers: dict[object, Indexed[tuple[Point, ...]]] = field(default_factory=dict)

    @property
    def data_through(self) -> date | None:
        return self.through_day

    def totals(self, query: str, by: tuple[str, ...], windows: Sequence[Window]) -> Mapping[Window, Sums]:
        return {window: Indexed(sums) for window, sums in super().totals(query, by, windows).items()}

    def _answer(self, facts: Facts, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        self.asked.add(query)
        key = (query, by, window)
        if facts is not self.facts or key not in self.answers:
            filled: dict[Labels, tuple[Point, ...]] = defaultdict(tuple)
            nothing = {label: _without(query, label) for label in by}
            for labels, series in facts.get(query, {}).items():
                filled[tuple(sorted({**nothing, **dict(labels)}.items()))] += series
            self.answers[key] = Indexed(super()._answer({query: filled}, query, by, window))
        return self.answers[key]


@dataclass(frozen=True)
class Replay:
    """Series, and what is known of them at each instant.

    A value that adds up a day is known once the day is over, and settled ``settled_after`` later; any other
    is known at its own instant. settled_after: ``settle.age_hours`` of a configuration. queries: those not
    registered. dimensions: those that a configuration has.
    """

    series: Sequence[Given]
    settled_after: timedelta = timedelta(hours=48)
    queries: tuple[FactQuery, ...] = ()
    dimensions: tuple[str, ...] = ()
    _snapshots: dict[int, _KnownThen] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def at(self, now: datetime) -> FakeSnapshot:
        """What is known at an instant; the same object as long as that is the same."""
        place = bisect_right(self._changes, now)
        if place not in self._snapshots:
            self._snapshots.clear()
            self._snapshots[place] = self._known(now)
        return self._snapshots[place]

    @property
    def asked(self) -> frozenset[str]:
        """The names of the queries that were asked so far."""
        return frozenset(self._asked)

    @cached_property
    def _changes(self) -> Sequence[datetime]:
        found: set[datetime] = set()
        for given in self.series:
            for place in range(len(given.values)):
                known = given.first + place * given.step + (given.step if given.is_of_days else timedelta())
                found |= {known, known + self.settled_after}
        return sorted(found)

    def _known(self, now: datetime) -> _KnownThen:
        facts: dict[str, dict[Labels, tuple[Point, ...]]] = defaultdict(lambda: defaultdict(tuple))
        days: dict[date, bool] = defaultdict(lambda: True)
        for given in self.series:
            points = tuple(self._points(given, now))
            if given.is_of_days:
                for point in points:
                    days[point.day] &= point.state.is_settled
            facts[given.query.name][_labels_of(given)] += points
        unsettled = min((day for day, is_settled in days.items() if not is_settled), default=date.max)
        through = max((day for day in days if day < unsettled), default=None)
        return _KnownThen(
            facts, self.queries, dimensions=self.dimensions, through_day=through, asked=self._asked
        )

    def _points(self, given: Given, now: datetime) -> "list[Point]":
        found = []
        for place, value in enumerate(given.values):
            at = given.first + place * given.step
            known = at + given.step if given.is_of_days else at
            if known > now:
                break
            is_settled = not given.is_of_days or known + self.settled_after <= now
            if value is not None:
                found.append(Point(at, value, State.SETTLED if is_settled else State.ESTIMATED))
        return found


def _without(query: str, label: str) -> str:
    """What a store has for a label that nobody gave."""
    key = tag_key(label) if query in COST_METRICS and label not in DIMENSIONS else None
    return f"no {key}" if key else ""


def given(
    name: str,
    labels: Mapping[str, str],
    first: datetime,
    values: Sequence[Decimal | None],
    *,
    step: timedelta | None = None,
    queries: tuple[FactQuery, ...] = (),
    dimensions: Sequence[str] = (),
) -> Given:
    """A series of the query ``name``. Raises ValueError where there is none, or it has not these labels."""
    by = [label for label in labels if label != "currency"]
    query = fact_query(name, by, queries, dimensions)
    return Given(query, labels, first, step or query.step, values)


def _labels_of(given: Given) -> Labels:
    own = dict(given.labels)
    if given.query.name in COST_METRICS:
        own = {**_COST_LABELS, **own}
        own.setdefault("parent", own["team"])
    elif given.query.unit == "currency":
        own = {"currency": "USD", **own}
    return tuple(sorted(own.items()))
