"""The made clusters' metrics as text for ``promtool tsdb create-blocks-from openmetrics``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from tests.made import cluster_kubelet as kubelet
from tests.made import cluster_metrics as state
from tests.made.cluster import DUPLICATED, SERVER_GAP, STEP, World
from tests.made.cluster_metrics import Family, Series

LAST_SCRAPE = 8
"""Seconds before a step's end at which kube-state-metrics is scraped last: what it sees is of this step."""

KUBE_STATE: Mapping[str, Family] = {
    "kube_namespace_labels": state.namespace_labels,
    "kube_node_created": state.node_created,
    "kube_node_info": state.node_infos,
    "kube_node_labels": state.node_labels,
    "kube_node_status_capacity": state.capacities,
    "kube_persistentvolume_capacity_bytes": state.volume_bytes,
    "kube_persistentvolume_info": state.volumes,
    "kube_persistentvolumeclaim_info": state.claims,
    "kube_pod_completion_time": state.completions,
    "kube_pod_container_resource_limits": state.limits,
    "kube_pod_container_resource_requests": partial(state.requests, init=False),
    "kube_pod_container_status_last_terminated_reason": state.terminated,
    "kube_pod_container_status_restarts_total": state.restarts,
    "kube_pod_container_status_running": partial(state.running, init=False),
    "kube_pod_info": state.infos,
    "kube_pod_init_container_info": state.init_info,
    "kube_pod_init_container_resource_requests": partial(state.requests, init=True),
    "kube_pod_init_container_status_running": partial(state.running, init=True),
    "kube_pod_labels": state.pod_labels,
    "kube_pod_owner": state.owners,
    "kube_pod_spec_volumes_persistentvolumeclaims_info": state.mounts,
    "kube_pod_start_time": state.starts,
    "kube_pod_status_phase": state.phases,
    "kube_job_complete": partial(state.jobs, told="complete"),
    "kube_job_failed": partial(state.jobs, told="failed"),
    "kube_job_status_active": partial(state.jobs, told="active"),
    "kube_job_status_completion_time": partial(state.jobs, told="completion_time"),
    "kube_job_status_start_time": partial(state.jobs, told="start_time"),
    "kube_job_owner": partial(state.parents, kind="Job", label="job_name", parent="CronJob"),
    "kube_replicaset_owner": partial(
        state.parents, kind="ReplicaSet", label="replicaset", parent="Deployment"
    ),
    "kube_service_status_load_balancer_ingress": kubelet.load_balancers,
}
NODES: Mapping[str, Family] = {
    "container_cpu_usage_seconds_total": partial(kubelet.containers, of=kubelet.cpu_of, cpu=True),
    "container_memory_working_set_bytes": partial(kubelet.containers, of=kubelet.memory_of, cpu=False),
    "DCGM_FI_DEV_FB_USED": kubelet.gpu_memory,
    "DCGM_FI_DEV_GPU_UTIL": kubelet.gpus,
}
RE_EMITTED = "kube_pod_container_resource_requests"
"""The name that ``job="opencost"`` tells again."""


@dataclass(frozen=True)
class Clock:
    """The instants at which something is scraped, and their text."""

    times: np.ndarray
    stamps: list[str]

    def between(self, begin: int, end: int) -> tuple[np.ndarray, list[str]]:
        low, high = np.searchsorted(self.times, (begin, end))
        return self.times[low:high], self.stamps[low:high]


def openmetrics(
    world: World, window: tuple[int, int], scrape_seconds: int = 60, traps_every: int = 1
) -> Iterator[str]:
    """The text of a half-open window of Unix seconds, in pieces of a series each.

    ``scrape_seconds`` divides 300. What says nothing new (pod-level and ``POD`` series, phases at 0,
    restarts, another exporter's copies) is told of every ``traps_every``-th pod only, for months.
    """
    assert STEP % scrape_seconds == 0, scrape_seconds
    ksm, again, opencost = (_clock(window, scrape_seconds, early) for early in (LAST_SCRAPE, 3, 13))
    clocks = {node.instance: _clock(window, scrape_seconds, _late(node.instance)) for node in world.nodes}
    for name, family in KUBE_STATE.items():
        yield _type(name)
        for series in family(world):
            if _told(series, traps_every):
                yield from _lines(name, series, ksm, 'job="ksm",instance="10.0.0.7:8080"')
                if series.begin < DUPLICATED[1] and series.end > DUPLICATED[0]:
                    twice = Series(
                        series.labels,
                        max(series.begin, DUPLICATED[0]),
                        min(series.end, DUPLICATED[1]),
                        series.value,
                    )
                    yield from _lines(name, twice, again, 'job="ksm",instance="10.0.0.9:8080"')
                copied = series.labels.get("resource") == "cpu" and name == RE_EMITTED
                if copied and crc32(series.labels["uid"].encode()) % traps_every == 0:
                    yield from _lines(name, series, opencost, 'job="opencost",instance="10.0.0.5:9003"')
    for name, family in NODES.items():
        yield _type(name)
        for series in family(world):
            if _told(series, traps_every) and series.node:
                address = f"10.1.0.{world.nodes.index(series.node) + 4}:10250"
                clock = clocks[series.node.instance]
                yield from _lines(name, series, clock, f'job="kubelet",instance="{address}"')
    yield "# EOF\n"


def write(
    path: Path, world: World, window: tuple[int, int], scrape_seconds: int = 60, traps_every: int = 1
) -> Path:
    """The text as a file."""
    with path.open("w", encoding="utf-8", newline="\n", buffering=2**20) as file:
        file.writelines(openmetrics(world, window, scrape_seconds, traps_every))
    return path


def _told(series: Series, traps_every: int) -> bool:
    return series.traps is None or crc32(series.traps.uid.encode()) % traps_every == 0


def _type(name: str) -> str:
    counter = name.endswith("_total")
    return f"# TYPE {name.removesuffix('_total')} {'counter' if counter else 'gauge'}\n"


def _late(instance: str) -> float:
    """How long before a step's end a node reads its cgroups: 10 to 29 seconds, to the millisecond."""
    return 10 + crc32(instance.encode()) % 19_000 / 1000


def _clock(window: tuple[int, int], scrape_seconds: int, early: float) -> Clock:
    begin, end = window
    grid = np.arange(-(-begin // scrape_seconds), end // scrape_seconds + 2) * scrape_seconds - early
    up = (grid < SERVER_GAP[0]) | (grid >= SERVER_GAP[1])
    times = grid[up & (grid >= begin) & (grid < end)]
    return Clock(times, [f"{time:.3f}" for time in times.tolist()])


def _lines(name: str, series: Series, clock: Clock, target: str) -> Iterator[str]:
    times, stamps = clock.between(series.begin, series.end)
    if not len(times):
        return
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in series.labels.items())
    prefix = f"{name}{{{pairs},{target}}} "
    if callable(series.value):
        values = series.value(times)
        if (values != values[0]).any():
            texts: Iterable[str] = map(_number, values.tolist())
            yield prefix + f"\n{prefix}".join(map(" ".join, zip(texts, stamps, strict=True))) + "\n"
            return
        constant = float(values[0])
    else:
        constant = series.value
    prefix += f"{_number(constant)} "
    yield prefix + f"\n{prefix}".join(stamps) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
