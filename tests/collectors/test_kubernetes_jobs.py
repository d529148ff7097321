"""What becomes of Jobs: when they ran, how they ended, and what their pods held, by the labels of these."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.made.kubernetes_told import MIDNIGHT, POD, C, Told, capacity, phase, request, tables_of, told

HOUR = "1x12"
OF = {"namespace": "a", "pod": "a-1", "uid": "u1"}
JOB = {"namespace": "a", "job_name": "train-1"}
DONE = {**JOB, "condition": "true"}


def made_by(job: str = "train-1", pod: Mapping[str, str] = POD) -> Told:
    labels = {**pod, "node": "n1", "created_by_kind": "Job", "created_by_name": job}
    return told("kube_pod_info", labels, HOUR)


def status(name: str, value: object, labels: Mapping[str, str] = JOB, **at: float) -> Told:
    return told(f"kube_job_{name}", labels, f"{value}x12" if "x" not in str(value) else str(value), **at)


def at(seconds: float) -> str:
    return repr(float(MIDNIGHT + seconds))


def pod_time(name: str, seconds: float) -> Told:
    return told(f"kube_pod_{name}_time", POD, f"{at(seconds)}x12")


def clock(seconds: float) -> datetime:
    return datetime.fromtimestamp(MIDNIGHT + seconds, UTC)


# The pod of a Job ran for the first half hour of one that is told of.
RAN = [
    capacity("4x12"),
    request(HOUR),
    made_by(),
    status("owner", 1),
    phase("Running", "1x6 0x6"),
    pod_time("start", 10),
    pod_time("completion", 1800),
]
ENDED = status("status_completion_time", at(1790))
STARTED = status("status_start_time", at(5))
JOBS: dict[str, tuple[list[Told], dict[str, Any]]] = {
    "one that succeeded": (
        [*RAN, STARTED, ENDED, status("complete", 1, DONE)],
        {"outcome": "succeeded", "started_at": clock(5), "ended_at": clock(1790), "pods": 1},
    ),
    "one that failed ends with its last pod": (
        [*RAN, STARTED, status("failed", 1, DONE), status("status_failed", 4)],
        {"outcome": "failed", "started_at": clock(5), "ended_at": clock(1800)},
    ),
    "a condition that is not true says nothing": (
        [
            *RAN,
            STARTED,
            ENDED,
            status("complete", 1, DONE),
            status("failed", 1, {**JOB, "condition": "false"}),
        ],
        {"outcome": "succeeded"},
    ),
    "one that still runs has no end": (
        [
            capacity("4x12"),
            request(HOUR),
            phase("Running", HOUR),
            made_by(),
            STARTED,
            status("status_active", 1),
        ],
        {"outcome": "running", "ended_at": None},
    ),
    "one that was deleted as it ran is unknown": (
        [*RAN, STARTED, status("status_active", "1x6")],
        {"outcome": "unknown", "ended_at": None},
    ),
    "of one whose pods failed nobody tells more": (
        [*RAN, STARTED, status("status_failed", 1), status("status_active", 0)],
        {"outcome": "failed"},
    ),
    "one that nobody tells of has the start of its pod": (
        RAN,
        {"outcome": "unknown", "started_at": clock(10), "ended_at": None},
    ),
    "one that waits for a node": (
        [*RAN[:2], status("owner", 1), STARTED, status("status_active", 1)],
        {"outcome": "running", "pods": 0, "cpu_core_seconds": 0.0},
    ),
    "one that ended shortly before midnight": (
        [
            *RAN[:2],
            status("owner", 1),
            status("status_start_time", at(-7200)),
            status("status_completion_time", at(-20)),
        ],
        {"outcome": "succeeded", "ended_at": clock(-20), "pods": 0},
    ),
}


@pytest.mark.parametrize(("series", "expected"), JOBS.values(), ids=JOBS)
def test_a_job(series: list[Told], expected: Mapping[str, Any]) -> None:
    (row,) = tables_of(series, hours=1)["job_days"]
    assert {name: row[name] for name in expected} == expected
    assert (row["cluster"], row["namespace"], row["job"]) == ("k8s", "a", "train-1")


def test_a_job_that_ended_long_ago_is_told_no_more() -> None:
    kept = [
        status("owner", 1),
        status("status_start_time", at(-9000)),
        status("status_completion_time", at(-3600)),
    ]
    assert tables_of([*RAN[:2], *kept], hours=1)["job_days"] == []


def test_what_pods_are_called_by_and_held_is_summed_by_their_labels() -> None:
    other = {"namespace": "a", "pod": "a-2", "uid": "u2"}
    series = [
        capacity("8x12"),
        request(HOUR),
        request("2x12", {**other, "container": "c"}),
        request("1x12", C, resource="nvidia_com_gpu"),
        made_by("nightly-29000000"),
        made_by("nightly-29000000", other),
        told("kube_pod_labels", {**POD, "label_run_id": "r-7"}, HOUR),
        told(
            "kube_job_owner",
            {
                "namespace": "a",
                "job_name": "nightly-29000000",
                "owner_kind": "CronJob",
                "owner_name": "nightly",
            },
            HOUR,
        ),
    ]
    rows = tables_of(series, hours=1, pod_labels=("run_id",))["job_days"]
    assert [(row["labels"], row["cpu_core_seconds"], row["gpu_seconds"], row["pods"]) for row in rows] == [
        ("", 7200.0, 0.0, 1),
        ('{"run_id":"r-7"}', 3600.0, 3600.0, 1),
    ]
    assert {(row["workload_kind"], row["workload"], row["job"]) for row in rows} == {
        ("cronjob", "nightly", "nightly-29000000")
    }


def test_clusters_without_jobs_are_not_asked_about_them() -> None:
    assert tables_of([capacity("4x12"), request(HOUR)], hours=1)["job_days"] == []
