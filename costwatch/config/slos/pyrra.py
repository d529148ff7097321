"""Pyrra's resource. Source: https://github.com/pyrra-dev/pyrra"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from costwatch.config.slos.fields import (
    OWN_OF_PYRRA,
    BucketSelector,
    Labels,
    Percent,
    Resource,
    Selector,
    weighed,
)
from costwatch.config.tree import Tree
from costwatch.plugins import Duration, Settings
from costwatch.slo.objectives import Alert, Indicator, Objective, Period
from costwatch.slo.promql import counted, query_of, summed

API_VERSION = "pyrra.dev/v1alpha1"
KIND = "ServiceLevelObjective"
_LABEL = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_NOTE = (
    "Pyrra's burn rate windows (of 14, 7, 2 and 1) and their 'for' are not taken over; those of Google's "
    "workbook are used"
)


class Metric(Settings):
    """Series."""

    metric: Selector


class Bucket(Settings):
    """The bucket of a histogram."""

    metric: BucketSelector


class _Grouped(Settings):
    grouping: tuple[_LABEL, ...] = ()


class Ratio(_Grouped):
    """Errors of all."""

    errors: Metric
    total: Metric

    @property
    def indicator(self) -> Indicator:
        """In our words."""
        by = self.grouping
        return Indicator(total=counted(self.total.metric, by), bad=counted(self.errors.metric, by))


class Latency(_Grouped):
    """Those that were fast enough."""

    success: Bucket
    total: Metric

    @property
    def indicator(self) -> Indicator:
        """In our words."""
        by = self.grouping
        return Indicator(total=counted(self.total.metric, by), good=counted(self.success.metric, by))


class LatencyNative(_Grouped):
    """The same of a native histogram."""

    total: Metric
    latency: Duration

    @field_validator("latency")
    @classmethod
    def _is_some(cls, latency: timedelta) -> timedelta:
        if not latency:
            raise ValueError("must be longer than 0; write e.g. 200ms")
        return latency

    @property
    def indicator(self) -> Indicator:
        """In our words: so many of all as are faster, interpolated between the histogram's bounds."""
        all_of_them = summed(self.total.metric, self.grouping, "increase")
        total = f"histogram_count({all_of_them})"
        bound = f"{self.latency.total_seconds():g}"
        return Indicator(
            total=query_of(total), good=query_of(f"{total} * histogram_fraction(0, {bound}, {all_of_them})")
        )


class BoolGauge(_Grouped):
    """Samples that are 1."""

    metric: Selector

    @property
    def indicator(self) -> Indicator:
        """In our words."""
        by = self.grouping
        good, total = (counted(self.metric, by, f"{each}_over_time") for each in ("sum", "count"))
        return Indicator(total=total, good=good)


class PyrraIndicator(Settings):
    """One of these."""

    ratio: Ratio | None = None
    latency: Latency | None = None
    latency_native: LatencyNative | None = Field(default=None, alias="latencyNative")
    bool_gauge: BoolGauge | None = Field(
        default=None, alias="bool_gauge", validation_alias=AliasChoices("bool_gauge", "boolGauge")
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self._given) != 1:
            raise ValueError("'indicator' must have one of ratio, latency, latencyNative and bool_gauge")
        return self

    @property
    def _given(self) -> list[Ratio | Latency | LatencyNative | BoolGauge]:
        kinds = (self.ratio, self.latency, self.latency_native, self.bool_gauge)
        return [kind for kind in kinds if kind]

    @property
    def only(self) -> Ratio | Latency | LatencyNative | BoolGauge:
        """The one that it is."""
        return self._given[0]


class Alerting(Settings):
    """What Prometheus is to tell; what ``absent`` says of its own alert is not taken over."""

    disabled: bool = False
    burnrates: bool = True
    absent: Any = None
    absentName: Any = None
    burnRateType: Any = None
    name: str = "ErrorBudgetBurn"


class Spec(Settings):
    """One objective."""

    description: str = ""
    target: Percent
    window: Duration
    indicator: PyrraIndicator
    alerting: Alerting = Alerting()
    partial_response_strategy: Any = None
    rulenamespace: Any = None

    @field_validator("window")
    @classmethod
    def _is_days(cls, window: timedelta) -> timedelta:
        if window < timedelta(hours=1):
            raise ValueError("must be an hour or longer; write e.g. 4w")
        return window


class PyrraResource(Resource):
    """The Kubernetes resource."""

    kind: Literal["ServiceLevelObjective"]
    spec: Spec


def objectives(file: PyrraResource, tree: Tree) -> Iterator[tuple[Objective, Labels]]:
    """Its objective, with what tells it from others of its id."""
    meta, spec = file.metadata, file.spec
    indicator = spec.indicator.only.indicator
    own = {
        name.removeprefix(OWN_OF_PYRRA): value
        for name, value in meta.labels.items()
        if name.startswith(OWN_OF_PYRRA)
    }
    has_alerts = spec.alerting.burnrates and not spec.alerting.disabled
    severities = {"page": "critical", "ticket": "warning"} if has_alerts else {}
    yield (
        Objective(
            id=f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name,
            name=meta.name,
            target=spec.target,
            indicator=indicator,
            period=Period(spec.window),
            service=own.get("service") or meta.labels.get("service", ""),
            description=spec.description,
            grouping=spec.indicator.only.grouping,
            labels=own,
            annotations=meta.annotations,
            page=has_alerts,
            ticket=has_alerts,
            alerts={
                each: Alert(spec.alerting.name, {**own, "severity": severity})
                for each, severity in severities.items()
            },
            spec=API_VERSION,
            line=tree.value_line(("metadata", "name")),
            notes=(*weighed(indicator), _NOTE),
        ),
        meta.labels,
    )
