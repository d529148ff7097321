"""What pods ask for against what they use, and what nodes have left."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from costwatch.savings.efficiency import efficiency
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage import reading
from costwatch.warehouse.usage.reading import ClusterCapacity, GroupUse, Taken

DIMENSIONS = ("namespace", "cluster", "workload")
LABEL = "label:"
_SHOWN_WITH: Mapping[str, tuple[str, ...]] = {
    "cluster": ("cluster",),
    "namespace": ("cluster", "namespace"),
    "workload": ("cluster", "namespace", "workload"),
}
_NOBODY_KNOWS = ClusterCapacity(None, None, None, 0, 0)
_NOTHING = Taken(0.0, 0.0, 0.0, 0.0)
_DAY = timedelta(days=1)


class Resource(NamedTuple):  # of a month there are many, and a tuple is made in a fraction of the time
    """One resource over a span, in hours of cores, GiB or GPUs. None: unknown.

    requested_with_use: what was requested where use is known; used is of that only. larger: the larger of
    request and use, step by step; None for GPUs. capacity: of a cluster's nodes, while they were measured.
    """

    requested: float | None = None
    requested_with_use: float | None = None
    used: float | None = None
    larger: float | None = None
    capacity: float | None = None

    @property
    def efficiency(self) -> float | None:
        """See ``savings.efficiency``."""
        return efficiency(self.requested_with_use, self.used)

    @property
    def unused(self) -> float | None:
        """Requested and not used; negative where use is beyond the request."""
        if self.requested_with_use is None or self.used is None:
            return None
        return self.requested_with_use - self.used

    @property
    def idle(self) -> float | None:
        """What nodes have and nobody takes; negative where they are overcommitted. It is never clamped."""
        taken = self.requested if self.larger is None else self.larger
        return None if self.capacity is None or taken is None else self.capacity - taken

    @property
    def is_partly_known(self) -> bool:
        """Whether more was used than ``used`` says, as some of it was not measured."""
        return self.used is not None and (self.requested_with_use or 0) < (self.requested or 0)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One group. coverage: the share of its nodes' lives that was measured; None: unknown."""

    labels: Mapping[str, str]
    cpu: Resource
    memory: Resource
    gpu: Resource
    coverage: float | None


@dataclass(frozen=True, slots=True)
class UsageAnswer:
    """Of the UTC days ``first`` up to ``after``, the most requested CPU first."""

    first: date
    after: date
    rows: tuple[UsageRow, ...]

    @property
    def cpu(self) -> Resource:
        """Of all rows together."""
        return Resource._make(map(_summed, zip(*(row.cpu for row in self.rows), strict=True)))

    @property
    def memory(self) -> Resource:
        """Of all rows together."""
        return Resource._make(map(_summed, zip(*(row.memory for row in self.rows), strict=True)))


def held_days(facts: WarehouseSnapshot) -> tuple[date, date] | None:
    """The UTC days of which usage is held, the second not included; None: of none."""
    held = reading.days_held(facts.db)
    return held and (held[0], held[1] + _DAY)


def usage(
    facts: WarehouseSnapshot,
    by: str,
    first: date,
    after: date,
    where: Mapping[str, Collection[str]] | None = None,
) -> UsageAnswer:
    """What was requested and used on the days ``first`` up to ``after``.

    by: one of ``DIMENSIONS``, or ``label:KEY``; what has no such label stands under ''. Namespaces and
    workloads of two clusters are two. where: dimension or label -> values, of which any will do.
    """
    where = where or {}
    is_fine = any(name not in ("cluster", "namespace") for name in (by, *where))
    found = reading.use_of(facts.db, first, after, "workload" if is_fine else "namespace")
    capacity = reading.capacity_of(facts.db, first, after)
    shown = _SHOWN_WITH.get(by, (by,))
    groups: dict[tuple[str, ...], list[GroupUse]] = {}
    for use in found:
        if all(value_of(use, name) in values for name, values in where.items()):
            groups.setdefault(tuple(value_of(use, name) for name in shown), []).append(use)
    # Of a part of a cluster nobody can say what its nodes have.
    whole = by == "cluster" and not where.keys() - {"cluster"}
    if whole:  # nodes without a pod are all idle
        for name in capacity.keys() & {*where.get("cluster", capacity)}:
            groups.setdefault((name,), [])
    rows = [
        _row(dict(zip(shown, key, strict=True)), mine, capacity, whole=whole) for key, mine in groups.items()
    ]
    return UsageAnswer(first, after, tuple(sorted(rows, key=_order)))


def value_of(use: GroupUse, name: str) -> str:
    """What ``use`` has for a dimension or a label; '' for a label that it does not have."""
    if name.startswith(LABEL):
        return labels_of(use.labels).get(name.removeprefix(LABEL), "")
    return f"{use.workload_kind}/{use.workload}" if name == "workload" else str(getattr(use, name))


@lru_cache(maxsize=16_384)
def labels_of(text: str) -> Mapping[str, str]:
    """The labels of a stored text; none of one that is no JSON object."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def known(facts: WarehouseSnapshot) -> Mapping[str, frozenset[str]]:
    """Every value that usage was ever held of, by dimension and by label."""
    found: dict[str, set[str]] = {name: set() for name in DIMENSIONS}
    for row in reading.names(facts.db):
        found["cluster"].add(row["cluster"])
        found["namespace"].add(row["namespace"])
        found["workload"].add(f"{row['workload_kind']}/{row['workload']}")
        for key, value in labels_of(row["labels"]).items():
            found.setdefault(LABEL + key, set()).add(value)
    return {name: frozenset(values) for name, values in found.items()}


def _row(
    labels: Mapping[str, str],
    uses: Sequence[GroupUse],
    capacity: Mapping[str, ClusterCapacity],
    *,
    whole: bool,
) -> UsageRow:
    clusters = {use.cluster for use in uses} or {*labels.values()}
    nodes = [capacity[name] for name in sorted(clusters) if name in capacity]
    had = nodes[0] if whole and nodes else _NOBODY_KNOWS
    expected = sum(each.expected_seconds for each in nodes)
    measured = sum(each.measured_seconds for each in nodes)
    return UsageRow(
        labels,
        _resource([use.cpu for use in uses], had.cpu, 3600),
        _resource([use.memory for use in uses], had.memory, 3600 * 2**30),
        _resource([use.gpu for use in uses], had.gpu, 3600),
        measured / expected if expected else None,
    )


def _resource(parts: Sequence[Taken], capacity: float | None, units: float) -> Resource:
    """units: how many of what is stored make one of what is shown."""
    sums = (parts or [_NOTHING])[0] if len(parts) < 2 else map(_summed, zip(*parts, strict=True))
    return Resource._make(None if value is None else value / units for value in (*sums, capacity))


def _summed(values: Iterable[float | None]) -> float | None:
    """Of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _order(row: UsageRow) -> tuple[float, tuple[str, ...]]:
    return -(row.cpu.requested or 0.0), tuple(row.labels.values())
