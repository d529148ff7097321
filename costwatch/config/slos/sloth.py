"""Sloth's files: ``prometheus/v1``, and the Kubernetes resource of it.

Sources: https://sloth.dev/specs/default/ and https://sloth.dev/specs/kubernetes/
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from costwatch.config.slos.fields import Labels, Percent, PromQL, Resource, grouping, some, weighed
from costwatch.config.tree import Place, Tree
from costwatch.plugins import Settings
from costwatch.slo.objectives import Alert, Form, Indicator, Objective

VERSION = "prometheus/v1"
API_VERSION = "sloth.slok.dev/v1"
KIND = "PrometheusServiceLevel"
_DROPPED = "its chain of Sloth's SLO plugins is dropped; its alerts and rules are the usual ones"


class SlothAlert(Settings):
    """page_alert or ticket_alert."""

    disable: bool = False
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)


class Alerting(Settings):
    """What Prometheus is to tell."""

    name: str = ""
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)
    page_alert: SlothAlert = SlothAlert()
    ticket_alert: SlothAlert = SlothAlert()


class Events(Settings):
    """Bad events of all."""

    error_query: PromQL
    total_query: PromQL


class Raw(Settings):
    """A ratio of errors, of nobody knows how many events."""

    error_ratio_query: PromQL


class Corrected(Settings):
    """Events, whose total Sloth extrapolates; here they are counted."""

    error_query: PromQL | None = None
    success_query: PromQL | None = None
    total_query: PromQL

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.error_query is None) == (self.success_query is None):
            raise ValueError("must have one of error_query and success_query")
        return self


class Sli(Settings):
    """One of these."""

    events: Events | None = None
    raw: Raw | None = None
    denominator_corrected: Corrected | None = None
    plugin: Any = None

    @field_validator("plugin")
    @classmethod
    def _is_none(cls, plugin: object) -> None:
        if plugin is not None:
            raise ValueError(
                "'plugin' is a program that Sloth runs, and costwatch does not; write its queries as 'events'"
            )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.events, self.raw, self.denominator_corrected)) != 1:
            raise ValueError("'sli' must have one of events, raw and denominator_corrected")
        return self

    @property
    def indicator(self) -> Indicator:
        """In our words."""
        if self.events:
            return Indicator(total=self.events.total_query, bad=self.events.error_query)
        if self.raw:
            return Indicator(bad=replace(self.raw.error_ratio_query, form=Form.RATIO))
        known = self.denominator_corrected
        if not known:
            return Indicator()
        return Indicator(total=known.total_query, good=known.success_query, bad=known.error_query)


class Slo(Settings):
    """One objective."""

    name: str = Field(min_length=1)
    description: str = ""
    objective: Percent
    labels: Labels = Field(default_factory=dict)
    sli: Sli
    alerting: Alerting = Alerting()
    plugins: Any = None


class Service(Settings):
    """What both forms hold."""

    service: str = Field(min_length=1)
    labels: Labels = Field(default_factory=dict)
    slos: Annotated[tuple[Slo, ...], AfterValidator(some)]
    slo_plugins: Any = None


class SlothFile(Service):
    """``prometheus/v1``."""

    version: Literal["prometheus/v1"]


class _Camel(Settings):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False)


class CrdAlerting(Alerting, _Camel):
    """With the resource's spelling."""


class CrdEvents(Events, _Camel):
    """With the resource's spelling."""


class CrdRaw(Raw, _Camel):
    """With the resource's spelling."""


class CrdCorrected(Corrected, _Camel):
    """With the resource's spelling."""


class CrdSli(Sli, _Camel):
    """With the resource's spelling."""

    events: CrdEvents | None = None
    raw: CrdRaw | None = None
    denominator_corrected: CrdCorrected | None = None


class CrdSlo(Slo, _Camel):
    """With the resource's spelling."""

    sli: CrdSli
    alerting: CrdAlerting = CrdAlerting()


class CrdService(Service, _Camel):
    """With the resource's spelling."""

    slos: Annotated[tuple[CrdSlo, ...], AfterValidator(some)]


class SlothResource(Resource):
    """The Kubernetes resource."""

    kind: Literal["PrometheusServiceLevel"]
    spec: CrdService


def objectives(file: SlothFile | SlothResource, tree: Tree) -> Iterator[tuple[Objective, Labels]]:
    """Its objectives, each with all labels that tell it from others of its id."""
    if isinstance(file, SlothFile):
        yield from _of(file, tree, ("slos",), VERSION)
        return
    meta = file.metadata
    for known, apart in _of(file.spec, tree, ("spec", "slos"), API_VERSION):
        labels = {**meta.labels, **apart, "namespace": meta.namespace}
        yield replace(known, annotations=meta.annotations), labels


def _of(service: Service, tree: Tree, section: Place, spec: str) -> Iterator[tuple[Objective, Labels]]:
    for index, slo in enumerate(service.slos):
        labels = {**service.labels, **slo.labels}
        indicator, sloth_id = slo.sli.indicator, f"{service.service}-{slo.name}"
        dropped = bool(service.slo_plugins or slo.plugins)
        objective = Objective(
            id=sloth_id,
            name=slo.name,
            target=slo.objective,
            indicator=indicator,
            service=service.service,
            description=slo.description,
            grouping=grouping(indicator),
            labels=labels,
            page=not slo.alerting.page_alert.disable,
            ticket=not slo.alerting.ticket_alert.disable,
            alerts=dict(_alerts(slo.alerting, sloth_id)),
            sloth_id=sloth_id,
            spec=spec,
            line=tree.line((*section, index)),
            notes=(*weighed(indicator), *[_DROPPED] * dropped),
        )
        yield objective, labels


def _alerts(alerting: Alerting, otherwise: str) -> Iterator[tuple[str, Alert]]:
    kinds: Mapping[str, SlothAlert] = {"page": alerting.page_alert, "ticket": alerting.ticket_alert}
    for severity, alert in kinds.items():
        if not alert.disable:
            yield (
                severity,
                Alert(
                    alerting.name or otherwise,
                    {**alerting.labels, **alert.labels},
                    {**alerting.annotations, **alert.annotations},
                ),
            )
