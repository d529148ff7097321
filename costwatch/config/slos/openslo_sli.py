"""OpenSLO v1: SLIs, inside of an SLO or by themselves, and what their queries are asked of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from costwatch.config.quote import instead, quoted
from costwatch.config.slos.openslo_parts import KnownSli, asked, ratio_of, threshold_query
from costwatch.config.tree import Mistakes, Place, Tree
from costwatch.plugins import Settings
from costwatch.slo.objectives import PROMETHEUS, Indicator


class Source(Settings):
    """What is asked, and how."""

    metric_source_ref: str = Field(default="", alias="metricSourceRef")
    type: str = ""
    spec: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if not (self.type or self.metric_source_ref):
            raise ValueError(
                "'type' is missing here; write type: Prometheus, or the metricSourceRef of a DataSource"
            )
        return self


class Metric(Settings):
    """One query."""

    metric_source: Source = Field(alias="metricSource")


class RatioMetric(Settings):
    """Good or bad of total, or a ratio already."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw: Metric | None = None
    raw_type: Literal["success", "failure"] | None = Field(default=None, alias="rawType")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        events = (self.good is None) != (self.bad is None) and self.total and not self.raw
        ratio = self.raw and self.raw_type and not (self.good or self.bad or self.total)
        if not (events or ratio):
            raise ValueError(
                "'ratioMetric' must have total with one of good and bad, or raw with its rawType"
            )
        return self


class ThresholdMetric(Metric):
    """Values that an objective's are held against."""


class SliSpec(Settings):
    """An indicator."""

    description: str = ""
    ratio_metric: RatioMetric | None = Field(default=None, alias="ratioMetric")
    threshold_metric: ThresholdMetric | None = Field(default=None, alias="thresholdMetric")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.ratio_metric is None) == (self.threshold_metric is None):
            raise ValueError("must have one of ratioMetric and thresholdMetric")
        return self


@dataclass(slots=True)
class Named:
    """What documents of all files define, for SLOs to refer to. broken: names of what has mistakes."""

    slis: dict[str, KnownSli] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)


def read_sli(spec: SliSpec, tree: Tree, place: Place, named: Named, mistakes: Mistakes) -> KnownSli | None:
    """An SLI whose ``spec`` is at ``place``; None where it has mistakes, which are noted."""
    reading = _Reading(tree, named, mistakes)
    if spec.threshold_metric:
        here = (*place, "thresholdMetric", "metricSource")
        text = reading.text(spec.threshold_metric, here)
        threshold = reading.checked(threshold_query, text, here) if text else ""
        return reading.known(KnownSli(is_threshold=True, threshold=threshold or ""))
    ratio, here = spec.ratio_metric or RatioMetric(), (*place, "ratioMetric")
    if ratio.raw:
        source = (*here, "raw", "metricSource")
        text = reading.text(ratio.raw, source)
        found = reading.checked(lambda each: ratio_of(each, ratio.raw_type == "success"), text, source)
        return reading.known(KnownSli(found or Indicator()))
    sides, notes = {}, dict[str, None]()
    for name in ("total", "good", "bad"):
        if side := getattr(ratio, name):
            source = (*here, name, "metricSource")
            text = reading.text(side, source)
            if query := reading.checked(lambda each: asked(each, ratio.counter), text, source):
                sides[name] = query[0]
                notes |= dict.fromkeys(query[1])
    return reading.known(KnownSli(Indicator(**sides), notes=tuple(notes)))


class _Reading:
    """Reads queries of one SLI."""

    def __init__(self, tree: Tree, named: Named, mistakes: Mistakes) -> None:
        self._tree, self._named, self._mistakes = tree, named, mistakes
        self._source, self._is_good = "", True

    def text(self, metric: Metric, place: Place) -> str:
        """The query; '' where it is not of Prometheus, or has a mistake."""
        source = metric.metric_source
        kind = source.type or self._type(source.metric_source_ref, place)
        self._source = self._source or kind
        if kind.lower() != PROMETHEUS.lower():
            self._source = kind
            return ""
        for key in source.spec:
            if key != "query":
                self._wrong((*place, "spec", key), f"unknown key {quoted(key)}{instead(key, ['query'])}")
        query = source.spec.get("query")
        if not isinstance(query, str):
            self._wrong((*place, "spec"), "'query' is missing here; add it")
            return ""
        return query

    def checked(self, read: Any, text: str, place: Place) -> Any:
        """What ``read`` makes of a query; None where that is a mistake, or there is none."""
        try:
            return read(text) if text else None
        except ValueError as error:
            self._wrong((*place, "spec", "query"), f"'query' {error}")
            return None

    def known(self, sli: KnownSli) -> KnownSli | None:
        """With where it is asked."""
        if not self._is_good:
            return None
        if self._source.lower() == PROMETHEUS.lower():
            return sli
        near = instead(self._source, [PROMETHEUS])
        near = near if "did you mean" in near else ""
        cannot = "which costwatch cannot ask: nothing measures it"
        note = f"its metric source is {quoted(self._source)}, {cannot}{near}"
        return KnownSli(is_threshold=sli.is_threshold, metric_source=self._source, notes=(note,))

    def _type(self, reference: str, place: Place) -> str:
        if found := self._named.types.get(reference):
            return found
        if reference in self._named.broken:
            self._is_good = False
            return ""
        known = instead(reference, self._named.types)
        here = (*place, "metricSourceRef")
        self._wrong(here, f"no DataSource is called {quoted(reference)}{known}; or write type: Prometheus")
        return ""

    def _wrong(self, place: Place, text: str) -> None:
        self._is_good = False
        self._mistakes.add(self._tree.value_line(place), text)
