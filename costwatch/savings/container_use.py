"""What the pods of one container asked for and used. Values only."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Container(NamedTuple):
    """A container of a workload: all its pods together."""

    cluster: str
    namespace: str
    workload_kind: str
    workload: str
    name: str


@dataclass(frozen=True, slots=True)
class ContainerUse:
    """What was measured of a container in a window. None: unknown.

    first, last: the first and the last hour (UTC) that it was there in, by their beginning. days: UTC days of
    which its use of CPU is known. cpu_cores_p95: of the highest 5-minute mean of each hour, of whichever pod
    had it, the 95th percentile: the smallest that at least 95 % of hours do not exceed. memory_bytes_max: the
    highest ever. Requests and the limit are those of its newest hour, per pod. oom_kills: how often it was
    killed for its memory; oom_limit_bytes: the highest limit at which it was. Hours are of all its pods
    together: two that run for an hour are two.
    """

    container: Container
    first: datetime
    last: datetime
    days: int
    running_hours: float
    cpu_cores_p95: float | None
    cpu_requested_cores: float | None
    memory_bytes_max: float | None
    memory_requested_bytes: float | None
    memory_limit_bytes: float | None
    oom_kills: int
    oom_limit_bytes: float | None
    gpu_hours: float | None
    gpu_used_hours: float | None
