"""Which pool takes a charge."""

from collections.abc import Mapping, Sequence
from typing import cast

import ibis
import ibis.expr.types as ir

from costwatch.allocation.match import matches
from costwatch.allocation.settings import Allocation, Pool
from costwatch.allocation.spelling import Spelling
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.plugins import Match

DEFAULT_OWNER = OwnerPool(name="direct", split="owner")

# How the columns begin that say by what a pool tells its lines apart, and what a pool takes from a team.
KEY = "key "
TAKES = "takes "


def key_column(column: str) -> str:
    """What the column is called that has the values of ``column`` in lines that are told apart by it."""
    return f"{KEY}{column}"


def key_columns(pool: Pool) -> list[str]:
    """The same of all columns that a pool tells its lines apart by."""
    return [key_column(column) for column in pool.columns]


def complete(pools: Sequence[Pool]) -> tuple[Pool, ...]:
    """``pools`` in order, with the owner pool for all that none of them takes."""
    everything = any(pool.is_owner and pool.match == Match() for pool in pools)
    return tuple(pools) if everything else (*pools, DEFAULT_OWNER)


def completed(allocation: Allocation) -> Allocation:
    """The same with ``complete`` pools."""
    return allocation.model_copy(update={"pools": complete(allocation.pools)})


def owned(pools: Sequence[Pool]) -> dict[int, OwnerPool]:
    """Those whose charges go to owners, by position."""
    return {number: cast(OwnerPool, pool) for number, pool in enumerate(pools) if pool.is_owner}


def pool_index(
    pools: Sequence[Pool], lines: ir.Table | Mapping[str, ir.Value], spelling: Spelling
) -> ir.IntegerValue:
    """The position of the first pool that matches a line; a pool of what a team carries takes none."""
    of_lines = [(number, pool) for number, pool in enumerate(pools) if not pool.carried_by]
    last, _ = of_lines[-1]
    branches = [(matches(pool.match, lines, spelling), number) for number, pool in of_lines[:-1]]
    return ibis.cases(*branches, else_=last).cast("int64") if branches else ibis.literal(last, "int64")
