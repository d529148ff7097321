"""Windows of time, in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span of time [start, end), both aware datetimes in UTC, as FOCUS periods are."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise ValueError("a window is given in UTC")
        if self.start > self.end:
            raise ValueError(f"a window ends before it starts: {self.start} .. {self.end}")

    @classmethod
    def of_days(cls, first: date, after: date) -> "Window":
        """The UTC days from ``first`` up to, not including, ``after``."""
        return cls(midnight(first), midnight(after))

    @property
    def days(self) -> tuple[date, date]:
        """The first UTC day whose midnight lies inside, and the first one after it that does not."""
        return _day_from(self.start), _day_from(self.end)

    def overlaps(self, other: "Window") -> bool:
        """Whether some instant lies in both."""
        return self.start < other.end and other.start < self.end


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day_from(instant: datetime) -> date:
    """The day that begins at ``instant``, else the one after."""
    day = instant.date()
    return day if instant == midnight(day) else day + timedelta(days=1)
