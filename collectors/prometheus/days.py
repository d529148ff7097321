"""Days as they are read from Prometheus: which there are, how far each is known, when it is read again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from costwatch.model import Window, midnight

DAY, TICK = timedelta(days=1), timedelta(milliseconds=1)
LATE = timedelta(hours=2)  # so late may samples be written: by another Prometheus, or one that was cut off
_FARTHEST = timedelta(days=3650)  # no server keeps more; one point for each day is one small answer
_BEFORE = timedelta(days=35)  # so far back a gap is looked beyond


def last_whole_hour(now: datetime) -> datetime:
    """Up to when a running day is known."""
    return now.replace(minute=0, second=0, microsecond=0)


def days_to_read(
    window: Window, through: datetime, first_known: Callable[[Window, int], int | None]
) -> list[datetime]:
    """The first instants of the days that overlap ``window``, from the first that is known of on.

    through: up to when, UTC. first_known: the number, in a window of whole days, of the first day of which
    anything is known, and of how many that may be so. Days of which nothing is known between others are
    among them.
    """
    start = max(window.start, through - _FARTHEST).replace(hour=0, minute=0, second=0, microsecond=0)
    end = min(window.end, through)
    if start >= end:
        return []
    asked = Window(start, midnight((end - TICK).date()) + DAY)
    count = (asked.end - asked.start) // DAY
    first = first_known(asked, count)
    if first is None:
        first = count
    if first and first_known(Window(start - _BEFORE, start), 1) is not None:
        first = 0  # what is missing at its beginning is a gap
    return [start + number * DAY for number in range(first, count)]


def day_version(settings: str, day: Window, through: datetime) -> str:
    """Of what is known of a day: another one for each hour of it, and for two hours after its end."""
    return f"{settings} {min(through, day.end + LATE):%Y-%m-%dT%HZ}"
