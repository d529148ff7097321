"""What containers used, as cAdvisor tells it: by cgroup, without a node, with a counter from 0 for each."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from collectors.kubernetes.grid import Array, Grid, Labels, Mask, Steps, carried, merged, summed
from collectors.kubernetes.lives import Lives
from collectors.kubernetes.pods import Pods, shared_out
from collectors.kubernetes.requests import Containers, Row
from collectors.kubernetes.usage import First, growth, since_zero

_POD_UID = re.compile(r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})")


def uid_of(labels: Labels) -> str:
    """The uid of the pod in the name of a cgroup; '' where it is not in there.

    ``/kubepods/burstable/pod<uid>/<container>``, and with systemd ``…-pod<uid, with _ for ->.slice/…``.
    """
    found = _POD_UID.search(labels.get("id", ""))
    return found[1].replace("_", "-") if found else ""


def _pods_of(pods: Pods, labels: Labels) -> list[int]:
    """By uid, else by name; what a scrape says of the node may be its address, and is believed if it fits."""
    return pods.of(labels, uid_of(labels)) or pods.of({**labels, "node": ""})


def cpu_seconds(
    grid: Grid, pods: Pods, lives: Lives, cores: Sequence[float], containers: Containers, steps: Steps
) -> list[Row]:
    """Core-seconds that containers used in each step; NaN where unknown.

    grid: counters, one step more in front. cores: of each pod's node, NaN where unknown. A container that
    began again has another cgroup: both count. What two endpoints of the kubelet both tell counts once.
    """
    candidates = [_pods_of(pods, labels) for labels in grid.labels]
    ends = np.concatenate([[steps.start], steps.ends])
    firsts = _firsts(grid, candidates, lives.starts, cores)
    anyhow = np.full(steps.count, steps.seconds)
    lived = [lives.lived[each[0]] if len(each) == 1 else anyhow for each in candidates]
    grown = growth(since_zero(grid.values, firsts, ends), np.array(lived).reshape(len(lived), steps.count))
    parts: dict[tuple[int, bool], dict[bool, list[Array]]] = defaultdict(lambda: defaultdict(list))
    for labels, found, row in zip(grid.labels, candidates, grown, strict=True):
        if not found or np.isnan(row).all():
            continue
        for pod, share in shared_out(found, row, lives.starts, steps.ends):
            number = containers.number(pod, labels["container"])
            is_total = labels.get("cpu", "total") in ("total", "")
            parts[number, bool(labels.get("id"))][is_total].append(share)
    # Of a container that is told with cgroups and without, the caller takes the higher one, step by step.
    return [(number, summed(each[True] or each[False])) for (number, _), each in parts.items()]


def memory_bytes(grid: Grid, pods: Pods, starts: Array, containers: Containers, steps: Steps) -> list[Row]:
    """Bytes in each step; the highest where a container has two cgroups."""
    found = []
    for labels, row in zip(grid.labels, grid.values, strict=True):
        for pod, share in shared_out(_pods_of(pods, labels) or [-1], row, starts, steps.ends):
            if pod >= 0:
                found.append((containers.number(pod, labels["container"]), share))
    return found


def _firsts(
    grid: Grid, candidates: Sequence[Sequence[int]], starts: Array, cores: Sequence[float]
) -> list[First | None]:
    """What is known of counters that were first seen within the span; None for the others."""
    seen = grid.is_seen
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), 0)
    last = seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
    watched: dict[str, Mask] = {}
    ended: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, labels in enumerate(grid.labels):
        ended[_container(labels)].append(number)
    for cluster in {labels["cluster"] for labels in grid.labels}:
        rows = [number for number, labels in enumerate(grid.labels) if labels["cluster"] == cluster]
        watched[cluster] = np.logical_or.reduce(seen[rows], axis=0)
    firsts: list[First | None] = []
    for number, labels in enumerate(grid.labels):
        at = int(first[number])
        if not at or not candidates[number]:
            firsts.append(None)
            continue
        before = [last[each] for each in ended[_container(labels)] if first[each] < at]
        pod = candidates[number][0] if len(candidates[number]) == 1 else -1
        firsts.append(
            First(
                float(starts[pod]) if pod >= 0 else np.nan,
                int(max(before, default=-1)),
                cores[pod] if pod >= 0 and cores[pod] > 0 else np.inf,
                bool(watched[labels["cluster"]][at - 1]),
            )
        )
    return firsts


def _container(labels: Labels) -> tuple[str, ...]:
    names = ("cluster", "namespace", "pod", "container", "cpu")
    return (*(labels.get(name, "") for name in names), str(bool(labels.get("id"))))


def oom_kills(was_killed: Iterable[Row], restarts: Iterable[Row], containers: int, steps: Steps) -> Array:
    """How often the kernel killed a container for its memory in each step.

    was_killed: where its last end was one, one step more in front. restarts: counters, likewise. It was
    killed when that was first seen, and as often as it began again while it was still the reason.
    """
    reason = merged(list(was_killed), containers, steps.count + 1) > 0
    counter = carried(merged(list(restarts), containers, steps.count + 1))
    again = np.maximum(0.0, np.nan_to_num(np.diff(counter, axis=1)))
    return np.where(reason[:, 1:], np.maximum(reason[:, 1:] & ~reason[:, :-1], again), 0.0)
