"""How every instance of every objective stands: what rules, pages and commands ask of a snapshot."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from costwatch.model import Window
from costwatch.slo.budget import Budget
from costwatch.slo.burn import Burn, lengths
from costwatch.slo.objectives import BUCKET, Objective
from costwatch.slo.periods import current_window
from costwatch.slo.standing import FRESH, SloState
from costwatch.slo.windows import burn_windows
from costwatch.warehouse import queries
from costwatch.warehouse.slo.buckets import ShortWindow, Sums, short_windows, sums
from costwatch.warehouse.slo.definitions import Instance, instances, objectives
from costwatch.wording import on_day, share

_LIVE_FOR = timedelta(minutes=10)  # a short window as it was asked is how things are now for so long
_BY_HOUR_AFTER = timedelta(days=14)
_NOTEWORTHY = 0.01


def standings(
    db: sqlite3.Connection,
    now: datetime,
    *,
    as_it_was: bool = False,
    instead: Sequence[Objective] | None = None,
) -> list[SloState]:
    """One for each instance, and for each objective that has none yet, by the id of the objective.

    Short windows are as they were asked, if that is not long ago; else they are summed up from buckets, as
    all longer ones are. as_it_was: ``now`` is an earlier instant, at which nobody asks any more.
    instead: only these objectives, and as they are here.
    """
    of = objectives(db) if instead is None else instead
    return list(_Reading(db, now, {} if as_it_was else short_windows(db), of).states())


def rows(db: sqlite3.Connection, instance: int, window: Window) -> list[tuple[int, int, float, float]]:
    """Start and length in seconds since 1970, good and total of an instance in ``window``, where known."""
    span = {"start": int(window.start.timestamp()), "end": int(window.end.timestamp())}
    found = db.execute(queries.text("sli_of_instance"), {"instance": instance, **span})
    return [tuple(row) for row in found]


@dataclass
class _Reading:
    db: sqlite3.Connection
    now: datetime
    live: Mapping[tuple[int, int], ShortWindow]
    objectives: Sequence[Objective]
    _sums: dict[Window, Mapping[int, Sums]] = field(default_factory=dict)

    def states(self) -> Iterator[SloState]:
        of_objective: dict[str, list[Instance]] = defaultdict(list)
        for instance in instances(self.db):
            of_objective[instance.slo].append(instance)
        spans = self._spans()
        for objective in self.objectives:
            found = of_objective[objective.id] or [Instance(0, objective.id, ())]
            newest = max((spans[one.id][1] for one in found if one.id in spans), default=None)
            for one in found:
                yield self._state(objective, one, spans.get(one.id), newest)

    def _spans(self) -> Mapping[int, tuple[datetime, datetime]]:
        rows = self.db.execute(queries.text("sli_span"), {"at": int(self.now.timestamp())})
        return {
            row["instance"]: (
                datetime.fromtimestamp(row["first"], UTC),
                datetime.fromtimestamp(row["newest"], UTC),
            )
            for row in rows
            if row["first"] is not None
        }

    def _state(
        self,
        objective: Objective,
        instance: Instance,
        span: tuple[datetime, datetime] | None,
        newest_of_all: datetime | None,
    ) -> SloState:
        at = on_grid(self.now, objective)
        period = current_window(objective.period, at)
        # What is not read yet says nothing of how it burns; what is old is unknown however it did.
        through = newest_of_all if newest_of_all and timedelta() < at - newest_of_all <= FRESH else at
        budget = self._budget(objective, instance, period, at, span[0] if span else at)
        return SloState(
            objective,
            instance.id,
            instance.labels,
            self.now,
            period,
            budget,
            {length: self._burn(objective, instance, length, through) for length in lengths()},
            span[1] if span else None,
            newest_of_all,
            (*objective.notes, *_notes(objective, budget, span[0] if span else at, period)),
        )

    def _budget(
        self, objective: Objective, instance: Instance, period: Window, at: datetime, first: datetime
    ) -> Budget:
        start = period.start
        if objective.period.is_rolling and period.end - start > _BY_HOUR_AFTER:
            start = start.replace(minute=0)  # what is so old is kept by the hour: all of that hour, or none
        found = self._sum(Window(start, min(period.end, at)), instance)
        expected = _seconds(at - period.start)
        return Budget(
            float(objective.target),
            found.good,
            found.total,
            _seconds(period.end - period.start),
            expected,
            max(0, _seconds(at - max(period.start, first))),
            min(found.known_seconds, expected),
            found.bridged_seconds,
        )

    def _burn(self, objective: Objective, instance: Instance, length: timedelta, at: datetime) -> Burn:
        target = float(objective.target)
        asked = self.live.get((instance.id, _seconds(length)))
        if asked and timedelta() <= self.now - asked.at <= _LIVE_FOR:
            return Burn(length, asked.good, asked.total, _seconds(length), target)
        found = self._sum(Window(at - max(length, objective.bucket), at), instance)
        return Burn(length, found.good, found.total, found.known_seconds, target)

    def _sum(self, window: Window, instance: Instance) -> Sums:
        if window not in self._sums:
            self._sums[window] = sums(self.db, window)
        return self._sums[window].get(instance.id, Sums())


def on_grid(now: datetime, objective: Objective) -> datetime:
    """The end of the newest bucket that has ended by ``now``."""
    step = _seconds(max(BUCKET, objective.bucket))
    return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)


def _seconds(of: timedelta) -> int:
    return int(of.total_seconds())


def _notes(objective: Objective, budget: Budget, first: datetime, period: Window) -> Sequence[str]:
    """What to know of a budget before one acts on it, each in a sentence."""
    found = [*burn_windows(timedelta(seconds=budget.period_seconds))[1]]
    if objective.indicator.is_approximate:
        found.append("approximate: weighed by time, as its queries do not count events")
    if budget.is_known and first - period.start > BUCKET:
        found.append(
            f"known from {on_day(first.date())} on: what was before counts as such traffic without errors"
        )
    if budget.bad < -1e-4 * max(1.0, budget.total):
        found.append("inconsistent: more was good than there was in all; mend its queries")
    if budget.known_seconds and budget.bridged_seconds / budget.known_seconds >= _NOTEWORTHY:
        bridged = Decimal(str(budget.bridged_seconds / budget.known_seconds))
        found.append(f"{share(bridged)} of what is known was told across gaps, by how far counters had grown")
    return found
