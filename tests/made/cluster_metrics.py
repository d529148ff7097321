"""What kube-state-metrics tells of the made clusters, as series."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.made.cluster import NAMESPACE_TEAMS, NAMESPACES, NODE_GAP, WORLD, Container, Node, Pod, World

Values = Callable[[np.ndarray], np.ndarray]
PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
INIT_SECONDS = 25
"""How long plain init containers take, and the pull of images that a pod is Pending for."""


@dataclass(frozen=True)
class Series:
    """One series while it is there. ``traps`` is what only every nth pod has where text must stay small."""

    labels: Mapping[str, str]
    begin: int
    end: int
    value: float | Values = 1.0
    traps: Pod | None = None
    node: Node | None = None  # cAdvisor: whose clock stamps it


Family = Callable[[World], Iterator[Series]]


def _of(pod: Pod) -> dict[str, str]:
    return {"cluster": pod.cluster, "namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}


def _node_of(pod: Pod) -> str:
    return pod.node.name if pod.node else ""


def _amounts(container: Container) -> dict[str, tuple[str, float]]:
    """Resource, unit and amount of what is requested."""
    asked = {
        "cpu": ("core", container.cpu),
        "memory": ("byte", container.memory_bytes),
        "nvidia_com_gpu": ("integer", container.gpus),
    }
    return {resource: (unit, amount) for resource, (unit, amount) in asked.items() if amount}


def requests(world: World, init: bool) -> Iterator[Series]:
    for pod in world.pods:
        for container in pod.containers:
            if bool(container.init) is init:
                for resource, (unit, amount) in _amounts(container).items():
                    labels = {
                        "container": container.name,
                        "node": _node_of(pod),
                        "resource": resource,
                        "unit": unit,
                    }
                    yield Series(_of(pod) | labels, pod.begin, pod.gone, amount)


def limits(world: World) -> Iterator[Series]:
    for pod in world.pods:
        for container in pod.containers:
            if container.memory_limit_bytes:
                labels = {
                    "container": container.name,
                    "node": _node_of(pod),
                    "resource": "memory",
                    "unit": "byte",
                }
                yield Series(_of(pod) | labels, pod.begin, pod.gone, container.memory_limit_bytes)


def init_info(world: World) -> Iterator[Series]:
    for pod in world.pods:
        for container in pod.containers:
            if container.init:
                policy = "Always" if container.init == "sidecar" else ""
                yield Series(
                    _of(pod) | {"container": container.name, "restart_policy": policy}, pod.begin, pod.gone
                )


def _phase(pod: Pod, phase: str, times: np.ndarray) -> np.ndarray:
    runs = pod.begin + INIT_SECONDS if pod.pulled and pod.node else pod.gone
    edges = {"Pending": (pod.begin, runs), "Running": (runs, pod.end), pod.ending: (pod.end, pod.gone)}
    begin, end = edges.get(phase, (0, 0))
    return ((times >= begin) & (times < end)).astype(float)


def phases(world: World) -> Iterator[Series]:
    """All five phases of a pod, of which one is 1; those that never are belong to the traps."""
    for pod in world.pods:
        for phase in PHASES:
            plain = phase in ("Running", pod.ending) if pod.pulled and pod.node else phase == "Pending"
            yield Series(
                _of(pod) | {"phase": phase},
                pod.begin,
                pod.gone,
                partial(_phase, pod, phase),
                traps=None if plain else pod,
            )


def running(world: World, init: bool) -> Iterator[Series]:
    for pod in world.pods:
        for container in pod.containers:
            if bool(container.init) is init and pod.node:
                phase = "Pending" if container.init == "plain" else "Running"
                labels = _of(pod) | {"container": container.name}
                yield Series(labels, pod.begin, pod.gone, partial(_phase, pod, phase))


def infos(world: World) -> Iterator[Series]:
    for pod in world.pods:
        kind, owner = pod.owner
        labels = {"node": _node_of(pod), "created_by_kind": kind, "created_by_name": owner}
        yield Series(_of(pod) | labels, pod.begin, pod.gone)


def owners(world: World) -> Iterator[Series]:
    for pod in world.pods:
        kind, owner = pod.owner
        yield Series(_of(pod) | {"owner_kind": kind, "owner_name": owner}, pod.begin, pod.gone)


def parents(world: World, kind: str, label: str, parent: str) -> Iterator[Series]:
    """Deployments of replica sets, cron jobs of jobs."""
    lives: dict[tuple[str, str, str, str, str], tuple[int, int]] = {}
    for pod in world.pods:
        if pod.owner[0] == kind:
            key = (pod.cluster, pod.namespace, pod.owner[1], pod.workload, pod.kind)
            begin, end = lives.get(key, (pod.begin, pod.gone))
            lives[key] = (min(begin, pod.begin), max(end, pod.gone))
    for (cluster, namespace, name, workload, its), (begin, end) in lives.items():
        owner = (parent, workload) if its == parent.lower() else ("", "")
        labels = {"cluster": cluster, "namespace": namespace, label: name}
        yield Series(labels | {"owner_kind": owner[0], "owner_name": owner[1]}, begin, end)


def jobs(world: World, told: str) -> Iterator[Series]:
    """What a Job says of itself: each has one pod, and is deleted with it. told: of which metric."""
    for pod in world.pods:
        if pod.owner[0] == "Job":
            labels = {"cluster": pod.cluster, "namespace": pod.namespace, "job_name": pod.owner[1]}
            has_succeeded, has_failed = (pod.ending == ending for ending in ("Succeeded", "Failed"))
            if told == "start_time":
                yield Series(labels, pod.begin, pod.gone, pod.begin)
            if told == "active":
                yield Series(labels, pod.begin, pod.end)
            if told == "completion_time" and has_succeeded:
                yield Series(labels, pod.end, pod.gone, pod.end)
            if (told == "complete" and has_succeeded) or (told == "failed" and has_failed):
                yield Series(labels | {"condition": "true"}, pod.end, pod.gone)
                yield Series(labels | {"condition": "false"}, pod.end, pod.gone, 0.0)


def pod_labels(world: World) -> Iterator[Series]:
    for pod in world.pods:
        if pod.labels:
            labels = {f"label_{key}": value for key, value in pod.labels.items()}
            yield Series(_of(pod) | labels, pod.begin, pod.gone)


def namespace_labels(world: World) -> Iterator[Series]:
    for cluster, namespace in NAMESPACES:
        team = NAMESPACE_TEAMS.get((cluster, namespace))
        labels = {"label_team": team} if team else {}
        yield Series({"cluster": cluster, "namespace": namespace} | labels, *WORLD)


def starts(world: World) -> Iterator[Series]:
    for pod in world.pods:
        if pod.node:
            yield Series(_of(pod), pod.begin, pod.gone, pod.begin)


def completions(world: World) -> Iterator[Series]:
    for pod in world.pods:
        if pod.completes:
            yield Series(_of(pod), pod.end, pod.gone, pod.end)


def terminated(world: World) -> Iterator[Series]:
    for pod in world.pods:
        if pod.restarts:
            labels = {"container": pod.containers[0].name, "reason": "OOMKilled"}
            yield Series(_of(pod) | labels, pod.restarts[0][0], pod.gone)


def restarts(world: World) -> Iterator[Series]:
    for pod in world.pods:
        if pod.node:
            edges = np.array([instant for instant, _ in pod.restarts])
            yield Series(
                _of(pod) | {"container": pod.containers[0].name},
                pod.begin,
                pod.gone,
                partial(lambda edges, times: np.searchsorted(edges, times, "right").astype(float), edges),
                traps=None if pod.restarts else pod,
            )


def _nodes(world: World) -> Iterator[tuple[Node, int, int]]:
    """Nodes while somebody asks for them."""
    for node in world.nodes:
        if node.cluster == "prod" and node.begin < NODE_GAP[0] and node.end > NODE_GAP[1]:
            yield node, node.begin, NODE_GAP[0]
            yield node, NODE_GAP[1], node.end
        else:
            yield node, node.begin, node.end


def capacities(world: World) -> Iterator[Series]:
    for node, begin, end in _nodes(world):
        amounts: dict[str, tuple[str, float]] = {
            "cpu": ("core", node.cores),
            "memory": ("byte", node.memory_bytes),
            "pods": ("integer", 110),
        }
        if node.gpus:
            amounts["nvidia_com_gpu"] = ("integer", node.gpus * node.slices)
        for resource, (unit, amount) in amounts.items():
            labels = {"cluster": node.cluster, "node": node.name, "resource": resource, "unit": unit}
            yield Series(labels, begin, end, amount)


def node_infos(world: World) -> Iterator[Series]:
    for node, begin, end in _nodes(world):
        labels = {"cluster": node.cluster, "node": node.name, "provider_id": node.provider_id}
        yield Series(labels | {"kubelet_version": "v1.33.1"}, begin, end)


def node_labels(world: World) -> Iterator[Series]:
    for node, begin, end in _nodes(world):
        spot = (
            {"label_eks_amazonaws_com_capacity_type": "SPOT" if node.spot else "ON_DEMAND"}
            if node.cluster == "prod"
            else {"label_karpenter_sh_capacity_type": "spot" if node.spot else "on-demand"}
        )
        gpus = (
            {"label_nvidia_com_gpu_count": str(node.gpus), "label_nvidia_com_gpu_replicas": str(node.slices)}
            if node.gpus
            else {}
        )
        labels = {
            "cluster": node.cluster,
            "node": node.name,
            "label_pool": node.pool,
            "label_node_kubernetes_io_instance_type": node.instance_type,
            "label_topology_kubernetes_io_region": "eu-west-1",
        }
        yield Series(labels | spot | gpus, begin, end)


def node_created(world: World) -> Iterator[Series]:
    for node, begin, end in _nodes(world):
        yield Series({"cluster": node.cluster, "node": node.name}, begin, end, node.begin)


def mounts(world: World) -> Iterator[Series]:
    for pod in world.pods:
        for claim in pod.claims:
            labels = _of(pod) | {"volume": "data", "persistentvolumeclaim": claim}
            yield Series(labels, pod.begin, pod.gone)


def claims(world: World) -> Iterator[Series]:
    for claim in world.claims:
        labels = {"cluster": claim.cluster, "namespace": claim.namespace, "persistentvolumeclaim": claim.name}
        yield Series(labels | {"storageclass": "gp3", "volumename": claim.persistentvolume}, *WORLD)


def volumes(world: World) -> Iterator[Series]:
    for claim in world.claims:
        csi = {"csi_driver": "ebs.csi.aws.com", "csi_volume_handle": claim.volume}
        old = {"ebs_volume_id": f"aws://eu-west-1a/{claim.volume}"}
        labels = {"cluster": claim.cluster, "persistentvolume": claim.persistentvolume}
        yield Series(labels | (csi if claim.csi else old), *WORLD)


def volume_bytes(world: World) -> Iterator[Series]:
    for claim in world.claims:
        labels = {"cluster": claim.cluster, "persistentvolume": claim.persistentvolume}
        yield Series(labels, *WORLD, value=claim.gib * 2**30)
