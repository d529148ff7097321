"""Requests that fit what is used: what to ask for instead, why, and what that saves a month. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.money import exact
from costwatch.savings.container_use import Container, ContainerUse
from costwatch.savings.hourly_rates import HourlyRates
from costwatch.savings.quantities import MIB, memory_text, whole_mebibytes, whole_millicores

LEAST_DAYS = 7
LEAST_MILLICORES = 10
LEAST_MEBIBYTES = 32
# Above the highest use, as Kubernetes' own recommender has it. Source: flag recommendation-margin-fraction of
# https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/flags.md
_HEADROOM = 1.15
# Above what a container was killed at. Source: oom-bump-up-ratio and oom-min-bump-up-bytes, on the same page.
_OOM_RATIO, _OOM_BYTES = 1.2, 100 * MIB
_HARDLY_USED = 0.1  # of a GPU
_HOUR = timedelta(hours=1)
_MONTH_HOURS = Decimal("30.4375") * 24
_GONE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Request:
    """What a container asks for, and what it should: millicores, or MiB. None: unknown. why: in words."""

    requested: int | None
    advised: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change of one container.

    reason: why nothing is advised; then nothing is. memory_limit: MiB, where the advised request is beyond
    the limit. saving: a month, in ``currency``, negative where it costs more; None where it has no price.
    gpu: what is to be said of its GPUs, '' where there is nothing. gpu_saving: a month, of hours not used.
    """

    use: ContainerUse
    cpu: Request
    memory: Request
    memory_limit: int | None
    reason: str
    gpu: str
    saving: Decimal | None
    gpu_saving: Decimal | None
    currency: str

    @property
    def is_too_small(self) -> bool:
        """Whether it was killed for want of memory, and still asks for less than it needs."""
        asked, advised = self.memory.requested, self.memory.advised
        return self.use.oom_kills > 0 and advised is not None and (asked or 0) < advised

    @property
    def gpu_with_saving(self) -> str:
        """``gpu``, and what those not used cost a month, where that is known."""
        if self.gpu_saving is None:
            return self.gpu
        return f"{self.gpu}; not used, they cost {exact(self.gpu_saving, self.currency)} a month"

    @property
    def container(self) -> Container:
        """Whose it is."""
        return self.use.container


def rightsizing(uses: Iterable[ContainerUse], rates: Mapping[str, HourlyRates]) -> list[Advice]:
    """Advice on every container of one window: those that are too small, then by what is saved or freed.

    rates: by cluster; what is not there has no price. A month has 365.25 / 12 days, and a container as many
    running hours in it as it had since its first hour: hours that were not measured count as if none ran.
    """
    by_cluster: dict[str, list[ContainerUse]] = defaultdict(list)
    for use in uses:
        by_cluster[use.container.cluster].append(use)
    found = []
    for cluster, mine in by_cluster.items():
        end = max(use.last for use in mine) + _HOUR
        found += [_advice(use, end, rates.get(cluster)) for use in mine]
    return sorted(found, key=_order)


def _advice(use: ContainerUse, end: datetime, rates: HourlyRates | None) -> Advice:
    cpu_requested = None if use.cpu_requested_cores is None else round(use.cpu_requested_cores * 1000)
    memory_requested = None if use.memory_requested_bytes is None else round(use.memory_requested_bytes / MIB)
    if reason := _unknown(use, end):
        cpu, memory = Request(cpu_requested, None, reason), Request(memory_requested, None, reason)
        return Advice(use, cpu, memory, None, reason, "", None, None, rates.currency if rates else "")
    cpu = Request(cpu_requested, *_cpu(use))
    memory = Request(memory_requested, *_memory(use))
    hours = Decimal(use.running_hours) / Decimal((end - use.first) / _HOUR) * _MONTH_HOURS
    return Advice(
        use,
        cpu,
        memory,
        _limit(use, memory.advised),
        "",
        _gpu(use),
        _saving(cpu, memory, hours, rates),
        _gpu_saving(use, end, rates),
        rates.currency if rates else "",
    )


def _unknown(use: ContainerUse, end: datetime) -> str:
    """Why nothing can be said; '' where it can."""
    if end - use.last > _GONE_AFTER:
        return f"has not run since {use.last:%Y-%m-%d}"
    if use.days < LEAST_DAYS:
        return f"measured on {use.days} of the {LEAST_DAYS} days that it takes"
    return ""


