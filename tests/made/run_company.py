"""October of a company that trains: by run id, by Jobs and CronJobs, on SageMaker; and what is of no run."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.made.bills import Line, on_day, tags
from tests.made.company import Company
from tests.made.usage_rows import Pods, Row, node_day, pod_hour

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
FIRST, AFTER = date(2026, 10, 1), date(2026, 11, 3)
DAYS = 33  # with two of November, which nobody has billed yet
TEAMS = [{"name": "ml"}, {"name": "shop"}]
POOLS: list[dict[str, Any]] = [
    {
        "name": "k8s",
        "split": "kubernetes",
        "match": {"ServiceName": "Amazon EC2"},
        "prices": {"cpu": 1, "memory": 0},
    }
]
ARN = "arn:aws:sagemaker:eu-west-1:111122223333"
HOSTILE = "<b>exp</b>\x1b[31m"


class RunCompany(Company):
    """Its bill and its cluster."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, {"teams": TEAMS, "pools": POOLS})
        pods = Pods(name="k8s")
        pods.says(_pods(), [node_day(day) for day in _days()], _jobs())
        self.sources.append(pods)  # type: ignore[arg-type]
        self.bill([*lines()])


def _days() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(DAYS)]


def lines() -> Iterator[Line]:
    """A machine of $24 a day; SageMaker's jobs and what else it is used for."""
    for day in range(1, 32):
        yield _line(day, "Amazon EC2", "24", ResourceId="i-1")
        yield _line(day, "Amazon S3", "2", Tags=tags(team="ml"))
    for day in (4, 5):
        yield _sagemaker(day, f"{ARN}:training-job/churn-2026", "10.000000001")
    yield _sagemaker(6, f"{ARN}:transform-job/score", "3")
    yield _sagemaker(6, f"{ARN}:endpoint/live", "7")


def _line(day: int, service: str, cost: str, **columns: str) -> Line:
    return on_day(day, ServiceName=service, EffectiveCost=cost, BilledCost=cost, **columns)


def _sagemaker(day: int, resource: str, cost: str) -> Line:
    return _line(day, "Amazon SageMaker", cost, ResourceId=resource, Tags=tags(team="ml"))


def _pods() -> Iterator[Row]:
    """Two of four cores serve the shop; the others train."""
    for number, day in enumerate(_days()):
        yield from _hours(number, 24, "web", "deployment", cores=2, namespace="shop", labels={"team": "shop"})
        yield from _hours(number, 3, f"etl-{number}0", "cronjob", "etl", cores=1)
        yield from _hours(number, 1, f"etl-{number}1", "cronjob", "etl", cores=1)
        if day in (date(2026, 10, 3), date(2026, 10, 4)):
            yield from _hours(number, 24, "train-1", "job", cores=0.5, gpus=2)
        if day in (date(2026, 10, 6), date(2026, 10, 7)):
            yield from _hours(number, 12, "train-a", "job", cores=0.5, run="exp-7")
            yield from _hours(number, 6, "train-b", "job", cores=0.5, run="exp-7")
        if day == date(2026, 10, 8):
            yield from _hours(number, 12, "t-0", "statefulset", "trainer", cores=0.5, run=HOSTILE)
            yield from _hours(number, 12, "t-1", "statefulset", "trainer", cores=0.5)


def _hours(
    day: int,
    count: int,
    pod: str,
    kind: str,
    workload: str = "",
    *,
    cores: float,
    gpus: float = 0.0,
    run: str = "",
    namespace: str = "ml",
    labels: dict[str, str] | None = None,
) -> Iterator[Row]:
    told = (labels or {"team": "ml"}) | ({"run_id": run} if run else {})
    for hour in range(count):
        yield pod_hour(
            (day - 31) * 24 + hour,
            namespace=namespace,
            pod=pod,
            uid=f"{pod}-{day}",
            workload_kind=kind,
            workload=workload or pod,
            labels=json.dumps(told, sort_keys=True, separators=(",", ":")),
            cpu_core_seconds=3600.0 * cores,
            gpu_seconds=3600.0 * gpus,
        )


def _jobs() -> Iterator[Row]:
    """The CronJob's second Job of the day fails on even days; the last day of train-1 nobody saw it end."""
    for number, day in enumerate(_days()):
        for part, hours in ((0, 3), (1, 1)):
            failed = part and day.day % 2 == 0
            yield _job(
                day, f"etl-{number}{part}", "cronjob", "etl", hours, "failed" if failed else "succeeded"
            )
        if day in (date(2026, 10, 3), date(2026, 10, 4)):
            its = {"started_at": datetime(2026, 10, 3, tzinfo=UTC), "ended_at": None}
            yield _job(day, "train-1", "job", "train-1", 12, "running", gpus=2 * 24, **its)
        if day in (date(2026, 10, 6), date(2026, 10, 7)):
            run = '{"run_id":"exp-7","team":"ml"}'
            yield _job(day, "train-a", "job", "train-a", 6, "succeeded", labels=run)
            yield _job(day, "train-b", "job", "train-b", 3, "failed", labels=run)


def _job(
    day: date,
    job: str,
    kind: str,
    workload: str,
    hours: float,
    outcome: str,
    gpus: float = 0.0,
    **columns: Any,
) -> Row:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {
        "day": day,
        "cluster": "prod",
        "namespace": "ml",
        "job": job,
        "workload_kind": kind,
        "workload": workload,
        "labels": '{"team":"ml"}',
        "started_at": midnight + timedelta(minutes=len(job)),
        "ended_at": midnight + timedelta(hours=hours),
        "outcome": outcome,
        "pods": 1,
        "running_seconds": hours * 3600,
        "cpu_core_seconds": hours * 3600,
        "gpu_seconds": gpus * 3600,
        **columns,
    }
