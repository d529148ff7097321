"""OpenSLO v1: what costwatch reads of it. Source: https://github.com/OpenSLO/OpenSLO"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.config.quote import instead, quoted
from costwatch.config.slos.fields import Labels, Percent, Share, some
from costwatch.config.slos.openslo_parts import (
    Calendar,
    Document,
    KnownSli,
    Objectives,
    apart,
    finished,
    period_of,
)
from costwatch.config.slos.openslo_sli import Named, SliSpec, read_sli
from costwatch.config.tree import Mistakes, Tree
from costwatch.plugins import Settings
from costwatch.slo.objectives import Indicator, Method, Objective

API_VERSION = "openslo/v1"


class InlineSli(Settings):
    """An indicator inside of its SLO."""

    kind: Literal["SLI"] = "SLI"
    metadata: Any = None
    spec: SliSpec


class TimeWindow(Settings):
    """What the objectives hold over."""

    duration: str
    is_rolling: bool | None = Field(default=None, alias="isRolling")
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        period_of(self.duration, self.is_rolling, self.calendar)
        return self


class ObjectiveV1(Objectives):
    """A target, as a share or as a percentage."""

    target: Share | None = None
    target_percent: Percent | None = Field(default=None, alias="targetPercent")

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if (self.target is None) == (self.target_percent is None):
            raise ValueError("must have one of target and targetPercent")
        return self

    @property
    def share(self) -> Decimal:
        """The target."""
        return self.target or self.target_percent or Decimal()


def _only(windows: tuple[TimeWindow, ...]) -> tuple[TimeWindow, ...]:
    if len(windows) != 1:
        raise ValueError("must have exactly one item")
    return windows


class SloSpec(Settings):
    """One indicator, and its objectives."""

    description: str = ""
    service: str = Field(min_length=1)
    indicator: InlineSli | None = None
    indicator_ref: str = Field(default="", alias="indicatorRef")
    time_window: Annotated[tuple[TimeWindow, ...], AfterValidator(_only)] = Field(alias="timeWindow")
    budgeting_method: Method = Field(alias="budgetingMethod")
    objectives: Annotated[tuple[ObjectiveV1, ...], AfterValidator(some)]
    alert_policies: Any = Field(default=None, alias="alertPolicies")

    @model_validator(mode="after")
    def _has_one_indicator(self) -> Self:
        if (self.indicator is None) == (not self.indicator_ref):
            raise ValueError("must have one of indicator and indicatorRef")
        return self


class OpenSlo(Document):
    """kind SLO."""

    kind: Literal["SLO"]
    spec: SloSpec


class OpenSli(Document):
    """kind SLI."""

    kind: Literal["SLI"]
    spec: SliSpec


class DataSourceSpec(Settings):
    """Only its type matters: where it lies says the source of ``costwatch.yaml``."""

    description: str = ""
    type: str
    connection_details: Any = Field(default=None, alias="connectionDetails")


class DataSource(Document):
    """kind DataSource."""

    kind: Literal["DataSource"]
    spec: DataSourceSpec


class Other(Document):
    """Documents that change nothing here."""

    kind: Literal["Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"]
    spec: Any = None


KINDS: Mapping[str, type[Document]] = {
    "SLO": OpenSlo,
    "SLI": OpenSli,
    "DataSource": DataSource,
    **dict.fromkeys(("Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"), Other),
}


def objectives(
    file: OpenSlo, tree: Tree, named: Named, mistakes: Mistakes
) -> Iterator[tuple[Objective, Labels]]:
    """Its objectives, each with what tells it from others of its id."""
    spec, meta = file.spec, file.metadata
    sli = _sli(file, tree, named, mistakes)
    if sli is None:
        return
    window = spec.time_window[0]
    period, notes = period_of(window.duration, window.is_rolling, window.calendar)
    if spec.alert_policies:
        notes += ("its alert policies are not taken over; rules of kind slo_burn in alerts.yaml tell of it",)
    name = meta.display_name or meta.name
    for index, said in enumerate(spec.objectives):
        here = ("spec", "objectives", index)
        own = said.display_name or str(index + 1)
        objective = Objective(
            id=meta.name,
            name=name if len(spec.objectives) == 1 else f"{name}: {own}",
            target=said.share,
            indicator=Indicator(),
            period=period,
            service=spec.service,
            description=spec.description,
            labels=meta.labels,
            annotations=meta.annotations,
            spec=API_VERSION,
            metric_source=sli.metric_source,
            line=tree.line(here),
            notes=notes,
        )
        if found := finished(objective, sli, spec.budgeting_method, said, tree, here, mistakes):
            yield found, apart(meta.labels, spec.objectives, index)


def _sli(file: OpenSlo, tree: Tree, named: Named, mistakes: Mistakes) -> KnownSli | None:
    spec = file.spec
    if spec.indicator:
        return read_sli(spec.indicator.spec, tree, ("spec", "indicator", "spec"), named, mistakes)
    if (found := named.slis.get(spec.indicator_ref)) is None and spec.indicator_ref not in named.broken:
        known = instead(spec.indicator_ref, named.slis)
        line = tree.value_line(("spec", "indicatorRef"))
        mistakes.add(line, f"no SLI is called {quoted(spec.indicator_ref)}{known}")
    return found
