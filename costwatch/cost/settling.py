"""How settled a cost day is: estimated, then settled, then closed. Pure.

A day is held against the median of the settled days before it (the first days have fewer). It settles at the
latest after ``Settle.at_most_days``; that holds for a day without a line, too, if later days have some: a
source that usually has none then is not held back, one that lost a day is. Days after the last one that has
lines settle only where none are usual: a source that stopped is late, not free.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from statistics import median

from costwatch.cost.settings import Settle
from costwatch.model import State, midnight

_DAYS_COMPARED = 7


def states(
    line_counts: Mapping[date, int],
    closed_before: date,
    now: datetime,
    settle: Settle,
    called_estimated: Collection[date] = frozenset(),
) -> dict[date, State]:
    """The state at ``now`` of every UTC day that has lines; closed is what lies before ``closed_before``.

    called_estimated: days that the source itself says are not final; they wait for their period to close.
    """
    return {
        day: state
        for day, state in _walk(line_counts, closed_before, now, settle, called_estimated)
        if line_counts.get(day)
    }


def data_through(
    line_counts: Mapping[date, int],
    closed_before: date,
    now: datetime,
    settle: Settle,
    called_estimated: Collection[date] = frozenset(),
) -> date | None:
    """The newest settled day with no estimated day before it; None where nothing is settled."""
    newest = None
    for day, state in _walk(line_counts, closed_before, now, settle, called_estimated):
        if not state.is_settled:
            break
        newest = day
    return newest


def by_age(
    days: Iterable[date], closed_before: date, now: datetime, settle: Settle
) -> tuple[dict[date, State], date]:
    """The state of each of ``days`` of a source that may leave days out, and up to when it is settled."""
    through = (now - timedelta(hours=settle.age_hours)).date() - timedelta(days=1)
    told = {
        day: State.CLOSED if day < closed_before else State.SETTLED if day <= through else State.ESTIMATED
        for day in days
    }
    return told, through


def _walk(
    line_counts: Mapping[date, int],
    closed_before: date,
    now: datetime,
    settle: Settle,
    called_estimated: Collection[date] = frozenset(),
) -> Iterator[tuple[date, State]]:
    """Every day from the first that has lines, up to the last that has some or could have settled."""
    if not line_counts:
        return
    day, last = min(line_counts), max(line_counts)
    settled_counts: deque[int] = deque(maxlen=_DAYS_COMPARED)
    while day <= last or _age(day, now) >= timedelta(hours=settle.age_hours):
        lines = line_counts.get(day, 0)
        enough = not settled_counts or lines >= settle.min_line_share * median(settled_counts)
        old = day <= last and _age(day, now) >= timedelta(days=settle.at_most_days)
        if day < closed_before:
            state = State.CLOSED
        elif day in called_estimated:
            state = State.ESTIMATED
        elif old or (enough and _age(day, now) >= timedelta(hours=settle.age_hours)):
            state = State.SETTLED
        else:
            state = State.ESTIMATED
        if state.is_settled:
            settled_counts.append(lines)
        yield day, state
        if day > last and not state.is_settled:
            return
        day += timedelta(days=1)


def _age(day: date, now: datetime) -> timedelta:
    """How long ago a day ended."""
    return now - midnight(day) - timedelta(days=1)


def closed_before(periods: Iterable[tuple[date, date]], now: datetime, close_after_days: float) -> date:
    """The first day not in a closed period: the latest end of a [start, end) ``close_after_days`` ago."""
    closed = [end for _, end in periods if now >= midnight(end) + timedelta(days=close_after_days)]
    return max(closed, default=date.min)
