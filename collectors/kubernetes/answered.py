"""Asking the server: which days it knows of, and what it says of one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import AnySeries, Steps
from collectors.kubernetes.names import NAMES
from collectors.kubernetes.questions import STEP_SECONDS, Question
from collectors.kubernetes.reading import Listed, Reading, span_seconds
from collectors.kubernetes.rows import Rows
from collectors.kubernetes.tables import TABLES
from collectors.prometheus import Answer, Prometheus, days_to_read
from costwatch.errors import SourceError
from costwatch.model import Window

if TYPE_CHECKING:
    import pyarrow as pa

    from collectors.kubernetes.source import Kubernetes

_DAY, _TICK = timedelta(days=1), timedelta(milliseconds=1)
_NODES = ("node_info",)
_PODS = ("requests", "phase", "capacity", "volumes")


class Server:
    """One connection for all days of a run."""

    def __init__(self, source: "Kubernetes") -> None:
        self.source = source
        self.prometheus = Prometheus(source)
        self.names: Mapping[str, tuple[str, ...]] = {
            **NAMES,
            **{key: (name,) for key, name in source.metrics.items()},
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.prometheus.close()

    def days(self, window: Window, through: datetime) -> list[datetime]:
        """The first instants of the days that overlap ``window``, from the first that is known of on.

        through: up to when, UTC.
        """
        return days_to_read(window, through, self._first_known)

    def _first_known(self, asked: Window, expected: int) -> int | None:
        """The number of the first day of which anything is known."""
        return min(self._known_days(asked, expected), default=None)

    def _known_days(self, asked: Window, expected: int) -> set[int]:
        """Numbers of the days of which anything is known. expected: how many that may be."""
        known = self._days_with(_NODES, asked)
        if not known or len(known) < expected - min(known):
            # Nodes may not be told of, or not each day.
            known |= self._days_with(_PODS, asked)
        return known

    def _days_with(self, names: Sequence[str], asked: Window) -> set[int]:
        """Those on which any of these metrics has samples."""
        metrics = tuple(name for each in names for name in self.names[each])
        promql = self._promql(Question(metrics, (), step_seconds=86_400), 86_400)
        found = self.prometheus.query_range(promql, asked, _DAY, _DAY - _TICK)
        start = asked.start.timestamp()
        return {int((time - start) // 86_400) for series in found.series for time in series.times}

    def answered(self, window: Window) -> "Answered":
        """What there is of a day, up to the end of ``window``; not yet asked."""
        return Answered(self, window)

    def ask(self, question: Question, window: Window) -> Answer:
        """The answer to a question about the steps of ``window``."""
        seconds = span_seconds(question, steps_of(window))
        step = timedelta(seconds=seconds)
        start = window.start + question.days_later * _DAY - question.steps_before * step
        asked = Window(start, window.end if question.step_seconds else start + step)
        return self.prometheus.query_range(self._promql(question, seconds), asked, step, step - _TICK)

    def _promql(self, question: Question, seconds: int) -> str:
        return question.promql(self.source.cluster_label, self.source.match, seconds)


class Answered:
    """A day, read when it is first looked at, and worked out at once: then it is known what is missing."""

    def __init__(self, server: Server, window: Window) -> None:
        self.window = window
        self.error: SourceError | None = None
        self._server = server
        self._warnings: list[str] = []

    def is_partial(self) -> bool:
        """Whether the server said that it lacks something, or has nothing of a whole day."""
        return not self._tables or self.has_warnings()

    def has_warnings(self) -> bool:
        """Whether the server said that it lacks something."""
        return bool(self._tables and self._warnings)

    def rows(self, table: str) -> "Iterator[pa.RecordBatch]":
        """Those of a table. Raises SourceError."""
        yield from self._tables.get(table, ())

    @cached_property
    def _tables(self) -> "Mapping[str, list[pa.RecordBatch]]":
        """Empty where nothing is known of the day."""
        if self.error:
            raise self.error
        try:
            return self._read()
        except SourceError as error:
            self.error = error
            raise

    def _read(self) -> "dict[str, list[pa.RecordBatch]]":
        source = self._server.source
        listed = Listed(
            source.pod_labels,
            source.pod_annotations,
            source.namespace_labels,
            source.namespace_annotations,
            source.node_labels,
        )
        reading = Reading(
            self._ask,
            steps_of(self.window),
            self._server.names,
            source.cluster_label,
            source.cluster or source.name,
            listed,
        )
        day = Day(reading)
        rows = Rows(day)
        return {} if day.is_empty else {table.name: list(rows.of(table.name)) for table in TABLES}

    def _ask(self, question: Question) -> Sequence[AnySeries]:
        answer = self._server.ask(question, self.window)
        self._warnings += answer.warnings
        return answer.series


def steps_of(window: Window) -> Steps:
    """The steps of a window that begins and ends on the hour."""
    start = window.start.astimezone(UTC).timestamp()
    return Steps(start, round((window.end.timestamp() - start) / STEP_SECONDS), float(STEP_SECONDS))
