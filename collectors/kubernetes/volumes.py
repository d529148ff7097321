"""Volumes: who mounted them, and for how long nobody did."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from collectors.kubernetes.grid import Array, Grid, Labels, Mask

HANDLES = ("csi_volume_handle", "ebs_volume_id", "gce_persistent_disk_name", "azure_disk_name")


class Claim(NamedTuple):
    """A claim of a namespace."""

    cluster: str
    namespace: str
    name: str


class Volume(NamedTuple):
    """A volume in a cluster, and the claim it is bound to ('' for none)."""

    cluster: str
    persistentvolume: str
    volume: str
    claim: Claim


class Shared(NamedTuple):
    """Seconds of a volume: mounted by each pod (number -> seconds), its part of these, by nobody, in all."""

    mounted: Mapping[int, float]
    parts: Mapping[int, float]
    idle: float
    expected: float


def volume_of(labels: Labels) -> str:
    """The provider's id: ``vol-0123`` of an EBS volume, in a CSI handle or as ``aws://us-east-1a/vol-0123``."""
    handle = next((labels[name] for name in HANDLES if labels.get(name)), "").partition("::")[0]
    return handle if handle.startswith("/") else handle.rsplit("/", 1)[-1]


def bound(info: Grid, claims: Sequence[Labels]) -> list[tuple[Volume, Mask]]:
    """The volumes, and where each was seen."""
    by_volume = {
        (labels["cluster"], labels["volumename"]): Claim(
            labels["cluster"], labels.get("namespace", ""), labels.get("persistentvolumeclaim", "")
        )
        for labels in claims
        if labels.get("volumename")
    }
    seen: dict[Volume, Mask] = {}
    for labels, mask in zip(info.labels, info.is_seen, strict=True):
        cluster, name = labels["cluster"], labels.get("persistentvolume", "")
        claim = by_volume.get((cluster, name), Claim(cluster, "", ""))
        volume = Volume(cluster, name, volume_of(labels), claim)
        seen[volume] = seen[volume] | mask if volume in seen else mask
    return list(seen.items())


def mounting(mounts: Iterable[tuple[Labels, int]]) -> dict[Claim, set[int]]:
    """Claim -> numbers of the pods whose specification names it."""
    found: dict[Claim, set[int]] = defaultdict(set)
    for labels, pod in mounts:
        name = labels.get("persistentvolumeclaim", "")
        found[Claim(labels["cluster"], labels.get("namespace", ""), name)].add(pod)
    return found


def shared(seen: Mask, measured: Mask, running: Mapping[int, Array], seconds: float) -> Shared:
    """A volume's seconds, evenly between those that mount it at the same time.

    seen, measured: of the volume and of its cluster, by step. running: pod -> seconds of each step in which
    it ran. Between its first and its last step a volume was there, measured or not.
    """
    lived = np.logical_or.accumulate(seen) & np.logical_or.accumulate(seen[::-1])[::-1]
    here = lived & measured
    stacked = np.array(list(running.values())).reshape(len(running), len(seen)) * here
    longest = stacked.max(axis=0, initial=0.0)
    total = stacked.sum(axis=0)
    part = np.divide(longest, total, out=np.zeros_like(total), where=total > 0)
    return Shared(
        dict(zip(running, map(float, stacked.sum(axis=1)), strict=True)),
        dict(zip(running, map(float, (stacked * part).sum(axis=1)), strict=True)),
        float((here * seconds - longest).sum()),
        float(lived.sum() * seconds),
    )
