"""What the lines of clusters come to for each team, and their stories, from what pods held or used.

As ``truth``, from the generator's own numbers; amounts are to be compared to the cent, as shares are floats.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from costwatch.demo.clusters import CLUSTERS, IDLE_GPUS, OVER_REQUESTED, RUNAWAY, RUNAWAY_HOURS
from costwatch.demo.jobs import JobDay
from costwatch.demo.pods import PodDay, runaway_since
from costwatch.demo.stories import CompanyPlan
from costwatch.demo.usage import DAY_SECONDS, GIB, ClusterUsage
from costwatch.model import IDLE
from costwatch.money import units

# Beside each other, as AWS has them:
# https://docs.aws.amazon.com/cur/latest/userguide/split-cost-allocation-data.html
_CORE, _GIB, _GPU = 0.9, 0.1, 9.0
_HOUR_SECONDS = 3_600
_DAY = timedelta(days=1)

Shares = Mapping[tuple[date, int], Mapping[str, float]]  # day, column of the bill -> team -> share


class ClusterTruth:
    """Both clusters, and what their lines come to from ``first`` through ``last``."""

    def __init__(self, plan: CompanyPlan, first: date, last: date) -> None:
        self._plan, self._first, self._last = plan, first, last
        self._usage = {cluster: ClusterUsage(plan, cluster) for cluster in CLUSTERS}

    def clusters(self) -> dict[str, dict[str, str]]:
        """What teams and ``idle`` carry of each cluster."""
        return {cluster: self._carried(usage) for cluster, usage in self._usage.items()}

    def stories(self) -> list[dict[str, Any]]:
        """A job that runs and runs, a namespace that asks for too much, idle GPUs, and failed runs."""
        return [self._runaway_job(), self._over_requested(), self._idle_gpus(), self._failed_runs()]

    def runs(self) -> list[dict[str, Any]]:
        """Every run of a job that began since ``first``; times in UTC, GPU-hours as requested."""
        return [run for usage in self._usage.values() for run in self._runs(usage)]

    def _runs(self, usage: ClusterUsage) -> Iterator[dict[str, Any]]:
        cost = {
            (pod.day, pod.name): share * self._nano(pod.day, pod.node.column)
            for pod, share in _pod_shares(usage)
        }
        of_runs: dict[tuple[datetime, str], list[JobDay]] = defaultdict(list)
        for job in usage.jobs():
            of_runs[job.started_at, job.pod.workload_name].append(job)
        for (started, name), days in of_runs.items():
            if started.date() >= self._first:
                yield {
                    "run": name,
                    "team": days[0].pod.workload.team,
                    "started_at": started.isoformat(),
                    "ended_at": days[-1].ended_at.isoformat() if days[-1].ended_at else None,
                    "outcome": days[-1].outcome,
                    "gpu_hours": sum(day.held["gpu_seconds"] for day in days) / _HOUR_SECONDS,
                    "cost": _amount(sum(cost[day.pod.day, day.pod.name] for day in days)),
                }

    def _failed_runs(self) -> dict[str, Any]:
        last = f"{self._last + _DAY}"
        failed = [run for run in self.runs() if run["outcome"] == "failed" and run["started_at"] < last]
        cost = {run["team"]: 0.0 for run in failed}
        for run in failed:
            cost[run["team"]] += float(run["cost"])
        return {
            "story": "failed-runs",
            "runs": [run["run"] for run in failed],
            "cost_by_team": {team: f"{usd:.9f}" for team, usd in sorted(cost.items())},
        }

    def _carried(self, usage: ClusterUsage) -> dict[str, str]:
        found: dict[str, float] = defaultdict(float)
        for (day, column), teams in _shares(usage).items():
            if self._first <= day <= self._last:
                for team, share in teams.items():
                    found[team] += share * self._nano(day, column)
        return {team: _amount(nano) for team, nano in sorted(found.items())}

    def _nano(self, day: date, column: int) -> int:
        return int(self._plan.bill.effective[self._plan.bill.row(day), column])

    def _runaway_job(self) -> dict[str, Any]:
        """``cost_so_far`` is what the bill will say of it up to ``now``; ``usual``: of its runs before."""
        usage, since = self._usage[RUNAWAY.cluster], runaway_since(self._plan)
        shares = [(pod, share) for pod, share in _pod_shares(usage) if pod.workload is RUNAWAY]
        cost = [(pod, share * self._nano(pod.day, pod.node.column)) for pod, share in shares]
        before = [nano for pod, nano in cost if pod.day < since]
        return {
            "story": "runaway-job",
            "rule": "RunawayJob",
            "team": RUNAWAY.team,
            "cluster": RUNAWAY.cluster,
            "namespace": RUNAWAY.namespace,
            "workload": next(pod.workload_name for pod, _ in cost if pod.day == since),
            "since": datetime.combine(since, time(RUNAWAY.start), self._plan.now.tzinfo).isoformat(),
            "running_hours": RUNAWAY_HOURS,
            "cost_so_far": _amount(sum(nano for pod, nano in cost if pod.day >= since)),
            "usual_cost": _amount(sum(before) / len(before)),
        }

    def _over_requested(self) -> dict[str, Any]:
        cluster, namespace = OVER_REQUESTED
        usage = self._usage[cluster]
        ours = [
            pod.workload.namespace == namespace and self._first <= pod.day <= self._last for pod in usage.pods
        ]
        hours = np.array(ours)[usage.pod]
        requested, used = (
            float(usage.sums[f"cpu_{name}_core_seconds"][hours].sum()) / _HOUR_SECONDS
            for name in ("requested", "used")
        )
        return {
            "story": "over-requested-namespace",
            "rule": "OverRequested",
            "team": namespace,
            "cluster": cluster,
            "namespace": namespace,
            "cpu_requested_core_hours": round(requested, 3),
            "cpu_used_core_hours": round(used, 3),
            "times": round(requested / used, 3),
        }

    def _idle_gpus(self) -> dict[str, Any]:
        usage = self._usage[IDLE_GPUS]
        serving = [node for node in usage.nodes if node.item.nodegroup == "serving"]
        days = [self._first + number * _DAY for number in range((self._last - self._first).days + 1)]
        shares, of_pool = _shares(usage), [(day, node.column) for day in days for node in serving]
        idle = sum(shares[place][IDLE] * self._nano(*place) for place in of_pool if place in shares)
        return {
            "story": "idle-gpus",
            "team": IDLE,
            "owner": "ml-platform",
            "cluster": usage.cluster,
            "resources": [node.item.resource_id for node in serving],
            "gpus": sum(node.kind.gpus for node in serving),
            "idle_of_resources": _amount(idle),
            "idle_of_cluster": self._carried(usage)[IDLE],
        }


def _pod_shares(usage: ClusterUsage) -> Iterator[tuple[PodDay, float]]:
    """Which share of its node each pod had on its day: of what it requested or used, whichever is more."""
    sums = usage.sums
    gpus = np.maximum(sums["gpu_seconds"], sums["gpu_used_seconds"])
    weight = sums["cpu_core_seconds"] * _CORE + sums["memory_byte_seconds"] / GIB * _GIB + gpus * _GPU
    for pod, held in zip(usage.pods, np.bincount(usage.pod, weight), strict=True):
        kind = pod.node.kind
        yield pod, float(held) / ((kind.cores * _CORE + kind.gib * _GIB + kind.gpus * _GPU) * DAY_SECONDS)


def _shares(usage: ClusterUsage) -> Shares:
    """Of all that is measured."""
    found: dict[tuple[date, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for pod, share in _pod_shares(usage):
        found[pod.day, pod.node.column][pod.workload.team] += share
    for of_node in found.values():
        of_node[IDLE] = 1 - sum(of_node.values())
    for day in {pod.day for pod in usage.pods}:
        for column, _, pod in usage.mounted(usage.pods[usage.of_day(day)]):
            found[day, column] = {pod.workload.team: 1.0}
        for column, _, services in usage.balanced():
            found[day, column] = {team: 1 / len(services) for team, _ in services}
    return found


def _amount(nano: float) -> str:
    return f"{units(round(nano)):.9f}"
