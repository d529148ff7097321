"""Whether alerts are evaluated and delivered, and what keeps them from it: silence is not health."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.alerts.built_in import CONFIGURATION, FAILURES, ClockChange, Failure
from costwatch.answers.alerts import firing
from costwatch.warehouse.alerts.alerts import evaluated_at
from costwatch.warehouse.alerts.failures import (
    LATE,
    Unsent,
    last_clock_change,
    oldest_unsent,
    receiver_failures,
    rule_failures,
    times_ahead,
)
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.steps import last_worked, longest_gaps
from costwatch.wording import ago, at_instant, some_of, span

_WATCHED = {"evaluate": "costwatch alerts eval", "deliver": "costwatch alerts deliver"}
_AT_LEAST = timedelta(hours=2)
_UNKNOWN = timedelta(hours=26)  # once a day, and a little late
_CLOCK_TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StepState:
    """When a step last worked (UTC), and how old that may be: twice the longest gap between its last 20 runs.

    At least 2 hours; 26 hours while runs of less than 2 hours are known. None: it never worked, nobody misses
    it.
    """

    step: str
    worked_at: datetime | None
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Workings:
    """How steps 3 and 4 fare. ``evaluated``: by rule, when it was last looked at. ``ahead``: what is dated
    after now, and the latest of these. ``configuration_since``: since when a file is not the one gone by.
    """

    now: datetime
    steps: tuple[StepState, ...]
    evaluated: Mapping[str, datetime]
    failing_rules: Mapping[str, Failure]
    failing_receivers: Mapping[str, Failure]
    oldest_unsent: Unsent | None
    ahead: Mapping[str, datetime]
    clock: ClockChange | None
    configuration_since: datetime | None

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong: with what, and a sentence on it that says what to do."""
        for one in self.steps:
            if sentence := self._of_step(one):
                yield f"step {one.step}", sentence
        for rule, failure in self.failing_rules.items():
            if failure.count >= FAILURES:
                since = at_instant(failure.since)
                yield f"rule {rule}", f"cannot be evaluated since {since}: {failure.error}; mend it"
        for receiver, failure in self.failing_receivers.items():
            why = f": {failure.error}" if failure.error else ""
            yield f"receiver {receiver}", f"takes nothing since {at_instant(failure.since)}{why}; mend it"
        waiting = self.oldest_unsent
        if waiting and self.now - waiting.since > LATE and waiting.receiver not in self.failing_receivers:
            oldest = f"the oldest waits since {at_instant(waiting.since)} for {waiting.receiver}"
            yield "messages", f"{oldest}; run costwatch alerts deliver"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth a line, though nothing is broken."""
        found = []
        if self.clock and self.now - self.clock.noticed_at < _CLOCK_TOLD_FOR:
            found.append(self.clock.sentence)
        if self.ahead:
            latest = at_instant(max(self.ahead.values()))
            dated = f"{some_of([*self.ahead])}: dated up to {latest}, after now"
            found.append(f"{dated}; until then they count for nothing")
        if self.configuration_since:
            since = at_instant(self.configuration_since)
            found.append(f"the last good configuration goes on since {since}; costwatch check tells why")
        return tuple(found)

    def _of_step(self, of: StepState) -> str:
        if of.worked_at is None or self.now - of.worked_at <= of.limit:
            return ""
        when = f"last worked {at_instant(of.worked_at)}, {ago(self.now - of.worked_at)}"
        what = f"see whether cron runs it and what it says: {_WATCHED[of.step]}"
        return f"{when}, {span(of.limit)} allowed; {what}"


def workings(facts: WarehouseSnapshot) -> Workings:
    """How they fare now. A time that lies after now is none."""
    db, now = facts.db, facts.now
    worked, gaps = last_worked(db), longest_gaps(db, now)
    known = {step: at for step, at in worked.items() if at <= now}
    steps = (
        StepState(step, known.get(step), max(_AT_LEAST, 2 * gaps[step]) if step in gaps else _UNKNOWN)
        for step in _WATCHED
    )
    files = [alert.fired_at for alert in firing(facts) if alert.rule == CONFIGURATION and alert.fired_at]
    return Workings(
        now,
        tuple(steps),
        evaluated_at(db),
        rule_failures(db),
        receiver_failures(db, now),
        oldest_unsent(db, now),
        times_ahead(db, now),
        last_clock_change(db, now),
        min(files, default=None),
    )
