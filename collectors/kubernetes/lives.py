"""When each pod held its node, out of phases, requests, start and completion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collectors.kubernetes.grid import Array, Grid, Mask, Steps, merged
from collectors.kubernetes.life import Sightings, held_seconds, overlap_seconds, spans
from collectors.kubernetes.pods import Pods
from collectors.kubernetes.reading import POD, Reading
from collectors.kubernetes.requests import Containers, Row, by_resource, scheduled, seen_of_pods


@dataclass(frozen=True, slots=True)
class Lives:
    """By pod: seconds of each step that it lived, held its node in measured ones, and ran.

    starts, completions: Unix seconds, NaN where unknown. rows: resource -> requests by container.
    """

    lived: Array
    held: Array
    running: Array
    starts: Array
    completions: Array
    rows: Mapping[str, list[Row]]


def lives(
    reading: Reading,
    pods: Pods,
    containers: Containers,
    phases: Grid,
    requests: Grid,
    measured: Mapping[str, Mask],
) -> Lives:
    """Of all pods; containers that asked for anything are numbered. measured: cluster -> where it was."""
    steps = reading.steps
    starts = _times(reading.once("start", POD), pods)
    rows = containers.rows(scheduled(requests), pods, starts, steps.ends)
    present = seen_of_pods(rows, containers, pods, steps)
    running, pending = (_counts(phases, pods, steps, phase) for phase in ("Running", "Pending"))
    is_not_there = _is_waiting(requests, pods, present) | _is_elsewhere(phases, pods, present)
    has_phases: Mask = np.logical_or.reduce(running + pending > 0, axis=1)
    if phases.labels and (present.any(axis=1) & ~has_phases).any():
        for labels in reading.other_phases().labels:
            has_phases[pods.of(labels)] = True
    of = Sightings(
        np.where(is_not_there, 0.0, running + pending),
        has_phases,
        present,
        by_pod(measured, pods, steps),
        starts,
        _times(reading.once("completion", POD), pods),
        np.array([bool(pod.uid) for pod in pods.all], dtype=bool),
    )
    lived = overlap_seconds(steps, *spans(steps, of))
    held = held_seconds(of, lived)
    ran = np.where((pending > 0) & (running == 0), 0.0, held)
    return Lives(lived, held, ran, starts, of.completions, by_resource(rows))


def by_pod(masks: Mapping[str, Mask], pods: Pods, steps: Steps) -> Mask:
    """The mask of each pod's cluster."""
    nowhere = np.zeros(steps.count, dtype=bool)
    found = [masks.get(pod.cluster, nowhere) for pod in pods.all]
    return np.array(found, dtype=bool).reshape(len(pods), steps.count)


def _is_waiting(requests: Grid, pods: Pods, present: Mask) -> Mask:
    """By pod and step: it asks for a node, and got one at another time."""
    waits = np.zeros_like(present)
    for labels, row in zip(requests.labels, requests.is_seen, strict=True):
        if not labels.get("node"):
            for pod in pods.of(labels):
                waits[pod] |= row
    waiting: Mask = waits & ~present & present.any(axis=1, keepdims=True)
    return waiting


def _is_elsewhere(phases: Grid, pods: Pods, present: Mask) -> Mask:
    """By pod and step: its phase is told without a uid, and the requests are of another pod of that name."""
    shared = np.zeros(len(pods), dtype=bool)
    for labels in phases.labels:
        if len(candidates := pods.of(labels)) > 1:
            shared[candidates] = True
    elsewhere: Mask = shared[:, None] & ~present & present.any(axis=1, keepdims=True)
    return elsewhere


def _times(grid: Grid, pods: Pods) -> Array:
    """Unix seconds by pod, the latest one; NaN where it may be that of another pod of the name."""
    times = np.full(len(pods), np.nan)
    for labels, row in zip(grid.labels, grid.values, strict=True):
        candidates = pods.of(labels)
        if len(candidates) == 1:
            times[candidates[0]] = np.fmax(times[candidates[0]], row[-1])
    return times


def _counts(grid: Grid, pods: Pods, steps: Steps, phase: str) -> Array:
    """Samples by pod and step in which the phase was this one."""
    rows = [
        (pod, row)
        for labels, row in zip(grid.labels, grid.values, strict=True)
        if labels.get("phase") == phase
        for pod in pods.of(labels)
    ]
    return np.nan_to_num(merged(rows, len(pods), steps.count))
