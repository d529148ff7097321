"""What usage that is not billed yet will cost, and how far off such estimates were. Pure.

A node is priced at the last settled effective rate of its instance type, region and purchase option, else at
the list price that somebody configured, else nobody knows. An estimate is always marked, and in no sum of the
bill.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Literal

from costwatch.cost.node_share import NodeCost, NodeDay, NodeKey, NodeKind, WorkloadCost, WorkloadKey
from costwatch.money import NANO, nanos, units

_HOUR_SECONDS = 3600
TOLERATED = Decimal("0.15")  # how far off estimates may be before that is a finding

Billed = Mapping[tuple[str, date], Mapping[str, int]]  # ResourceId, day -> BillingCurrency -> nano-units


@dataclass(frozen=True, slots=True)
class Rate:
    """What a node of a kind costs an hour, in units of ``currency``; day: the settled one that it is of."""

    hourly: Decimal
    currency: str
    basis: Literal["settled", "list"]
    day: date | None = None


def settled_rates(nodes: Iterable[NodeDay], billed: Billed) -> dict[NodeKind, Rate]:
    """Of each kind, the rate of the newest day that has any: what billed nodes cost, by how long they lived.

    nodes: of settled days. A kind that was billed in two currencies has the rate of the one of most hours.
    """
    cost: dict[tuple[NodeKind, date, str], int] = defaultdict(int)
    seconds: dict[tuple[NodeKind, date, str], float] = defaultdict(float)
    for node in nodes:
        for currency, nano in billed.get((node.key.instance, node.key.day), {}).items():
            if node.expected_seconds > 0:
                cost[node.kind, node.key.day, currency] += nano
                seconds[node.kind, node.key.day, currency] += node.expected_seconds
    found = {}
    for kind, day, currency in sorted(cost, key=lambda key: (key[1], seconds[key], key[2])):
        key = kind, day, currency
        hourly = units(cost[key]) * _HOUR_SECONDS / Decimal(str(seconds[key]))
        found[kind] = Rate(round(hourly, 9), currency, "settled", day)
    return found


def list_rates(
    kinds: Iterable[NodeKind], hourly_by_type: Mapping[str, Decimal], currency: str
) -> dict[NodeKind, Rate]:
    """The rates of kinds whose instance type has a list price."""
    return {
        kind: Rate(hourly_by_type[kind.instance_type], currency, "list")
        for kind in kinds
        if kind.instance_type in hourly_by_type
    }


def billed_costs(nodes: Iterable[NodeDay], billed: Billed) -> dict[NodeKey, NodeCost]:
    """What nodes cost by the bill, but for those that have no line in it, or lines of two currencies."""
    found = {}
    for node in nodes:
        amounts = billed.get((node.key.instance, node.key.day), {})
        if len(amounts) == 1:
            ((currency, nano),) = amounts.items()
            found[node.key] = NodeCost(nano, currency, "bill")
    return found


def estimated_costs(nodes: Iterable[NodeDay], rates: Mapping[NodeKind, Rate]) -> dict[NodeKey, NodeCost]:
    """What nodes will have cost for as long as they lived; those of a kind without a rate are left out."""
    found = {}
    for node in nodes:
        if (rate := rates.get(node.kind)) is not None:
            hours = Decimal(str(node.expected_seconds)) / _HOUR_SECONDS
            found[node.key] = NodeCost(nanos(rate.hourly * hours), rate.currency, rate.basis)
    return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is kept of a workload on a day, in one currency ('': nothing of it is known).

    estimated_nano: as was last estimated; billed_nano: the same by the bill, once the day is settled. Either
    is None where it is not known. is_whole: whether it is known of all its nodes. hourly_nano: what an hour
    of it cost when it was last seen to run, at ``grown_at`` (UTC). elapsed_seconds: how much of the day was
    measured by then.
    """

    key: WorkloadKey
    currency: str
    team: str
    instance_type: str
    basis: str
    is_whole: bool
    running_seconds: float
    elapsed_seconds: float
    grown_at: datetime
    estimated_nano: int | None = None
    hourly_nano: int | None = None
    billed_nano: int | None = None


