"""Which parts each span of a bill has, by the values of a measure on its days."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from costwatch.allocation.carried import carried_by_span
from costwatch.allocation.clusters.parts import Answer, Found, Numbers, Parts, by_day
from costwatch.allocation.splits.driver.owned import Owned
from costwatch.allocation.splits.driver.resources import ends
from costwatch.model import UNMEASURED
from costwatch.plugins import Measured, Span, Weighing, tags_text

if TYPE_CHECKING:
    from costwatch.allocation.splits.driver import DriverPool

_LEFT_OUT = -1
_NOTHING: Found = (np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0))


class Placed:
    """The spans of one question, each beside the days that its lines are weighed by."""

    def __init__(self, pool: "DriverPool", asked: Weighing) -> None:
        self._pool, self._asked, self._answer = pool, asked, Answer()
        self._owned = Owned(pool, asked)
        self._days = self._owned.days

    def weights(self) -> pa.Table:
        """See ``plugins.Split``."""
        found = self._weighed()
        if self._pool.fallback == "unmeasured":
            return self._answer.weights([found])
        span, receiver, weight = found
        is_left = receiver == self._answer.number(UNMEASURED)
        whole, left = _summed(span, weight), _summed(span[is_left], weight[is_left])
        # Of a span without weights it is all, and whatever stands for all of it.
        spans = {
            each: left.get(each.number, 0) or 1 for each in self._asked.spans if _has_left(each, whole, left)
        }
        kept = (span[~is_left], receiver[~is_left], weight[~is_left])
        return self._answer.weights([kept, *self._fallback(spans)])

    def measured(self) -> Iterator[Measured]:
        """See ``plugins.SplitSettings``."""
        days, units = self._days, len(self._days.units)
        if self._owned.trouble or not units:
            return
        receivers = self._receivers
        is_kept = (receivers != _LEFT_OUT) & (days.weight > 0)
        sums = _summed(receivers[is_kept] * units + days.unit[is_kept], days.value[is_kept])
        found: dict[tuple[str, str], float] = {}
        teams = self._answer.teams
        for key, value in sums.items():
            of = teams[key // units], days.units[key % units]
            found[of] = found.get(of, 0) + value
        for (team, unit), value in sorted(found.items()):
            yield Measured(team, self._pool.driver, unit, value)

    @cached_property
    def _receivers(self) -> Numbers:
        """Of each row, the number of who gets its part."""
        labels, owners, row = self._owned.keys
        texts = [tags_text(self._days.labels[of]) for of in labels]
        found = [self._receiver(team, text) for team, text in zip(owners, texts, strict=True)]
        return np.array(found, "int64")[row]

    def _receiver(self, team: str | None, text: str) -> int:
        if team is None:
            fallback = self._pool.fallback
            if fallback in ("even", "carried"):
                return self._answer.number(UNMEASURED)  # of no label any more, once others share it
            team = UNMEASURED if isinstance(fallback, str) else fallback.team
        # One whose cost was given on by a pool above is not given anything.
        is_asked = team in self._asked.teams or team == UNMEASURED
        return self._answer.number(team, text) if is_asked else _LEFT_OUT

    def _weighed(self) -> Found:
        """Spans, receivers and weights."""
        days = self._days
        if self._owned.trouble or not len(days.days):
            return _NOTHING
        count = len(days.days)
        names, thing = np.unique(np.array(self._owned.things, "object"), return_inverse=True)
        of_day = np.searchsorted(days.days, days.day)
        keys, place = np.unique(thing[days.of] * count + of_day, return_inverse=True)
        things = ([names[key]] for key in (keys // count).tolist())
        is_kept = (self._receivers != _LEFT_OUT) & (days.weight > 0)
        rows = [(place[is_kept], self._receivers[is_kept], days.weight[is_kept])]
        parts = Parts.of(by_day(things, days.days[keys % count]), len(keys), rows)
        return parts.weights(
            (span.number, number) for span in self._asked.spans for number in self._numbers(parts, span)
        )

    def _numbers(self, parts: Parts, span: Span) -> Sequence[int]:
        """The days of what a span is of."""
        if not self._pool.resource:
            return parts.numbers("", span)
        named = next((name for name in ends(span.key[0]) if name in parts.days), None)
        return parts.numbers(named, span) if named else ()

    def _fallback(self, spans: Mapping[Span, float]) -> Iterator[Found]:
        """Of spans with what is left of each, beside its other weights."""
        fallback, teams = self._pool.fallback, self._asked.teams
        if not isinstance(fallback, str):
            yield self._spread(spans, {fallback.team: 1})
        elif fallback == "even":
            yield self._spread(spans, {team: 1 / len(teams) for team in teams})
        else:
            alike: dict[tuple[object, ...], dict[Span, float]] = {}
            for span, left in spans.items():
                alike.setdefault((span.first, span.after, span.currency), {})[span] = left
            firsts = [next(iter(group)) for group in alike.values()]
            of_spans = carried_by_span(self._asked, firsts)
            for group, (_, carried) in zip(alike.values(), of_spans, strict=True):
                whole = sum(carried.values())
                # Where nobody carries anything, nobody is given what is left, either.
                shares = {team: nano / whole for team, nano in carried.items()} or {UNMEASURED: 1}
                yield self._spread(group, shares)

    def _spread(self, spans: Mapping[Span, float], shares: Mapping[str, float]) -> Found:
        """What is left of each span, by ``shares``."""
        receivers = np.array([self._answer.number(team) for team in shares], "int64")
        numbers = np.array([span.number for span in spans], "int64")
        weights = np.outer(np.array([*spans.values()], "float64"), np.array([*shares.values()], "float64"))
        return np.repeat(numbers, len(receivers)), np.tile(receivers, len(numbers)), weights.ravel()


def _has_left(span: Span, whole: Mapping[int, float], left: Mapping[int, float]) -> bool:
    return not whole.get(span.number) or bool(left.get(span.number))


def _summed(numbers: Numbers, weight: Numbers) -> dict[int, float]:
    """The sum of the weights of each number."""
    keys, of = np.unique(numbers, return_inverse=True)
    return dict(zip(keys.tolist(), np.bincount(of, weight, minlength=len(keys)).tolist(), strict=True))
