"""The made-up company as data: who works there, what AWS meters, what each system costs.

Amounts are US dollars for an average month (30.4375 days) at the end of the history.
"""

from dataclasses import dataclass

from costwatch.demo.aws import EC2, RDS, S3
from costwatch.demo.shared import SHARED_SYSTEM

PAYER, SECURITY, DATABASES, EVALUATION = "payer", "security", "databases", "llm-evaluation"


@dataclass(frozen=True, slots=True)
class DemoTeam:
    """A team, other spellings of it found in ``team`` tags, its monthly budget in dollars, its contact.

    parent: the team above it. cost_center: what accounting calls it.
    """

    name: str
    aliases: tuple[str, ...]
    budget: int
    contact: str
    cost_center: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class DemoSystem:
    """What a team runs: the ``system`` tags that mean it, and how much depends on it, 1 the most.

    namespaces, workloads: what of it runs on clusters.
    """

    name: str
    team: str
    tier: int
    tags: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()


# All but experimentation stay well inside their budget, whatever stories are planted.
TEAMS = (
    DemoTeam("platform", (), 84_000, "#platform-oncall", "CC-1000"),
    DemoTeam("ml-platform", ("ml",), 170_000, "#ml-platform", "CC-1000", "platform"),
    DemoTeam("feature-store", ("FeatureStore",), 104_000, "#feature-store", "CC-1000", "platform"),
    DemoTeam("risk", (), 55_000, "#risk-engineering", "CC-2000"),
    DemoTeam("experimentation", ("exp",), 40_000, "#experimentation", "CC-2000"),
    DemoTeam("payments", (), 49_000, "#payments-oncall", "CC-2000"),
)
COMPANY_BUDGET = 510_000

SYSTEMS = (
    DemoSystem(
        "feature store", "feature-store", 1, ("streaming", "serving", "offline-store"), ("feature-store",)
    ),
    DemoSystem(
        "model server", "ml-platform", 1, ("model-server",), workloads=("model-server", "model-gateway")
    ),
    DemoSystem("training", "ml-platform", 3, ("training",)),
    DemoSystem("risk decisions", "risk", 1, ("decisioning",), ("risk",)),
    DemoSystem("experiments", "experimentation", 2, ("experiments",)),
    DemoSystem("feature flags", "experimentation", 2, ("feature-flags",)),
    DemoSystem(SHARED_SYSTEM, "platform", 1, ("decisions-db", "experiments-db", "ledger-db")),
    DemoSystem("data platform", "platform", 2, ("data-platform",)),
    DemoSystem("audit", "platform", 2, ("security",)),
)

# Each team has a production and a staging account; these stand beside them. The account of
# EVALUATION is claimed by nobody: it is one of the stories.
ACCOUNTS = {
    name: f"{210_400_300_000 + 7_919 * number}"
    for number, name in enumerate(
        (PAYER, SECURITY, DATABASES, *(f"{team.name}-{env}" for team in TEAMS for env in ("prod", "staging")))
    )
} | {EVALUATION: "210499300017"}
PLATFORM_ACCOUNTS = (PAYER, SECURITY, DATABASES)  # claimed by the team platform beside its own two

# Who pays for AWS Support and for tax, in percent: whole numbers, so that shares are exact.
SHARED_PERCENT = {
    "platform": 20,
    "ml-platform": 32,
    "feature-store": 18,
    "risk": 12,
    "experimentation": 8,
    "payments": 10,
}
SUPPORT_USD = 12_000.0
TAX_RATE = 0.008
TAXED = (EC2, RDS, S3)


@dataclass(frozen=True, slots=True)
class SpendPart:
    """What one system of a team spends on one meter.

    usd: a month, staging included. lines: how many resources at the default size. weekend: Saturday's
    and Sunday's cost as a share of a weekday's. cover: the commitment that covers it. account: where it
    runs, if not in the team's own accounts. tag: how its ``team`` tag is spelled; "" for none, by which
    only its account tells whose it is. cluster: the Kubernetes cluster it is a part of; nodegroup: of which
    nodes; these are as many as ``lines`` at any size, and each runs around the clock at its price. fleet:
    what it is a part of that many share (see ``shared``). by_product: a ``product`` tag tells what it serves.
    """

    team: str
    system: str
    meter: str
    usd: float
    lines: int
    weekend: float = 0.85
    cover: str = ""
    region: str = "us-east-1"
    account: str = ""
    tag: str | None = None
    cluster: str = ""
    nodegroup: str = ""
    fleet: str = ""
    by_product: bool = False


