"""Times of the week, as Alertmanager writes them. Pure.

A subset of https://prometheus.io/docs/alerting/latest/configuration/#time_interval: times of day, days of
the week, and the place whose clock counts.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from costwatch.plugins import Settings

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_MINUTE = timedelta(minutes=1)


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("must be a time of day such as 09:00, at most 24:00")
    return text


def _days(text: str) -> str:
    if not all(day in _WEEKDAYS for day in text.split(":", 1)):
        raise ValueError("must be a day such as saturday, or a range such as monday:friday")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the time zone database
        raise ValueError("must be a time zone such as Europe/Berlin, or UTC") from None
    return name


_ClockTime = Annotated[str, AfterValidator(_clock)]


class TimeRange(Settings):
    """From ``start_time`` up to ``end_time``, which is not included: ``"18:00"`` to ``"24:00"``."""

    start_time: _ClockTime
    end_time: _ClockTime

    @model_validator(mode="after")
    def _has_minutes(self) -> Self:
        if self.start_time >= self.end_time:
            raise ValueError("'end_time' must be after 'start_time'; write two ranges to go past midnight")
        return self


class TimeInterval(Settings):
    """Times in which all that is given holds.

    times: ranges of the day (default: all of it). weekdays: days such as ``saturday`` and ranges such as
    ``monday:friday`` or ``friday:monday`` (default: every day). location: the time zone they are meant in
    (default UTC).
    """

    times: tuple[TimeRange, ...] = ()
    weekdays: tuple[Annotated[str, AfterValidator(_days)], ...] = ()
    location: Annotated[str, AfterValidator(_zone)] = "UTC"

    def contains(self, instant: datetime) -> bool:
        """Whether an instant, in any time zone, lies in it."""
        local = instant.astimezone(ZoneInfo(self.location))
        clock = f"{local.hour:02}:{local.minute:02}"
        is_time = not self.times or any(each.start_time <= clock < each.end_time for each in self.times)
        return is_time and (not self.weekdays or any(_has(days, local.weekday()) for days in self.weekdays))


class NamedTimeInterval(Settings):
    """An entry of ``time_intervals``, by the name that routes call it."""

    name: str = Field(min_length=1)
    time_intervals: tuple[TimeInterval, ...]

    def contains(self, instant: datetime) -> bool:
        """Whether an instant, in any time zone, lies in one of its intervals."""
        return any(interval.contains(instant) for interval in self.time_intervals)


def minutes(start: datetime, end: datetime) -> list[datetime]:
    """``start``, and every full minute after it before ``end``: no interval changes between two of them."""
    first = start.replace(second=0, microsecond=0) + _MINUTE
    return [start, *(first + number * _MINUTE for number in range(-((first - end) // _MINUTE)))]


def _has(days: str, weekday: int) -> bool:
    first, last = (_WEEKDAYS.index(day) for day in (days.split(":") * 2)[:2])
    return (weekday - first) % 7 <= (last - first) % 7
