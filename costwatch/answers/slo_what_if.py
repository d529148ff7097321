"""How often people would have been called under another objective, held against the one there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.model import Severity, Window
from costwatch.slo.burn import MIN_EVENTS
from costwatch.slo.objectives import Form, Objective, Period
from costwatch.slo.standing import SloState
from costwatch.slo.what_if import Episode, episodes
from costwatch.slo.windows import burn_windows
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.standings import rows, standings

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an objective comes to. states: its instances now. alerts: of ``since`` up to now, by instance.

    known_since: of the instance that is known for longest; None: nothing is. notes: each in a sentence.
    """

    objective: Objective
    states: tuple[SloState, ...]
    alerts: Mapping[int, Sequence[Episode]]
    since: datetime
    known_since: datetime | None
    notes: tuple[str, ...]

    @property
    def pages(self) -> int:
        """How often somebody would have been called."""
        return self._count(Severity.PAGE)

    @property
    def tickets(self) -> int:
        """How often somebody would have been told what can wait."""
        return self._count(Severity.TICKET)

    def _count(self, severity: Severity) -> int:
        return sum(one.severity is severity for found in self.alerts.values() for one in found)


def what_if(
    facts: WarehouseSnapshot,
    objective: Objective,
    *,
    target: Decimal | None = None,
    period: timedelta | None = None,
    min_events: int = MIN_EVENTS,
) -> tuple[Outcome, Outcome]:
    """What ``objective`` came to in the last 90 days, and what it would have with another target or a rolling
    period: looked at every five minutes, as rule ``slo_burn`` does.
    """
    other = replace(objective, target=target or objective.target)
    if period is not None:
        other = replace(other, period=Period(period))
    return _outcome(facts, objective, min_events), _outcome(facts, other, min_events)


def _outcome(facts: WarehouseSnapshot, of: Objective, min_events: int) -> Outcome:
    since = facts.now - LOOK_BACK
    states = tuple(standings(facts.db, facts.now, as_it_was=facts.as_of is not None, instead=[of]))
    period = timedelta(seconds=states[0].budget.period_seconds)
    all_pairs, notes = burn_windows(period)
    on = {"page": of.page, "ticket": of.ticket}
    pairs = [pair for pair in all_pairs if on[pair.severity]]
    least = min_events if of.unit == "events" and of.indicator.form is Form.COUNTER else 0
    longest = max((pair.long for pair in pairs), default=timedelta())
    found, known = {}, []
    for state in states:
        told = rows(facts.db, state.instance, Window(since - longest, facts.now))
        known += told[:1]
        found[state.instance] = episodes(told, since, facts.now, float(of.target), pairs, least)
    first = min((start for start, *_ in known), default=None)
    known_since = None if first is None else max(since, datetime.fromtimestamp(first, since.tzinfo))
    return Outcome(of, states, found, since, known_since, tuple(notes))
