"""Jobs: when each started and ended, how it went, and what its pods held that day."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import added
from collectors.kubernetes.hours import PLACE, Hours
from collectors.kubernetes.reading import JOBS
from collectors.kubernetes.workloads import Job, Workload, Workloads

_SUMS = ("running_seconds", "cpu_core_seconds", "gpu_seconds")
_LATE_SECONDS = 600  # what ended so shortly before midnight may first be told after it
_POD = tuple(PLACE.index(name) for name in ("cluster", "namespace", "pod", "uid"))
_WORKLOAD = tuple(PLACE.index(name) for name in ("workload_kind", "workload", "labels"))

Told = Mapping[str, float]  # a key of ``JOBS`` -> what it last said


def job_days(day: Day, hours: Hours, workloads: Workloads) -> Iterator[dict[str, Any]]:
    """A row for each Job that had pods, started, ended or waited that day, and set of its pods' labels."""
    if not workloads.has_jobs:
        return
    told = _told(day)
    has_conditions = any({"job_complete", "job_failed"} & {*of} for of in told.values())
    numbers = _containers(day, hours, workloads.jobs)
    pods: dict[Job, list[int]] = defaultdict(list)
    for number, job in enumerate(workloads.jobs):
        if job:
            pods[job].append(number)
    for job in sorted({*pods, *(job for job, of in told.items() if _is_of(day, of))}):
        of = told.get(job, {})
        its = {
            "cluster": job.cluster,
            "namespace": job.namespace,
            "job": job.name,
            **_times(day, of, pods[job]),
            "outcome": _outcome(of, day, pods[job], has_conditions),
        }
        kind, name = workloads.owners.of_job(*job)
        nothing = (kind, name, workloads.of_namespace(job.cluster, job.namespace))
        for workload, rows in sorted(numbers.get(job, {nothing: []}).items()):
            yield its | _held(hours, workload, rows)


def _told(day: Day) -> dict[Job, dict[str, float]]:
    """Conditions only as far as they are true."""
    keys = {name: key for key in JOBS for name in day.reading.names[key]}
    found: dict[Job, dict[str, float]] = defaultdict(dict)
    grid = day.reading.jobs()
    for labels, row in zip(grid.labels, grid.values, strict=True):
        job = Job(labels["cluster"], labels.get("namespace", ""), labels.get("job_name", ""))
        key, value = keys[labels["__name__"]], float(row[-1])
        is_condition = key in ("job_complete", "job_failed")
        if not np.isnan(value) and not (is_condition and (labels.get("condition") != "true" or not value)):
            found[job][key] = max(value, found[job].get(key, value))
    return found


def _is_of(day: Day, of: Told) -> bool:
    """Whether a Job without pods has anything to say of the day; it may be kept for weeks after it ended."""
    start, end = day.steps.start, day.steps.start + day.steps.count * day.steps.seconds
    began, ended = of.get("job_start", np.nan), of.get("job_completion", np.nan)
    if start <= began < end or start - _LATE_SECONDS <= ended < end:
        return True
    return "job_failed" in of or of.get("job_active", 0.0) > 0


def _times(day: Day, of: Told, pods: Sequence[int]) -> dict[str, datetime | None]:
    lives = day.lives
    started = of.get("job_start", _edge(lives.starts[pods], np.fmin))
    ended = of.get("job_completion", np.nan)
    if np.isnan(ended) and {"job_complete", "job_failed"} & {*of}:
        ended = _edge(lives.completions[pods], np.fmax)
    return {"started_at": _instant(started), "ended_at": _instant(ended)}


def _edge(times: np.ndarray, choose: np.ufunc) -> float:
    return float(choose.reduce(times)) if len(times) else np.nan


def _instant(seconds: float) -> datetime | None:
    return None if np.isnan(seconds) else datetime.fromtimestamp(seconds, UTC)


def _outcome(of: Told, day: Day, pods: Sequence[int], has_conditions: bool) -> str:
    """has_conditions: whether anybody tells them; if not, that pods failed and none is left has to do."""
    lasts = bool((day.lives.lived[pods, -1] > 0).any())
    is_active = of.get("job_active", 0.0) > 0
    if "job_failed" in of:
        return "failed"
    if "job_complete" in of or "job_completion" in of:
        return "succeeded"
    if lasts or (is_active and not pods):
        return "running"
    return "failed" if not has_conditions and not is_active and of.get("job_failures", 0.0) > 0 else "unknown"


def _containers(day: Day, hours: Hours, jobs: Sequence[Job | None]) -> dict[Job, dict[Workload, list[int]]]:
    """Which of ``hours`` are of a Job, by what its pods are called by."""
    of_pods = {
        (pod.cluster, pod.namespace, pod.name, pod.uid): job
        for pod, job in zip(day.pods.all, jobs, strict=True)
        if job
    }
    found: dict[Job, dict[Workload, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, place in enumerate(hours.places):
        cluster, namespace, name, uid = (place[at] for at in _POD)
        if job := of_pods.get((cluster, namespace, name, uid)):
            kind, workload, labels = (place[at] for at in _WORKLOAD)
            found[job][kind, workload, labels].append(number)
    return found


def _held(hours: Hours, workload: Workload, numbers: Collection[int]) -> dict[str, Any]:
    rows = [*numbers]
    sums = {name: float(np.nan_to_num(added(hours.values[name][rows].ravel()))) for name in _SUMS}
    kind, name, labels = workload
    pods = {tuple(hours.places[number][at] for at in _POD) for number in rows}
    return {"workload_kind": kind, "workload": name, "labels": labels, "pods": len(pods), **sums}
