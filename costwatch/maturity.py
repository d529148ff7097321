"""How settled a cost day is: estimated, then settled, then closed. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from statistics import median

from costwatch.model import State, midnight

_DAYS_COMPARED = 7


def states(
    line_counts: Mapping[date, int],
    closed_before: date,
    now: datetime,
    *,
    age_hours: float,
    min_line_share: float,
    at_most_days: float,
) -> dict[date, State]:
    """The state at ``now`` of every UTC day that has lines.

    Closed before ``closed_before``; settled ``age_hours`` after its end if its lines are at least
    ``min_line_share`` of the median of the seven settled days before it (the first days have fewer to
    be compared with), and in any case ``at_most_days`` after its end; otherwise estimated.
    """
    found: dict[date, State] = {}
    settled_counts: list[int] = []
    for day in sorted(line_counts):
        age = now - midnight(day) - timedelta(days=1)
        enough = not settled_counts or line_counts[day] >= min_line_share * median(settled_counts)
        if day < closed_before:
            found[day] = State.CLOSED
        elif age >= timedelta(days=at_most_days) or (age >= timedelta(hours=age_hours) and enough):
            found[day] = State.SETTLED
        else:
            found[day] = State.ESTIMATED
        if found[day].is_settled:
            settled_counts = [*settled_counts[-(_DAYS_COMPARED - 1) :], line_counts[day]]
    return found


def closed_before(periods: Iterable[tuple[date, date]], now: datetime, close_after_days: float) -> date:
    """The first day not in a closed period: the latest end of a [start, end) ``close_after_days`` ago."""
    closed = [end for _, end in periods if now >= midnight(end) + timedelta(days=close_after_days)]
    return max(closed, default=date.min)


def data_through(found: Mapping[date, State]) -> date | None:
    """The newest settled day with no estimated day before it; None where nothing is settled."""
    newest = None
    for day in sorted(found):
        if not found[day].is_settled:
            break
        newest = day
    return newest
