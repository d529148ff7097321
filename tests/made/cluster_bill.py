"""The FOCUS bill of October 2026 beside the made clusters: instances by their ids, and what else AWS charges.

On-demand instances (``p5`` by the hour, the rest by the day), Spot, and instances that a Savings Plan covers
(BilledCost 0, EffectiveCost what the plan gives). ``r3`` has no line; two instances are no nodes.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tests.made.bills import Line, line
from tests.made.cluster import DAY, MONTH, Node, World

LIST_PRICES = {"m5.4xlarge": 0.856, "m5.xlarge": 0.214, "g5.12xlarge": 6.324, "g5.2xlarge": 1.3512}
"""Dollars an hour."""
PLANNED = {"i-0a00000000000001", "i-0a00000000000002", "i-0b00000000000001"}
"""Instances that the Savings Plan covers, at 65 % of the list price."""
HOURLY = "i-0a00000000000005"
UNBILLED = "i-0b00000000000003"
CHATTY = "i-0b00000000000004"
"""An instance that is charged for its traffic too, under the same id."""
STRANGERS = {"i-0d00000000000001": 0.0416, "i-0d00000000000002": 0.192}
PLAN = "arn:aws:savingsplans::900000000001:savingsplan/0a1b2c3d"
LOAD_BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:100000000001:loadbalancer/"
    "net/k8s-shop-web-0a1b2c3d4e/0123456789abcdef"
)
NONE = {
    "ResourceId": "",
    "ResourceType": "",
    "PricingCategory": "Standard",
    "CommitmentDiscountId": "",
    "CommitmentDiscountStatus": "",
    "x_UsageType": "",
}


def bill(world: World) -> list[Line]:
    """All lines of the month."""
    lines: list[Line] = []
    for day in range((MONTH[1] - MONTH[0]) // DAY):
        begin = MONTH[0] + day * DAY
        for node in world.nodes:
            if node.instance != UNBILLED:
                lines += _instance(node, begin)
        lines += _others(world, begin)
    return lines


def instance_costs(lines: Sequence[Line], metric: str = "EffectiveCost") -> dict[tuple[str, int], float]:
    """What each node's instance cost on each day of the month, counted from 0: the sum of all its lines."""
    costs: dict[tuple[str, int], float] = defaultdict(float)
    for row in lines:
        if row["ResourceId"].startswith("i-") and row["ResourceId"] not in STRANGERS:
            begin = datetime.fromisoformat(row["ChargePeriodStart"]).timestamp()
            costs[row["ResourceId"], int(begin - MONTH[0]) // DAY] += float(row[metric])
    return dict(costs)


def _instance(node: Node, day: int) -> Iterator[Line]:
    step = 3600 if node.instance == HOURLY else DAY
    for begin in range(day, day + DAY, step):
        hours = (min(node.end, begin + step) - max(node.begin, begin)) / 3600
        if hours <= 0:
            continue
        listed = hours * LIST_PRICES[node.instance_type]
        usage = f"EU-BoxUsage:{node.instance_type}"
        if node.instance in PLANNED:
            yield _line(
                begin,
                step,
                node.instance,
                listed,
                listed * 0.65,
                0,
                PricingCategory="Committed",
                CommitmentDiscountId=PLAN,
                CommitmentDiscountStatus="Used",
                x_UsageType=usage,
                PricingQuantity=f"{hours:.6f}",
            )
        elif node.spot:
            spot = listed * (0.3 + begin // DAY % 7 / 100)
            usage = usage.replace("BoxUsage", "SpotUsage")
            quantity = f"{hours:.6f}"
            yield _line(
                begin,
                step,
                node.instance,
                listed,
                spot,
                spot,
                PricingCategory="Dynamic",
                x_UsageType=usage,
                PricingQuantity=quantity,
            )
        else:
            yield _line(
                begin,
                step,
                node.instance,
                listed,
                listed,
                listed,
                x_UsageType=usage,
                PricingQuantity=f"{hours:.6f}",
            )
        if node.instance == CHATTY:
            yield _line(
                begin, step, node.instance, 0.731, 0.731, 0.731, x_UsageType="EU-DataTransfer-Out-Bytes"
            )


def _others(world: World, day: int) -> Iterator[Line]:
    """A day of what is no node: other instances, volumes, the load balancer, control planes, the plan."""
    for instance, price in STRANGERS.items():
        yield _line(day, DAY, instance, *[24 * price] * 3, x_UsageType="EU-BoxUsage:other")
    for claim in world.claims:
        cost = claim.gib * 0.088 / 31
        tags = json.dumps({"kubernetes.io/created-for/pvc/name": claim.name})
        yield _volume(day, claim.volume, cost, tags)
    for node in world.nodes:
        if node.begin < day + DAY and node.end > day:
            tags = json.dumps({"eks:cluster-name": node.cluster})
            yield _volume(day, root_volume(node), 0.14, tags)
    stack = json.dumps({"service.k8s.aws/stack": "shop/web", "elbv2.k8s.aws/cluster": "prod"})
    balancer = {"ResourceType": "loadbalancer", "ServiceName": "Elastic Load Balancing"}
    yield _line(day, DAY, LOAD_BALANCER, *[0.6804] * 3, Tags=stack, **balancer)
    for cluster in ("prod", "research"):
        arn = f"arn:aws:eks:eu-west-1:100000000001:cluster/{cluster}"
        service = {"ServiceName": "Amazon Elastic Kubernetes Service", "ResourceType": "cluster"}
        yield _line(day, DAY, arn, *[2.4] * 3, x_UsageType="EU-AmazonEKS-Hours:perCluster", **service)
    used = sum(24 * LIST_PRICES["m5.4xlarge"] * 0.65 for _ in PLANNED)
    plan = {"CommitmentDiscountId": PLAN, "PricingCategory": "Committed"}
    yield _line(day, DAY, PLAN, used + 2, 0, used + 2, ChargeCategory="Purchase", **plan)
    yield _line(day, DAY, PLAN, 0, 2, 0, CommitmentDiscountStatus="Unused", **plan)


def root_volume(node: Node) -> str:
    """The id of a node's root volume."""
    return f"vol-0f{node.instance.removeprefix('i-0')}"


def _volume(day: int, volume: str, cost: float, tags: str) -> Line:
    return _line(
        day,
        DAY,
        volume,
        cost,
        cost,
        cost,
        Tags=tags,
        ResourceType="volume",
        x_UsageType="EU-EBS:VolumeUsage.gp3",
    )


def _line(
    begin: int, seconds: int, resource: str, listed: float, effective: float, billed: float, **columns: str
) -> Line:
    period = {
        "ChargePeriodStart": f"{datetime.fromtimestamp(begin, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "ChargePeriodEnd": f"{datetime.fromtimestamp(begin + seconds, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    costs = {
        "ListCost": f"{listed:.6f}",
        "ContractedCost": f"{listed:.6f}",
        "EffectiveCost": f"{effective:.6f}",
        "BilledCost": f"{billed:.6f}",
    }
    return {**line(**period, **costs), **NONE, "ResourceId": resource, "ResourceType": "instance", **columns}
