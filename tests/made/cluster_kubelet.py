"""What cAdvisor and DCGM tell of the made clusters: what varies, stamped by the clock of each node."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from tests.made.cluster import GIB, WORLD, Container, Pod, World, at
from tests.made.cluster_metrics import Series
from tests.made.cluster_usage import Use, counter, used

RELABELLED = at(15)
"""From here on DCGM's scrape honours labels: ``pod`` instead of ``exported_pod``."""

PodValues = Callable[[World, Pod, Container, int], Callable[[np.ndarray], np.ndarray]]


def _at(use: Use, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """What a gauge that holds for a step shows at these instants."""
    shown: np.ndarray = values[(times // 300).astype(int) - use.first]
    return shown


def cpu_of(world: World, pod: Pod, container: Container, since: int) -> Callable[[np.ndarray], np.ndarray]:
    """One container's CPU counter from ``since`` on; where its cgroup stays, it starts over in its series."""
    use = used(world.seed, pod, container)
    resets = [instant for instant, new in pod.restarts if not new and instant > since]

    def values(times: np.ndarray) -> np.ndarray:
        parts = np.split(times, np.searchsorted(times, resets))
        return np.concatenate(
            [counter(pod, use, part, start) for part, start in zip(parts, [since, *resets], strict=True)]
        )

    return values


def memory_of(world: World, pod: Pod, container: Container, since: int) -> Callable[[np.ndarray], np.ndarray]:
    use = used(world.seed, pod, container)
    return partial(_at, use, use.memory_bytes)


def containers(world: World, of: PodValues, cpu: bool) -> Iterator[Series]:
    """Series of containers, of the pod above them (without ``container``) and of its ``POD`` container."""
    kind = {"cpu": "total"} if cpu else {}
    for pod in world.pods:
        if pod.node is None or not pod.pulled:
            continue
        top = f"/kubepods/burstable/pod{pod.uid}"
        names = {"namespace": pod.namespace, "pod": pod.name}
        running = [container for container in pod.containers if container.init != "plain"]
        for container in running:
            edges = [pod.begin, *(instant for instant, new in pod.restarts if new), pod.end]
            for life, (begin, end) in enumerate(pairwise(edges)):
                made = {
                    "id": f"{top}/{container.name}{life}",
                    "image": "acme/app:1",
                    "name": f"{container.name}{life}",
                }
                labels = {"cluster": pod.cluster, "container": container.name} | kind | made | names
                value = of(world, pod, container, begin)
                yield Series(labels, begin, end, value, node=pod.node)

        def whole(
            times: np.ndarray, pod: Pod = pod, running: list[Container] = running
        ) -> np.ndarray:  # the pod's cgroup outlives its containers
            still = Pod(**{**pod.__dict__, "restarts": ()})
            parts = [of(world, still, container, pod.begin)(times) for container in running]
            return np.sum(parts, axis=0)

        cgroup = {"cluster": pod.cluster} | kind | names
        yield Series(cgroup | {"id": top}, pod.begin, pod.end, whole, traps=pod, node=pod.node)
        pause = {"container": "POD", "id": f"{top}/pause", "image": "pause:3.9", "name": "pause"}
        yield Series(cgroup | pause, pod.begin, pod.end, 0.02 if cpu else 2**18, traps=pod, node=pod.node)
    for node in world.nodes:
        half = partial(lambda cores, times: (times - WORLD[0]) * cores / 2, node.cores)
        whole_node = half if cpu else node.memory_bytes / 2
        labels = {"cluster": node.cluster} | kind | {"id": "/"}
        yield Series(labels, node.begin, node.end, whole_node, node=node)


def gpus(world: World) -> Iterator[Series]:
    """How busy each GPU is, in percent; one is idle, and of a sliced one no pod is told."""
    for node in world.nodes:
        here = [pod for pod in world.pods if pod.node is node and pod.kind == "statefulset"]
        for gpu in range(node.gpus):
            labels = {
                "cluster": node.cluster,
                "gpu": str(gpu),
                "UUID": f"GPU-{node.name}-{gpu}",
                "Hostname": node.name,
            }
            mine = [pod for pod in here if pod.name.endswith(f"-{gpu}")]
            if not mine:
                yield Series(labels, node.begin, node.end, 40.0 if node.slices > 1 else 0.0, node=node)
            for pod in mine:
                container = pod.containers[0]
                use = used(world.seed, pod, container)
                of = {"namespace": pod.namespace, "pod": pod.name, "container": container.name}
                moved = {f"exported_{key}": value for key, value in of.items()}
                value = partial(_at, use, use.gpu_share * 100)
                if pod.begin < RELABELLED:
                    yield Series(labels | moved, pod.begin, min(pod.end, RELABELLED), value, node=node)
                if pod.end > RELABELLED:
                    yield Series(labels | of, max(pod.begin, RELABELLED), pod.end, value, node=node)


def gpu_memory(world: World) -> Iterator[Series]:
    for series in gpus(world):
        yield Series(series.labels, series.begin, series.end, 12 * GIB / 2**20, node=series.node)


def load_balancers(world: World) -> Iterator[Series]:
    labels = {
        "cluster": "prod",
        "namespace": "shop",
        "service": "web",
        "ip": "",
        "hostname": LOAD_BALANCER_HOST,
    }
    yield Series(labels, *WORLD)


LOAD_BALANCER_HOST = "k8s-shop-web-0a1b2c3d4e-0123456789abcdef.elb.eu-west-1.amazonaws.com"
