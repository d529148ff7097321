"""OpenSLO v1alpha, as Sloth reads it. Source: https://github.com/OpenSLO/OpenSLO/tree/v0.1.0-beta"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from costwatch.config.slos.fields import Labels, PromQL, Share, some
from costwatch.config.slos.openslo_parts import (
    Calendar,
    Document,
    KnownSli,
    Objectives,
    apart,
    finished,
    period_of,
    threshold_query,
)
from costwatch.config.tree import Mistakes, Tree
from costwatch.plugins import Settings
from costwatch.slo.objectives import Indicator, Method, Objective

API_VERSION = "openslo/v1alpha"
_UNITS = {
    "Minute": "m",
    "Hour": "h",
    "Day": "d",
    "Week": "w",
    "Month": "M",
    "Quarter": "Q",
    "Year": "Y",
}


class Asked(Settings):
    """How a query is asked."""

    source: str = "prometheus"
    query_type: str = Field(default="promql", alias="queryType")
    metadata: Any = None

    @field_validator("source", "query_type")
    @classmethod
    def _is_prometheus(cls, text: str) -> str:
        if text.lower() not in ("prometheus", "promql"):
            raise ValueError("must be Prometheus's, which alone is asked")
        return text


class Side(Asked):
    """One query of a ratio."""

    query: PromQL


class Threshold(Asked):
    """Values that an objective's are held against."""

    query: Annotated[str, Field(min_length=1), AfterValidator(threshold_query)]


class RatioMetrics(Settings):
    """Good or bad of total."""

    counter: Any = None
    incremental: Any = None
    good: Side | None = None
    bad: Side | None = None
    total: Side

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.good is None) == (self.bad is None):
            raise ValueError("must have one of good and bad")
        return self

    @property
    def indicator(self) -> Indicator:
        """In our words."""
        good, bad = (side.query if side else None for side in (self.good, self.bad))
        return Indicator(total=self.total.query, good=good, bad=bad)


class TimeWindow(Settings):
    """What the objectives hold over."""

    count: int = Field(gt=0, le=10_000)
    unit: Literal["Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"]
    is_rolling: bool | None = Field(default=None, alias="isRolling")
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        period_of(self.duration, self.is_rolling, self.calendar)
        return self

    @property
    def duration(self) -> str:
        """As v1 writes it."""
        return f"{self.count}{_UNITS[self.unit]}"


class ObjectiveAlpha(Objectives):
    """A target, and the ratio that it is of."""

    target: Share
    ratio_metrics: RatioMetrics | None = Field(default=None, alias="ratioMetrics")


class ThresholdIndicator(Settings):
    """What all objectives are of that have no ratio."""

    threshold_metric: Threshold = Field(alias="thresholdMetric")


def _only(windows: tuple[TimeWindow, ...]) -> tuple[TimeWindow, ...]:
    if len(windows) != 1:
        raise ValueError("must have exactly one item")
    return windows


class SloSpec(Settings):
    """Its objectives."""

    description: str = ""
    service: str = Field(min_length=1)
    indicator: ThresholdIndicator | None = None
    time_windows: Annotated[tuple[TimeWindow, ...], AfterValidator(_only)] = Field(alias="timeWindows")
    budgeting_method: Method = Field(alias="budgetingMethod")
    objectives: Annotated[tuple[ObjectiveAlpha, ...], AfterValidator(some)]

    @model_validator(mode="after")
    def _has_indicators(self) -> Self:
        for objective in self.objectives:
            if (objective.ratio_metrics is None) == (self.indicator is None):
                raise ValueError("'objectives' must have ratioMetrics each, or 'indicator' a thresholdMetric")
        return self


class AlphaSlo(Document):
    """kind SLO."""

    kind: Literal["SLO"]
    spec: SloSpec


class AlphaService(Document):
    """kind Service, which changes nothing here."""

    kind: Literal["Service"]
    spec: Any = None


KINDS: Mapping[str, type[Document]] = {"SLO": AlphaSlo, "Service": AlphaService}


def objectives(file: AlphaSlo, tree: Tree, mistakes: Mistakes) -> Iterator[tuple[Objective, Labels]]:
    """Its objectives, each with what tells it from others of its id."""
    spec, meta = file.spec, file.metadata
    window = spec.time_windows[0]
    period, notes = period_of(window.duration, window.is_rolling, window.calendar)
    name = meta.display_name or meta.name
    for index, said in enumerate(spec.objectives):
        here = ("spec", "objectives", index)
        own = said.display_name or str(index + 1)
        objective = Objective(
            id=meta.name,
            name=name if len(spec.objectives) == 1 else f"{name}: {own}",
            target=said.target,
            indicator=Indicator(),
            period=period,
            service=spec.service,
            description=spec.description,
            labels=meta.labels,
            annotations=meta.annotations,
            sloth_id=f"{spec.service}-{meta.name}-{index}",
            spec=API_VERSION,
            line=tree.line(here),
            notes=notes,
        )
        sli = KnownSli(said.ratio_metrics.indicator) if said.ratio_metrics else KnownSli()
        if spec.indicator:
            sli = KnownSli(is_threshold=True, threshold=spec.indicator.threshold_metric.query)
        if found := finished(objective, sli, spec.budgeting_method, said, tree, here, mistakes):
            yield found, apart(meta.labels, spec.objectives, index)