def _cpu(use: ContainerUse) -> tuple[int | None, str]:
    """Millicores: the 95th percentile, as https://github.com/robusta-dev/krr takes it (strategy `simple`)."""
    if use.cpu_cores_p95 is None:
        return None, "its use is not measured"
    needed = whole_millicores(use.cpu_cores_p95)
    if needed < LEAST_MILLICORES:
        return LEAST_MILLICORES, "the least to ask for"
    return needed, "95 % of hourly maxima are within it"


def _memory(use: ContainerUse) -> tuple[int | None, str]:
    """MiB: the highest use and headroom, and never what it was killed at."""
    killed_at = _killed_at(use)
    if use.memory_bytes_max is None and killed_at is None:
        return None, "its use is not measured"
    needed = 0 if use.memory_bytes_max is None else whole_mebibytes(use.memory_bytes_max * _HEADROOM)
    after_kill = (
        0 if killed_at is None else whole_mebibytes(max(killed_at * _OOM_RATIO, killed_at + _OOM_BYTES))
    )
    times = f"OOM-killed {'once' if use.oom_kills == 1 else f'{use.oom_kills:,} times'}"
    if killed_at is not None and after_kill >= needed:
        return after_kill, f"{times} at {memory_text(whole_mebibytes(killed_at))}, and a margin"
    if needed < LEAST_MEBIBYTES:
        return LEAST_MEBIBYTES, "the least to ask for"
    return needed, "the highest use and 15 %" + (f"; {times}" if use.oom_kills else "")


def _killed_at(use: ContainerUse) -> float | None:
    """Bytes that were not enough; without a limit, the most that is known to have been there. None: never."""
    if not use.oom_kills:
        return None
    if use.oom_limit_bytes:
        return use.oom_limit_bytes
    return max(use.memory_bytes_max or 0.0, use.memory_requested_bytes or 0.0) or None


def _limit(use: ContainerUse, advised: int | None) -> int | None:
    """A request beyond the limit is refused by Kubernetes: the limit it takes then."""
    if not use.memory_limit_bytes or advised is None or advised * MIB <= use.memory_limit_bytes:
        return None
    return advised


def _gpu(use: ContainerUse) -> str:
    if not use.gpu_hours:
        return ""
    if use.gpu_used_hours is None:
        return "its GPUs are requested, and their use is not measured"
    share = use.gpu_used_hours / use.gpu_hours
    if share >= _HARDLY_USED:
        return ""
    return f"its GPUs are requested and hardly used ({share * 100:.0f} %): give them back, or share them"


def _saving(cpu: Request, memory: Request, hours: Decimal, rates: HourlyRates | None) -> Decimal | None:
    """(requested - advised) x the price of an hour x running hours of a month; of what is known of both."""
    if rates is None:
        return None
    parts = [
        Decimal(of.requested - of.advised) / units * price
        for of, units, price in ((cpu, 1000, rates.core_hour), (memory, 1024, rates.gib_hour))
        if of.requested is not None and of.advised is not None
    ]
    return round(sum(parts) * hours, 9) if parts else None


def _gpu_saving(use: ContainerUse, end: datetime, rates: HourlyRates | None) -> Decimal | None:
    if rates is None or not use.gpu_hours or use.gpu_used_hours is None or not _gpu(use):
        return None
    unused = Decimal(use.gpu_hours - use.gpu_used_hours)
    return round(unused / Decimal((end - use.first) / _HOUR) * _MONTH_HOURS * rates.gpu_hour, 9)


def _order(of: Advice) -> tuple[bool, bool, Decimal, float, Container]:
    """Those killed for want of memory first, then the largest saving, or the most freed, a core as 9 GiB."""
    freed = sum(
        (each.requested - each.advised) * weight
        for each, weight in ((of.cpu, 9 / 1000), (of.memory, 1 / 1024))
        if each.requested is not None and each.advised is not None
    )
    saving = (of.saving or Decimal()) + (of.gpu_saving or Decimal())
    return bool(of.reason), not of.is_too_small, -saving, -freed * of.use.running_hours, of.container
