"""What shared systems did, by label and day, from Prometheus: what their cost is split by, and divided by."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

from collectors.measures import MEASURE_DAYS, MeasuresSettings, once_each
from collectors.measures.hours import AskedDay, Hours
from collectors.measures.queries import QueryMeasure
from collectors.prometheus import LATE, PrometheusSettings, day_version, days_to_read, last_whole_hour
from costwatch.errors import SourceError
from costwatch.model import Batch, Window


class Promql(PrometheusSettings, MeasuresSettings):
    """What shared systems did by label and day, in PromQL: seconds of a database, messages, predictions.

    Each day is read once, the running one up to its last whole hour; what arrives up to two hours late is
    read again. A measure that the server refuses is unknown and told, the others are stored.

    measures: a list; each has ``name`` and ``unit``, and a ``query`` whose value as of the end of an hour is
    that of the hour, or is a ``preset`` (``costwatch presets list``). What stands for the hour, ``match`` and
    ``parameters`` is told in docs/measures.md.
    edition: raise it to have days read again that are stored whole, by ``costwatch collect --from --to``.

        - name: mysql
          kind: promql
          url: http://prometheus:9090
          measures:
            - {preset: mysql_time}
            - {name: logins, unit: logins, query: 'sum by (app) (increase(logins_total[$window]))'}
    """

    measures: Annotated[tuple[QueryMeasure, ...], AfterValidator(once_each)]
    edition: int = 1

    @property
    def lookback(self) -> timedelta:
        """So late may samples be written: by another Prometheus, from a system that was cut off."""
        return LATE

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: each day that has begun, from the first there is."""
        with Hours(self, self.measures, last_whole_hour(now)) as hours:
            days = days_to_read(window, hours.through, hours.first_known)
            for start in days:
                day = Window(start, start + timedelta(days=1))
                yield from self._batch(day, AskedDay(hours, day), hours.through)
            if hours.complaints:
                raise SourceError("\n".join(hours.complaints))
            if not days:
                names = ", ".join(measure.name for measure in self.measures)
                raise SourceError(
                    f"{self.name}: the server has nothing of {names} in this time; look at its targets, and "
                    "at url, query and match"
                )

    def _batch(self, day: Window, asked: AskedDay, through: datetime) -> Iterator[Batch]:
        version = day_version(self._settings, day, through)
        is_running = through < day.end
        yield Batch(MEASURE_DAYS.name, day, version, asked.rows, is_running or (lambda: asked.is_partial))
        if asked.error:
            raise asked.error

    @property
    def _settings(self) -> str:
        """What the rows of a day depend on, beside the day."""
        asked = [(measure.name, measure.unit, measure.promql) for measure in self.measures]
        return hashlib.sha256(json.dumps([self.edition, *sorted(asked)]).encode()).hexdigest()[:16]
