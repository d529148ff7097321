"""What pods requested and used, hour by hour, as the tables in which costwatch keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.kubernetes.tables import (
    JOB_DAYS,
    NODE_DAYS,
    POD_HOURS,
    SERVICE_DAYS,
    SUMS,
    VOLUME_DAYS,
    WORKLOAD_DAYS,
)
from costwatch.demo.clusters import CLUSTERS, SERVICES
from costwatch.demo.items import Item
from costwatch.demo.jobs import HELD, JobDay, job_day
from costwatch.demo.pods import Node, PodDay, cluster_nodes, pod_days
from costwatch.demo.stories import CompanyPlan
from costwatch.plugins import Table

GIB = 2.0**30
DAY_SECONDS, _HOUR_SECONDS = 86_400.0, 3_600.0
_DAY = timedelta(days=1)
_DAILY_SWING = 0.3  # of what serves people: by so much more is used at 15:00 UTC, and less at 03:00
_LIMIT = 1.25  # of memory, beside what is requested

Numbers = NDArray[Any]


class ClusterUsage:
    """All that is measured of one cluster. The same plan makes the same numbers."""

    def __init__(self, plan: CompanyPlan, cluster: str) -> None:
        self.cluster, self._plan = cluster, plan
        self.nodes: Sequence[Node] = cluster_nodes(plan, cluster)
        self.pods: Sequence[PodDay] = [*pod_days(plan, cluster)]
        self._volumes = _attached(plan, cluster, "vol-")
        self._balancers = _attached(plan, cluster, "arn:aws:elasticloadbalancing")
        self._random = np.random.default_rng([plan.seed, CLUSTERS.index(cluster)])

    def mounted(self, pods: Sequence[PodDay]) -> Iterator[tuple[int, Item, PodDay]]:
        """The volumes, with their column in the bill and which of a day's pods mounts each."""
        keeping = [pod for pod in pods if pod.workload.kind == "statefulset"]
        for number, (column, item) in enumerate(self._volumes):
            yield column, item, keeping[number % len(keeping)]

    def balanced(self) -> Iterator[tuple[int, Item, Sequence[tuple[str, str]]]]:
        """The load balancers, likewise, and the services behind each: namespace and name."""
        for number, (column, item) in enumerate(self._balancers):
            yield column, item, [SERVICES[(number + one) % len(SERVICES)] for one in range(2)]

    def of_day(self, day: date) -> slice:
        """Which of ``pods`` are of this day."""
        return slice(*np.searchsorted(self._days, [day.toordinal(), day.toordinal() + 1]))

    def jobs(self, pods: slice = slice(None)) -> Iterator[JobDay]:
        """What jobs did, by day: of all pods, or of those of one day."""
        for number in range(*pods.indices(len(self.pods))):
            if (pod := self.pods[number]).workload.kind == "job":
                hours = slice(*np.searchsorted(self.pod, [number, number + 1]))
                held = {name: float(self.sums[name][hours].sum()) for name in HELD}
                yield job_day(self._plan, pod, held, float(self.sums["running_seconds"][hours][-1]))

    @cached_property
    def pod(self) -> Numbers:
        """Of each hour of a pod, the number of the pod's day in ``pods``."""
        return np.repeat(np.arange(len(self.pods)), [len(pod.hours) for pod in self.pods])

    @cached_property
    def hour(self) -> Numbers:
        """The hour of its day, 0-23."""
        return np.concatenate([np.array(pod.hours) for pod in self.pods])

    @cached_property
    def sums(self) -> Mapping[str, Numbers]:
        """The columns that are sums over time, of each hour of a pod."""
        seconds = self._seconds()
        cores, gib, cpu_use, memory_use, gpus, gpu_use = (
            self._of_workloads(name) for name in ("cores", "gib", "cpu_use", "memory_use", "gpus", "gpu_use")
        )
        serving = np.array([each.workload.kind in ("deployment", "statefulset") for each in self.pods])
        swing = 1 + _DAILY_SWING * np.sin((self.hour - 9) / 12 * np.pi) * serving[self.pod]
        requested, memory = cores * seconds, gib * GIB * seconds
        used = requested * cpu_use * swing * self._noise(0.15)
        memory_used = memory * memory_use * self._noise(0.04)
        return {
            "running_seconds": seconds,
            "cpu_requested_core_seconds": requested,
            "cpu_used_core_seconds": used,
            "cpu_core_seconds": np.maximum(requested, used),
            "memory_requested_byte_seconds": memory,
            "memory_used_byte_seconds": memory_used,
            "memory_byte_seconds": np.maximum(memory, memory_used),
            "gpu_seconds": gpus * seconds,
            "gpu_used_seconds": gpus * gpu_use * seconds * self._noise(0.05),
        }

    @cached_property
    def _peaks(self) -> Mapping[str, Numbers]:
        sums, seconds = self.sums, self.sums["running_seconds"]
        return {
            "cpu_used_cores_max": sums["cpu_used_core_seconds"] / seconds * (1.2 + 0.2 * self._noise(1)),
            "memory_used_bytes_max": sums["memory_used_byte_seconds"] / seconds * 1.05,
            "memory_limit_bytes": self._of_workloads("gib") * GIB * _LIMIT,
            "oom_kills": np.zeros(len(self.pod), "int64"),
        }

    def tables(self, day: date) -> Iterator[tuple[Table, pa.Table]]:
        """What is known of one UTC day."""
        of_day = self.of_day(day)
        hours = slice(*np.searchsorted(self.pod, [of_day.start, of_day.stop]))
        pods, of = self.pods[of_day], self.pod[hours] - of_day.start
        yield POD_HOURS, self._pod_hours(day, pods, of, hours)
        yield NODE_DAYS, _table(NODE_DAYS, [self._node_day(day, node) for node in self.nodes])
        yield WORKLOAD_DAYS, _table(WORKLOAD_DAYS, self._workload_days(day, pods, of, hours))
        yield VOLUME_DAYS, _table(VOLUME_DAYS, [*self._volume_days(day, pods)])
        yield SERVICE_DAYS, _table(SERVICE_DAYS, [*self._service_days(day)])
        yield JOB_DAYS, _table(JOB_DAYS, [job.row() for job in self.jobs(of_day)])

    @cached_property
    def _days(self) -> Numbers:
        return np.array([pod.day.toordinal() for pod in self.pods])

    def _pod_hours(self, day: date, pods: Sequence[PodDay], of: Numbers, hours: slice) -> pa.Table:
        told = [
            {**self._of_pod(pod), "pod": pod.name, "uid": pod.uid, "container": pod.workload.name}
            for pod in pods
        ]
        texts = {name: pa.array([each[name] for each in told]).take(pa.array(of)) for name in told[0]}
        instants = np.datetime64(day, "us") + self.hour[hours] * np.timedelta64(1, "h")
        numbers = {name: pa.array(column[hours]) for name, column in {**self.sums, **self._peaks}.items()}
        columns = {"hour": pa.array(instants).cast(pa.timestamp("us", "UTC")), **texts, **numbers}
        schema = POD_HOURS.schema()
        return pa.table(
            [columns.get(name, pa.nulls(len(of), schema.field(name).type)) for name in schema.names], schema
        )

    def _workload_days(
        self, day: date, pods: Sequence[PodDay], of: Numbers, hours: slice
    ) -> list[dict[str, Any]]:
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        summed = {name: np.bincount(of, self.sums[name][hours]) for name in SUMS}
        for number, pod in enumerate(pods):
            key = (pod.node.name, pod.workload.namespace, pod.workload_name)
            none = {"day": day, **self._of_pod(pod), "pods": 0, **dict.fromkeys(SUMS, 0.0)}
            row = rows.setdefault(key, none)
            row["pods"] += 1
            for name, column in summed.items():
                row[name] += float(column[number])
        return [*rows.values()]

    def _of_pod(self, pod: PodDay) -> dict[str, Any]:
        return {
            "cluster": self.cluster,
            "node": pod.node.name,
            "instance": pod.node.item.resource_id,
            "namespace": pod.workload.namespace,
            "workload_kind": pod.workload.kind,
            "workload": pod.workload_name,
            "labels": pod.labels,
        }

    def _node_day(self, day: date, node: Node) -> dict[str, Any]:
        return {
            "day": day,
            "cluster": self.cluster,
            "node": node.name,
            "instance": node.item.resource_id,
            "provider_id": f"aws:///{node.item.region}a/{node.item.resource_id}",
            "instance_type": node.kind.instance_type,
            "region": node.item.region,
            "capacity_type": node.kind.capacity_type,
            "cpu_cores": float(node.kind.cores),
            "memory_bytes": node.kind.gib * GIB,
            "gpus": float(node.kind.gpus),
            "expected_seconds": DAY_SECONDS,
            "measured_seconds": DAY_SECONDS,
            "labels": f'{{"node:eks.amazonaws.com/nodegroup":"{node.item.nodegroup}"}}',
        }

    def _volume_days(self, day: date, pods: Sequence[PodDay]) -> Iterator[dict[str, Any]]:
        for _, item, pod in self.mounted(pods):
            known = {name: value for name, value in self._of_pod(pod).items() if name in VOLUME_DAYS.columns}
            yield known | {
                "day": day,
                "volume": item.resource_id,
                "persistentvolume": f"pvc-{item.resource_id[4:]}",
                "persistentvolumeclaim": f"data-{item.name}",
                "mounted_seconds": DAY_SECONDS,
                "shared_seconds": DAY_SECONDS,
                "capacity_bytes": 500 * GIB,
                "expected_seconds": DAY_SECONDS,
                "idle_seconds": 0.0,
            }

    def _service_days(self, day: date) -> Iterator[dict[str, Any]]:
        for column, item, services in self.balanced():
            # As AWS writes the host: the balancer's name, and a number that tells it apart.
            host = f"{item.name}-{1_000_000 + column}.{item.region}.elb.amazonaws.com"
            for namespace, service in services:
                yield {
                    "day": day,
                    "cluster": self.cluster,
                    "load_balancer": host,
                    "namespace": namespace,
                    "service": service,
                    "labels": f'{{"app":"{service}"}}',
                    "seconds": DAY_SECONDS,
                }

    def _seconds(self) -> Numbers:
        """How long each hour of a pod was: the last one of what ended is cut."""
        seconds = np.full(len(self.pod), _HOUR_SECONDS)
        last = np.append(np.diff(self.pod) != 0, True)
        ends = np.array([pod.ends for pod in self.pods])[self.pod] & last
        seconds[ends] = np.rint(self._random.uniform(1_800, 3_600, int(ends.sum())))
        return seconds

    def _of_workloads(self, name: str) -> Numbers:
        column: Numbers = np.array([float(getattr(pod.workload, name)) for pod in self.pods])[self.pod]
        return column

    def _noise(self, most: float) -> Numbers:
        return self._random.triangular(1 - most, 1, 1 + most, len(self.pod))


def _attached(plan: CompanyPlan, cluster: str, prefix: str) -> list[tuple[int, Item]]:
    """Volumes or load balancers of a cluster."""
    tag = ("eks:cluster-name", cluster)
    return [
        (column, item)
        for column, item in enumerate(plan.bill.items)
        if tag in item.tags and item.resource_id.startswith(prefix)
    ]


def _table(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = {name: [row.get(name) for row in rows] for name in table.columns}
    return pa.table(columns, schema=table.schema())
