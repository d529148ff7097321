"""Nodes: which instance each was and when, what it has, and for how long it was measured."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collectors.kubernetes.gpus import physical
from collectors.kubernetes.grid import Array, Grid, Labels, Mask, Steps

Name = tuple[str, str]  # cluster and node

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}(?=\.|$)")
_ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d(?=[a-z]$)")
TYPE_LABELS = ("label_node_kubernetes_io_instance_type", "label_beta_kubernetes_io_instance_type")
REGION_LABELS = ("label_topology_kubernetes_io_region", "label_failure_domain_beta_kubernetes_io_region")
CAPACITY_LABELS = (
    "label_karpenter_sh_capacity_type",
    "label_eks_amazonaws_com_capacity_type",
    "label_eks_amazonaws_com_capacityType",
    "label_node_kubernetes_io_lifecycle",
    "label_kubernetes_azure_com_scalesetpriority",
)
SPOT_LABELS = ("label_cloud_google_com_gke_spot", "label_cloud_google_com_gke_preemptible")
GPU_LABELS = tuple(f"label_nvidia_com_gpu_{name}" for name in ("count", "replicas", "product"))
KNOWN_LABELS = (*TYPE_LABELS, *REGION_LABELS, *CAPACITY_LABELS, *SPOT_LABELS, *GPU_LABELS)


@dataclass(frozen=True, slots=True)
class Node:
    """One life of a node: a name may come back with another instance.

    alive: where it lived, be it measured or not. Seconds: by step. gpu_parts: resource -> how much of a GPU
    each advertised unit is. labels: as Prometheus calls them.
    """

    cluster: str
    name: str
    provider_id: str
    alive: Mask
    expected_seconds: Array
    cpu_cores: float
    memory_bytes: float
    gpus: float
    gpu_parts: Mapping[str, float] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)

    @property
    def instance(self) -> str:
        """Its resource id in the bill."""
        return instance_of(self.provider_id) or _first(_INSTANCE.match(self.name))

    @property
    def instance_type(self) -> str:
        """Such as m5.xlarge."""
        return _told(self.labels, TYPE_LABELS)

    @property
    def region(self) -> str:
        """Such as us-east-1."""
        zone = self.provider_id.split("/")[-2] if self.provider_id.startswith("aws:///") else ""
        return _told(self.labels, REGION_LABELS) or _first(_ZONE.match(zone))

    @property
    def capacity_type(self) -> str:
        """``spot``, ``on-demand``, or '' where nothing says."""
        if _told(self.labels, SPOT_LABELS) == "true":
            return "spot"
        told = _told(self.labels, CAPACITY_LABELS).lower().replace("_", "-")
        return {"normal": "on-demand", "regular": "on-demand", "ec2spot": "spot"}.get(told, told)


def instance_of(provider_id: str) -> str:
    """The provider's resource id: ``aws:///us-east-1a/i-0aaa`` is ``i-0aaa``; Azure's are whole paths."""
    kind, _, path = provider_id.partition("://")
    return path if kind == "azure" else path.rsplit("/", 1)[-1]


def _first(found: re.Match[str] | None) -> str:
    return found[0] if found else ""


def _told(labels: Labels, names: Sequence[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


@dataclass(frozen=True, slots=True)
class Known:
    """What was asked of nodes.

    info: with ``provider_id``. capacity: with ``resource``, or ``__name__`` of version 1. described: labels,
    by hour. created: Unix seconds. pods: node -> where a pod was seen on it. measured: cluster -> where it
    was. neighbours: (before, after): nodes that were there on the days around it. earlier: info and capacity
    of the day before, for nodes of which nothing else is known.
    """

    info: Grid
    capacity: Grid
    described: Grid
    created: Grid
    pods: Mapping[Name, Mask]
    measured: Mapping[str, Mask]
    neighbours: tuple[frozenset[Name], frozenset[Name]]
    earlier: tuple[Grid, Grid]


def nodes(steps: Steps, known: Known) -> list[Node]:
    """All lives of all nodes, the earlier ones of a name first."""
    info, capacity, described = (_named(grid) for grid in (known.info, known.capacity, known.described))
    created = {
        _name(labels): float(row[-1])
        for labels, row in zip(known.created.labels, known.created.values, strict=True)
    }
    earlier_info, earlier_capacity = known.earlier
    before, had = _named(earlier_info), _named(earlier_capacity)
    found = []
    for name in sorted({*info, *capacity, *known.pods}):
        present = known.pods.get(name, np.zeros(steps.count, dtype=bool)).copy()
        present |= known.info.is_seen[info[name]].any(axis=0)
        present |= known.capacity.is_seen[capacity[name]].any(axis=0)
        lives = _lives(known.info, info[name], present)
        if not info[name]:
            was = next((earlier_info.labels[row].get("provider_id", "") for row in before[name]), "")
            lives = [(was, lived) for _, lived in lives]
        since = created.get(name, np.nan)
        for place, (provider_id, lived) in enumerate(lives):
            is_last = place == len(lives) - 1
            alive = _beyond_gaps(lived, (place == 0, is_last), name, known, since < steps.start)
            begun = since if is_last and not np.isnan(since) else 0.0
            seconds = np.clip(steps.ends - begun, 0.0, steps.seconds) * alive
            amounts = _amounts(earlier_capacity, had[name], alive)
            amounts |= _amounts(known.capacity, capacity[name], alive)
            labels = _labels(known.described, described[name], alive)
            gpus, parts = physical(amounts, labels)
            cores, memory = (amounts.get(each, np.nan) for each in ("cpu", "memory"))
            found.append(Node(*name, provider_id, alive, seconds, cores, memory, gpus, parts, labels))
    return found


def _name(labels: Labels) -> Name:
    return labels["cluster"], labels.get("node", "")


def _named(grid: Grid) -> dict[Name, list[int]]:
    """Node -> its rows."""
    rows: dict[Name, list[int]] = defaultdict(list)
    for number, labels in enumerate(grid.labels):
        if labels.get("node") and grid.is_seen[number].any():
            rows[_name(labels)].append(number)
    return rows


def _lives(info: Grid, rows: Sequence[int], present: Mask) -> list[tuple[str, Mask]]:
    """Provider id and steps of each life; what is not told to be of another one is of the latest so far."""
    told = [row for row in rows if info.labels[row].get("provider_id")] or list(rows)[:1]
    order = sorted(told, key=lambda row: int(np.flatnonzero(info.is_seen[row])[0]))
    first = [int(np.flatnonzero(info.is_seen[row])[0]) for row in order]
    at = np.arange(len(present))
    lives = []
    for place, row in enumerate(order):
        since = first[place] if place else 0
        until = first[place + 1] if place + 1 < len(order) else len(present)
        lives.append(
            (info.labels[row].get("provider_id", ""), _between(present & (at >= since) & (at < until)))
        )
    return lives or [("", _between(present))]


def _between(seen: Mask) -> Mask:
    """From the first to the last step that is seen."""
    forward = np.logical_or.accumulate(seen)
    return forward & np.logical_or.accumulate(seen[::-1])[::-1]


def _beyond_gaps(alive: Mask, edges: tuple[bool, bool], name: Name, known: Known, is_older: bool) -> Mask:
    """``alive`` also while its cluster was not measured at an edge of the span, if it was there beyond.

    edges: whether it is the first and the last life of its name. is_older: whether it began before the span.
    """
    measured = np.flatnonzero(known.measured[name[0]])
    seen = np.flatnonzero(alive)
    if not len(measured) or not len(seen):
        return alive
    before, after = known.neighbours
    alive = alive.copy()
    if edges[0] and seen[0] == measured[0] and (is_older or name in before):
        alive[: seen[0]] = True
    if edges[1] and seen[-1] == measured[-1] and name in after:
        alive[seen[-1] :] = True
    return alive


def _amounts(capacity: Grid, rows: Sequence[int], alive: Mask) -> dict[str, float]:
    """Resource -> the last that is known of it in this life, else at all: it is a property, not a sample."""
    found: dict[str, float] = {}
    best: dict[str, tuple[bool, int]] = {}
    for row in rows:
        labels, values = capacity.labels[row], capacity.values[row]
        resource = labels.get("resource") or resource_of(labels.get("__name__", ""))
        known = np.flatnonzero(~np.isnan(values))
        inside = known[alive[known]]
        at = int(inside[-1] if len(inside) else known[-1])
        rank = (bool(len(inside)), at)
        if rank > best.get(resource, (False, -1)):
            best[resource], found[resource] = rank, float(values[at])
        elif rank == best[resource]:
            found[resource] = max(found[resource], float(values[at]))
    return found


def resource_of(metric: str) -> str:
    """Which resource version 1 of kube-state-metrics means by a metric's name."""
    return "cpu" if metric.endswith("_cpu_cores") else "memory" if metric.endswith("_memory_bytes") else ""


def _labels(described: Grid, rows: Sequence[int], alive: Mask) -> Labels:
    """Of the row that was seen for the longest while it lived, the later one of two."""
    if not rows:
        return {}
    hours = described.values.shape[1]
    lived = alive[: hours * 12].reshape(-1, 12).any(axis=1) if len(alive) >= hours * 12 else None
    seen = described.is_seen

    def rank(row: int) -> tuple[int, int]:
        within = seen[row] & lived if lived is not None else seen[row]
        return int(within.sum()), int(np.flatnonzero(seen[row])[-1])

    return described.labels[max(rows, key=rank)]
