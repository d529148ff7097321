"""What containers requested and used, by container and step."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collectors.kubernetes import cadvisor
from collectors.kubernetes.day import Day
from collectors.kubernetes.gpus import attached, is_gpu
from collectors.kubernetes.grid import Array, Steps, merged, summed
from collectors.kubernetes.lives import by_pod
from collectors.kubernetes.requests import Row, by_resource, requested, running_seconds, scheduled, sidecars


@dataclass(frozen=True, slots=True)
class Amounts:
    """By container and step; NaN: unknown.

    held: seconds of each step for which it held what it asked for. cpu_requested: cores. cpu_used:
    core-seconds. memory_requested, memory_used: bytes. memory_limit: bytes, by hour. oom_kills: how often it
    was killed for want of memory. gpus_requested: whole GPUs. gpu_used: GPU-seconds.
    """

    held: Array
    cpu_requested: Array
    cpu_used: Array
    memory_requested: Array
    memory_used: Array
    memory_limit: Array
    oom_kills: Array
    gpus_requested: Array
    gpu_used: Array


def amounts(day: Day) -> Amounts:
    """Of all containers, those that are only seen by what they used among them."""
    steps, pods, reading, containers = day.steps, day.pods, day.reading, day.containers
    starts = day.lives.starts
    init, running = _init(day)
    cores = [node.cpu_cores if node else np.nan for node in day.node_of_pod]
    cpu = cadvisor.cpu_seconds(reading.cpu_used(), pods, day.lives, cores, containers, steps)
    memory = cadvisor.memory_bytes(reading.memory_used(), pods, starts, containers, steps)
    gpus = _gpus_used(day)
    killed, restarts = _oom(day)
    hours = Steps(steps.start, steps.count // 12, 3600.0)
    limits = [row for _, row in containers.rows(reading.limits(), pods, starts, hours.ends)]
    count = len(containers)  # all are known by now
    resources = {*day.lives.rows, *init}
    rows = {name: [*day.lives.rows.get(name, ()), *init.get(name, ())] for name in resources}
    requests = requested(rows, count, steps)
    held = day.lives.held[containers.pods]
    for number, counts in running.items():
        held[number] = running_seconds(counts, held[number], steps)
    known = by_pod(day.measured, pods, steps)[containers.pods]

    def used(found: list[Row]) -> Array:
        return np.where(known, merged(found, count, steps.count), np.nan)

    return Amounts(
        held,
        _asked(day, requests.get("cpu"), count),
        used(cpu),
        _asked(day, requests.get("memory"), count),
        used(memory),
        merged(limits, count, hours.count),
        np.where(known, cadvisor.oom_kills(killed, restarts, count, steps), 0.0),
        _gpus_requested(day, requests, count),
        used(gpus),
    )


def _asked(day: Day, requests: Array | None, count: int) -> Array:
    """0 where nothing was asked for, NaN where nothing is told of what pods ask for."""
    telling = {labels["cluster"] for labels in day.requests.labels}
    is_told = [day.pods.all[pod].cluster in telling for pod, _ in day.containers.all]
    nothing = np.where(is_told, 0.0, np.nan).reshape(count, 1)
    if requests is None:
        return np.broadcast_to(nothing, (count, day.steps.count))
    return np.where(np.isnan(requests), nothing, requests)


def _init(day: Day) -> tuple[dict[str, list[Row]], dict[int, Array]]:
    """Requests of init containers, and in how many samples those ran that end."""
    asked = scheduled(day.reading.init_requests())
    if not asked.labels:
        return {}, {}
    containers, pods, steps, starts = day.containers, day.pods, day.steps, day.lives.starts
    always = sidecars(day.reading.init_info().labels)
    rows = containers.rows(asked, pods, starts, steps.ends)
    running: dict[int, Array] = {}
    for labels, (number, _) in rows:
        name = ("cluster", "namespace", "pod", "container")
        if tuple(labels.get(each, "") for each in name) not in always:
            running[number] = np.zeros(steps.count)
    if running:
        for _, (number, row) in containers.rows(day.reading.init_running(), pods, starts, steps.ends):
            if number in running:
                running[number] = np.fmax(running[number], np.nan_to_num(row))
    return by_resource(rows), running


def _oom(day: Day) -> tuple[list[Row], list[Row]]:
    """Where containers had been killed for want of memory, and how often they began again."""
    killed = day.reading.oom()
    if not killed.labels:
        return [], []
    ends = np.concatenate([[day.steps.start], day.steps.ends])
    restarts = day.reading.restarts(labels.get("pod", "") for labels in killed.labels)
    rows, again = (
        [row for _, row in day.containers.rows(grid, day.pods, day.lives.starts, ends)]
        for grid in (killed, restarts)
    )
    return rows, again


def _gpus_used(day: Day) -> list[Row]:
    """GPU-seconds by container, added up over its GPUs; of two metrics of one GPU the first."""
    found: dict[tuple[int, tuple[str, ...]], Array] = {}
    for grid, unit in day.reading.gpus_used():
        told: dict[tuple[int, tuple[str, ...]], Array] = {}
        for labels, of, row in zip(grid.labels, attached(grid.labels), grid.values, strict=True):
            if of is not None and (pods := day.pods.of(of)):
                gpu = tuple(labels.get(name, "") for name in ("Hostname", "UUID", "gpu", "GPU_I_ID"))
                key = (day.containers.number(pods[-1], of["container"]), gpu)
                told[key] = np.fmax(row, told.get(key, row))
        found |= {key: row / unit * day.steps.seconds for key, row in told.items() if key not in found}
    sums: dict[int, list[Array]] = defaultdict(list)
    for (number, _), row in found.items():
        sums[number].append(row)
    return [(number, summed(rows)) for number, rows in sums.items()]


def _gpus_requested(day: Day, requests: Mapping[str, Array], count: int) -> Array:
    """In whole ones: a part of one counts as the node's advertised parts do."""
    gpus = np.zeros((count, day.steps.count))
    nodes = [day.node_of_pod[pod] for pod, _ in day.containers.all]
    for resource, asked in requests.items():
        if is_gpu(resource):
            parts = np.array([node.gpu_parts.get(resource, 1.0) if node else 1.0 for node in nodes])
            gpus += np.nan_to_num(asked) * parts[:, None]
    return gpus
