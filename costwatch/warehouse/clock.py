"""Instants as the warehouse stores them: TEXT ISO 8601 in UTC, so that text order is time order."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def to_text(instant: datetime) -> str:
    """``2026-11-22T00:00:00Z``; fractions of a second are dropped. Raises ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {instant}")
    return instant.astimezone(UTC).strftime(_FORMAT)


def from_text(text: str) -> datetime:
    """The aware UTC instant behind ``to_text``'s text. Raises ValueError."""
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
