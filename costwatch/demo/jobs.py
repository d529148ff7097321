"""How the jobs of a cluster went: each is one run, and some fail."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from costwatch.demo.pods import PodDay, runaway_since
from costwatch.demo.stories import CompanyPlan
from costwatch.model import midnight

_ONE_FAILS_IN = 6
HELD = ("running_seconds", "cpu_core_seconds", "gpu_seconds")


@dataclass(frozen=True, slots=True)
class JobDay:
    """What the pod of a run held on one UTC day. ended_at: None while it runs. held: seconds by column."""

    pod: PodDay
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    held: dict[str, float]

    def row(self) -> dict[str, Any]:
        """As costwatch's table has it."""
        workload = self.pod.workload
        return {
            "day": self.pod.day,
            "cluster": workload.cluster,
            "namespace": workload.namespace,
            "job": self.pod.workload_name,
            "workload_kind": workload.kind,
            "workload": self.pod.workload_name,
            "labels": self.pod.labels,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "outcome": self.outcome,
            "pods": 1,
            **self.held,
        }


def job_day(plan: CompanyPlan, pod: PodDay, held: dict[str, float], last_seconds: float) -> JobDay:
    """Of the pod of a job. last_seconds: for how long it ran in the last of its hours."""
    began = pod.day if pod.ends else runaway_since(plan)
    ended = timedelta(hours=pod.hours.stop - 1, seconds=last_seconds)
    return JobDay(
        pod,
        midnight(began) + timedelta(hours=pod.workload.start),
        midnight(pod.day) + ended if pod.ends else None,
        _outcome(plan, pod),
        held,
    )


def _outcome(plan: CompanyPlan, pod: PodDay) -> str:
    if not pod.ends:
        return "running"
    digest = hashlib.sha256(f"{plan.seed}/{pod.workload_name}".encode()).digest()
    return "failed" if digest[0] % _ONE_FAILS_IN == 0 else "succeeded"
