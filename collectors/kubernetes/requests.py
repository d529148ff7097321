"""What containers asked for, by container and step."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from collectors.kubernetes.grid import Array, Grid, Labels, Mask, Steps, carried, merged
from collectors.kubernetes.nodes import resource_of
from collectors.kubernetes.pods import Pods, shared_out

Row = tuple[int, Array]


class Containers:
    """The containers of a span, numbered: pod and name of each."""

    def __init__(self) -> None:
        self.all: list[tuple[int, str]] = []
        self._numbers: dict[tuple[int, str], int] = {}

    def __len__(self) -> int:
        return len(self.all)

    def number(self, pod: int, name: str) -> int:
        """Its number, a new one where it was not known."""
        key = (pod, name)
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append(key)
        return self._numbers[key]

    @property
    def pods(self) -> np.ndarray:
        """The pod of each."""
        return np.array([pod for pod, _ in self.all], dtype=np.int64)

    def rows(
        self,
        grid: Grid,
        pods: Pods,
        starts: Array,
        ends: Array,
        container: Callable[[Labels], str] | None = None,
    ) -> list[tuple[Labels, Row]]:
        """The rows of a grid by container; one of a name that several pods have is cut between them."""
        found = []
        for labels, values in zip(grid.labels, grid.values, strict=True):
            name = container(labels) if container else labels.get("container", "")
            if not (candidates := pods.of(labels)):
                continue
            for pod, row in shared_out(candidates, values, starts, ends):
                found.append((labels, (self.number(pod, name), row)))
        return found


def scheduled(grid: Grid) -> Grid:
    """Without what asks for a node and has none yet.

    kube-state-metrics then leaves the label empty, which Prometheus does not keep; a recording rule may have
    left it out of all series: then every one is of a pod that has a node, as far as one knows.
    """
    with_node = {labels["cluster"] for labels in grid.labels if labels.get("node")}
    keep = [
        number
        for number, labels in enumerate(grid.labels)
        if labels.get("node") or labels["cluster"] not in with_node
    ]
    return Grid([grid.labels[number] for number in keep], grid.values[keep])


def by_resource(rows: Iterable[tuple[Labels, Row]]) -> dict[str, list[Row]]:
    """Resource (``cpu``, ``memory``, those of GPUs) -> rows."""
    found: dict[str, list[Row]] = defaultdict(list)
    for labels, row in rows:
        found[labels.get("resource") or resource_of(labels.get("__name__", ""))].append(row)
    return found


def requested(rows: Mapping[str, list[Row]], containers: int, steps: Steps) -> dict[str, Array]:
    """Resource -> request of each container in each step; the last one that is known holds on, NaN: none."""
    return {resource: carried(merged(each, containers, steps.count)) for resource, each in rows.items()}


def sidecars(info: Iterable[Labels]) -> set[tuple[str, str, str, str]]:
    """Cluster, namespace, pod and container of init containers that run as long as their pod (KEP-753)."""
    return {
        (labels["cluster"], labels.get("namespace", ""), labels.get("pod", ""), labels.get("container", ""))
        for labels in info
        if labels.get("restart_policy") == "Always"
    }


def running_seconds(counts: Array, held: Array, steps: Steps) -> Array:
    """Of containers that run for a while at the start of their pod: seconds in each step.

    counts: samples that saw it running. held: seconds for which its pod held the node.
    """
    usual = max(1.0, float(np.nanmax(counts, initial=0.0)))
    return np.minimum(held, np.nan_to_num(counts) * steps.seconds / usual)


def seen_of_pods(
    rows: Iterable[tuple[Labels, Row]], containers: Containers, pods: Pods, steps: Steps
) -> Mask:
    """Where each pod has any request."""
    seen = np.zeros((len(pods), steps.count), dtype=bool)
    for _, (container, row) in rows:
        seen[containers.all[container][0]] |= ~np.isnan(row)
    return seen
