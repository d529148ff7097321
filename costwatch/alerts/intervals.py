"""Times of the week, the month and the year, as Alertmanager writes them. Pure.

https://prometheus.io/docs/alerting/latest/configuration/#time_interval, with two things added: days of the
week and months may go past the end (``friday:monday``, ``november:february``), and an interval that no day
can lie in is refused.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from costwatch.plugins import Settings

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_DAY_OF_MONTH = re.compile(r"-?0?[1-9]|-?[12]\d|-?3[01]", re.ASCII)
_MONTH = re.compile(r"0?[1-9]|1[0-2]", re.ASCII)
_YEAR = re.compile(r"[1-9]\d{3}", re.ASCII)
_LEAP_YEAR = 2028
_MINUTE = timedelta(minutes=1)

Range = tuple[int, int]  # both included


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("must be a time of day such as 09:00, at most 24:00")
    return text


def _ends(text: str, one: Callable[[str], int]) -> Range:
    first, _, last = text.strip().lower().partition(":")
    begin = one(first.strip())
    return begin, one(last.strip()) if ":" in text else begin


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError("must be a day such as saturday, or a range such as monday:friday")
    return _WEEKDAYS.index(text)


def _day_of_month(text: str) -> int:
    if not _DAY_OF_MONTH.fullmatch(text):
        raise ValueError("must be a day such as 1 or -1 (the last), or a range such as 1:15 or -3:-1")
    return int(text)


def _month(text: str) -> int:
    if text in _MONTHS:
        return _MONTHS.index(text) + 1
    if not _MONTH.fullmatch(text):
        raise ValueError("must be a month such as may or 5, or a range such as november:february")
    return int(text)


def _year(text: str) -> int:
    if not _YEAR.fullmatch(text):
        raise ValueError("must be a year such as 2027, or a range such as 2027:2029")
    return int(text)


# Parsed once each: time intervals are asked minute by minute.
@lru_cache(maxsize=512)
def _weekdays(text: str) -> Range:
    return _ends(text, _weekday)


@lru_cache(maxsize=512)
def _days_of_month(text: str) -> Range:
    begin, end = _ends(text, _day_of_month)
    if begin < 0 < end:
        raise ValueError("counts from the end of the month to its start; write two entries")
    if all(_days_within((begin, end), days) is None for days in range(28, 32)):
        raise ValueError("ends before it begins; write the earlier day first, such as 1:15 or -3:-1")
    return begin, end


@lru_cache(maxsize=512)
def _months(text: str) -> Range:
    return _ends(text, _month)


@lru_cache(maxsize=512)
def _years(text: str) -> Range:
    begin, end = _ends(text, _year)
    if begin > end:
        raise ValueError("ends before it begins; write the earlier year first")
    return begin, end


def _text_of(parsed: Callable[[str], Range]) -> AfterValidator:
    def check(text: str) -> str:
        parsed(text)
        return text

    return AfterValidator(check)


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
    """Times in which all that is given holds; what is left out does not restrict them.

    times: ranges of the day. weekdays: days such as ``saturday`` and ranges such as ``monday:friday`` or
    ``friday:monday``. days_of_month: days such as ``1``, or ``-1`` for the last, and ranges such as ``1:15``
    or ``-3:-1``; what a month does not have of a range is left out. months: names or numbers, and ranges such
    as ``november:february`` or ``1:3``. years: such as ``2027`` or ``2027:2029``. location: the time zone
    they are meant in (default UTC).
    """

    times: tuple[TimeRange, ...] = ()
    weekdays: tuple[Annotated[str, _text_of(_weekdays)], ...] = ()
    days_of_month: tuple[Annotated[str, _text_of(_days_of_month)], ...] = ()
    months: tuple[Annotated[str, _text_of(_months)], ...] = ()
    years: tuple[Annotated[str, _text_of(_years)], ...] = ()
    location: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        months = [month for month in range(1, 13) if self._is_month(month)]
        longest = max(monthrange(_LEAP_YEAR, month)[1] for month in months)
        if self.days_of_month and not any(self._has_day(day, longest) for day in range(1, longest + 1)):
            raise ValueError("'months' have no such 'days_of_month': no day would lie in it; correct one")
        return self

    def contains(self, instant: datetime) -> bool:
        """Whether an instant, in any time zone, lies in it."""
        local = instant.astimezone(ZoneInfo(self.location))
        clock = f"{local.hour:02}:{local.minute:02}"
        if self.times and not any(each.start_time <= clock < each.end_time for each in self.times):
            return False
        if self.weekdays and not any(_lies_in(local.weekday(), _weekdays(each)) for each in self.weekdays):
            return False
        if self.years and not any(begin <= local.year <= end for begin, end in map(_years, self.years)):
            return False
        return self._is_month(local.month) and self._has_day(
            local.day, monthrange(local.year, local.month)[1]
        )

    def _is_month(self, month: int) -> bool:
        return not self.months or any(_lies_in(month, _months(each)) for each in self.months)

    def _has_day(self, day: int, month_days: int) -> bool:
        if not self.days_of_month:
            return True
        within = (_days_within(_days_of_month(each), month_days) for each in self.days_of_month)
        return any(days is not None and days[0] <= day <= days[1] for days in within)


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


def _lies_in(number: int, ends: Range) -> bool:
    """Whether it lies in a range that may go past the end of the week or the year."""
    begin, end = ends
    return begin <= number <= end if begin <= end else number >= begin or number <= end


def _days_within(ends: Range, month_days: int) -> Range | None:
    """A range of days in a month of so many, what it lacks left out; None: all of it."""
    begin, end = (day if day > 0 else month_days + 1 + day for day in ends)
    begin, end = max(begin, 1), min(end, month_days)
    return (begin, end) if begin <= end else None
