"""The company's data, spread over resources: one item for each resource and meter on the bill."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from costwatch.demo.aws import COMMITMENTS, METERS, SUPPORT, Commitment, Meter
from costwatch.demo.clusters import CLUSTER_POOL
from costwatch.demo.company import (
    ACCOUNTS,
    PARTS,
    PAYER,
    SECURITY,
    SUPPORT_USD,
    TAX_RATE,
    TAXED,
    SpendPart,
)
from costwatch.demo.shared import FLEETS, PRODUCTS

STAGING_SHARE = 0.14
STAGING_WEEKEND = 0.6
DAYS_IN_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Item:
    """What is the same on every line of one resource and meter.

    owner: the team its tag, or else its account, names; "" for nobody. pool: the shared pool that takes
    it whoever owns it: ``security``, ``support``, ``tax``, ``unused``, ``clusters``, a fleet; "" for none.
    usd: dollars of a usual weekday at the end of the history; of a month where ``monthly``, its one line then
    spanning the month. status: FOCUS' CommitmentDiscountStatus. since, until: the days it exists, half-open.
    nodegroup: of a node of a cluster.
    """

    owner: str
    account: str
    region: str
    meter: Meter
    name: str
    resource_id: str
    usd: float
    weekend: float = 1.0
    tags: tuple[tuple[str, str], ...] = ()
    pool: str = ""
    frequency: str = "Usage-Based"
    commitment: Commitment | None = None
    status: str = ""
    monthly: bool = False
    since: date | None = None
    until: date | None = None
    nodegroup: str = ""

    @property
    def covered(self) -> bool:
        """Whether a commitment pays for it."""
        return self.status == "Used"

    @property
    def metered(self) -> bool:
        """Whether something was used."""
        return self.meter.charge == "Usage" and self.status != "Unused"


def resource_id(meter: Meter, account: str, region: str, name: str) -> str:
    """The id of the resource called ``name``: an ARN, or for EC2 and VPC a number behind a prefix."""
    number = hashlib.sha256(f"{account}/{meter.usage_type}/{name}".encode()).hexdigest()[:17]
    return meter.resource.format(region=region, account=ACCOUNTS[account], name=name, hex=number)


def usage_items(lines_per_day: float) -> list[Item]:
    """Every resource that is metered by the day, about ``lines_per_day`` of them (one of a kind at least)."""
    spread = [(part, env) for part in PARTS for env in _environments(part)]
    nodes = sum(part.lines for part in PARTS if part.nodegroup)
    normal = sum(_normal_lines(part, env) for part, env in spread) - nodes
    times = (lines_per_day - nodes) / normal
    return [item for part, env in spread for item in _resources(part, env, _lines(part, env, times))]


def told_since(items: Sequence[Item], since: date) -> list[Item]:
    """The same where what is of a cluster or a fleet is tagged so from ``since`` on, its owner's before."""
    found = []
    for item in items:
        if item.pool == CLUSTER_POOL or item.pool in FLEETS:
            tags = tuple(tag for tag in item.tags if not tag[0].startswith(("eks:", "fleet")))
            found += [replace(item, until=since, tags=tags, pool=""), replace(item, since=since)]
        else:
            found.append(item)
    return found


def _environments(part: SpendPart) -> tuple[str, ...]:
    # Staging is small: it runs only copies of what comes in numbers, and nothing under commitment.
    both = part.lines >= 4 and not (part.cover or part.account or part.nodegroup)
    return ("prod", "staging") if both else ("prod",)


def _normal_lines(part: SpendPart, env: str) -> int:
    return part.lines if env == "prod" else part.lines // 4


def _lines(part: SpendPart, env: str, times: float) -> int:
    if part.nodegroup:
        return part.lines
    least = len(PRODUCTS) if part.by_product and env == "prod" else 1
    return max(least, round(_normal_lines(part, env) * times))


