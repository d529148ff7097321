"""Measures hour by hour: what Prometheus says of each, added up to days."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Self

from collectors.measures.queries import QueryMeasure
from collectors.measures.tables import MOST_LABEL_SETS, Measured, rows_of
from collectors.prometheus import Answer, AskError, Prometheus, PrometheusSettings
from costwatch.errors import SourceError
from costwatch.model import Window, midnight
from costwatch.plugins import tags_text
from costwatch.wording import on_day

if TYPE_CHECKING:
    import pyarrow as pa

_DAY, _HOUR, _WEEKS = timedelta(days=1), timedelta(hours=1), timedelta(weeks=5)


class Hours:
    """One connection for all days of a run. through: up to when hours are asked for, UTC."""

    def __init__(
        self, source: PrometheusSettings, measures: Sequence[QueryMeasure], through: datetime
    ) -> None:
        self.measures, self.through = measures, through
        self._source = source
        self._prometheus = Prometheus(source)
        self._refused: dict[str, str] = {}  # measure -> why the server does not answer it
        self._unknown: dict[str, list[date]] = defaultdict(list)  # measure -> of which days it was asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._prometheus.close()

    def first_known(self, asked: Window, _: int = 1) -> int | None:
        """The number of the first day in ``asked`` of which any measure is known; None: of none is.

        From its end backwards, until nothing is known of five weeks: a query with a subquery costs the server
        as much over years without a sample as over years with some.
        """
        first, end = None, min(asked.end, self.through)
        while end > asked.start:
            weeks = Window(max(asked.start, end.replace(hour=0) - _WEEKS), end)
            if (found := self._first_day(weeks)) is None:
                break
            first, end = found, weeks.start
        return None if first is None else (first - asked.start) // _DAY

    def measured(self, measure: QueryMeasure, day: Window) -> tuple[Measured, bool]:
        """What it was on a day, and whether the server says that it lacks something.

        Raises SourceError where the server does not answer; what it refuses is unknown, and kept for
        ``complaints``.
        """
        window = Window(day.start, min(day.end, self.through))
        unknown = Measured(day.start.date(), measure.name, measure.unit)
        if (answer := self._asked(measure, window, _HOUR)) is None:
            self._unknown[measure.name].append(unknown.day)
            return unknown, True
        values, coverage = _summed(answer, (window.end - window.start) // _HOUR)
        if len(values) > MOST_LABEL_SETS:
            self._refused[measure.name] = (
                f"has {len(values):,} sets of labels, more than {MOST_LABEL_SETS:,}; sum by fewer labels"
            )
            self._unknown[measure.name].append(unknown.day)
            return unknown, True
        return Measured(unknown.day, measure.name, measure.unit, values, coverage), bool(answer.warnings)

    @property
    def complaints(self) -> list[str]:
        """A sentence for each measure that is unknown because its query was refused."""
        return [
            f"{self._source.name}: measure '{name}'{_told(self._unknown[name])}: {why}"
            for name, why in self._refused.items()
        ]

    def _first_day(self, window: Window) -> datetime | None:
        """By the last hour of each day, which is cheap; by every hour only where these know of nothing, as of
        a job that runs at night.
        """
        ended = Window(window.start, max(window.start, window.end.replace(hour=0)))
        return self._first_step(ended, _DAY) or self._first_step(window, _HOUR)

    def _first_step(self, window: Window, step: timedelta) -> datetime | None:
        """The day of the first step whose end is known."""
        first = None
        for measure in self.measures if window.start < window.end else ():
            answer = self._asked(measure, window, step)
            for series in answer.series if answer else ():
                for end in series.times[series.values == series.values][:1]:
                    # An hour ends with the instant that the next one begins with, and may be the day's last.
                    day = midnight(datetime.fromtimestamp(end - 1, UTC).date())
                    first = min(first or day, day)
            if first == window.start:
                break
        return first

    def _asked(self, measure: QueryMeasure, window: Window, step: timedelta) -> Answer | None:
        """What it is at the end of each step; None where the server refuses the query."""
        try:
            return self._prometheus.query_range(measure.promql, window, step, step)
        except AskError as error:
            if not error.is_of_query:
                raise
            self._refused[measure.name] = str(error).removeprefix(f"{self._source.name}: ")
            return None


class AskedDay:
    """A day, asked for when it is first looked at."""

    def __init__(self, hours: Hours, day: Window) -> None:
        self.error: SourceError | None = None
        self._hours, self._day = hours, day

    @property
    def is_partial(self) -> bool:
        """Whether a measure was refused, the server said that it lacks something, or nothing has come yet."""
        lacks = any(is_lacking for _, is_lacking in self._measured)
        is_empty = not any(measured.values for measured, _ in self._measured)
        return lacks or (is_empty and self._hours.through < self._day.end + _DAY)

    def rows(self) -> "Iterator[pa.RecordBatch]":
        """Of all measures. Raises SourceError."""
        yield from rows_of(measured for measured, _ in self._measured)

    @cached_property
    def _measured(self) -> list[tuple[Measured, bool]]:
        if self.error:
            raise self.error
        try:
            return [self._hours.measured(measure, self._day) for measure in self._hours.measures]
        except SourceError as error:
            self.error = error
            raise


def _summed(answer: Answer, hours: int) -> tuple[dict[str, float], float]:
    """The sum of what is known by labels, and the share of hours in which anything is."""
    import numpy as np

    values: dict[str, float] = defaultdict(float)
    seen: set[float] = set()
    for series in answer.series:
        is_known = np.isfinite(series.values)
        if is_known.any():
            labels = tags_text({name: value for name, value in series.labels.items() if name != "__name__"})
            values[labels] += float(series.values[is_known].sum())
            seen.update(series.times[is_known].tolist())
    return {labels: value for labels, value in values.items() if isfinite(value)}, len(seen) / hours


def _told(days: Sequence[date]) -> str:
    """``, 20 Nov 2026 and 3 more days``."""
    if not days:
        return ""
    more = f" and {len(days) - 1} more day{'s' * (len(days) > 2)}" if len(days) > 1 else ""
    return f", {on_day(min(days))}{more}"
