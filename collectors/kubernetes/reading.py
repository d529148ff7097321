"""Everything that is asked about a day, as it was answered."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collectors.kubernetes.gpus import RESOURCES
from collectors.kubernetes.grid import NOTHING, AnySeries, Grid, Mask, Steps, in_base_units
from collectors.kubernetes.labels import prometheus_names
from collectors.kubernetes.nodes import KNOWN_LABELS
from collectors.kubernetes.questions import HOUR_SECONDS, STEP_SECONDS, Question
from collectors.kubernetes.volumes import HANDLES
from collectors.prometheus import quoted

Ask = Callable[[Question], Sequence[AnySeries]]
POD = ("namespace", "pod", "uid")
JOBS = ("job_start", "job_completion", "job_complete", "job_failed", "job_failures", "job_active")
_CONTAINER = (*POD, "container")
_CADVISOR = ("namespace", "pod", "container", "id", "node")
_OF_CONTAINERS = ('container!=""', 'container!="POD"')
_DCGM = tuple(f"{prefix}{name}" for prefix in ("", "exported_") for name in ("namespace", "pod", "container"))


@dataclass(frozen=True, slots=True)
class Listed:
    """The labels and annotations that the configuration lists, as they are written there."""

    pod_labels: Sequence[str] = ()
    pod_annotations: Sequence[str] = ()
    namespace_labels: Sequence[str] = ()
    namespace_annotations: Sequence[str] = ()
    node_labels: Sequence[str] = ()

    def asked(self, kind: str) -> tuple[str, ...]:
        """As Prometheus calls them. kind: the name of a field."""
        prefix = "annotation" if kind.endswith("annotations") else "label"
        return tuple(each for key in getattr(self, kind) for each in prometheus_names(key, prefix))

    def keys(self, kind: str) -> dict[str, tuple[str, ...]]:
        """As it stands in a ``labels`` text -> as Prometheus may call it."""
        is_annotation = kind.endswith("annotations")
        above = {"p": "", "n": f"{kind.partition('_')[0]}:"}[kind[0]]
        return {
            f"{above}{'annotation:' if is_annotation else ''}{key}": prometheus_names(
                key, "annotation" if is_annotation else "label"
            )
            for key in getattr(self, kind)
        }


@dataclass(slots=True)
class Reading:
    """Questions about the steps of a day. names: of metrics. cluster: of series that name none."""

    ask: Ask
    steps: Steps
    names: Mapping[str, tuple[str, ...]]
    cluster_label: str
    cluster: str
    listed: Listed = field(default_factory=Listed)

    def grid(self, question: Question) -> Grid:
        """The answer. A question about the whole span has one column."""
        seconds = span_seconds(question, self.steps)
        start = self.steps.start - question.steps_before * seconds + 86_400 * question.days_later
        count = 1
        if question.step_seconds:
            count = round(self.steps.count * self.steps.seconds / seconds) + question.steps_before
        return Grid.of(
            self.ask(question),
            question.labels,
            Steps(start, count, seconds),
            self.cluster_label,
            self.cluster,
        )

    def requests(self) -> Grid:
        """Of CPU, memory and GPUs."""
        return self._amounts("requests", _CONTAINER)

    def init_requests(self) -> Grid:
        """Of init containers, native sidecars among them."""
        return self._amounts("init_requests", _CONTAINER)

    def init_info(self) -> Grid:
        """Which of them are sidecars."""
        return self.once("init_info", (*_CONTAINER, "restart_policy"))

    def init_running(self) -> Grid:
        """In how many samples of each step they ran."""
        return self.grid(Question(self.names["init_running"], _CONTAINER, of="sum", above=0))

    def limits(self) -> Grid:
        """Of memory, by hour."""
        return self._amounts("limits", _CONTAINER, "memory", HOUR_SECONDS)

    def phases(self) -> Grid:
        """In how many samples of each step a pod was Pending, or Running."""
        where = ('phase=~"Pending|Running"',)
        return self.grid(Question(self.names["phase"], (*POD, "phase"), where, of="sum", above=0))

    def other_phases(self) -> Grid:
        """Pods that were in another phase."""
        where = ('phase!~"Pending|Running"',)
        return self.grid(Question(self.names["phase"], POD, where, of="sum", above=0, step_seconds=None))

    def cpu_used(self) -> Grid:
        """Counters of core-seconds, one step more in front."""
        by = (*_CADVISOR, "cpu")
        return self.grid(Question(self.names["cpu_used"], by, _OF_CONTAINERS, steps_before=1))

    def memory_used(self) -> Grid:
        """The working sets."""
        return self.grid(Question(self.names["memory_used"], _CADVISOR, _OF_CONTAINERS))

    def oom(self) -> Grid:
        """Where a container's last end was for want of memory, one step more in front."""
        where = ('reason="OOMKilled"',)
        return self.grid(Question(self.names["oom"], _CONTAINER, where, above=0, steps_before=1))

    def restarts(self, pods: Iterable[str]) -> Grid:
        """How often containers of pods of these names began again, one step more in front."""
        where = (f"pod=~{quoted('|'.join(re.escape(pod) for pod in sorted(set(pods))))}",)
        return self.grid(Question(self.names["restarts"], _CONTAINER, where, steps_before=1))

    def node_info(self) -> Grid:
        """Which instance each node is."""
        return self.grid(Question(self.names["node_info"], ("node", "provider_id")))

    def capacity(self) -> Grid:
        """What nodes have."""
        return self._amounts("capacity", ())

    def node_labels(self) -> Grid:
        """By hour: those that tell what a node is, and those that are listed."""
        by = tuple(dict.fromkeys(("node", *KNOWN_LABELS, *self.listed.asked("node_labels"))))
        return self.grid(Question(self.names["node_labels"], by, step_seconds=HOUR_SECONDS))

    def neighbours(self, days_later: int) -> Grid:
        """The nodes of another day."""
        names = (*self.names["node_info"], *self.names["capacity"])
        return self.grid(Question(names, ("node",), step_seconds=None, days_later=days_later))

    def of_day_before(self, name: str) -> Grid:
        """``node_info`` or ``capacity`` as they were last."""
        by = ("node", "provider_id") if name == "node_info" else ("node", "resource", "unit")
        return in_base_units(self.grid(Question(self.names[name], by, step_seconds=None, days_later=-1)))

    def volumes(self) -> Grid:
        """Volumes and their handles."""
        return self.grid(Question(self.names["volumes"], ("persistentvolume", *HANDLES)))

    def load_balancers(self) -> Grid:
        """Of services."""
        by = ("namespace", "service", "ip", "hostname")
        return self.grid(Question(self.names["load_balancers"], by))

    def jobs(self) -> Grid:
        """What was last told of each Job that day, by the metric's name."""
        names = tuple(name for key in JOBS for name in self.names[key])
        return self.grid(Question(names, ("namespace", "job_name", "condition"), step_seconds=None))

    def gpus_used(self) -> list[tuple[Grid, float]]:
        """How busy GPUs were, mean of each step, and what is one of the unit it is told in."""
        by = (*_DCGM, "UUID", "GPU_I_ID", "gpu", "Hostname")
        return [
            (self.grid(Question(self.names["gpu_active"], by, of="mean")), 1.0),
            (self.grid(Question(self.names["gpu_utilization"], by, of="mean")), 100.0),
        ]

    def _amounts(
        self,
        name: str,
        by: Sequence[str],
        resources: str = f"cpu|memory|{RESOURCES}",
        step_seconds: int = STEP_SECONDS,
    ) -> Grid:
        """Of resources, in cores, bytes and pieces. resources: a regular expression."""
        labels = (*by, "node", "resource", "unit")
        where = (f'resource=~"{resources}|"',)  # without the label in version 1, whose names say it
        return in_base_units(self.grid(Question(self.names[name], labels, where, step_seconds=step_seconds)))

    def once(self, name: str, by: Sequence[str]) -> Grid:
        """What does not change while the thing is there: its last value of the day."""
        return self.grid(Question(self.names[name], tuple(by), step_seconds=None))

    def described(self, kind: str, by: Sequence[str]) -> Grid:
        """Labels or annotations that are listed; nothing where none is."""
        asked = self.listed.asked(kind)
        if not asked:
            return NOTHING
        return self.once(kind, (*by, *dict.fromkeys(asked)))


def measured(grids: Iterable[Grid], steps: Steps) -> dict[str, Mask]:
    """Cluster -> in which steps anything is known of it."""
    found: dict[str, Mask] = {}
    for grid in grids:
        seen = grid.is_seen
        clusters = [labels["cluster"] for labels in grid.labels]
        for cluster in set(clusters):
            rows = [number for number, each in enumerate(clusters) if each == cluster]
            mask = found.setdefault(cluster, np.zeros(steps.count, dtype=bool))
            mask |= seen[rows].any(axis=0)
    return found


def span_seconds(question: Question, steps: Steps) -> int:
    """How long a step of it is."""
    if question.step_seconds:
        return question.step_seconds
    return 86_400 if question.days_later else round(steps.count * STEP_SECONDS)
