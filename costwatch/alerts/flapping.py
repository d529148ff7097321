"""Alerts that fire and are over again and again: they go on in their message, and interrupt nobody. Pure.

As monitoring systems have long had it
(https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/flapping.html), but by a count that a
reader can check: three changes within a window, until there was none for one window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_CHANGES = 3
WINDOW = timedelta(minutes=15)
WINDOW_OF_COST = timedelta(hours=24)  # costs change once a day
REMARK = "flapping: "


@dataclass(frozen=True, slots=True)
class Flapping:
    """``changes`` of an alert, firing or over, in the ``window`` that ended with the newest of them."""

    changes: int
    window: timedelta

    @property
    def is_told_in_place(self) -> bool:
        """Whether it has changed often enough since it first fired to begin no message any more."""
        return self.changes > _CHANGES

    @property
    def text(self) -> str:
        """For people; it begins with ``REMARK``."""
        hours, minutes = divmod(int(self.window.total_seconds()) // 60, 60)
        span = f"{hours} h" if hours and not minutes else f"{hours * 60 + minutes} minutes"
        return f"{REMARK}fired {(self.changes + 1) // 2} times within {span}"


def flapping(changes: Sequence[datetime], window: timedelta, now: datetime) -> Flapping | None:
    """How an alert flaps; None: it does not, or has been quiet for one window.

    changes: when it began to fire and when it was over, in turns, the oldest first.
    """
    if not changes or now - changes[-1] >= window:
        return None
    count = sum(changes[-1] - at < window for at in changes)
    return Flapping(count, window) if count >= _CHANGES else None
