"""Which days cost is compared with which, complete ones only. Pure; days are UTC days.

What is usual for a weekday is the median of the four before it: a seasonal naive forecast
(https://otexts.com/fpp3/simple-methods.html) that one odd week, or a holiday, does not mislead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from costwatch.model import Window
from costwatch.wording import on_day

Compare = Literal["day", "same_weekday", "week", "month_to_date"]

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_WEEKS, _LEAST_WEEKS = 4, 2
_HISTORY = timedelta(days=35)  # what is charged once a month came in it


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ``days`` that are judged, and as many days ``before``; of several, the median counts.

    least: of how many windows before the cost must be known. history: up to the newest of these days: what
    cost nothing in it is new. judged, against: the days in words.
    """

    days: Window
    before: tuple[Window, ...]
    least: int
    history: Window
    judged: str
    against: str

    @property
    def count(self) -> int:
        """How many days are judged."""
        return (self.days.end - self.days.start).days


@lru_cache(maxsize=32)  # thousands of rules compare the same days
def comparison(compare: Compare, newest: date) -> Comparison:
    """The last days up to ``newest``, which is complete, and those they are held against.

    Of a month to date that is longer than the whole month before, only as many days as that had are judged.
    """
    return _COMPARISONS[compare](newest)


def _day(newest: date) -> Comparison:
    day, before = _days(newest, 1), _days(newest - _DAY, 1)
    return _made(day, (before,), f"on {on_day(newest)}", "the day before")


def _same_weekday(newest: date) -> Comparison:
    before = tuple(_days(newest - number * _WEEK, 1) for number in range(1, _WEEKS + 1))
    against = f"usual on {newest:%A}s"
    return _made(_days(newest, 1), before, f"on {on_day(newest)}", against, least=_LEAST_WEEKS)


def _week(newest: date) -> Comparison:
    week, before = _days(newest, 7), _days(newest - _WEEK, 7)
    return _made(week, (before,), f"in the 7 days to {on_day(newest)}", "the 7 days before")


def _month_to_date(newest: date) -> Comparison:
    first = newest.replace(day=1)
    last_before = first - _DAY
    count = min(newest.day, last_before.day)
    through, before = first + (count - 1) * _DAY, last_before.replace(day=count)
    judged = f"from 1 to {on_day(through)}" if count > 1 else f"on {on_day(through)}"
    against = f"the same days of {before:%B}" if count > 1 else f"1 {before:%B}"
    return _made(_days(through, count), (_days(before, count),), judged, against)


_COMPARISONS: Mapping[Compare, Callable[[date], Comparison]] = {
    "day": _day,
    "same_weekday": _same_weekday,
    "week": _week,
    "month_to_date": _month_to_date,
}


def _days(through: date, count: int) -> Window:
    return Window.of_days(through - (count - 1) * _DAY, through + _DAY)


def _made(
    days: Window, before: tuple[Window, ...], judged: str, against: str, *, least: int = 1
) -> Comparison:
    start = min(days.start - _HISTORY, *(window.start for window in before))
    history = Window(start, max(window.end for window in before))
    return Comparison(days, before, least, history, judged, against)