PARTS = (
    SpendPart("platform", "data-platform", "emr", 18_000, 14, 0.75, tag="Platform"),
    SpendPart("platform", "data-platform", "emr-credit", -1_500, 1, 1.0, account=PAYER),
    SpendPart("platform", "data-platform", "node", 7_000, 10, 0.75),
    SpendPart("platform", "data-platform", "bucket", 12_500, 12, 1.0),
    SpendPart("platform", "data-platform", "requests", 2_600, 6, 0.8, tag=""),
    SpendPart("platform", "data-platform", "glue", 2_500, 5, 0.8),
    SpendPart("platform", "data-platform", "athena", 1_300, 3, 0.4),
    SpendPart(
        "platform",
        "shared-cluster",
        "large-node",
        7_670,
        7,
        1.0,
        "compute",
        cluster="prod",
        nodegroup="general",
    ),
    SpendPart("platform", "shared-cluster", "large-node", 3_534, 2, 1.0, cluster="prod", nodegroup="burst"),
    SpendPart("platform", "shared-cluster", "disk", 1_100, 6, 1.0, cluster="prod"),
    SpendPart("platform", "shared-cluster", "eks", 600, 2, 1.0),
    SpendPart("platform", "shared-cluster", "balancer", 1_100, 3, cluster="prod"),
    SpendPart("platform", "network", "direct", 1_650, 1, 1.0, account=PAYER, tag=""),
    SpendPart("platform", "network", "nat-bytes", 1_300, 3),
    SpendPart("platform", "network", "nat-hours", 300, 3, 1.0),
    SpendPart("platform", "observability", "logs", 5_200, 8),
    SpendPart("platform", "security", "guard", 2_400, 2, 0.9, account=SECURITY),
    SpendPart("platform", "security", "config", 1_300, 2, 0.7, account=SECURITY),
    SpendPart("platform", "security", "trail", 900, 2, account=SECURITY),
    SpendPart("ml-platform", "model-server", "gpu", 27_000, 12, 0.93, "compute", fleet="models"),
    SpendPart("ml-platform", "model-server", "gpu", 22_995, 3, 1.0, cluster="research", nodegroup="serving"),
    SpendPart("ml-platform", "model-server", "gpu", 2_000, 3, 0.8),
    SpendPart("ml-platform", "model-server", "node", 5_500, 8),
    SpendPart("ml-platform", "model-server", "eks", 450, 2, 1.0),
    SpendPart("ml-platform", "model-server", "balancer", 900, 3),
    SpendPart("ml-platform", "model-server", "nat-bytes", 900, 2, tag=""),
    SpendPart("ml-platform", "model-server", "nat-hours", 200, 2, 1.0, tag=""),
    SpendPart("ml-platform", "model-server", "logs", 2_200, 4),
    SpendPart("ml-platform", "training", "train", 45_000, 16, 0.6, tag="ml"),
    SpendPart(
        "ml-platform", "training", "spot", 8_453, 1, 1.0, tag="ml", cluster="research", nodegroup="training"
    ),
    SpendPart("ml-platform", "training", "spot", 5_050, 6, 0.6, tag="ml"),
    SpendPart("ml-platform", "training", "lustre", 3_400, 3, 1.0, tag="ml"),
    SpendPart("ml-platform", "training", "bucket", 6_000, 8, 1.0),
    SpendPart("ml-platform", "training", "requests", 700, 4, 0.7, tag=""),
    SpendPart("feature-store", "streaming", "kafka", 16_000, 12, 0.97, tag="FeatureStore", fleet="streams"),
    SpendPart("feature-store", "streaming", "flink", 13_000, 12, tag="FeatureStore"),
    SpendPart("feature-store", "serving", "dynamo-read", 11_500, 8),
    SpendPart("feature-store", "serving", "dynamo-write", 6_500, 6),
    SpendPart("feature-store", "serving", "cache", 8_000, 8, 1.0),
    SpendPart("feature-store", "serving", "node", 9_500, 12),
    SpendPart("feature-store", "serving", "eks", 300, 1, 1.0),
    SpendPart("feature-store", "serving", "nat-bytes", 2_300, 3, tag=""),
    SpendPart("feature-store", "serving", "nat-hours", 400, 3, 1.0, tag=""),
    SpendPart("feature-store", "offline-store", "bucket", 3_200, 6, 1.0),
    SpendPart("feature-store", "offline-store", "glue", 1_200, 3, 0.9),
    SpendPart("feature-store", "streaming", "logs", 1_800, 4),
    SpendPart("risk", "decisioning", "node", 9_000, 8, 0.92, "compute", "eu-west-1", by_product=True),
    SpendPart("risk", "decisioning", "node", 6_500, 10, region="eu-west-1", by_product=True),
    SpendPart("risk", "decisioning", "disk", 700, 5, 1.0, region="eu-west-1"),
    SpendPart("risk", "decisions-db", "mysql", 7_000, 3, 1.0, "mysql", account=DATABASES, fleet="mysql"),
    SpendPart("risk", "decisions-db", "mysql-disk", 1_900, 3, 1.0, account=DATABASES, fleet="mysql"),
    SpendPart("risk", "decisioning", "cache", 4_000, 5, 1.0, region="eu-west-1"),
    SpendPart("risk", "decisioning", "nat-bytes", 700, 2, region="eu-west-1", tag=""),
    SpendPart("risk", "decisioning", "nat-hours", 200, 2, 1.0, region="eu-west-1", tag=""),
    SpendPart("risk", "scoring", "endpoint", 4_000, 4, 0.95),
    SpendPart("risk", "scoring", "lambda", 1_600, 6),
    SpendPart("risk", "case-search", "search", 6_000, 6, 1.0),
    SpendPart("risk", "case-search", "logs", 1_500, 3),
    SpendPart("experimentation", "experiments", "node", 9_500, 10, 0.97, fleet="experiments"),
    SpendPart(
        "experimentation",
        "experiments-db",
        "mysql",
        3_600,
        2,
        1.0,
        account=DATABASES,
        tag="exp",
        fleet="mysql",
    ),
    SpendPart("experimentation", "experiments", "athena", 2_900, 3, 0.9),
    SpendPart("experimentation", "experiments", "kinesis", 3_500, 4, 0.95),
    SpendPart("experimentation", "experiments", "bucket", 1_900, 4, 1.0),
    SpendPart("experimentation", "feature-flags", "cache", 4_200, 5, 1.0),
    SpendPart("experimentation", "feature-flags", "dynamo-read", 3_000, 3, 0.97),
    SpendPart("experimentation", "feature-flags", "edge", 1_900, 2, 0.95),
    SpendPart("experimentation", "feature-flags", "lambda", 2_400, 5, 0.95),
    SpendPart("experimentation", "feature-flags", "logs", 1_100, 3, 0.97),
    SpendPart("experimentation", "feature-flags", "nat-bytes", 500, 1, 0.97, tag=""),
    SpendPart("payments", "ledger-db", "mysql", 9_000, 4, 1.0, "mysql", account=DATABASES, fleet="mysql"),
    SpendPart("payments", "ledger-db", "mysql-disk", 2_600, 4, 1.0, account=DATABASES, fleet="mysql"),
    SpendPart("payments", "ledger", "dynamo-read", 7_000, 5, region="eu-west-1"),
    SpendPart("payments", "ledger", "dynamo-write", 6_500, 5, region="eu-west-1"),
    SpendPart("payments", "checkout", "node", 8_000, 9, region="eu-west-1"),
    SpendPart("payments", "checkout", "lambda", 1_300, 4, region="eu-west-1"),
    SpendPart("payments", "checkout", "queue", 500, 3, region="eu-west-1"),
    SpendPart("payments", "checkout", "api", 1_300, 2, region="eu-west-1"),
    SpendPart("payments", "checkout", "nat-bytes", 700, 2, region="eu-west-1", tag=""),
    SpendPart("payments", "checkout", "nat-hours", 200, 2, 1.0, region="eu-west-1", tag=""),
    SpendPart("payments", "checkout", "logs", 1_100, 3, region="eu-west-1"),
)
