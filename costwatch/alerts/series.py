"""The last days of what an alert is about, as its evidence has them. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from statistics import median

from costwatch.model import Alert

SERIES = "series"  # in the evidence: [ISO day, digits] of each of the last days, the oldest first
DAYS = 14
_KNOWN_BEFORE = 3  # days; from fewer nobody knows what is usual
_BARS = "▁▂▃▄▅▆▇█"

Days = tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Onset:
    """Since when a value has been out of the ordinary.

    usual: the median of the days before; more: what has come on top of it since.
    """

    day: date
    usual: Decimal
    more: Decimal


def series_of(alert: Alert) -> Days:
    """Nothing where an alert has none, or its rule keeps something else by that name."""
    found = alert.evidence.get(SERIES)
    try:
        days = [(date.fromisoformat(day), Decimal(value)) for day, value in found or ()]
    except (ValueError, TypeError, InvalidOperation):
        return ()
    in_order = [day for day, _ in days] == sorted({day for day, _ in days})
    return tuple(days[-DAYS:]) if in_order and all(value.is_finite() for _, value in days) else ()


def onset_of(alert: Alert) -> Onset | None:
    """Of an alert about one day that is above its threshold: when that began, if the days show it."""
    days, limit = series_of(alert), alert.threshold
    if limit is None or alert.about is None or alert.about.day is None:
        return None
    before = len(days)
    while before and days[before - 1][1] > limit:
        before -= 1
    if before == len(days) or before < _KNOWN_BEFORE:
        return None
    usual = median(value for _, value in days[:before])
    return Onset(days[before][0], usual, sum((value - usual for _, value in days[before:]), Decimal()))


def sparkline(days: Days) -> str:
    """A bar for each day, as high as its share of the highest: ``▁▁▁▇▇``."""
    most = max((value for _, value in days), default=Decimal())
    if most <= 0:
        return ""
    return "".join(_BARS[int(max(value, Decimal()) * (len(_BARS) - 1) / most)] for _, value in days)
