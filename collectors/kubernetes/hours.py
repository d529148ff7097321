"""Steps added up to hours, by container."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collectors.kubernetes.amounts import amounts
from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import Array, Mask, added
from collectors.kubernetes.workloads import Workload

PLACE = (
    "cluster",
    "node",
    "instance",
    "namespace",
    "pod",
    "uid",
    "container",
    "workload_kind",
    "workload",
    "labels",
)
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Hours:
    """Containers with a node, in the order of ``places`` (what ``PLACE`` names).

    values: column -> by container and hour, NaN: unknown. is_there: where it held its node or used anything.
    """

    places: Sequence[tuple[str, ...]]
    values: Mapping[str, Array]
    is_there: Mask


def hours(day: Day, workloads: Sequence[Workload]) -> Hours:
    """Of a day. workloads: of each pod."""
    values, held = _values(day)
    is_there = (held > 0) | (np.nan_to_num(values["cpu_used_core_seconds"]) > 0)
    found = []
    for number, (pod, container) in enumerate(day.containers.all):
        node = day.node_of_pod[pod]
        if node is not None and is_there[number].any():
            of = day.pods.all[pod]
            names = (node.cluster, node.name, node.instance, of.namespace, of.name, of.uid, container)
            found.append(((*names, *workloads[pod]), number))
    found.sort()
    order = np.array([number for _, number in found], dtype=np.int64)
    ordered = {column: each[order] for column, each in values.items()}
    return Hours([place for place, _ in found], ordered, is_there[order])


def _values(day: Day) -> tuple[Mapping[str, Array], Array]:
    """Column -> values by container and hour; and for how long each was held."""
    of = amounts(day)
    held, cpu_used, memory_used = of.held, of.cpu_used, np.where(of.held > 0, of.memory_used, np.nan)
    cpu, memory, used_bytes = (each * held for each in (of.cpu_requested, of.memory_requested, memory_used))
    running = np.where(day.lives.running[day.containers.pods] > 0, held, 0.0)
    # What is used without being asked for, as with dynamic resource allocation, counts as if it had been.
    is_asked = (of.gpus_requested > 0).any(axis=1, keepdims=True)
    columns = {
        "running_seconds": added(_by_hour(running)),
        "cpu_requested_core_seconds": added(_by_hour(cpu)),
        "cpu_used_core_seconds": added(_by_hour(cpu_used)),
        "cpu_core_seconds": added(_by_hour(np.fmax(cpu, cpu_used))),
        "memory_requested_byte_seconds": added(_by_hour(memory)),
        "memory_used_byte_seconds": added(_by_hour(used_bytes)),
        "memory_byte_seconds": added(_by_hour(np.fmax(memory, used_bytes))),
        "gpu_seconds": added(
            _by_hour(np.where(is_asked, of.gpus_requested * held, np.nan_to_num(of.gpu_used)))
        ),
        "gpu_used_seconds": added(_by_hour(of.gpu_used)),
        "cpu_used_cores_max": _highest(cpu_used) / day.steps.seconds,
        "memory_used_bytes_max": _highest(memory_used),
        "memory_limit_bytes": of.memory_limit,
        "oom_kills": added(_by_hour(of.oom_kills)),
    }
    return columns, added(_by_hour(held))


def _by_hour(values: Array) -> Array:
    return values.reshape(len(values), values.shape[1] // _STEPS, _STEPS)


def _highest(values: Array) -> Array:
    highest: Array = np.fmax.reduce(_by_hour(values), axis=-1)
    return highest
