"""What an hour of a core, a GiB and a GPU costs in each cluster, by what the bill says of its nodes."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from costwatch.savings.hourly_rates import HourlyRates, rates_of
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage.reading import ClusterCapacity, capacity_of, days_held

_DAY = timedelta(days=1)
_DAYS = 30
# What is attached to nodes, and no part of them, by AWS's words in x_UsageType.
_NO_NODES = ("EBS:", "LoadBalancerUsage", "LCUUsage")
_GIB = 2**30


def cluster_rates(facts: WarehouseSnapshot) -> dict[str, HourlyRates]:
    """By cluster, of the last 30 settled UTC days of which usage is held, in EffectiveCost.

    A cluster is known by what a pool of split ``kubernetes`` or ``provider`` says of its lines; without one
    it has no rate, nor has one that is billed in two currencies. Hours that were not measured are reckoned as
    the others.
    """
    held, through = days_held(facts.db), facts.data_through
    if held is None or through is None:
        return {}
    after = min(held[1], through) + _DAY
    first = max(held[0], after - _DAYS * _DAY)
    if first >= after:
        return {}
    costs: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in cost(facts.db, first, after, ("cluster", "usage_type", "currency")):
        if not any(word in row.labels["usage_type"] for word in _NO_NODES):
            costs[row.labels["cluster"]][row.labels["currency"]] += row.amount()
    found = {}
    for cluster, of in capacity_of(facts.db, first, after).items():
        if len(costs[cluster]) == 1:
            ((currency, amount),) = costs[cluster].items()
            if rates := _rates(amount, currency, of):
                found[cluster] = rates
    return found


def _rates(amount: Decimal, currency: str, of: ClusterCapacity) -> HourlyRates | None:
    if amount <= 0 or not of.measured_seconds or of.cpu is None or of.memory is None:
        return None
    lived = max(of.expected_seconds, of.measured_seconds) / of.measured_seconds / 3600
    return rates_of(
        amount,
        currency,
        core_hours=Decimal(of.cpu * lived),
        gib_hours=Decimal(of.memory / _GIB * lived),
        gpu_hours=Decimal((of.gpu or 0.0) * lived),
    )
