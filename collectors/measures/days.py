"""Days of sources that are asked day by day: which are asked, what each becomes, and what failed on them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from collectors.measures.tables import MEASURE_DAYS, Measured, rows_of
from costwatch.errors import SourceError
from costwatch.model import Batch, Window, midnight
from costwatch.wording import on_day

_DAY = timedelta(days=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)  # since when a source is asked that was never read
_FIRST_RUN = timedelta(days=35)


def asked_days(where: str, window: Window, now: datetime, first_day: date | None) -> list[Window]:
    """The UTC days that overlap ``window``, oldest first, the running one up to its last whole hour.

    first_day: none before it; None: a source that was never read begins 35 days before ``now``. Raises
    SourceError, which begins with ``where``, if none is left.
    """
    through = now.replace(minute=0, second=0, microsecond=0)
    start = midnight(window.start.date())
    if first_day:
        start = max(start, midnight(first_day))
    elif window.start <= _EVER:
        start = midnight((now - _FIRST_RUN).date())
    days = []
    while start < min(window.end, through):
        days.append(Window(start, min(start + _DAY, through)))
        start += _DAY
    if not days:
        raise SourceError(
            f"{where}: this time has no whole hour to ask for; look at first_day, or run it again later"
        )
    return days


def day_batch(asked: Window, found: Sequence[Measured], settings: str, *, partial: bool) -> Batch:
    """All measures of a day. asked: what of the day they were asked for; less than all of it is partial.

    settings: what the rows depend on beside the source. The version is of both, so that what is unchanged
    is not stored anew.
    """
    rows = [(one.measure, one.unit, sorted(one.values.items()), one.coverage) for one in found]
    version = hashlib.sha256(f"{settings}\n{rows!r}".encode()).hexdigest()
    day = Window(asked.start, asked.start + _DAY)
    return Batch(MEASURE_DAYS.name, day, version, lambda: rows_of(found), partial or asked.end < day.end)


class Failures:
    """Why measures could not be told: each reason once, on however many days it was met."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._days: dict[tuple[str, str], list[date]] = {}

    def add(self, measure: str, day: Window, reason: str) -> None:
        """reason: ``what is wrong; what to do``."""
        self._days.setdefault((measure, reason), []).append(day.start.date())

    def of(self, day: Window) -> bool:
        """Whether some measure could not be told of ``day``."""
        return any(day.start.date() in days for days in self._days.values())

    def tell(self) -> None:
        """Raises SourceError with a line for each; nothing where there is none."""
        if self._days:
            raise SourceError(
                "\n".join(
                    f"{self._where}: measure {measure}, {_on_days(days)}: {reason}"
                    for (measure, reason), days in self._days.items()
                )
            )


def _on_days(days: Sequence[date]) -> str:
    more = len(days) - 1
    return on_day(days[0]) + (f" and {more} more {'day' if more == 1 else 'days'}" if more else "")