def _resources(part: SpendPart, env: str, count: int) -> list[Item]:
    account = part.account or f"{part.team}-{env}"
    share = 1.0 if len(_environments(part)) == 1 else STAGING_SHARE if env == "staging" else 1 - STAGING_SHARE
    weekend = part.weekend if env == "prod" else part.weekend * STAGING_WEEKEND
    weekday_usd = part.usd * share / DAYS_IN_MONTH * 7 / (5 + 2 * weekend)
    weights = [1.0 if part.nodegroup else 1 / (2 + number) for number in range(count)]
    spelling = part.team if part.tag is None else part.tag
    tagged = spelling and env == "prod"  # nobody tags staging: its account tells whose it is
    tags = _tags(part, {"env": env, "system": part.system, "team": spelling}) if tagged else {}
    pool = "security" if account == SECURITY else ""
    if tagged and (part.cluster or part.fleet):
        pool = part.fleet or CLUSTER_POOL
    kind = f"{part.cluster}-{part.nodegroup}" if part.nodegroup else f"{part.system}-{part.meter}"
    names = [f"{kind}-{number + 1:02}" for number in range(count)]
    meter = METERS[part.meter]
    return [
        Item(
            owner=part.team,
            account=account,
            region=part.region,
            meter=meter,
            name=name,
            resource_id=resource_id(meter, account, part.region, name),
            usd=weekday_usd * weight / sum(weights),
            weekend=weekend,
            tags=_of_product(part, number, tags),
            pool=pool,
            commitment=COMMITMENTS[part.cover] if part.cover else None,
            status="Used" if part.cover else "",
            nodegroup=part.nodegroup,
        )
        for number, (name, weight) in enumerate(zip(names, weights, strict=True))
    ]


def _tags(part: SpendPart, told: Mapping[str, str]) -> dict[str, str]:
    """With what EKS tags, and the company's own ``fleet``."""
    more = {"eks:cluster-name": part.cluster, "eks:nodegroup-name": part.nodegroup, "fleet": part.fleet}
    return {**told, **{key: value for key, value in more.items() if value}}


def _of_product(part: SpendPart, number: int, tags: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Machines serve one product after the other."""
    product = {"product": PRODUCTS[number % len(PRODUCTS)]} if part.by_product and tags else {}
    return tuple(sorted({**tags, **product}.items()))


def commitment_items(commitment: Commitment) -> tuple[Item, Item]:
    """What is paid for a commitment, and what of it goes unused; both in the payer account."""
    purchase = Item(
        owner="platform",
        account=PAYER,
        region="us-east-1",
        meter=Meter(commitment.service, "Other", commitment.name, "Commitment", 1.0, "", "Purchase"),
        name=commitment.name,
        resource_id=commitment.id.format(account=ACCOUNTS[PAYER]),
        usd=0.0,
        frequency="One-Time" if commitment.upfront_month else "Recurring",
        commitment=commitment,
    )
    unused = replace(
        purchase,
        meter=replace(purchase.meter, charge="Usage"),
        frequency="Usage-Based",
        pool="unused",
        status="Unused",
    )
    return purchase, unused


def monthly_items(metered: Sequence[Item]) -> list[Item]:
    """AWS Support, and the tax on each account's taxed services: flat amounts, on the 1st of a month.

    Tax is a usual month's, so that the figure stays the same while the month goes on.
    """
    support = Item(
        owner="platform",
        account=PAYER,
        region="us-east-1",
        meter=Meter(SUPPORT, "Other", "Support-Enterprise", "Month", SUPPORT_USD, "", "Purchase"),
        name="enterprise-support",
        resource_id="",
        usd=SUPPORT_USD,
        pool="support",
        frequency="Recurring",
        monthly=True,
    )
    taxable: dict[tuple[str, str, str], float] = {}
    for item in metered:
        if item.meter.service in TAXED and item.since is None:
            key = (item.account, item.region, item.meter.service)
            month = item.usd * DAYS_IN_MONTH * (5 + 2 * item.weekend) / 7
            taxable[key] = taxable.get(key, 0.0) + month
    categories = {meter.service: meter.category for meter in reversed(METERS.values())}
    taxes = [
        replace(
            support,
            account=account,
            region=region,
            meter=Meter(service, categories[service], "Tax-US-Sales", "", 0.0, "", "Tax"),
            name="",
            usd=round(month * TAX_RATE, 2),
            pool="tax",
        )
        for (account, region, service), month in sorted(taxable.items())
    ]
    return [support, *taxes]
