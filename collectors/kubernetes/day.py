"""A day of Kubernetes: its pods and when they lived, its nodes, and which pod was on which."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from collectors.kubernetes.grid import NOTHING, Grid, Mask, Steps
from collectors.kubernetes.lives import Lives, lives
from collectors.kubernetes.nodes import Known, Name, Node, nodes
from collectors.kubernetes.pods import Pods
from collectors.kubernetes.reading import POD, Reading, measured
from collectors.kubernetes.requests import Containers


@dataclass(frozen=True)
class Day:
    """What is asked once, and worked out when it is first looked at.

    containers: all that were heard of so far; ``amounts`` hears of the last.
    """

    reading: Reading
    containers: Containers = field(default_factory=Containers)

    @property
    def steps(self) -> Steps:
        """Of the day, up to where it is known."""
        return self.reading.steps

    @cached_property
    def requests(self) -> Grid:
        """Those of pods with a node, and of others."""
        return self.reading.requests()

    @cached_property
    def phases(self) -> Grid:
        """Pending and Running."""
        return self.reading.phases()

    @cached_property
    def pod_info(self) -> Grid:
        """Where pods are, and what they were made by."""
        return self.reading.once("pod_info", (*POD, "node", "created_by_kind", "created_by_name"))

    @cached_property
    def capacity(self) -> Grid:
        """Of nodes."""
        return self.reading.capacity()

    @cached_property
    def node_info(self) -> Grid:
        """Of nodes."""
        return self.reading.node_info()

    @cached_property
    def volumes(self) -> Grid:
        """Which there were."""
        return self.reading.volumes()

    @cached_property
    def load_balancers(self) -> Grid:
        """Of services."""
        return self.reading.load_balancers()

    @cached_property
    def measured(self) -> Mapping[str, Mask]:
        """Cluster -> the steps in which kube-state-metrics told anything of it."""
        pods, nodes = (self.requests, self.phases), (self.capacity, self.node_info)
        return measured((*pods, *nodes, self.volumes, self.load_balancers), self.steps)

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing is known of the whole day."""
        return not any(mask.any() for mask in self.measured.values())

    @cached_property
    def pods(self) -> Pods:
        """All that were heard of."""
        pods = Pods([self.pod_info, self.phases, self.requests])
        pods.placed([self.pod_info, self.requests])  # requests are seen in steps, and say more of when
        return pods

    @cached_property
    def lives(self) -> Lives:
        """When pods held their nodes."""
        return lives(self.reading, self.pods, self.containers, self.phases, self.requests, self.measured)

    @cached_property
    def nodes(self) -> list[Node]:
        """All lives of all nodes."""
        seen: dict[Name, Mask] = {}
        for number, pod in enumerate(self.pods.all):
            held = self.lives.held[number] > 0
            if (node := self.pods.nodes[number]) and held.any():
                name = (pod.cluster, node)
                seen[name] = seen[name] | held if name in seen else held
        known = Known(
            self.node_info,
            self.capacity,
            self.reading.node_labels(),
            self.reading.once("node_created", ("node",)),
            seen,
            self.measured,
            (self._neighbours(0, -1), self._neighbours(-1, 1)),
            (
                self._earlier("node_info", seen, self.node_info),
                self._earlier("capacity", seen, self.capacity),
            ),
        )
        return nodes(self.steps, known)

    def _earlier(self, name: str, nodes: Iterable[Name], told: Grid) -> Grid:
        """What the day before tells, where this one does not tell it of every node."""
        known = {(labels["cluster"], labels.get("node", "")) for labels in told.labels}
        return self.reading.of_day_before(name) if {*nodes} - known else NOTHING

    def _neighbours(self, edge: int, days_later: int) -> frozenset[Name]:
        """Nodes of the day before or after; only where a cluster was not measured at that edge of the day."""
        if all(mask[edge] or not mask.any() for mask in self.measured.values()):
            return frozenset()
        labels = self.reading.neighbours(days_later).labels
        return frozenset((each["cluster"], each.get("node", "")) for each in labels)

    @cached_property
    def node_of_pod(self) -> list[Node | None]:
        """The life of its node that a pod began on; None where its node is not known."""
        ones: dict[Name, list[Node]] = defaultdict(list)
        for node in self.nodes:
            ones[node.cluster, node.name].append(node)
        first = (self.lives.held > 0).argmax(axis=1)
        found: list[Node | None] = []
        for number, pod in enumerate(self.pods.all):
            of = ones.get((pod.cluster, self.pods.nodes[number]), [])
            begun = [node for node in of if node.alive[: first[number] + 1].any()]
            found.append(begun[-1] if begun else of[0] if of else None)
        return found
