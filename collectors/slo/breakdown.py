"""Bad events by label, asked once when an alert begins to fire."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from math import isfinite

from collectors.prometheus import Answer, Prometheus
from collectors.slo.source import Slo
from costwatch.errors import SourceError
from costwatch.model import Labels, Point, SeriesByLabels, State, Window
from costwatch.plugins import tags_of
from costwatch.slo.drivers import bad_by
from costwatch.slo.objectives import Objective

_TIMEOUT_SECONDS = 10  # an alert waits for it
_LABEL = "label:"


class Breakdown:
    """Asks ``sources`` what went wrong by label: of fact ``sli_bad_events``, what ``Snapshot.live`` asks.

    A server that does not answer is not asked again.
    """

    def __init__(self, sources: Sequence[Slo]) -> None:
        self._sources = sources
        self._silent: set[str] = set()

    def __call__(self, by: tuple[str, ...], window: Window, where: Labels) -> SeriesByLabels | None:
        """One point for each combination, of all of ``window``; where: ``slo``, an id, and ``instance``."""
        asked = dict(where)
        source, objective = self._of.get(asked.get("slo", ""), (None, None))
        if source is None or objective is None or source.name in self._silent:
            return None
        names = [name.removeprefix(_LABEL) for name in by if name.startswith(_LABEL)]
        try:
            promql = bad_by(objective, names, window.end - window.start)
        except ValueError:  # what cannot be told apart has no parts
            return {}
        patient = min(_TIMEOUT_SECONDS, source.timeout_seconds)
        try:
            with Prometheus(source.model_copy(update={"timeout_seconds": patient})) as server:
                answer = server.query(promql, window.end)
        except SourceError:
            self._silent.add(source.name)
            return None
        return dict(_series(answer, asked, names, window))

    @cached_property
    def _of(self) -> dict[str, tuple[Slo, Objective]]:
        return {one.id: (source, one) for source in self._sources for one in source.objectives}


def _series(
    answer: Answer, asked: dict[str, str], names: Sequence[str], window: Window
) -> Iterator[tuple[Labels, tuple[Point, ...]]]:
    """Of the instance asked for; what is no number is left out."""
    instance = asked.get("instance", "")
    own = tags_of(instance).items()
    for series in answer.series:
        value = float(series.values[-1]) if len(series.values) else 0.0
        if own <= series.labels.items() and isfinite(value):
            told = {f"{_LABEL}{name}": series.labels.get(name, "") for name in names}
            key = tuple(sorted({"slo": asked["slo"], "instance": instance, **told}.items()))
            yield key, (Point(window.start, Decimal(f"{value:.12g}"), State.ESTIMATED),)
