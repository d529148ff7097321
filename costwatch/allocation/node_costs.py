"""What each resource cost by day of what pools take that tell resources apart: nodes are among them."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from costwatch.allocation import pools
from costwatch.allocation.settings import Pool

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
