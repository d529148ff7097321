"""What pods are called by in tables: their workload; their own, their namespace's and their node's labels."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import Grid
from collectors.kubernetes.labels import Described, written
from collectors.kubernetes.nodes import Node
from collectors.kubernetes.owners import Owners
from collectors.kubernetes.reading import POD

Workload = tuple[str, str, str]  # kind, name, labels


class Job(NamedTuple):
    """What tells a Job from others."""

    cluster: str
    namespace: str
    name: str


class Workloads:
    """Of a day."""

    def __init__(self, day: Day) -> None:
        self._day = day

    @cached_property
    def of_pods(self) -> list[Workload]:
        """Of each pod."""
        labels, annotations = (self._described(kind, POD) for kind in ("pod_labels", "pod_annotations"))
        found = []
        for pod, node in zip(self._day.pods.all, self._day.node_of_pod, strict=True):
            name = (pod.cluster, pod.namespace, pod.name, pod.uid)
            values = {
                **labels.of(*name),
                **annotations.of(*name),
                **self._of_namespace(pod.cluster, pod.namespace),
                **(self._of_node(node) if node else {}),
            }
            found.append((*self.owners.of(*name), written(values)))
        return found

    @cached_property
    def jobs(self) -> list[Job | None]:
        """Of each pod, the Job that made it."""
        found = []
        for pod in self._day.pods.all:
            name = self.owners.job(pod.cluster, pod.namespace, pod.name, pod.uid)
            found.append(Job(pod.cluster, pod.namespace, name) if name else None)
        return found

    @property
    def has_jobs(self) -> bool:
        """Whether there were any, with pods or without."""
        return bool(self._job_owners.labels) or any(self.jobs)

    def of_node(self, node: Node) -> str:
        """The labels of a node."""
        return written(self._of_node(node))

    def of_namespace(self, cluster: str, namespace: str) -> str:
        """The labels of a namespace."""
        return written(self._of_namespace(cluster, namespace))

    @cached_property
    def _job_owners(self) -> Grid:
        return self._day.reading.once("job_owner", ("namespace", "job_name", "owner_kind", "owner_name"))

    @cached_property
    def owners(self) -> Owners:
        """Who made what."""
        once = self._day.reading.once
        owner = ("owner_kind", "owner_name")
        pods = self._day.pod_info.labels
        if len({labels["uid"] for labels in pods}) < len({pod.uid for pod in self._day.pods.all}):
            pods = [*once("pod_owner", (*POD, *owner, "owner_is_controller")).labels, *pods]
        return Owners(
            pods,
            once("replicaset_owner", ("namespace", "replicaset", *owner)).labels,
            self._job_owners.labels,
        )

    @cached_property
    def _namespaces(self) -> tuple[Described, ...]:
        kinds = ("namespace_labels", "namespace_annotations")
        return tuple(self._described(kind, ("namespace",)) for kind in kinds)

    def _described(self, kind: str, by: tuple[str, ...]) -> Described:
        reading = self._day.reading
        return Described(reading.described(kind, by).labels, ("cluster", *by), reading.listed.keys(kind))

    def _of_namespace(self, cluster: str, namespace: str) -> Mapping[str, str]:
        return {key: value for each in self._namespaces for key, value in each.of(cluster, namespace).items()}

    def _of_node(self, node: Node) -> Mapping[str, str]:
        keys = self._day.reading.listed.keys("node_labels")
        return Described([node.labels], (), keys).of()
