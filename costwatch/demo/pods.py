"""Which pods ran on which nodes of the company's clusters, day by day."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from costwatch.demo.aws import METERS
from costwatch.demo.clusters import (
    CLUSTERS,
    LABELLED_NAMESPACES,
    NODE_KINDS,
    RUNAWAY,
    RUNAWAY_HOURS,
    WORKLOADS,
    DemoWorkload,
    NodeKind,
)
from costwatch.demo.items import Item
from costwatch.demo.stories import CompanyPlan

_DAY = timedelta(days=1)
_KINDS = {METERS[meter].usage_type: kind for meter, kind in NODE_KINDS.items()}


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster. column: of its lines in the bill's matrices."""

    name: str
    column: int
    item: Item
    kind: NodeKind


@dataclass(frozen=True, slots=True)
class PodDay:
    """A pod on one UTC day: it ran in the hours ``hours``. ends: in the course of the last of them.

    workload_name: of a job its run's, as each run is a job of its own. number: among its workload's pods.
    """

    day: date
    workload: DemoWorkload
    workload_name: str
    number: int
    node: Node
    hours: range
    ends: bool
    name: str
    uid: str

    @property
    def labels(self) -> str:
        """As costwatch's tables have them."""
        told = {"app": self.workload.name, "team": self.workload.team_label}
        told["namespace:team"] = LABELLED_NAMESPACES.get(self.workload.namespace, "")
        known = {key: value for key, value in told.items() if value}
        return json.dumps(known, sort_keys=True, separators=(",", ":"))


def cluster_nodes(plan: CompanyPlan, cluster: str) -> list[Node]:
    """The nodes of a cluster, which are all the time."""
    ours = [
        (column, item)
        for column, item in enumerate(plan.bill.items)
        if item.nodegroup and ("eks:cluster-name", cluster) in item.tags
    ]
    network = CLUSTERS.index(cluster)
    return [
        Node(f"ip-10-{network}-0-{number}.ec2.internal", column, item, _KINDS[item.meter.usage_type])
        for number, (column, item) in enumerate(ours, start=10)
    ]


def pod_days(plan: CompanyPlan, cluster: str) -> Iterator[PodDay]:
    """The pods of a cluster on each day that was measured, in the order of days."""
    nodes, workloads = cluster_nodes(plan, cluster), [each for each in WORKLOADS if each.cluster == cluster]
    day = plan.measured_since
    while day < plan.now.date():
        taken = 0
        for workload in workloads:
            open_nodes = [node for node in nodes if node.item.nodegroup in workload.nodegroups]
            placed = open_nodes if workload.kind == "daemonset" else _placed(open_nodes, workload.pods, taken)
            taken += len(placed)
            yield from _pods(plan, day, workload, placed)
        day += _DAY


def _placed(nodes: Sequence[Node], pods: int, taken: int) -> list[Node]:
    return [nodes[(taken + number) % len(nodes)] for number in range(pods)]


def _pods(plan: CompanyPlan, day: date, workload: DemoWorkload, nodes: Sequence[Node]) -> Iterator[PodDay]:
    began, hours, ends = day, range(workload.start, workload.start + workload.hours), workload.kind == "job"
    if workload is RUNAWAY and day >= runaway_since(plan):
        began, ends = runaway_since(plan), False
        hours = range(RUNAWAY.start if day == began else 0, 24)
    name = f"{workload.name}-{began:%Y%m%d}" if workload.kind == "job" else workload.name
    # All but jobs are rolled out each Monday.
    since = began if workload.kind == "job" else day - timedelta(days=day.weekday())
    for number, node in enumerate(nodes):
        told = f"{plan.seed}/{workload.cluster}/{workload.namespace}/{name}/{number}/{since}"
        digest = hashlib.sha256(told.encode()).hexdigest()
        suffix = {"statefulset": f"{number}", "deployment": f"{_rollout(name, since)}-{digest[-5:]}"}
        pod = f"{name}-{suffix.get(workload.kind, digest[-5:])}"
        yield PodDay(day, workload, name, number, node, hours, ends, pod, str(UUID(digest[:32])))


def runaway_since(plan: CompanyPlan) -> date:
    """The day on which the job began that still runs."""
    return (plan.now - timedelta(hours=RUNAWAY_HOURS)).date()


def _rollout(name: str, since: date) -> str:
    return hashlib.sha256(f"{name}/{since}".encode()).hexdigest()[:9]
