"""GPUs: how many a node really has, what one that is asked for is of them, and how busy they were."""

import math
import re
from collections.abc import Mapping, Sequence

from collectors.kubernetes.grid import Labels

RESOURCES = ".*gpu.*|nvidia_com_mig_.*"  # as kube-state-metrics writes their names
_MIG = re.compile(r"mig[_-](\d+)g[._](\d+)gb", re.IGNORECASE)
_EXPORTER = re.compile(r"(nvidia-)?dcgm-exporter")
_FOUR_SLICES = {6, 12, 24}  # GB of the profiles of an A30, which has four slices; the others have seven
_COUNT, _REPLICAS, _PRODUCT = (f"label_nvidia_com_gpu_{name}" for name in ("count", "replicas", "product"))


def is_gpu(resource: str) -> bool:
    """Whether a resource of a node or a container is GPUs, or parts of them."""
    return "gpu" in resource or resource.startswith("nvidia_com_mig_")


def physical(capacity: Mapping[str, float], labels: Labels) -> tuple[float, dict[str, float]]:
    """How many GPUs a node has, and resource -> how much of one each advertised unit is.

    capacity: what the node advertises. A GPU that is sliced by time is advertised ``replicas`` times:
    GPU Feature Discovery's labels tell how often. MIG's parts share the GPUs they are cut from by their
    compute slices, so that all of them together are these GPUs.
    """
    whole: dict[str, float] = {}
    slices: dict[str, float] = {}
    in_one = 7
    for resource, count in capacity.items():
        if not is_gpu(resource) or not count > 0:
            continue
        profile = _MIG.search(resource) or (
            _MIG.search(labels.get(_PRODUCT, "")) if resource == "nvidia_com_gpu" else None
        )
        if profile:
            slices[resource] = float(profile[1])
            in_one = 4 if int(profile[2]) in _FOUR_SLICES else in_one
        else:
            whole[resource] = _whole(resource, count, labels)
    factors = {resource: count / capacity[resource] for resource, count in whole.items()}
    cut = sum(slices[resource] * capacity[resource] for resource in slices)
    cut_gpus = math.ceil(cut / in_one - 1e-9)
    factors |= {resource: cut_gpus * each / cut for resource, each in slices.items()}
    if not capacity and (told := _number(labels.get(_COUNT))):
        return told, {}
    return sum(whole.values()) + cut_gpus, factors


def _whole(resource: str, count: float, labels: Labels) -> float:
    if not resource.startswith("nvidia_com_gpu"):
        return count
    told, replicas = _number(labels.get(_COUNT)), _number(labels.get(_REPLICAS))
    if replicas > 1:
        return count / replicas
    return told if 0 < told < count else count


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def attached(rows: Sequence[Labels]) -> list[dict[str, str] | None]:
    """To which container each of DCGM's series is attached, None: to none.

    Where a scrape keeps the target's labels (``honor_labels: false``), the container's own are called
    ``exported_…``, and ``pod`` is the exporter's: also of GPUs that nobody has.
    """
    exporters = {(labels["cluster"], labels.get("pod")) for labels in rows if labels.get("exported_pod")}
    found: list[dict[str, str] | None] = []
    for labels in rows:
        pod = labels.get("pod", "")
        prefix = "exported_" if labels.get("exported_pod") else ""
        is_idle = not prefix and ((labels["cluster"], pod) in exporters or _EXPORTER.match(pod) or not pod)
        own = {name: labels.get(f"{prefix}{name}", "") for name in ("namespace", "pod", "container")}
        found.append(None if is_idle else {"cluster": labels["cluster"], **own})
    return found
