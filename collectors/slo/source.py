"""Service level objectives from Prometheus, or what speaks like it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Self

from pydantic import Field, PrivateAttr

from collectors.prometheus import LATE, PrometheusSettings
from collectors.slo.reading import ServerReading
from costwatch.errors import SourceError
from costwatch.model import Batch, Window, midnight
from costwatch.slo.collecting import SLI
from costwatch.slo.objectives import Objective

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Slo(PrometheusSettings):
    """Good and total of service level objectives by five minutes, kept for longer than Prometheus keeps them.

    Which objectives there are is told by ``slos`` of ``costwatch.yaml``. An objective that was never read is
    read from as far back as its window reaches; the last two hours are read again. Each run also asks for the
    last 5 minutes, half an hour, 1, 2 and 6 hours.

    slos: the ids or names of those that this server is asked for; none: all.
    most_instances: a query that returns more label sets than that is refused.
    first_day: nothing before it is read, unless ``costwatch collect --from`` says so.
    keep_days: for so long good and total are kept; by the hour once they are two weeks old.

        - name: slos
          kind: slo
          url: http://prometheus:9090
    """

    slos: tuple[str, ...] = ()
    most_instances: int = Field(default=200, ge=1)
    first_day: date | None = None
    keep_days: int = Field(default=400, ge=15)

    _objectives: tuple[Objective, ...] = PrivateAttr(default=())

    @property
    def lookback(self) -> timedelta:
        """So late may samples be written: by another Prometheus, from a system that was cut off."""
        return LATE

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Those that it asks for."""
        return self._objectives

    def with_objectives(self, objectives: Sequence[Objective]) -> Self:
        """See ``slo.collecting.SloCollector``."""
        copy = self.model_copy()
        copy._objectives = tuple(
            one for one in objectives if not self.slos or {one.id, one.name}.intersection(self.slos)
        )
        return copy

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: one batch, read as a ``slo.collecting.Reading``."""
        missing = self._missing
        if not self._objectives:
            raise SourceError(
                missing or f"{self.name}: there is no SLO to ask for; name their files in 'slos'"
            )
        first = midnight(self.first_day) if self.first_day else _EVER
        with ServerReading(
            self, self._objectives, now, first, self.most_instances, self.keep_days
        ) as reading:
            yield Batch(SLI, window, f"{now:%Y-%m-%dT%H:%M:%S.%fZ}", lambda: reading)
            reading.check()  # for who takes no batch; objectives are stored before it is known to answer
        if missing:
            raise SourceError(missing)

    @property
    def _missing(self) -> str:
        """What it names, and no file that could be read has, in sentences."""
        names = {name for one in self._objectives for name in (one.id, one.name)}
        return "\n".join(
            f"{self.name}: no SLO is called '{name}' in the files that could be read; see `costwatch check`"
            for name in self.slos
            if name not in names
        )
