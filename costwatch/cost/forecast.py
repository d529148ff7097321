"""What a period has cost so far and will have cost at its end. Pure; days are UTC days, money is exact.

Each day still to come costs the median of the same weekday over the 28 settled days before it, so
that neither weekends nor one odd day mislead it. First days of a month are left out of those medians,
because monthly fees fall on them; a first day to come costs what the last one did. Days since the
series began that have no point cost nothing.

The band is an 80 % interval. A day's spread is 1.4826 times the median distance of a day from the median
of the *other* days of its weekday, pooled over all weekdays (the MAD as a standard deviation:
https://en.wikipedia.org/wiki/Median_absolute_deviation). A weekday's median of m days is itself uncertain
by pi/2 / m of a day's variance (the median's asymptotic variance), which the days to come of it share.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Literal

from costwatch.model import Series

HISTORY_DAYS = 35  # a series should reach this far back from the last settled day
_SAMPLE_DAYS = 28
_MAD_TO_SIGMA = Decimal("1.4826")
_Z_80 = Decimal("1.2816")
_MEDIAN_VARIANCE = Decimal("1.5708")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BurnUp:
    """Cumulative cost at the end of ``day``; of a settled day, ``low`` and ``high`` equal ``amount``."""

    day: date
    amount: Decimal
    low: Decimal
    high: Decimal
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a period stands: ``spent`` on settled days and its ``share`` of the amount; the period-end
    ``forecast`` with its 80 % interval.

    ``crossing_day``: the day that takes, or took, the period over the amount. ``share`` and
    ``crossing_day`` are None where there is no amount. ``is_complete``: no day is to come, so that
    ``forecast`` is what the period came to.
    """

    spent: Decimal
    share: Decimal | None
    forecast: Decimal
    low: Decimal
    high: Decimal
    crossing_day: date | None
    is_complete: bool = False


def period_of(kind: Literal["month", "quarter"], day: date) -> tuple[date, date]:
    """The first day of the calendar month or quarter that holds ``day``, and of the one after it."""
    months = 1 if kind == "month" else 3
    month = (day.month - 1) // months * months + 1
    after = month + months
    return date(day.year, month, 1), date(day.year + (after > 12), after - 12 * (after > 12), 1)


def period_name(kind: Literal["month", "quarter"], day: date) -> str:
    """``October 2026`` or ``Q4 2026``: the calendar month or quarter that holds ``day``."""
    return f"{day:%B %Y}" if kind == "month" else f"Q{(day.month + 2) // 3} {day.year}"


def outlook(
    series: Series, amount: Decimal | None, period_start: date, period_after: date, through: date
) -> Outlook:
    """How the period up to, not including, ``period_after`` stands against ``amount``.

    Days up to ``through`` are settled; ``series`` should reach HISTORY_DAYS back from there.
    """
    line = burn_up(series, period_start, period_after, through)
    spent = next((entry.amount for entry in reversed(line) if entry.is_settled), Decimal())
    end = line[-1]
    share = crossing = None
    if amount is not None:
        share = spent / amount
        crossing = next((entry.day for entry in line if entry.amount > amount), None)
    return Outlook(spent, share, end.amount, end.low, end.high, crossing, end.is_settled)


def burn_up(points: Series, first: date, after: date, through: date) -> tuple[BurnUp, ...]:
    """One entry for each day from ``first`` up to, not including, ``after``: settled, then expected.

    Raises ValueError for an empty period.
    """
    if first >= after:
        raise ValueError(f"a period ends before it starts: {first} .. {after}")
    values = {point.day: point.value for point in points if point.day <= through}
    settled_until = min(through + _DAY, after)
    line = []
    total = Decimal()
    for day in _days(first, settled_until):
        total += values.get(day, Decimal())
        line.append(BurnUp(day, total, total, total, is_settled=True))
    pattern = _Pattern(values, through)
    return (*line, *pattern.continued(total, _days(max(first, settled_until), after)))


class _Pattern:
    """What days to come cost, learnt from the days before ``through``."""

    def __init__(self, values: dict[date, Decimal], through: date) -> None:
        self._values = values
        self._by_weekday: dict[int, list[Decimal]] = defaultdict(list)
        begun = min(values, default=through + _DAY)
        for day in _days(max(begun, through - (_SAMPLE_DAYS - 1) * _DAY), through + _DAY):
            if day.day != 1:
                self._by_weekday[day.weekday()].append(values.get(day, Decimal()))
        everything = [value for same in self._by_weekday.values() for value in same]
        self._level = median(everything) if everything else Decimal()
        self._size = len(everything)
        residuals = [
            abs(value - (median(same[:place] + same[place + 1 :]) if len(same) > 1 else self._level))
            for same in self._by_weekday.values()
            for place, value in enumerate(same)
        ]
        self._sigma = _MAD_TO_SIGMA * median(residuals) if residuals else Decimal()
        self._never_negative = min(everything, default=Decimal()) >= 0
        firsts = [day for day in values if day.day == 1]
        self._last_first = max(firsts) if firsts and max(firsts) > through - HISTORY_DAYS * _DAY else None

    def continued(self, total: Decimal, days: Iterable[date]) -> Iterator[BurnUp]:
        """The days to come, on top of ``total``."""
        spent, seen = total, Counter[int]()
        for day in days:
            total += self._expected(day)
            seen[day.weekday()] += 1
            variance = sum(
                (count + count * count * _MEDIAN_VARIANCE / self._sample_size(weekday))
                for weekday, count in seen.items()
            )
            margin = _Z_80 * self._sigma * Decimal(variance).sqrt()
            low = max(total - margin, spent) if self._never_negative and total >= spent else total - margin
            yield BurnUp(day, total, low, total + margin, is_settled=False)

    def _expected(self, day: date) -> Decimal:
        if day.day == 1 and self._last_first is not None:
            return self._values[self._last_first]
        return self._typical(day.weekday())

    def _typical(self, weekday: int) -> Decimal:
        same = self._by_weekday.get(weekday, ())
        return median(same) if len(same) > 1 else self._level

    def _sample_size(self, weekday: int) -> int:
        same = len(self._by_weekday.get(weekday, ()))
        return same if same > 1 else max(1, self._size)


def _days(first: date, after: date) -> Iterator[date]:
    day = first
    while day < after:
        yield day
        day += _DAY