def elapsed_by_cluster(nodes: Iterable[NodeDay]) -> dict[str, float]:
    """How much of a day has been seen of each cluster: for as long as its oldest node lived."""
    found: dict[str, float] = defaultdict(float)
    for node in nodes:
        found[node.key.cluster] = max(found[node.key.cluster], node.expected_seconds)
    return dict(found)


def estimates(
    costs: Mapping[WorkloadKey, WorkloadCost],
    teams: Mapping[WorkloadKey, str],
    elapsed: Mapping[str, float],
    before: Iterable[Estimate],
    now: datetime,
) -> list[Estimate]:
    """The estimates of one day, after those that were made ``before``: what has grown since is running.

    elapsed: see ``elapsed_by_cluster``.
    """
    known = {(one.key, one.currency): one for one in before}
    seen = {one.key.cluster: one.elapsed_seconds for one in known.values()}
    found = []
    for one, nano in _by_currency(costs, teams, now):
        last, end = known.get((one.key, one.currency)), elapsed.get(one.key.cluster, 0.0)
        one = replace(one, estimated_nano=nano, elapsed_seconds=end)
        if last is None or one.running_seconds > last.running_seconds:
            earlier = (last and last.estimated_nano) or 0
            one = replace(one, hourly_nano=_hourly(nano, earlier, end - seen.get(one.key.cluster, 0.0)))
        else:
            one = replace(one, grown_at=last.grown_at, hourly_nano=last.hourly_nano)
        found.append(one)
    return found


def _hourly(nano: int | None, earlier: int, seconds: float) -> int | None:
    """What an hour of the time since an earlier estimate cost."""
    return None if nano is None or seconds <= 0 else round((nano - earlier) * _HOUR_SECONDS / seconds)


def settled(
    costs: Mapping[WorkloadKey, WorkloadCost],
    teams: Mapping[WorkloadKey, str],
    before: Iterable[Estimate],
    now: datetime,
) -> list[Estimate]:
    """The same day once it is billed: what each workload cost, beside what was estimated of it."""
    known = {(one.key, one.currency): one for one in before}
    found = []
    for one, nano in _by_currency(costs, teams, now):
        last = known.get((one.key, one.currency))
        found.append(
            replace(
                one,
                basis=last.basis if last else "",
                elapsed_seconds=last.elapsed_seconds if last else 0.0,
                grown_at=last.grown_at if last else now,
                estimated_nano=last.estimated_nano if last else None,
                billed_nano=nano,
            )
        )
    return found


def _by_currency(
    costs: Mapping[WorkloadKey, WorkloadCost], teams: Mapping[WorkloadKey, str], now: datetime
) -> Iterator[tuple[Estimate, int | None]]:
    """What is known of each workload besides its cost, in order, and its cost in each currency."""
    for key, cost in sorted(costs.items(), key=lambda pair: pair[0]):
        amounts: dict[str, int | None] = {**cost.nano} or {"": None}
        for currency, nano in sorted(amounts.items()):
            basis, is_whole = "+".join(sorted(cost.bases)), not cost.unknown
            of = (key, currency, teams[key], cost.instance_type, basis, is_whole, cost.running_seconds)
            yield Estimate(*of, elapsed_seconds=0.0, grown_at=now), nano


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far estimates were off the bill, as shares of it: the half of them by no more than ``median``."""

    median: Decimal
    p90: Decimal
    count: int

    @property
    def is_poor(self) -> bool:
        """Whether people should be told."""
        return self.median > TOLERATED


def accuracy(found: Iterable[tuple[int, int]]) -> Accuracy | None:
    """Of pairs of estimate and bill, in nano-units; what cost less than one unit tells nothing.

    None: there is no pair that does.
    """
    errors = sorted(abs(Decimal(guess - bill)) / bill for guess, bill in found if bill >= NANO)
    if not errors:
        return None
    return Accuracy(round(median(errors), 4), round(at_rank(errors, Decimal("0.9")), 4), len(errors))


def at_rank(ascending: Sequence[Decimal], share: Decimal) -> Decimal:
    """The smallest value that at least ``share`` of them are not above (nearest rank); of one or more."""
    rank = int((share * len(ascending)).to_integral_value(rounding="ROUND_CEILING"))
    return ascending[max(rank, 1) - 1]
