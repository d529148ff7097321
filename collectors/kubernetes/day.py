"""A day of Kubernetes: what was answered becomes seconds and core-seconds by container and step."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from collectors.kubernetes import cadvisor
from collectors.kubernetes.gpus import attached, is_gpu
from collectors.kubernetes.grid import Array, Grid, Mask, Steps, merged
from collectors.kubernetes.life import Sightings, held_seconds
from collectors.kubernetes.nodes import Known, Node, nodes
from collectors.kubernetes.pods import Pods
from collectors.kubernetes.reading import Reading, measured
from collectors.kubernetes.requests import (
    Containers,
    Row,
    by_resource,
    requested,
    running_seconds,
    scheduled,
    seen_of_pods,
    sidecars,
)

_POD = ("namespace", "pod", "uid")


@dataclass(frozen=True, slots=True)
class Amounts:
    """By container and step. Rates are told with the seconds they held; NaN: unknown.

    held: seconds. cpu_requested: cores. cpu_used: core-seconds. memory: bytes. gpus_requested: GPUs.
    gpu_used: GPU-seconds. memory_limit: by hour.
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


@dataclass(frozen=True)
class Day:
    """Read once, worked out as far as it is asked."""

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
    def info(self) -> Grid:
        """Pods with a node, and what they were made by."""
        return self.reading.once("pod_info", (*_POD, "node", "created_by_kind", "created_by_name"))

    @cached_property
    def capacity(self) -> Grid:
        """Of nodes."""
        return self.reading.capacity()

    @cached_property
    def node_info(self) -> Grid:
        """Of nodes."""
        return self.reading.node_info()

    @cached_property
    def volume_info(self) -> Grid:
        """Of volumes."""
        return self.reading.volumes()

    @cached_property
    def load_balancers(self) -> Grid:
        """Of services."""
        return self.reading.load_balancers()

    @cached_property
    def measured(self) -> Mapping[str, Mask]:
        """Cluster -> the steps in which kube-state-metrics told anything of it."""
        grids = (
            self.requests,
            self.phases,
            self.capacity,
            self.node_info,
            self.volume_info,
            self.load_balancers,
        )
        return measured(grids, self.steps)

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing is known of the whole day."""
        return not any(mask.any() for mask in self.measured.values())

    @cached_property
    def pods(self) -> Pods:
        """All that were heard of."""
        pods = Pods([self.info, self.phases, self.requests])
        # What was seen in steps says more of when than what was asked once.
        pods.placed([Grid(self.info.labels, np.where(self.info.is_seen, 0.0, np.nan)), self.requests])
        return pods

    @cached_property
    def lives(self) -> "Lives":
        """When pods held their nodes."""
        return Lives.of(self)

    @cached_property
    def nodes(self) -> list[Node]:
        """All lives of all nodes."""
        before = after = Grid([], np.empty((0, 1)))
        masks = list(self.measured.values())
        if any(mask.any() and not mask[0] for mask in masks):
            before = self.reading.neighbours(-1)
        if any(mask.any() and not mask[-1] for mask in masks):
            after = self.reading.neighbours(1)
        there = [
            frozenset((each["cluster"], each.get("node", "")) for each in grid.labels)
            for grid in (before, after)
        ]
        seen: dict[tuple[str, str], Mask] = {}
        for number, pod in enumerate(self.pods.all):
            if (node := self.pods.nodes[number]) and (held := self.lives.held[number] > 0).any():
                name = (pod.cluster, node)
                seen[name] = seen[name] | held if name in seen else held
        known = Known(
            self.node_info,
            self.capacity,
            self.reading.node_labels(),
            self.reading.once("node_created", ("node",)),
            seen,
            self.measured,
            (there[0], there[1]),
        )
        return nodes(self.steps, known)

    @cached_property
    def node_of_pod(self) -> list[Node | None]:
        """The life of its node that a pod began on; None where its node is not known."""
        lives: dict[tuple[str, str], list[Node]] = defaultdict(list)
        for node in self.nodes:
            lives[node.cluster, node.name].append(node)
        found: list[Node | None] = []
        for number, pod in enumerate(self.pods.all):
            held = np.flatnonzero(self.lives.held[number])
            first = int(held[0]) if len(held) else 0
            ones = lives.get((pod.cluster, self.pods.nodes[number]), [])
            there = [one for one in ones if np.flatnonzero(one.alive)[:1].tolist() <= [first]]
            found.append((there or ones[:1] or [None])[-1])
        return found

    @cached_property
    def amounts(self) -> Amounts:
        """Of all containers; to be asked before their number."""
        return _amounts(self)


@dataclass(frozen=True, slots=True)
class Lives:
    """By pod: seconds of each step for which it held its node, and in which it ran; when it started."""

    held: Array
    running: Array
    starts: Array
    rows: Mapping[str, list[Row]]

    @classmethod
    def of(cls, day: Day) -> "Lives":
        """From phases, requests, start and completion."""
        steps, pods, reading = day.steps, day.pods, day.reading
        starts = _times(reading.once("start", _POD), pods)
        counts, running = (
            _counts(day.phases, pods, steps, phases) for phases in (("Pending", "Running"), ("Running",))
        )
        with_node = scheduled(day.requests)
        rows = day.containers.rows(with_node, pods, starts, steps.ends)
        present = seen_of_pods(rows, day.containers, pods, steps)
        counts = np.where(_waiting(day, present) | _elsewhere(day, present), 0.0, counts)
        with_phases = {labels["cluster"] for labels in day.phases.labels}
        held = held_seconds(
            steps,
            Sightings(
                counts,
                np.array([pod.cluster in with_phases for pod in pods.all], dtype=bool),
                present,
                _by_pod(day.measured, pods, steps),
                starts,
                _times(reading.once("completion", _POD), pods),
                np.array([bool(pod.uid) for pod in pods.all], dtype=bool),
            ),
        )
        has_phases = np.array([[pod.cluster in with_phases] for pod in pods.all], dtype=bool).reshape(-1, 1)
        return cls(held, np.where((running > 0) | ~has_phases, held, 0.0), starts, by_resource(rows))


def _waiting(day: Day, present: Mask) -> Mask:
    """By pod and step: asks for a node that it got later, or never."""
    waits = np.zeros_like(present)
    for labels, row in zip(day.requests.labels, day.requests.is_seen, strict=True):
        if not labels.get("node"):
            for pod in day.pods.of(labels):
                waits[pod] |= row
    return waits & ~present & present.any(axis=1)[:, None]


def _elsewhere(day: Day, present: Mask) -> Mask:
    """By pod and step: its phase is told without a uid, and its requests are of another pod of that name."""
    shared = np.zeros(len(day.pods), dtype=bool)
    for labels in day.phases.labels:
        if len(candidates := day.pods.of(labels)) > 1:
            shared[candidates] = True
    return shared[:, None] & ~present & present.any(axis=1)[:, None]


def _times(grid: Grid, pods: Pods) -> Array:
    """Unix seconds by pod, the latest one."""
    times = np.full(len(pods), np.nan)
    for labels, row in zip(grid.labels, grid.values, strict=True):
        candidates = pods.of(labels)
        if len(candidates) == 1:
            times[candidates[0]] = np.fmax(times[candidates[0]], row[-1])
    return times


def _counts(grid: Grid, pods: Pods, steps: Steps, phases: Sequence[str]) -> Array:
    """Samples by pod and step in which the phase was one of these."""
    counts = np.zeros((len(pods), steps.count))
    for phase in phases:
        rows = [
            (pod, row)
            for labels, row in zip(grid.labels, grid.values, strict=True)
            if labels.get("phase") == phase
            for pod in pods.of(labels)
        ]
        counts += np.nan_to_num(merged(rows, len(pods), steps.count))
    return counts


def _by_pod(masks: Mapping[str, Mask], pods: Pods, steps: Steps) -> Mask:
    nowhere = np.zeros(steps.count, dtype=bool)
    return np.array([masks.get(pod.cluster, nowhere) for pod in pods.all]).reshape(len(pods), steps.count)


def _amounts(day: Day) -> Amounts:
    steps, pods, reading, containers = day.steps, day.pods, day.reading, day.containers
    lives = day.lives
    init_rows, running = _init(day)
    cores = [node.cpu_cores if node else np.nan for node in day.node_of_pod]
    used = cadvisor.cpu_seconds(reading.cpu_used(), pods, lives.starts, cores, containers, steps)
    memory = cadvisor.memory_bytes(reading.memory_used(), pods, lives.starts, containers, steps)
    hours = Steps(steps.start, steps.count // 12, 3600.0)
    limits = [row for _, row in containers.rows(reading.limits(), pods, lives.starts, hours.ends)]
    killed, restarts = _oom(day)
    gpu_used = _gpus_used(day)
    count = len(containers)  # all are known by now
    rows = {name: [*lives.rows.get(name, []), *init_rows.get(name, [])] for name in {*lives.rows, *init_rows}}
    requests = requested(rows, count, steps)
    held = lives.held[containers.pods]
    for number, counts in running.items():
        held[number] = running_seconds(counts, held[number], steps)
    known = _by_pod(day.measured, pods, steps)[containers.pods]
    gpus = _gpus_requested(day, requests, count)
    gpu_seconds = np.where(known, merged(gpu_used, count, steps.count), np.nan)
    asks = {labels["cluster"] for labels in day.requests.labels}
    nothing = np.array(
        [[0.0 if pods.all[pod].cluster in asks else np.nan] for pod, _ in containers.all]
    ).reshape(-1, 1)
    none = np.full((count, steps.count), np.nan)
    cpu, asked_memory = (
        np.where(np.isnan(each), nothing, each)
        for each in (requests.get("cpu", none), requests.get("memory", none))
    )
    return Amounts(
        held,
        cpu,
        np.where(known, merged(used, count, steps.count), np.nan),
        asked_memory,
        np.where(known, merged(memory, count, steps.count), np.nan),
        merged(limits, count, hours.count),
        np.where(known, cadvisor.oom_kills(killed, restarts, count, steps), 0.0),
        gpus,
        gpu_seconds,
    )


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
        name = (
            labels["cluster"],
            labels.get("namespace", ""),
            labels.get("pod", ""),
            labels.get("container", ""),
        )
        if name not in always:
            running[number] = np.zeros(steps.count)
    if running:
        for _, (number, row) in containers.rows(day.reading.init_running(), pods, starts, steps.ends):
            if number in running:
                running[number] = np.fmax(running[number], np.nan_to_num(row))
    return by_resource(rows), running


def _oom(day: Day) -> tuple[list[Row], list[Row]]:
    """Where containers had been killed for their memory, and how often they began again."""
    killed = day.reading.oom()
    if not killed.labels:
        return [], []
    ends = np.concatenate([[day.steps.start], day.steps.ends])
    starts = day.lives.starts
    restarts = day.reading.restarts(labels.get("pod", "") for labels in killed.labels)
    rows, again = (day.containers.rows(grid, day.pods, starts, ends) for grid in (killed, restarts))
    return [row for _, row in rows], [row for _, row in again]


def _gpus_used(day: Day) -> list[Row]:
    """GPU-seconds by container; of two metrics of one GPU the first."""
    found: dict[tuple[str, ...], tuple[int, Array]] = {}
    for grid, unit in day.reading.gpus_used():
        for labels, of, row in zip(grid.labels, attached(grid.labels), grid.values, strict=True):
            if of is None or not (candidates := day.pods.of(of)):
                continue
            gpu = tuple(labels.get(name, "") for name in ("cluster", "Hostname", "UUID", "gpu", "GPU_I_ID"))
            number = day.containers.number(candidates[-1], of["container"])
            found.setdefault((*gpu, str(number)), (number, row / unit * day.steps.seconds))
    sums: dict[int, Array] = {}
    for number, row in found.values():
        before = sums.get(number)
        both = row if before is None else np.where(np.isnan(before), row, before + np.nan_to_num(row))
        sums[number] = both
    return list(sums.items())


def _gpus_requested(day: Day, requests: Mapping[str, Array], count: int) -> Array:
    """GPUs by container and step, in whole ones."""
    gpus = np.zeros((count, day.steps.count))
    for resource, asked in requests.items():
        if is_gpu(resource):
            parts = np.array(
                [
                    node.gpu_parts.get(resource, 1.0) if (node := day.node_of_pod[pod]) else 1.0
                    for pod, _ in day.containers.all
                ]
            )
            gpus += np.nan_to_num(asked) * parts[:, None]
    return gpus
