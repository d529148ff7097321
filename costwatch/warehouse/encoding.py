"""Time as the warehouse stores it: instants as TEXT, days and billing periods as INTEGER, all in UTC."""

from datetime import UTC, date, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def to_text(instant: datetime) -> str:
    """ISO 8601, so that text order is time order: ``2026-11-22T00:00:00Z``.

    Fractions of a second are dropped. Raises ValueError without a time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {instant}")
    return instant.astimezone(UTC).strftime(_FORMAT)


def from_text(text: str) -> datetime:
    """The aware UTC instant behind ``to_text``'s text. Raises ValueError."""
    instant = datetime.fromisoformat(text)  # strptime takes eight times as long
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {text}")
    return instant


def to_int(day: date) -> int:
    """20261122 for 22 November 2026."""
    return day.year * 10_000 + day.month * 100 + day.day


def from_int(number: int) -> date:
    """22 November 2026 for 20261122."""
    return date(number // 10_000, number // 100 % 100, number % 100)
