"""What each node cost by day, of what pools take that tell resources apart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from costwatch.allocation import pools
from costwatch.allocation.clusters.resources import identities, identity
from costwatch.allocation.settings import Pool
from costwatch.warehouse.usage.node_costs import NodeCostDay

_RESOURCE = "ResourceId"


def by_day(takers: Mapping[int, ir.Table], kinds: ir.Table, ordered: Sequence[Pool]) -> ir.Table:
    """``pool``, ``ResourceId``, ``day``, ``BillingCurrency``, ``EffectiveCostNano``.

    takers: position of a pool -> its charges as ``weights.numbered`` has them. Usage alone: on which day a
    fee, a tax or a correction stands tells nothing of what the resource cost on it.
    """
    key = pools.key_column(_RESOURCE)
    usage = kinds.filter(~kinds.is_monthly).select("kind")
    found = []
    for number, mine in takers.items():
        if _RESOURCE in ordered[number].columns and not ordered[number].carried_by:
            of_resources = mine.join(usage, "kind").filter(mine[key] != "")
            named = of_resources.select(
                "day",
                "BillingCurrency",
                "EffectiveCostNano",
                pool=ibis.literal(ordered[number].name),
                ResourceId=of_resources[key],
            )
            sums = named.group_by("pool", _RESOURCE, "day", "BillingCurrency")
            found.append(sums.agg(EffectiveCostNano=named.EffectiveCostNano.sum().cast("int64")))
    return ibis.union(*found, distinct=False) if found else _nothing(kinds)


def _nothing(kinds: ir.Table) -> ir.Table:
    """No row, of the same columns: no pool tells resources apart."""
    texts = dict.fromkeys(("pool", _RESOURCE), ibis.literal(""))
    zero = ibis.literal(0, "int64")
    none = kinds.filter(ibis.literal(False)).select(
        "BillingCurrency", **texts, day=zero, EffectiveCostNano=zero
    )
    return none.select("pool", _RESOURCE, "day", "BillingCurrency", "EffectiveCostNano")


def of_nodes(rows: Iterable[NodeCostDay], instances: Iterable[str]) -> list[NodeCostDay]:
    """Those of ``rows`` whose resource is a node, each by the id that its cluster has of its instance."""
    # The surest names come last, and so take the place of others.
    named = [(name, one) for one in sorted(instances) for name in reversed([*identities(one)])]
    known = dict(named) | {identity(one): one for _, one in named}
    found: Counter[tuple[str, str, int, str]] = Counter()
    for pool, resource, day, currency, nano in rows:
        if instance := known.get(identity(resource)):
            found[pool, instance, day, currency] += nano
    return [(*key, nano) for key, nano in sorted(found.items())]
