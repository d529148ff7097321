"""The rows of a day's tables."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import Array
from collectors.kubernetes.labels import Described, written
from collectors.kubernetes.nodes import Node
from collectors.kubernetes.owners import Owners
from collectors.kubernetes.tables import NODE_DAYS, POD_HOURS, SERVICE_DAYS, SUMS, VOLUME_DAYS, WORKLOAD_DAYS
from collectors.kubernetes.volumes import bound, mounting, shared

if TYPE_CHECKING:
    import pyarrow as pa

_POD = ("namespace", "pod", "uid")
_STEPS_IN_HOUR = 12
_ROWS_AT_ONCE = 65_536


class Place(NamedTuple):
    """What a container's rows are called by."""

    cluster: str
    node: str
    instance: str
    namespace: str
    pod: str
    uid: str
    container: str
    workload_kind: str
    workload: str
    labels: str


class Rows:
    """The rows of each table, worked out once."""

    def __init__(self, day: Day) -> None:
        self._day = day

    def of(self, table: str) -> "Iterator[pa.RecordBatch]":
        """Record batches of a table."""
        if self._day.is_empty:
            return iter(())
        rows = {
            POD_HOURS.name: self._pod_hours,
            NODE_DAYS.name: self._node_days,
            WORKLOAD_DAYS.name: self._workload_days,
            VOLUME_DAYS.name: self._volume_days,
            SERVICE_DAYS.name: self._service_days,
        }
        return rows[table]()

    @property
    def _date(self) -> date:
        return datetime.fromtimestamp(self._day.steps.start, UTC).date()

    @cached_property
    def _owners(self) -> Owners:
        once = self._day.reading.once
        owner = ("owner_kind", "owner_name")
        return Owners(
            [*once("pod_owner", (*_POD, *owner, "owner_is_controller")).labels, *self._day.info.labels],
            once("replicaset_owner", ("namespace", "replicaset", *owner)).labels,
            once("job_owner", ("namespace", "job_name", *owner)).labels,
        )

    @cached_property
    def _workloads(self) -> list[tuple[str, str, str]]:
        """Kind, name and labels of the workload of each pod."""
        day, listed = self._day, self._day.reading.listed
        of = {
            kind: Described(day.reading.described(kind, by).labels, ("cluster", *by), listed.keys(kind))
            for kind, by in (("pod_labels", _POD), ("pod_annotations", _POD))
        }
        node_keys = Described(
            [
                {**node.labels, "cluster": node.cluster, "node": node.name, "id": node.provider_id}
                for node in day.nodes
            ],
            ("cluster", "node", "id"),
            listed.keys("node_labels"),
        )
        found = []
        for number, pod in enumerate(day.pods.all):
            name = (pod.cluster, pod.namespace, pod.name, pod.uid)
            node = day.node_of_pod[number]
            values = {
                **self._of_namespace(pod.cluster, pod.namespace),
                **of["pod_labels"].of(*name),
                **of["pod_annotations"].of(*name),
                **(node_keys.of(node.cluster, node.name, node.provider_id) if node else {}),
            }
            found.append((*self._owners.of(*name), written(values)))
        return found

    @cached_property
    def _namespaces(self) -> list[Described]:
        day, listed = self._day, self._day.reading.listed
        return [
            Described(
                day.reading.described(kind, ("namespace",)).labels,
                ("cluster", "namespace"),
                listed.keys(kind),
            )
            for kind in ("namespace_labels", "namespace_annotations")
        ]

    def _of_namespace(self, cluster: str, namespace: str) -> dict[str, str]:
        return {key: value for each in self._namespaces for key, value in each.of(cluster, namespace).items()}

    @cached_property
    def _hours(self) -> tuple[list[Place], dict[str, Array]]:
        """Containers that held a node, in their order; column -> values by container and hour."""
        day = self._day
        values = _hourly(day)
        used = np.nan_to_num(values["cpu_used_core_seconds"]) > 0
        is_any = (values["running_seconds"] > 0) | used
        places = []
        for number, (pod, container) in enumerate(day.containers.all):
            if (node := day.node_of_pod[pod]) is None or not is_any[number].any():
                continue
            of = day.pods.all[pod]
            names = (node.cluster, node.name, node.instance, of.namespace, of.name, of.uid, container)
            places.append((Place(*names, *self._workloads[pod]), number))
        places.sort()
        order = [number for _, number in places]
        return [place for place, _ in places], {column: each[order] for column, each in values.items()}

    def _pod_hours(self) -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        places, values = self._hours
        used = np.nan_to_num(values["cpu_used_core_seconds"]) > 0
        container, hour = np.nonzero((values["running_seconds"] > 0) | used)
        start = int(self._day.steps.start)
        hours = (start + 3600 * hour.astype(np.int64)) * 1_000_000
        texts = {
            name: pa.array([getattr(place, name) for place in places], pa.string()).take(pa.array(container))
            for name in Place._fields
        }
        columns: dict[str, Any] = {"hour": pa.array(hours, pa.timestamp("us", "UTC")), **texts}
        for column, each in values.items():
            found = each[container, hour]
            columns[column] = pa.array(found, mask=np.isnan(found))
        columns["oom_kills"] = columns["oom_kills"].cast(pa.int64())
        schema = POD_HOURS.schema()
        table = pa.table(
            [columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema
        )
        yield from table.to_batches(max_chunksize=_ROWS_AT_ONCE)

    def _node_days(self) -> "Iterator[pa.RecordBatch]":
        day = self._day
        keys = day.reading.listed.keys("node_labels")
        rows = []
        for node in day.nodes:
            measured = day.measured.get(node.cluster, np.zeros(day.steps.count, dtype=bool))
            own = Described([{**node.labels, "node": node.name}], ("node",), keys).of(node.name)
            rows.append(
                {
                    **_node(node),
                    "day": self._date,
                    "provider_id": node.provider_id,
                    "instance_type": node.instance_type,
                    "region": node.region,
                    "capacity_type": node.capacity_type,
                    "cpu_cores": _known(node.cpu_cores),
                    "memory_bytes": _known(node.memory_bytes),
                    "gpus": node.gpus,
                    "expected_seconds": float(node.expected_seconds.sum()),
                    "measured_seconds": float(node.expected_seconds[measured].sum()),
                    "labels": written(own),
                }
            )
        yield _batch(NODE_DAYS, rows)

    def _workload_days(self) -> "Iterator[pa.RecordBatch]":
        places, values = self._hours
        numbers: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, place in enumerate(places):
            key = (*place[:4], place.workload_kind, place.workload, place.labels)
            numbers[key].append(number)
        rows = []
        for key, of in sorted(numbers.items()):
            names = ("cluster", "node", "instance", "namespace", "workload_kind", "workload", "labels")
            sums = {column: _known(float(_sum(values[column][of].ravel()))) for column in SUMS}
            pods = len({(places[number].pod, places[number].uid) for number in of})
            rows.append({"day": self._date, **dict(zip(names, key, strict=True)), "pods": pods, **sums})
        yield _batch(WORKLOAD_DAYS, rows)

    def _volume_days(self) -> "Iterator[pa.RecordBatch]":
        day = self._day
        if not day.volume_info.labels:
            return
        once = day.reading.once
        claims = once("claims", ("namespace", "persistentvolumeclaim", "volumename")).labels
        mounts = once("mounts", (*_POD, "persistentvolumeclaim")).labels
        pods = mounting((labels, pod) for labels in mounts for pod in day.pods.of(labels))
        capacity = once("volume_capacity", ("persistentvolume",))
        bytes_of = {
            (labels["cluster"], labels.get("persistentvolume", "")): float(row[-1])
            for labels, row in zip(capacity.labels, capacity.values, strict=True)
        }
        rows = []
        for volume, seen in bound(day.volume_info, claims):
            running = {pod: day.lives.running[pod] for pod in sorted(pods.get(volume.claim, ()))}
            parts = shared(seen, day.measured[volume.cluster], running, day.steps.seconds)
            named = {
                "day": self._date,
                "cluster": volume.cluster,
                "volume": volume.volume,
                "persistentvolume": volume.persistentvolume,
                "persistentvolumeclaim": volume.claim.name,
                "namespace": volume.claim.namespace,
                "capacity_bytes": _known(bytes_of.get((volume.cluster, volume.persistentvolume), np.nan)),
                "expected_seconds": parts.expected,
            }
            mounted: dict[tuple[str, str, str], float] = defaultdict(float)
            for pod, seconds in parts.mounted.items():
                mounted[self._workloads[pod]] += seconds
            for (kind, workload, labels), seconds in sorted(mounted.items()):
                if seconds > 0:
                    rows.append(named | _of_volume(kind, workload, labels, seconds, 0.0))
            if parts.idle > 0 or not any(mounted.values()):
                labels = written(self._of_namespace(volume.cluster, volume.claim.namespace))
                rows.append(named | _of_volume("", "", labels, 0.0, parts.idle))
        yield _batch(VOLUME_DAYS, rows)

    def _service_days(self) -> "Iterator[pa.RecordBatch]":
        grid = self._day.load_balancers
        seconds: dict[tuple[str, str, str, str], Any] = {}
        for labels, seen in zip(grid.labels, grid.is_seen, strict=True):
            address = labels.get("hostname") or labels.get("ip", "")
            key = (labels["cluster"], address, labels.get("namespace", ""), labels.get("service", ""))
            seconds[key] = seconds[key] | seen if key in seconds else seen
        rows = [
            {
                "day": self._date,
                "cluster": cluster,
                "load_balancer": address,
                "namespace": namespace,
                "service": service,
                "labels": written(self._of_namespace(cluster, namespace)),
                "seconds": float(seen.sum() * self._day.steps.seconds),
            }
            for (cluster, address, namespace, service), seen in sorted(
                seconds.items(), key=lambda each: each[0]
            )
            if address
        ]
        if rows:
            yield _batch(SERVICE_DAYS, rows)


def _hourly(day: Day) -> dict[str, Array]:
    """Column -> values by container and hour; NaN: unknown."""
    of = day.amounts
    held, used = of.held, of.cpu_used
    requested, asked_bytes, used_bytes = (
        each * held for each in (of.cpu_requested, of.memory_requested, of.memory_used)
    )
    gpu_used = of.gpu_used
    # What was used without being asked for, as with dynamic resource allocation, counts as asked for.
    gpus = np.where(of.gpus_requested.any(axis=1)[:, None], of.gpus_requested * held, np.nan_to_num(gpu_used))
    return {
        "running_seconds": _folded(held),
        "cpu_requested_core_seconds": _folded(requested),
        "cpu_used_core_seconds": _folded(used),
        "cpu_core_seconds": _folded(np.fmax(requested, used)),
        "memory_requested_byte_seconds": _folded(asked_bytes),
        "memory_used_byte_seconds": _folded(used_bytes),
        "memory_byte_seconds": _folded(np.fmax(asked_bytes, used_bytes)),
        "gpu_seconds": _folded(gpus),
        "gpu_used_seconds": _folded(gpu_used),
        "cpu_used_cores_max": _highest(used) / day.steps.seconds,
        "memory_used_bytes_max": _highest(np.where(held > 0, of.memory_used, np.nan)),
        "memory_limit_bytes": of.memory_limit,
        "oom_kills": _folded(of.oom_kills),
    }


def _by_hour(values: Array) -> Array:
    return values.reshape(len(values), values.shape[1] // _STEPS_IN_HOUR, _STEPS_IN_HOUR)


def _folded(values: Array) -> Array:
    return _sum(_by_hour(values))


def _sum(values: Array) -> Array:
    """Along the last axis, of what is known; NaN where nothing is."""
    total: Array = np.where(np.isnan(values).all(axis=-1), np.nan, np.nansum(values, axis=-1))
    return total


def _highest(values: Array) -> Array:
    highest: Array = np.fmax.reduce(_by_hour(values), axis=-1)
    return highest


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _node(node: Node) -> dict[str, str]:
    return {"cluster": node.cluster, "node": node.name, "instance": node.instance}


def _of_volume(kind: str, workload: str, labels: str, mounted: float, idle: float) -> dict[str, Any]:
    return {
        "workload_kind": kind,
        "workload": workload,
        "labels": labels,
        "mounted_seconds": mounted,
        "idle_seconds": idle,
    }


def _batch(table: Any, rows: Sequence[Mapping[str, Any]]) -> "pa.RecordBatch":
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=table.schema())
