"""Three weeks of two made-up clusters: what is over-requested, killed, too young, unmeasured, oddly named."""

from collections.abc import Iterator
from datetime import datetime
from math import sin

from tests.made.usage_rows import DAY, FIRST, GIB, Row, hostile_names, hours, node_day

DAYS = 20


def pods() -> Iterator[Row]:
    """Hours of containers; use goes up and down by day and week."""
    yield from _container("shop", "checkout", cores=2.0, use=0.3, gib=4.0, used=1.2, pods=3)
    yield from _container("shop", "cart", cores=0.5, use=0.45, gib=1.0, used=0.6, pods=2)
    yield from _container(
        "shop", "search", cores=1.0, use=0.8, gib=2.0, used=1.9, oom_kills=_sometimes, limit=2.0
    )
    yield from _container(
        "feature-store", "serving", cores=4.0, use=2.6, gib=16.0, used=9.0, kind="statefulset"
    )
    yield from _container("feature-store", "backfill", cores=2.0, use=1.7, gib=8.0, used=6.0, kind="job")
    yield from _container("ml", "trainer", cores=8.0, use=0.4, gib=64.0, used=6.0, gpus=4.0, gpu_use=0.05)
    yield from _container("kube-system", "dns", cores=0.1, use=0.004, gib=0.07, used=0.01, kind="daemonset")
    yield from _container("kube-system", "agent", cores=0.0, use=0.05, gib=0.0, used=0.1, kind="daemonset")
    yield from _container("experiments", "new-api", cores=1.0, use=0.2, gib=1.0, used=0.4, first=DAYS - 3)
    yield from _container("experiments", "dark", cores=1.0, use=None, gib=1.0, used=None)
    yield from _container("shop", "checkout", cores=1.0, use=0.1, gib=2.0, used=0.5, cluster="staging")


def hostile_pods() -> list[Row]:
    """A container whose names are traps."""
    return hours(24 * DAYS, **hostile_names(), labels='{"team":"<b>risk</b>"}')


def nodes() -> Iterator[Row]:
    """Two large nodes of production, of which one was not measured for a while, and a small one."""
    for number in range(DAYS):
        day = FIRST + number * DAY
        yield node_day(day, cpu_cores=16.0, memory_bytes=64 * GIB)
        short = {"measured_seconds": 50400.0} if number == 4 else {}
        large = {"cpu_cores": 16.0, "memory_bytes": 128 * GIB, "gpus": 4.0}
        yield node_day(day, node="n2", instance="i-2", **large, **short)
        yield node_day(day, cluster="staging", node="s1", instance="i-3", cpu_cores=2.0, memory_bytes=8 * GIB)


def _container(
    namespace: str,
    workload: str,
    *,
    cores: float,
    use: float | None,
    gib: float,
    used: float | None,
    pods: int = 1,
    kind: str = "deployment",
    first: int = 0,
    limit: float = 0.0,
    gpus: float = 0.0,
    gpu_use: float | None = None,
    cluster: str = "prod",
    oom_kills: object = 0,
) -> Iterator[Row]:
    """cores, gib: requested; use, used: their means, None: unknown. first: the day that it began on."""
    for pod in range(pods):

        def level(hour: int, mean: float | None, pod: int = pod) -> float | None:
            return None if mean is None else mean * (1 + 0.25 * sin(hour / 3.8 + pod) + 0.1 * sin(hour / 27))

        def cpu(hour: int) -> float | None:
            mean = level(hour, use)
            return None if mean is None else mean * 3600

        def memory(hour: int) -> float | None:
            mean = level(hour // 24, used)
            return None if mean is None else mean * 3600 * GIB

        rows = hours(
            24 * DAYS,
            cluster=cluster,
            namespace=namespace,
            workload=workload,
            workload_kind=kind,
            pod=f"{workload}-{pod}",
            uid=f"{cluster}-{namespace}-{workload}-{pod}",
            node="n2" if gpus else "n1",
            labels=f'{{"app":"{workload}","team":"{namespace}"}}',
            cpu_requested_core_seconds=cores * 3600,
            cpu_used_core_seconds=cpu,
            cpu_core_seconds=lambda hour: max(cores * 3600, cpu(hour) or 0.0),
            cpu_used_cores_max=lambda hour: level(hour, use) and 1.3 * (level(hour, use) or 0.0),
            memory_requested_byte_seconds=gib * 3600 * GIB,
            memory_used_byte_seconds=memory,
            memory_byte_seconds=lambda hour: max(gib * 3600 * GIB, memory(hour) or 0.0),
            memory_used_bytes_max=lambda hour: (
                level(hour // 24, used) and (level(hour // 24, used) or 0.0) * GIB
            ),
            memory_limit_bytes=limit * GIB or None,
            oom_kills=oom_kills,
            gpu_seconds=gpus * 3600,
            gpu_used_seconds=None if gpu_use is None else gpus * gpu_use * 3600,
        )
        yield from (row for row in rows[24 * first :] if row["node"] == "n1" or _is_measured(row["hour"]))


def _is_measured(hour: datetime) -> bool:
    """Of the second node; its pods are not known of then, either."""
    return hour.date() != FIRST + 4 * DAY or hour.hour < 14


def _sometimes(hour: int) -> int:
    """A kill a week."""
    return int(hour % 168 == 100)
