"""Which pool takes a charge."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from costwatch.allocation.match import matches
from costwatch.allocation.settings import Pool
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.plugins import Match

DEFAULT_OWNER = OwnerPool(name="direct", split="owner")


def complete(pools: Sequence[Pool]) -> tuple[Pool, ...]:
    """``pools`` in order, with the owner pool for all that none of them takes."""
    everything = any(isinstance(pool, OwnerPool) and pool.match == Match() for pool in pools)
    return tuple(pools) if everything else (*pools, DEFAULT_OWNER)


def pool_index(pools: Sequence[Pool], lines: ir.Table) -> ir.IntegerValue:
    """The position of the first pool that matches a line."""
    last = len(pools) - 1
    branches = [(matches(pool.match, lines), n) for n, pool in enumerate(pools[:-1])]
    return ibis.cases(*branches, else_=last).cast("int64") if branches else ibis.literal(last, "int64")
