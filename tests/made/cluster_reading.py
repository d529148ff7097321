"""Reading the made clusters' text back, by rules of its own and slowly: a check of text and truth."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.made.cluster import DAY, STEP

_LINE = re.compile(r"^(\w+){(.*)} (\S+) (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
STEPS = DAY // STEP

Labels = Mapping[str, str]
Pod = tuple[str, str]
"""Cluster and uid."""
Sums = dict[str, np.ndarray]


@dataclass
class Told:
    """One series: what its last sample of each step of the day said; step -1 is the one before midnight."""

    labels: Labels
    last: dict[int, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return next(iter(self.last.values()))

    @property
    def pod(self) -> Pod:
        uid = self.labels.get("uid") or self.labels["id"].split("/pod")[1].split("/")[0]
        return self.labels["cluster"], uid


def read(text: Iterable[str], day: int) -> Sums:
    """Core-seconds and byte-seconds of max(request, usage) by team, of one day."""
    told = _told(text, day)
    up = {step for series in told["kube_pod_info"] for step in series.last}
    teams, seconds = _teams(told), _seconds(told, day, up)
    asked = _asked(told)
    cpu, memory = _increases(told, seconds), _levels(told)
    sums: Sums = defaultdict(lambda: np.zeros(2))
    for pod, container in asked.keys() | cpu.keys():
        alive = seconds[pod]
        of = asked.get((pod, container), {})
        most = np.maximum(of.get("cpu", 0) * alive, np.where(alive > 0, cpu[pod, container], 0)).sum()
        bytes_ = (np.maximum(of.get("memory", 0), memory[pod, container]) * alive).sum()
        if most or bytes_:
            sums[teams[pod]] += (most, bytes_)
    return dict(sums)


def _told(text: Iterable[str], day: int) -> dict[str, list[Told]]:
    found: dict[str, dict[str, Told]] = defaultdict(dict)
    for line in (line for piece in text for line in piece.splitlines()):
        if match := _LINE.match(line):
            name, pairs, value, time = match.groups()
            if pairs not in found[name]:
                found[name][pairs] = Told(dict(_LABEL.findall(pairs)))
            found[name][pairs].last[int((float(time) - day) // STEP)] = float(value)
    return {name: list(series.values()) for name, series in found.items()}


def _teams(told: Mapping[str, list[Told]]) -> dict[Pod, str]:
    spaces = {
        (series.labels["cluster"], series.labels["namespace"]): series.labels.get("label_team")
        for series in told["kube_namespace_labels"]
    }
    own = {series.pod: series.labels.get("label_team") for series in told["kube_pod_labels"]}
    return {
        series.pod: own.get(series.pod)
        or spaces[series.labels["cluster"], series.labels["namespace"]]
        or series.labels["namespace"]
        for series in told["kube_pod_info"]
    }


def _seconds(told: Mapping[str, list[Told]], day: int, up: set[int]) -> dict[Pod, np.ndarray]:
    """How long each pod held its node in each step."""
    start = {series.pod: series.value for series in told["kube_pod_start_time"]}
    end = {series.pod: series.value for series in told.get("kube_pod_completion_time", [])}
    active: dict[Pod, set[int]] = defaultdict(set)
    for series in told["kube_pod_status_phase"]:
        if series.labels["phase"] in ("Pending", "Running"):
            active[series.pod] |= {step for step, value in series.last.items() if value == 1}
    begins = day + np.arange(STEPS) * STEP
    seconds = {}
    for series in told["kube_pod_info"]:
        pod = series.pod
        lived = np.minimum(begins + STEP, end.get(pod, np.inf)) - np.maximum(begins, start.get(pod, np.inf))
        kept = up if pod in end else active[pod]
        held = np.isin(np.arange(STEPS), list(kept)) if series.labels["node"] else np.zeros(STEPS)
        seconds[pod] = np.maximum(lived, 0) * held
    return seconds


def _asked(told: Mapping[str, list[Told]]) -> dict[tuple[Pod, str], dict[str, float]]:
    sidecars = {
        (series.pod, series.labels["container"])
        for series in told["kube_pod_init_container_info"]
        if series.labels["restart_policy"] == "Always"
    }
    asked: dict[tuple[Pod, str], dict[str, float]] = defaultdict(dict)
    init = [
        series
        for series in told["kube_pod_init_container_resource_requests"]
        if (series.pod, series.labels["container"]) in sidecars
    ]
    for series in (*told["kube_pod_container_resource_requests"], *init):
        asked[series.pod, series.labels["container"]][series.labels["resource"]] = series.value
    return asked


def _of_containers(series: Iterable[Told]) -> Iterator[Told]:
    return (told for told in series if told.labels.get("container", "POD") != "POD")


def _increases(
    told: Mapping[str, list[Told]], seconds: Mapping[Pod, np.ndarray]
) -> dict[tuple[Pod, str], np.ndarray]:
    """CPU seconds by step; unknown, so 0, where a container was there the step before and not seen."""
    found: dict[tuple[Pod, str], np.ndarray] = defaultdict(lambda: np.zeros(STEPS))
    seen: dict[tuple[Pod, str], set[int]] = defaultdict(set)
    for series in _of_containers(told["container_cpu_usage_seconds_total"]):
        seen[series.pod, series.labels["container"]] |= series.last.keys()
    for series in _of_containers(told["container_cpu_usage_seconds_total"]):
        key = series.pod, series.labels["container"]
        for step, value in series.last.items():
            before = series.last.get(step - 1)
            started = step - 1 in seen[key] or seconds[key[0]][step] < STEP
            if step >= 0 and (before is not None or started):
                found[key][step] += value - before if before is not None and value >= before else value
    return found


def _levels(told: Mapping[str, list[Told]]) -> dict[tuple[Pod, str], np.ndarray]:
    found: dict[tuple[Pod, str], np.ndarray] = defaultdict(lambda: np.zeros(STEPS))
    for series in _of_containers(told["container_memory_working_set_bytes"]):
        for step, value in series.last.items():
            if step >= 0:
                found[series.pod, series.labels["container"]][step] = value
    return found
