"""The company's two Kubernetes clusters as data: what their machines are, and what runs on them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A machine; ``capacity_type`` as costwatch's tables have it."""

    instance_type: str
    cores: int
    gib: int
    gpus: int = 0
    capacity_type: str = "on-demand"


NODE_KINDS = {  # by the meter that bills them
    "large-node": NodeKind("m7i.12xlarge", 48, 192),
    "gpu": NodeKind("g6e.12xlarge", 48, 384, 4),
    "spot": NodeKind("p4d.24xlarge", 96, 1152, 8, "spot"),
}


CLUSTERS = ("prod", "research")
CLUSTER_POOL = "clusters"  # of ``costwatch.yaml``: takes the lines of both

# Of namespaces that are not called like their team; the last one has a label that says so.
NAMESPACE_TEAMS = {"kube-system": "platform", "monitoring": "platform", "training": "ml-platform"}
LABELLED_NAMESPACES = {"risk-research": "risk"}


@dataclass(frozen=True, slots=True)
class DemoWorkload:
    """What runs: ``pods`` of them, each with its requests, and which share of these it uses on average.

    kind: as costwatch's tables have it; a daemonset has a pod on each node. team_label: the ``team`` label of
    its pods. Jobs run each day from the UTC hour ``start`` for ``hours``, the last of them in part.
    """

    cluster: str
    nodegroups: tuple[str, ...]
    namespace: str
    kind: str
    name: str
    pods: int
    cores: float
    gib: float
    cpu_use: float
    memory_use: float
    gpus: int = 0
    gpu_use: float = 0.0
    start: int = 0
    hours: int = 24
    team_label: str = ""

    @property
    def team(self) -> str:
        """Whose it is."""
        named = {"FeatureStore": "feature-store"}.get(self.team_label, self.team_label)
        known = {**NAMESPACE_TEAMS, **LABELLED_NAMESPACES}
        return named or known.get(self.namespace, self.namespace)


OVER_REQUESTED = ("prod", "feature-store")  # requests four times what it uses
IDLE_GPUS = "research"  # all its machines have some, and those that serve do next to nothing
# Trains for four hours a day; the one of the day before yesterday has not ended.
RUNAWAY = DemoWorkload(
    "research", ("training",), "training", "job", "ranking", 1, 72, 864, 0.9, 0.7, 6, 0.92, start=8, hours=4
)
RUNAWAY_HOURS = 40  # before ``now``: ten times as long as usual

_ALL = ("general", "burst")
WORKLOADS = (
    DemoWorkload("prod", _ALL, "feature-store", "deployment", "online-serving", 12, 6, 20, 0.25, 0.25),
    DemoWorkload("prod", _ALL, "feature-store", "deployment", "materializer", 8, 4, 16, 0.25, 0.25),
    DemoWorkload("prod", _ALL, "risk", "deployment", "decision-api", 10, 3, 8, 0.6, 0.7),
    DemoWorkload("prod", _ALL, "risk", "deployment", "rules-engine", 6, 2, 6, 0.7, 0.6),
    DemoWorkload("prod", _ALL, "risk", "statefulset", "case-index", 3, 4, 24, 0.55, 0.85),
    DemoWorkload("prod", _ALL, "payments", "deployment", "checkout-web", 10, 2, 4, 0.55, 0.6),
    DemoWorkload("prod", _ALL, "payments", "deployment", "ledger-writer", 6, 3, 8, 0.65, 0.7),
    DemoWorkload("prod", _ALL, "ml-platform", "deployment", "model-gateway", 8, 3, 8, 0.6, 0.65),
    DemoWorkload(
        "prod",
        _ALL,
        "ml-platform",
        "deployment",
        "feature-sync",
        2,
        2,
        8,
        0.7,
        0.6,
        team_label="FeatureStore",
    ),
    DemoWorkload("prod", _ALL, "kube-system", "daemonset", "node-agent", 1, 0.5, 1, 0.6, 0.8),
    DemoWorkload("prod", _ALL, "kube-system", "deployment", "dns", 2, 0.5, 0.5, 0.5, 0.7),
    DemoWorkload("prod", _ALL, "monitoring", "statefulset", "prometheus", 2, 6, 40, 0.7, 0.8),
    # It asks for less than it takes.
    DemoWorkload("prod", _ALL, "monitoring", "deployment", "log-router", 9, 1, 2, 1.4, 0.9),
    DemoWorkload(
        "research", ("serving",), "ml-platform", "deployment", "model-server", 2, 8, 64, 0.3, 0.5, 1, 0.06
    ),
    DemoWorkload("research", ("serving",), "risk-research", "statefulset", "notebooks", 1, 4, 32, 0.15, 0.4),
    DemoWorkload(
        "research", ("training",), "risk-research", "job", "fraud", 1, 16, 192, 0.8, 0.6, 2, 0.75, 13, 3
    ),
    DemoWorkload(
        "research", ("serving", "training"), "kube-system", "daemonset", "node-agent", 1, 0.5, 1, 0.6, 0.8
    ),
    RUNAWAY,
)
# What stands behind load balancers, two services each.
SERVICES = (
    ("feature-store", "online-serving"),
    ("risk", "decision-api"),
    ("payments", "checkout-web"),
    ("ml-platform", "model-gateway"),
)
