"""The rows of a day's tables."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import Mask, added
from collectors.kubernetes.hours import PLACE, Hours, hours
from collectors.kubernetes.jobs import job_days
from collectors.kubernetes.tables import (
    JOB_DAYS,
    NODE_DAYS,
    POD_HOURS,
    SERVICE_DAYS,
    SUMS,
    VOLUME_DAYS,
    WORKLOAD_DAYS,
)
from collectors.kubernetes.volumes import Volume, bound, mounting, shared
from collectors.kubernetes.workloads import Workload, Workloads

if TYPE_CHECKING:
    import pyarrow as pa

    from costwatch.plugins import Table

_ROWS_AT_ONCE = 65_536
_WORKLOAD = ("cluster", "node", "instance", "namespace", "workload_kind", "workload", "labels")


class Rows:
    """Of one day."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._workloads = Workloads(day)

    def of(self, table: str) -> "Iterator[pa.RecordBatch]":
        """Record batches of a table."""
        small = (
            (NODE_DAYS, self._node_days),
            (WORKLOAD_DAYS, self._workload_days),
            (VOLUME_DAYS, self._volume_days),
            (SERVICE_DAYS, self._service_days),
            (JOB_DAYS, self._job_days),
        )
        if table == POD_HOURS.name:
            yield from self._pod_hours()
        for declared, made in small:
            if table == declared.name:
                yield from _batches(declared, [{"day": self._date, **row} for row in made()])

    @property
    def _date(self) -> date:
        return datetime.fromtimestamp(self._day.steps.start, UTC).date()

    @cached_property
    def _hours(self) -> Hours:
        return hours(self._day, self._workloads.of_pods)

    def _pod_hours(self) -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        found = self._hours
        container, hour = np.nonzero(found.is_there)
        begins = int(self._day.steps.start) + 3600 * hour.astype(np.int64)
        columns: dict[str, Any] = {"hour": pa.array(begins * 1_000_000, pa.timestamp("us", "UTC"))}
        for number, name in enumerate(PLACE):
            columns[name] = pa.array([place[number] for place in found.places], pa.string()).take(
                pa.array(container)
            )
        for name, values in found.values.items():
            known = values[container, hour]
            columns[name] = pa.array(known, mask=np.isnan(known))
        schema = POD_HOURS.schema()
        table = pa.table([columns[each.name].cast(each.type) for each in schema], schema=schema)
        yield from table.to_batches(max_chunksize=_ROWS_AT_ONCE)

    def _workload_days(self) -> Iterator[dict[str, Any]]:
        found = self._hours
        at = [PLACE.index(name) for name in _WORKLOAD]
        numbers: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, place in enumerate(found.places):
            numbers[tuple(place[each] for each in at)].append(number)
        for key, of in sorted(numbers.items()):
            pods = {found.places[number][: PLACE.index("container")] for number in of}
            sums = {name: _known(float(added(found.values[name][of].ravel()))) for name in SUMS}
            yield {**dict(zip(_WORKLOAD, key, strict=True)), "pods": len(pods), **sums}

    def _node_days(self) -> Iterator[dict[str, Any]]:
        for node in self._day.nodes:
            measured = self._measured(node.cluster)
            yield {
                "cluster": node.cluster,
                "node": node.name,
                "instance": node.instance,
                "provider_id": node.provider_id,
                "instance_type": node.instance_type,
                "region": node.region,
                "capacity_type": node.capacity_type,
                "cpu_cores": _known(node.cpu_cores),
                "memory_bytes": _known(node.memory_bytes),
                "gpus": node.gpus,
                "expected_seconds": float(node.expected_seconds.sum()),
                "measured_seconds": float(node.expected_seconds[measured].sum()),
                "labels": self._workloads.of_node(node),
            }

    def _volume_days(self) -> Iterator[dict[str, Any]]:
        day = self._day
        if not day.volumes.labels:
            return
        once = day.reading.once
        mounts = once("mounts", ("namespace", "pod", "uid", "persistentvolumeclaim")).labels
        pods = mounting((labels, pod) for labels in mounts for pod in day.pods.of(labels))
        capacity = once("volume_capacity", ("persistentvolume",))
        bytes_of = {
            (labels["cluster"], labels.get("persistentvolume", "")): float(row[-1])
            for labels, row in zip(capacity.labels, capacity.values, strict=True)
        }
        claims = once("claims", ("namespace", "persistentvolumeclaim", "volumename")).labels
        for volume, seen in bound(day.volumes, claims):
            size = bytes_of.get((volume.cluster, volume.persistentvolume), np.nan)
            for row in self._volume(volume, seen, pods.get(volume.claim, set())):
                yield {
                    "cluster": volume.cluster,
                    "volume": volume.volume,
                    "persistentvolume": volume.persistentvolume,
                    "persistentvolumeclaim": volume.claim.name,
                    "namespace": volume.claim.namespace,
                    "capacity_bytes": _known(size),
                    **row,
                }

    def _volume(self, volume: Volume, seen: Mask, pods: set[int]) -> Iterator[dict[str, Any]]:
        """Who mounted it: a row for each workload, and one for the time in which nobody did."""
        day = self._day
        running = {pod: day.lives.running[pod] for pod in sorted(pods)}
        found = shared(seen, self._measured(volume.cluster), running, day.steps.seconds)
        by_workload: dict[Workload, list[int]] = defaultdict(list)
        for pod, seconds in found.mounted.items():
            if seconds > 0:
                by_workload[self._workloads.of_pods[pod]].append(pod)
        for workload, of in sorted(by_workload.items()):
            mounted, parts = (sum(each[pod] for pod in of) for each in (found.mounted, found.parts))
            yield _of_volume(workload, mounted, parts, found.expected, 0.0)
        if found.idle > 0 or not by_workload:
            labels = self._workloads.of_namespace(volume.cluster, volume.claim.namespace)
            yield _of_volume(("", "", labels), 0.0, 0.0, found.expected, found.idle)

    def _service_days(self) -> Iterator[dict[str, Any]]:
        grid = self._day.load_balancers
        seen: dict[tuple[str, str, str, str], Mask] = {}
        for labels, row in zip(grid.labels, grid.is_seen, strict=True):
            address = labels.get("hostname") or labels.get("ip", "")
            key = (labels["cluster"], address, labels.get("namespace", ""), labels.get("service", ""))
            seen[key] = seen[key] | row if key in seen else row
        for (cluster, address, namespace, service), row in sorted(seen.items(), key=lambda each: each[0]):
            yield {
                "cluster": cluster,
                "load_balancer": address,
                "namespace": namespace,
                "service": service,
                "labels": self._workloads.of_namespace(cluster, namespace),
                "seconds": float(row.sum() * self._day.steps.seconds),
            }

    def _job_days(self) -> Iterator[dict[str, Any]]:
        return job_days(self._day, self._hours, self._workloads)

    def _measured(self, cluster: str) -> Mask:
        return self._day.measured.get(cluster, np.zeros(self._day.steps.count, dtype=bool))


def _of_volume(
    workload: Workload, mounted: float, parts: float, expected: float, idle: float
) -> dict[str, Any]:
    kind, name, labels = workload
    return {
        "workload_kind": kind,
        "workload": name,
        "labels": labels,
        "mounted_seconds": mounted,
        "shared_seconds": parts,
        "expected_seconds": expected,
        "idle_seconds": idle,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _batches(table: "Table", rows: Sequence[Mapping[str, Any]]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    if rows:
        yield pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=table.schema())
