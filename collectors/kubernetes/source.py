"""The source: which days are there, and what is known of each."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, field_validator

from collectors.kubernetes.names import NAMES
from collectors.kubernetes.tables import TABLES
from collectors.prometheus import (
    LATE,
    Label,
    Match,
    PrometheusSettings,
    day_version,
    last_whole_hour,
)
from costwatch.errors import SourceError
from costwatch.model import Batch, Window
from costwatch.plugins import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from collectors.kubernetes.answered import Answered

_DAY = timedelta(days=1)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Kubernetes(PrometheusSettings):
    """What the pods of Kubernetes clusters requested and used, by container and hour, from Prometheus.

    It needs the metrics of kube-state-metrics (version 2; 1 does) and of cAdvisor, which the kubelet
    serves. GPUs are measured where NVIDIA's DCGM exporter is scraped. Each day is read once, the running
    one up to its last whole hour; what arrives up to two hours late is read again.

    cluster: what series are of that carry no ``cluster_label``; by default the source's name.
    cluster_label: tells the clusters of one server apart.
    match: labels that all series must have, such as ``{cluster: prod}`` on a shared server.
    pod_labels, namespace_labels, node_labels: the labels to keep. kube-state-metrics must be told to serve
    them: ``--metric-labels-allowlist=pods=[team],namespaces=[team],nodes=[pool]``.
    pod_annotations, namespace_annotations: likewise, by ``--metric-annotations-allowlist``.
    metrics: other names of metrics, such as of recording rules with the same labels; what can be renamed:
    ``requests``, ``limits``, ``cpu_used``, ``memory_used``, ``phase`` and the others of
    ``collectors/kubernetes/names.py``.
    list_prices: instance type -> what an hour of it costs, in ``currency``; at this, usage that is not billed
    yet is estimated on nodes of a kind that no settled bill has.
    edition: raise it to have days read again that are stored whole, by ``costwatch collect --from --to``:
    after samples of them were written later, say.

        - {name: k8s, kind: kubernetes, url: "http://prometheus:9090", cluster: prod, pod_labels: [team, app]}
    """

    tables: ClassVar[tuple[Table, ...]] = TABLES

    cluster: str = ""
    cluster_label: Label = "cluster"
    match: Match = Field(default_factory=dict)
    pod_labels: tuple[str, ...] = ("team",)
    pod_annotations: tuple[str, ...] = ()
    namespace_labels: tuple[str, ...] = ("team",)
    namespace_annotations: tuple[str, ...] = ()
    node_labels: tuple[str, ...] = ()
    metrics: Mapping[str, str] = Field(default_factory=dict)
    list_prices: Mapping[str, Annotated[Decimal, Field(ge=0)]] = Field(default_factory=dict)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    edition: int = 1

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, metrics: Mapping[str, str]) -> Mapping[str, str]:
        for key, name in metrics.items():
            if key not in NAMES:
                raise ValueError(f"{key} is none of {', '.join(NAMES)}")
            if not _NAME.fullmatch(name):
                raise ValueError(f"{key}: must be the name of a metric")
        return metrics

    @property
    def lookback(self) -> timedelta:
        """So late may samples be written: by another Prometheus, from a node that was cut off."""
        return LATE

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: all tables of each day that has begun, from the first there is."""
        from collectors.kubernetes.answered import Server

        through = last_whole_hour(now)
        with Server(self) as server:
            days = server.days(window, through)
            if not days:
                raise SourceError(
                    f"{self.name}: the server has nothing of kube-state-metrics in this time; look at its "
                    "targets, and at url, match and metrics"
                )
            for start in days:
                day = Window(start, start + _DAY)
                answered = server.answered(Window(start, min(day.end, through)))
                for batch in self._batches(day, answered, through):
                    yield batch
                    if answered.error:
                        raise answered.error

    def _batches(self, day: Window, answered: "Answered", through: datetime) -> Iterator[Batch]:
        """One for each table; the day is read when the first of them is."""
        version = day_version(self._settings, day, through)
        # Nothing at all of a whole day is incomplete while it may still come; then it is what there is.
        partial = answered.is_partial if through < day.end + _DAY else answered.has_warnings
        for table in TABLES:
            yield Batch(table.name, day, version, _reader(answered, table.name), partial)

    @property
    def _settings(self) -> str:
        """What the rows of a day depend on, beside the day."""
        keys = (
            set(Kubernetes.model_fields) - set(PrometheusSettings.model_fields) - {"list_prices", "currency"}
        )
        chosen = self.model_dump(mode="json", include=keys)
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def _reader(answered: "Answered", table: str) -> "Callable[[], Iterator[pa.RecordBatch]]":
    return lambda: answered.rows(table)
