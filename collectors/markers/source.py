"""The source of markers: where it asks or reads, and the days that it hands over."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Self

from pydantic import Field, model_validator

from collectors.aws.located import Located
from collectors.markers.changes import MarkerQuery
from collectors.markers.lines import read_lines
from collectors.prometheus import PrometheusSettings
from costwatch.errors import SourceError
from costwatch.model import Batch, Marker, Window, midnight
from costwatch.plugins import MARKERS, Table, marker_rows

_DAY = timedelta(days=1)
_LATE = timedelta(hours=2)  # so late may samples and lines be written
_FIRST_RUN = timedelta(days=35)


class Markers(Located, PrometheusSettings):
    """Deploys, flags that were switched and whatever else may explain a change, for the pages of SLOs.

    Give one of the two. ``url`` and ``queries``: a marker stands where a series that Prometheus returns
    changes; each query has ``kind``, ``query`` and ``title`` (docs/slos.md). ``location``: a file, or a
    folder or ``s3://bucket/prefix`` with files ``*.jsonl``, of one JSON object a line, such as
    ``{"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4", "service": "checkout"}``; at,
    kind and title are needed, service, team, url and author are known, too. Lines that are wrong are told,
    the others are kept; a day that files tell of is kept as they tell it now.

        - {name: releases, kind: markers, location: releases.jsonl}
        - name: deploys
          kind: markers
          url: http://prometheus:9090
          queries:
            - kind: deploy
              query: sum by (name) (argocd_app_sync_total{phase="Succeeded"})
              title: "{name} synced"
              service: "{name}"
    """

    tables: ClassVar[tuple[Table, ...]] = (MARKERS,)

    role: None = None
    url: str = ""
    location: str = ""
    queries: tuple[MarkerQuery, ...] = Field(default=())

    @model_validator(mode="after")
    def _asks_or_reads(self) -> Self:
        if bool(self.url) == bool(self.location):
            raise ValueError("name either url and queries, to ask Prometheus, or location, to read files")
        if bool(self.url) != bool(self.queries):
            raise ValueError("queries: belong to url; name at least one, or none beside location")
        return self

    @property
    def lookback(self) -> timedelta:
        """Days that ended less than two hours ago are looked at again; of files all that are there."""
        return _FIRST_RUN if self.location else _LATE

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: each UTC day, of files each that they tell of."""
        yield from self._read(window) if self.location else self._asked(window, now)

    def _asked(self, window: Window, now: datetime) -> Iterator[Batch]:
        from collectors.prometheus import Prometheus

        start = max(window.start, now - _FIRST_RUN) if window.start.year == 1970 else window.start
        day, end = midnight(start.date()), min(window.end, now)
        if day >= end:
            raise SourceError(f"{self.name}: this time has not come yet; ask for an earlier one")
        with Prometheus(self) as prometheus:
            while day < end:
                asked = Window(day, min(day + _DAY, now))
                warnings: set[str] = set()
                found: list[Marker] = []
                for query in self.queries:
                    looked = Window(asked.start - query.every, asked.end)
                    answer = prometheus.query_range(query.query, looked, query.every)
                    warnings.update(answer.warnings)
                    found += query.changes(answer.series, asked)
                yield _batch(day, found, partial=bool(warnings))
                day += _DAY

    def _read(self, window: Window) -> Iterator[Batch]:
        place = self.place()
        days: dict[date, list[Marker]] = defaultdict(list)
        mistakes: list[str] = []
        entries = [entry for entry in place.entries() if entry.key.endswith(".jsonl")]
        with TemporaryDirectory(prefix="costwatch-") as folder:
            for entry in entries:
                file = place.fetch(entry, Path(folder))
                found, wrong = read_lines(file.path, file.name)
                mistakes += wrong
                for one in found:
                    days[one.at.date()].append(one)
        if not entries:
            raise SourceError(f"{place.name('')}: no file such as deploys.jsonl is there; correct location")
        asked = [day for day in sorted(days) if Window.of_days(day, day + _DAY).overlaps(window)]
        if (
            not asked and not mistakes
        ):  # a source that answers has a day at least: here the newest, without any
            asked = [(window.end - timedelta(microseconds=1)).date()]
        for day in asked:
            yield _batch(midnight(day), days.get(day, []), partial=False)
        if mistakes:
            raise SourceError("\n".join(mistakes))


def _batch(day: datetime, found: Sequence[Marker], *, partial: bool) -> Batch:
    rows = marker_rows(found)
    version = hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest()
    return Batch(MARKERS.name, Window(day, day + _DAY), version, lambda: iter([rows]), partial)
