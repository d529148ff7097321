"""Days and billing periods as the warehouse stores them: INTEGER yyyymmdd, UTC."""

from datetime import date


def to_int(day: date) -> int:
    """20261122 for 22 November 2026."""
    return day.year * 10_000 + day.month * 100 + day.day


def from_int(number: int) -> date:
    """22 November 2026 for 20261122."""
    return date(number // 10_000, number // 100 % 100, number % 100)
