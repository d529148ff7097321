"""The pods of the made clusters: which workloads there are, and the lives of their pods."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

import numpy as np

from tests.made.cluster import (
    DAY,
    GIB,
    NAMESPACES,
    SERVER_GAP,
    STEP,
    UNMOUNTED,
    WORLD,
    Container,
    Node,
    Pod,
    World,
    at,
    made_claims,
    made_nodes,
)

APP = Container(
    cpu=0.25, memory_bytes=GIB // 2, memory_limit_bytes=GIB, cpu_used=(0.1, 0.4), memory_used=(0.2, 0.7)
)
SMALL = Container(cpu=0.1, memory_bytes=GIB // 4, cpu_used=(0.02, 0.1), memory_used=(0.1, 0.4))
BUSY = Container(cpu=0.5, memory_bytes=GIB, cpu_used=(0.3, 0.8), memory_used=(0.3, 1.4))
PROXY = Container(
    "proxy", cpu=0.05, memory_bytes=GIB // 16, init="sidecar", cpu_used=(0.02, 0.08), memory_used=(0.03, 0.08)
)
MIGRATE = Container("migrate", cpu=2, memory_bytes=GIB, init="plain")
BEST_EFFORT = Container(cpu_used=(0.05, 0.3))
HOSTILE = {
    "app": 'a"b\\c',
    "note": "<script>alert('made')</script>\nsecond line",
    "sum": "=cmd|' /C calc'!A0",
}
RESTARTS = (at(10, 9), at(20, 9))
BROKEN_DAYS = (at(9, 8), at(12, 8))


@dataclass(frozen=True)
class Workload:
    """What a controller keeps running: ``pods`` at a time, from ``begin`` to ``end``."""

    cluster: str
    namespace: str
    kind: str
    name: str
    pods: int = 1
    containers: tuple[Container, ...] = (APP,)
    labels: Mapping[str, str] = field(default_factory=dict)
    pool: str = "general"
    node: str = ""  # the only node it may be on
    rolls: int = 2  # how often in the month all its pods are replaced
    claims: tuple[str, ...] = ()  # of its first pods; '{}' is the pod's number
    begin: int = WORLD[0]
    end: int = WORLD[1]
    ending: str = ""
    completes: bool = False
    pulled: bool = True
    away: tuple[int, int] | None = None  # scaled to nothing


def made(seed: int = 12, pods: int = 40) -> World:
    """Both clusters with so many pods at a time in each of six namespaces (at least 12)."""
    nodes, claims = made_nodes(), made_claims()
    lives = _Lives(seed, nodes)
    for cluster, namespace in NAMESPACES:
        fixed = _special(cluster, namespace, nodes)
        rest = max(pods - sum(work.pods for work in fixed if work.begin == WORLD[0]), 1)
        for work in (*fixed, *_deployments(cluster, namespace, rest)):
            lives.run(work)
        lives.cron(cluster, namespace)
    return World(seed, nodes, tuple(lives.pods), claims)


def _deployments(cluster: str, namespace: str, pods: int) -> Iterator[Workload]:
    """What a namespace is mostly made of; the third has its own team."""
    sizes = [pods - pods // 4 - pods // 3, pods // 3, pods // 4]
    proxied = (APP, PROXY, MIGRATE) if namespace == "payments" else (APP,)
    yield Workload(cluster, namespace, "deployment", "api", sizes[0], proxied, {"app": "api"}, rolls=3)
    yield Workload(cluster, namespace, "deployment", "web", sizes[1], (SMALL,), {"app": "web"}, rolls=3)
    labels = {"app": "reco", "team": "data"} if cluster == "prod" else {"app": "reco"}
    yield Workload(cluster, namespace, "deployment", "reco", sizes[2], (BUSY,), labels, rolls=1)


def _special(cluster: str, namespace: str, nodes: Sequence[Node]) -> list[Workload]:
    """What each namespace has besides: every trap once."""
    here = (cluster, namespace)
    match here:
        case ("prod", "shop"):
            broken = {"pulled": False, "begin": BROKEN_DAYS[0], "end": BROKEN_DAYS[1], "rolls": 0}
            return [
                Workload(*here, "deployment", "broken", 1, (BUSY,), {"app": "broken"}, **broken),  # type: ignore[arg-type]
                Workload(
                    *here, "deployment", "media", 2, labels={"app": "media"}, claims=("assets", "assets")
                ),
            ]
        case ("prod", "payments"):
            claims = tuple(f"data-ledger-{n}" for n in range(3))
            return [Workload(*here, "statefulset", "ledger", 3, (BUSY,), {"app": "ledger"}, claims=claims)]
        case ("prod", "search"):
            giant = Container(cpu=64, memory_bytes=400 * GIB)
            return [Workload(*here, "deployment", "giant", 1, (giant,), pool="nowhere", rolls=0)]
        case ("prod", "platform"):
            agents = [
                Workload(*here, "daemonset", "agent", 1, (BEST_EFFORT,), HOSTILE, node=name, rolls=0)
                for name in ("p1", "p2", "p3", "p4", "p5")
            ]
            cruncher = Container(cpu=3.6, memory_bytes=15 * GIB, cpu_used=(0.5, 1), memory_used=(4, 6))
            greedy = Container(cpu_used=(0.7, 1.1), memory_used=(1.5, 2.5))
            return [
                *agents,
                Workload(*here, "deployment", "cruncher", 1, (cruncher,), pool="tight", rolls=1),
                Workload(*here, "deployment", "greedy", 1, (greedy,), pool="tight", rolls=1),
            ]
        case ("research", "training"):
            trainer = Container("train", 8, 32 * GIB, 32 * GIB, 1, "", (4, 9), (20, 36))
            notebook = Container("lab", 1, 4 * GIB, 0, 1, "", (0.1, 0.6), (1, 3))
            burst = Container(cpu=6, memory_bytes=16 * GIB, cpu_used=(4, 6), memory_used=(8, 15))
            b1 = next(node for node in nodes if node.name == "b1")
            return [
                Workload(*here, "statefulset", "trainer", 3, (trainer,), {"app": "trainer"}, "gpu"),
                Workload(*here, "deployment", "notebook", 3, (notebook,), {"team": "data"}, "sliced"),
                Workload(*here, "pod", "debug", 1, (SMALL,), rolls=0, claims=("corpus",), away=UNMOUNTED),
                Workload(
                    *here,
                    "job",
                    "burst",
                    1,
                    (burst,),
                    pool="burst",
                    rolls=0,
                    begin=b1.begin + 60,
                    end=b1.end - 60,
                    ending="Succeeded",
                    completes=True,
                ),
            ]
        case _:
            evicted = {"begin": at(10, 2), "end": at(10, 8), "rolls": 0, "ending": "Failed"}
            failed = {"begin": at(10, 9), "end": at(10, 9, 47), "rolls": 0, "ending": "Failed"}
            return [
                Workload(*here, "deployment", "evicted", 1, (BUSY,), **evicted),  # type: ignore[arg-type]
                Workload(*here, "job", "import", 1, (BUSY,), completes=True, **failed),  # type: ignore[arg-type]
            ]


class _Lives:
    """Places the pods, one life after another."""

    def __init__(self, seed: int, nodes: Sequence[Node]) -> None:
        self.random = np.random.default_rng(seed)
        self.seed, self.nodes = seed, nodes
        self.pods: list[Pod] = []
        self.on: dict[str, list[Pod]] = defaultdict(list)

    def run(self, work: Workload) -> None:
        """All lives of all pods of a workload."""
        rolls = np.sort(self.random.integers(WORLD[0] // STEP + 12, WORLD[1] // STEP - 12, work.rolls)) * STEP
        for number in range(work.pods):
            cuts = [
                work.begin,
                *(int(roll) + number % 4 * STEP for roll in rolls if work.kind == "deployment"),
            ]
            if work.kind == "statefulset":
                cuts += [int(self.random.integers(at(12) // STEP, WORLD[1] // STEP - 12)) * STEP]
            if work.away:
                cuts += [work.away[1]]
            cuts = sorted({*cuts, work.end})
            for version, (begin, end) in enumerate(pairwise(cuts)):
                stop = work.away[0] if work.away and end == work.away[1] else end
                self._live(work, number, version, begin, stop)

    def _live(self, work: Workload, number: int, version: int, begin: int, end: int) -> None:
        """A pod from ``begin`` to ``end``; if its node is lost before, another follows elsewhere."""
        while begin < end:
            node = self._node(work, number, begin)
            stop = min(end, node.end) if node else end
            if node is None and work.node:  # a daemon's node is away
                begin = next(
                    other.begin for other in self.nodes if other.name == work.node and other.begin > begin
                )
                continue
            late = int(self.random.integers(1, 200)) if begin % STEP == 0 else 0
            served = work.kind in ("deployment", "statefulset") and work.pulled and node
            restarts = self._restarts(work, number, begin, stop) if served else ()
            self._add(work, number, version, node, begin + late, stop, restarts)
            begin = stop

    def _node(self, work: Workload, number: int, begin: int) -> Node | None:
        able = [
            node
            for node in self.nodes
            if node.cluster == work.cluster
            and node.begin <= begin < node.end
            and (node.name == work.node if work.node else node.pool == work.pool)
        ]
        if work.name == "ledger" and begin == WORLD[0]:
            able = [node for node in able if node.name == "p3"]  # its pods will keep their names elsewhere
        self.random.shuffle(able)  # type: ignore[arg-type]
        return min(able, key=lambda node: self._asked(node, begin), default=None)

    def _asked(self, node: Node, instant: int) -> float:
        """Cores that pods ask of a node."""
        here = (pod for pod in self.on[node.instance] if pod.begin - STEP < instant < pod.end)
        return sum(container.cpu + 0.1 for pod in here for container in pod.containers)

    def _restarts(self, work: Workload, number: int, begin: int, end: int) -> tuple[tuple[int, bool], ...]:
        """A fifth of the pods start over, ``reco``'s all at one hour; on a step's edge outside the gap."""
        due = [*RESTARTS] if work.name == "reco" else []
        if self.random.random() < 0.2 and end - begin > DAY:
            due.append(int(self.random.integers(begin // STEP + 3, end // STEP - 3)) * STEP)
        return tuple(
            (instant, bool((instant // STEP + number) % 2))
            for instant in sorted({*due})
            if begin + 3 * STEP < instant < end - 3 * STEP and not SERVER_GAP[0] <= instant <= SERVER_GAP[1]
        )

    def cron(self, cluster: str, namespace: str) -> None:
        """A cron job three times a day, of 90 seconds to 20 minutes, kept for an hour after it."""
        hungry = Container(cpu=1, memory_bytes=GIB, cpu_used=(0.2, 0.9), memory_used=(0.2, 0.7))
        work = Workload(
            cluster,
            namespace,
            "cronjob",
            "report",
            containers=(hungry,),
            labels={"app": "report"},
            ending="Succeeded",
            completes=True,
        )
        for due in range(WORLD[0] + 3600, WORLD[1] - 2 * 3600, 8 * 3600):
            begin = due + int(self.random.integers(0, 3600))
            end = begin + int(self.random.integers(90, 1201))
            self._add(work, begin, due, self._node(work, 0, begin), begin, end, ())

    def _add(
        self,
        work: Workload,
        number: int,
        version: int,
        node: Node | None,
        begin: int,
        end: int,
        restarts: tuple[tuple[int, bool], ...],
    ) -> None:
        key = f"{self.seed}/{work.cluster}/{work.namespace}/{work.name}/{number}/{version}/{begin}"
        uid = sha256(key.encode()).hexdigest()
        name, owner = _named(work, number, version, uid)
        kept = end + 3600 if work.ending else end
        pod = Pod(
            work.cluster,
            work.namespace,
            name,
            f"{uid[:8]}-{uid[8:12]}",
            node,
            work.kind,
            work.name,
            owner,
            work.labels,
            work.containers,
            begin,
            end,
            gone=min(kept, node.end) if node else kept,
            ending=work.ending,
            completes=work.completes,
            pulled=work.pulled,
            claims=work.claims[number : number + 1],
            restarts=restarts,
        )
        self.pods.append(pod)
        if node:
            self.on[node.instance].append(pod)


def _named(work: Workload, number: int, version: int, uid: str) -> tuple[str, tuple[str, str]]:
    """The pod's name and its direct owner."""
    match work.kind:
        case "deployment":
            replicas = f"{work.name}-{sha256(f'{work.name}{version}'.encode()).hexdigest()[:8]}"
            return f"{replicas}-{uid[:5]}", ("ReplicaSet", replicas)
        case "statefulset":
            return f"{work.name}-{number}", ("StatefulSet", work.name)
        case "daemonset":
            return f"{work.name}-{uid[:5]}", ("DaemonSet", work.name)
        case "cronjob":
            job = f"{work.name}-{version // 60}"
            return f"{job}-{uid[:5]}", ("Job", job)
        case "job":
            return f"{work.name}-{uid[:5]}", ("Job", work.name)
        case _:
            return work.name, ("", "")
