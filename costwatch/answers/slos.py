"""How service level objectives stand, worst first, and what their budgets went through."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from costwatch.model import Window, midnight
from costwatch.slo.rule_facts import is_named
from costwatch.slo.standing import FRESH, Health, SloState
from costwatch.warehouse.facts.slos import slo_states
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.buckets import Stored, by_day, by_hour, series

__all__ = [
    "BudgetPoint",
    "Health",
    "SloState",
    "Span",
    "buckets",
    "burn_down",
    "burn_downs",
    "slo_answer",
    "stale_since",
    "weeks",
    "worst_hours",
]

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """What was left of the budget at an instant (UTC), as a share; None: unknown."""

    at: datetime
    left: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """What happened from ``start`` on, in ``Objective.unit``. known_seconds: how much of it is known."""

    start: datetime
    seconds: int
    good: float
    total: float
    known_seconds: int

    @property
    def bad(self) -> float:
        """What went wrong."""
        return self.total - self.good

    @property
    def sli(self) -> float | None:
        """The share that was good; None: nothing is known, or nothing happened."""
        return self.good / self.total if self.total > 0 else None


def slo_answer(
    facts: WarehouseSnapshot,
    *,
    slo: str | None = None,
    team: str | None = None,
    service: str | None = None,
    system: str | None = None,
) -> tuple[SloState, ...]:
    """Every instance of every objective at ``facts.now``, worst first (see ``SloState.rank``).

    Where nothing new is known of any, as of when something last was: their ``now``, which ``stale_since``
    tells. slo, team, service, system: only those of it; slo is an id, a name or a pattern of them. An
    objective that has brought nothing yet is one state without an instance (number 0), unknown.
    """
    wanted = {"team": team, "service": service, "system": system}
    found = (
        state
        for state in _as_last_known(facts)
        if all(value is None or getattr(state.objective, name) == value for name, value in wanted.items())
        and (slo is None or is_named(state.objective.id, [slo]))
    )
    return tuple(sorted(found, key=lambda state: (state.rank, state.objective.id, state.labels)))


def _as_last_known(facts: WarehouseSnapshot) -> Sequence[SloState]:
    """How they stood helps more than that all are unknown, while Prometheus is not read."""
    states = slo_states(facts)
    newest = max((state.newest for state in states if state.newest), default=None)
    if newest is None or facts.now - newest <= FRESH:
        return states
    return slo_states(WarehouseSnapshot(facts.db, newest, as_of=newest if facts.as_of else None))


def stale_since(states: Sequence[SloState], now: datetime) -> datetime | None:
    """Since when (UTC) nothing new is known of any objective: ``states`` are as of then. None: some is."""
    newest = max((state.now for state in states), default=now)
    return newest if now - newest > FRESH else None


def burn_down(facts: WarehouseSnapshot, state: SloState, step: timedelta = _HOUR) -> tuple[BudgetPoint, ...]:
    """What was left of the budget of the current period after each hour of it, up to now; step: or after each
    day. None while nothing is known.

    Of a rolling period, too, it is the budget of the one that ends now, as it was used up: 1 at its start,
    what is left now at its end. So two points tell apart what lies between them.
    """
    return burn_downs(facts, (state,), step).get(state.instance, ())


def burn_downs(
    facts: WarehouseSnapshot, states: Sequence[SloState], step: timedelta = _DAY
) -> Mapping[int, tuple[BudgetPoint, ...]]:
    """``burn_down`` of many, by the number of their instance. step: an hour or a day."""
    by_window: dict[Window, list[SloState]] = defaultdict(list)
    for state in states:
        by_window[Window(state.window.start, min(state.window.end, state.now))].append(state)
    read = by_day if step == _DAY else by_hour
    found = {}
    for window, of_window in by_window.items():
        stored = read(facts.db, [state.instance for state in of_window], window)
        for state in of_window:
            found[state.instance] = _down(state, stored.get(state.instance, ()), step)
    return found


def _down(state: SloState, stored: Sequence[Stored], step: timedelta) -> tuple[BudgetPoint, ...]:
    """From what is left now back to the start: what lay before the first whole step is in the first point."""
    allowed, left = state.budget.allowed, state.left
    if allowed is None or left is None:
        return ()
    known = {each.start: each for each in stored if each.known_seconds > 0}
    seconds = int(step.total_seconds())
    at = datetime.fromtimestamp(int(state.now.timestamp()) // seconds * seconds, UTC)
    found: list[BudgetPoint] = []
    while at >= state.window.start:
        end = min(at + step, state.now)
        if end > at:
            found.append(BudgetPoint(end, left if at in known else None))
        if each := known.get(at):
            left += (each.total - each.good) / allowed
        at -= step
    is_whole = state.budget.counted_seconds >= state.budget.expected_seconds
    found.append(BudgetPoint(state.window.start, 1.0 if is_whole else None))
    return tuple(reversed(found))


def buckets(facts: WarehouseSnapshot, state: SloState, window: Window) -> list[Stored]:
    """What is stored of an instance inside ``window``, such as an incident, in its order."""
    return list(series(facts.db, [state.instance], window).get(state.instance, ()))


def worst_hours(facts: WarehouseSnapshot, state: SloState, at_most: int = 5) -> list[Span]:
    """The hours of the current period in which most went wrong, worst first; none in which nothing did."""
    window = Window(state.window.start, min(state.window.end, state.now))
    stored = by_hour(facts.db, [state.instance], window).get(state.instance, [])
    bad = sorted(map(_span, stored), key=lambda hour: (-hour.bad, hour.start))
    return [hour for hour in bad[:at_most] if hour.bad > 0]


def weeks(facts: WarehouseSnapshot, state: SloState, at_most: int = 13) -> list[Span]:
    """The last weeks, from Monday to Sunday in UTC, oldest first; the running one is the last."""
    today = state.now.date()
    first = today - timedelta(days=today.weekday()) - timedelta(weeks=at_most - 1)
    window = Window(midnight(first), state.now)
    found: dict[date, list[Stored]] = defaultdict(list)
    for day in by_day(facts.db, [state.instance], window).get(state.instance, []):
        found[day.start.date() - timedelta(days=day.start.weekday())].append(day)
    return [
        Span(
            midnight(monday),
            7 * 86400,
            sum(day.good for day in days),
            sum(day.total for day in days),
            sum(day.known_seconds for day in days),
        )
        for monday, days in sorted(found.items())
    ]


def _span(of: Stored) -> Span:
    return Span(of.start, of.seconds, of.good, of.total, of.known_seconds)
