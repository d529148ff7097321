"""Two clusters of October 2026 as they were: nodes, pods, claims. The same seed makes the same clusters.

Everything a real cluster does to whoever measures it is in here, most of it on one day, 10 October:

- 04:00 to 04:10 a second kube-state-metrics answers too; 06:10 to 07:00 nobody asks prod for its nodes;
- 10:20 node ``p3`` is lost, at 11:05 the name is back with another instance; its StatefulSet pods keep their
  names on other nodes;
- 13:00 to 15:00 the whole Prometheus is down; node ``b1`` lived from 12:40 to 15:30;
- containers start over (with and without a new cgroup), images cannot be pulled, pods fit on no node.

Times are Unix seconds UTC. A pod that is deleted ends on a step's edge; one that completes, at any second.
A team is the pod label ``team``, else the namespace's label ``team``, else the namespace's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

STEP = 300
DAY = 86_400
GIB = 2**30


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    """An instant of October 2026; day 32 is the first of November, day 0 the last of September."""
    return int(datetime(2026, 10, 1, hour, minute, tzinfo=UTC).timestamp()) + (day - 1) * DAY


MONTH = (at(1), at(32))
WORLD = (at(0), at(33))  # a day more at both ends, for what is asked around a month
SERVER_GAP = (at(10, 13), at(10, 15))
NODE_GAP = (at(10, 6, 10), at(10, 7))
DUPLICATED = (at(10, 4), at(10, 4, 10))
LOST = at(10, 10, 20)
BACK = at(10, 11, 5)
UNMOUNTED = (at(10, 16), at(13, 16))

NAMESPACE_TEAMS: Mapping[tuple[str, str], str] = {
    ("prod", "shop"): "storefront",
    ("prod", "payments"): "payments",
    ("research", "training"): "ml",
    ("research", "shop"): "insights",
}
NAMESPACES = (*NAMESPACE_TEAMS, ("prod", "search"), ("prod", "platform"))


@dataclass(frozen=True)
class Node:
    """One life of a node: the name may come back with another instance."""

    cluster: str
    name: str
    instance: str
    instance_type: str
    cores: int
    memory_bytes: int
    pool: str = "general"
    spot: bool = False
    gpus: int = 0
    slices: int = 1
    begin: int = WORLD[0]
    end: int = WORLD[1]

    @property
    def provider_id(self) -> str:
        return f"aws:///eu-west-1a/{self.instance}"


@dataclass(frozen=True)
class Container:
    """What a container asks for; 0 is no request. ``init`` is '', 'plain' or 'sidecar'."""

    name: str = "app"
    cpu: float = 0.0
    memory_bytes: int = 0
    memory_limit_bytes: int = 0
    gpus: int = 0
    init: str = ""
    cpu_used: tuple[float, float] = (0.02, 0.1)  # of cores, where the mean lies
    memory_used: tuple[float, float] = (0.05, 0.2)  # of GiB


@dataclass(frozen=True)
class Claim:
    """A persistent volume claim and its volume."""

    cluster: str
    namespace: str
    name: str
    volume: str
    gib: int
    csi: bool = True

    @property
    def persistentvolume(self) -> str:
        return f"pvc-{self.volume[-6:]}"


@dataclass(frozen=True, eq=False)
class Pod:
    """One pod: taken by its kubelet at ``begin``, its work done at ``end``, its object gone at ``gone``."""

    cluster: str
    namespace: str
    name: str
    uid: str
    node: Node | None
    kind: str
    workload: str
    owner: tuple[str, str]
    labels: Mapping[str, str]
    containers: tuple[Container, ...]
    begin: int
    end: int
    gone: int
    ending: str = ""  # Succeeded, Failed; '' is deleted as it runs
    completes: bool = False  # kube_pod_completion_time is told
    pulled: bool = True  # else it stays Pending
    claims: tuple[str, ...] = ()
    restarts: tuple[tuple[int, bool], ...] = ()  # when, and whether the cgroup is a new one

    @property
    def team(self) -> str:
        return self.labels.get("team") or NAMESPACE_TEAMS.get((self.cluster, self.namespace), self.namespace)


@dataclass(frozen=True)
class World:
    """All there is; ``seed`` also tells what each container used (``cluster_usage``)."""

    seed: int
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    claims: tuple[Claim, ...]


def made_nodes() -> tuple[Node, ...]:
    """Nodes of both clusters; ``r3`` has no bill line, ``p5`` is asked for more than it has."""
    big: tuple[str, int, int] = ("m5.4xlarge", 16, 64 * GIB)
    return (
        Node("prod", "p1", "i-0a00000000000001", *big),
        Node("prod", "p2", "i-0a00000000000002", *big),
        Node("prod", "p3", "i-0a00000000000003", *big, end=LOST),
        Node("prod", "p3", "i-0a000000000000f3", *big, begin=BACK),
        Node("prod", "p4", "i-0a00000000000004", *big, spot=True),
        Node("prod", "p5", "i-0a00000000000005", "m5.xlarge", 4, 16 * GIB, pool="tight"),
        Node("research", "r1", "i-0b00000000000001", *big),
        Node("research", "r2", "i-0b00000000000002", *big, spot=True),
        Node("research", "r3", "i-0b00000000000003", *big),
        Node("research", "p1", "i-0b00000000000004", *big),
        Node("research", "g1", "i-0b0000000000000a", "g5.12xlarge", 48, 192 * GIB, pool="gpu", gpus=4),
        Node("research", "g2", "i-0b0000000000000b", "g5.2xlarge", 8, 32 * GIB, "sliced", gpus=1, slices=4),
        Node(
            "research",
            "b1",
            "i-0b0000000000000c",
            *big,
            pool="burst",
            spot=True,
            begin=at(10, 12, 40),
            end=at(10, 15, 30),
        ),
    )


def made_claims() -> tuple[Claim, ...]:
    """Claims: three of a StatefulSet, one that two pods mount, one that nobody mounts for three days."""
    own = [
        Claim("prod", "payments", f"data-ledger-{n}", f"vol-0c0000000000000{n}", 100, csi=n > 0)
        for n in range(3)
    ]
    return (
        *own,
        Claim("prod", "shop", "assets", "vol-0c0000000000000a", 200),
        Claim("research", "training", "corpus", "vol-0c0000000000000b", 500),
    )
