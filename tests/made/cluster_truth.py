"""What the made clusters really used, as numpy arrays, and what that costs: nothing of the product is asked.

A *measured* step is one in which the server was up. Node metrics that are missing on their own make no
difference: capacity is a property of a node, not of a scrape.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from tests.made.cluster import DAY, GIB, MONTH, SERVER_GAP, STEP, Node, Pod, World
from tests.made.cluster_usage import alive, used

FIELDS = (
    "running_seconds",
    "cpu_requested_core_seconds",
    "cpu_used_core_seconds",
    "cpu_core_seconds",
    "memory_requested_byte_seconds",
    "memory_used_byte_seconds",
    "memory_byte_seconds",
    "gpu_seconds",
    "gpu_used_seconds",
)
"""Sums over containers: ``cpu_core_seconds`` and ``memory_byte_seconds`` of max(request, usage) in each step,
``gpu_seconds`` of whole GPUs, also where pods ask for slices. A plain init container counts nowhere (it takes
25 seconds). What jobs use is in here even where no scrape saw it; they never use more than they asked for."""
MIN_COVERAGE = 0.5


class Row(NamedTuple):
    """What the days of a workload on a node are told by."""

    cluster: str
    node: str
    instance: str
    namespace: str
    workload_kind: str
    workload: str
    team: str


Days = np.ndarray
"""One row per day of the window, one column per field."""


def workload_days(world: World, window: tuple[int, int] = MONTH, *, measured: bool = True) -> dict[Row, Days]:
    """By workload and node, the sums of each UTC day: of measured steps, or of all there were."""
    days = (window[1] - window[0]) // DAY
    sums: dict[Row, Days] = defaultdict(lambda: np.zeros((days, len(FIELDS))))
    for pod in world.pods:
        if pod.node and pod.begin < window[1] and pod.end > window[0]:
            node = pod.node
            row = Row(pod.cluster, node.name, node.instance, pod.namespace, pod.kind, pod.workload, pod.team)
            sums[row] += _pod_days(world.seed, pod, window, measured)
    return dict(sums)


def _pod_days(seed: int, pod: Pod, window: tuple[int, int], measured: bool) -> Days:
    days = (window[1] - window[0]) // DAY
    sums = np.zeros((days, len(FIELDS)))
    for container in pod.containers:
        if container.init == "plain":
            continue
        use = used(seed, pod, container)
        seconds = use.seconds
        cpu, memory = container.cpu * seconds, container.memory_bytes * seconds
        used_memory = use.memory_bytes * seconds
        columns = (
            seconds * pod.pulled,
            cpu,
            use.cpu_seconds,
            np.maximum(cpu, use.cpu_seconds),
            memory,
            used_memory,
            np.maximum(memory, used_memory),
            container.gpus * seconds / pod.node.slices if pod.node else 0 * seconds,
            use.gpu_share * seconds,
        )
        kept = _inside(use.begins, window, measured)
        day = (use.begins[kept] - window[0]) // DAY
        for index, column in enumerate(columns):
            sums[:, index] += np.bincount(day, column[kept], days)
    return sums


def _inside(begins: np.ndarray, window: tuple[int, int], measured: bool) -> np.ndarray:
    inside: np.ndarray = (begins >= window[0]) & (begins < window[1])
    return inside & ~((begins >= SERVER_GAP[0]) & (begins < SERVER_GAP[1])) if measured else inside


def node_days(world: World, window: tuple[int, int] = MONTH) -> dict[Node, Days]:
    """By node and day: expected seconds (it was there) and measured seconds."""
    days = (window[1] - window[0]) // DAY
    found = {}
    for node in world.nodes:
        first, seconds = alive(node.begin, node.end)
        begins = (first + np.arange(len(seconds))) * STEP
        columns = []
        for measured in (False, True):
            kept = _inside(begins, window, measured)
            columns.append(np.bincount((begins[kept] - window[0]) // DAY, seconds[kept], days))
        found[node] = np.stack(columns, axis=1)
    return found


def dollars(
    world: World,
    cost: Mapping[tuple[str, int], float],
    of: Callable[[Row], str] = lambda row: row.team,
    window: tuple[int, int] = MONTH,
) -> dict[str, float]:
    """What each team carries of the nodes' cost, ``idle`` (signed) and ``unmeasured`` besides.

    ``cost`` is what an instance cost on a day of the window, counted from 0. Its parts weigh vCPU : GiB =
    9 : 1, with GPUs GPU : vCPU : GiB = 9 : .9 : .1. A pod has its share of what was there in measured steps,
    and so of the whole day. Below half measured, the whole node-day is ``unmeasured``.
    """
    nodes = {node.instance: node for node in world.nodes}
    measured = {node.instance: seconds for node, seconds in node_days(world, window).items()}
    totals: dict[str, float] = defaultdict(float)
    left = dict(cost)
    for row, days in workload_days(world, window).items():
        for day, sums in enumerate(days):
            key = (row.instance, day)
            if key in cost and _covered(measured[row.instance][day]):
                part = cost[key] * _share(nodes[row.instance], sums, measured[row.instance][day][1])
                totals[of(row)] += part
                left[key] -= part
    for (instance, day), rest in left.items():
        totals["idle" if _covered(measured[instance][day]) else "unmeasured"] += rest
    return dict(totals)


def _covered(seconds: np.ndarray) -> bool:
    expected, measured = seconds
    return bool(expected and measured / expected >= MIN_COVERAGE)


def _share(node: Node, sums: np.ndarray, measured_seconds: float) -> float:
    amount = dict(zip(FIELDS, sums / measured_seconds, strict=True))
    core, gib = (0.9, 0.1) if node.gpus else (9.0, 1.0)
    whole = 9 * node.gpus + core * node.cores + gib * node.memory_bytes / GIB
    gpus = 9 * amount["gpu_seconds"]
    asked = core * amount["cpu_core_seconds"] + gib * amount["memory_byte_seconds"] / GIB + gpus
    return float(asked / whole)


def volume_days(world: World, window: tuple[int, int] = MONTH) -> dict[tuple[str, str, str], Days]:
    """By volume, namespace and workload ('' is nobody): mounted seconds by day, and the same shared.

    Mounted seconds count each pod; the second column gives each its part of a step that several pods mount,
    and sums to the seconds the volume was there. Measured steps only.
    """
    days = (window[1] - window[0]) // DAY
    begins = np.arange(window[0], window[1], STEP)
    kept = _inside(begins, window, True)
    found: dict[tuple[str, str, str], Days] = defaultdict(lambda: np.zeros((days, 2)))
    for claim in world.claims:
        mounted: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(begins)))
        for pod in world.pods:
            if (pod.cluster, pod.namespace) == (claim.cluster, claim.namespace) and claim.name in pod.claims:
                first, seconds = alive(max(pod.begin, window[0]), max(min(pod.end, window[1]), window[0]))
                at = first - window[0] // STEP
                mounted[pod.workload][at : at + len(seconds)] += seconds
        total = np.sum([*mounted.values(), np.zeros(len(begins))], axis=0)
        shared = {name: seconds * STEP / np.maximum(total, STEP) for name, seconds in mounted.items()}
        mounted[""] = shared[""] = np.maximum(STEP - total, 0)
        for name in mounted:
            by_day = [
                np.bincount(np.flatnonzero(kept) * STEP // DAY, seconds[kept], days)
                for seconds in (mounted[name], shared[name])
            ]
            found[claim.volume, claim.namespace, name] += np.stack(by_day, axis=1)
    return dict(found)
