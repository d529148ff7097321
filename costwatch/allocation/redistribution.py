"""What a team carries and a pool gives to others: the expressions.

What is given on is of a kind of lines of its own, whose ``x_Pool`` has the trail: all that is asked of kinds
needs to know nothing of it.
"""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from costwatch.allocation.pools import TAKES
from costwatch.allocation.weights import CARRIED, TAGS, summed
from costwatch.model import GIVEN_ON
from costwatch.plugins import Split


def taken(
    step: Callable[[str, ir.Table], ir.Table], carried: ir.Table, kinds: ir.Table, number: int, pool: Split
) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Kinds, what is still carried, and what a pool takes of that from its team. step: keeps a table."""
    found = step(f"carried_before_{number}", marked(carried, kinds, number, pool.carried_by))
    numbers = step(f"kinds_of_{number}", renumbered(found, kinds))
    kinds = step(f"kinds_after_{number}", extended(kinds, numbers, pool.name))
    return kinds, found.filter(~found.taken).select(carried.columns), amounts(found, numbers)


def marked(carried: ir.Table, kinds: ir.Table, number: int, team: str) -> ir.Table:
    """``carried`` (``team``, ``kind``, ``day``, ``tags``, sums) and whether that pool takes it."""
    located = carried.join(kinds.select("kind", takes=kinds[f"{TAKES}{number}"]), "kind")
    return located.select(*carried.columns, taken=(located.team == team) & located.takes)


def renumbered(found: ir.Table, kinds: ir.Table) -> ir.Table:
    """``kind`` of what is taken of ``marked`` rows, and the number ``to`` that it has once it is given on."""
    taken = found.filter(found.taken).select("kind").distinct()
    after = kinds.agg(after=kinds.kind.max() + 1)
    numbered = taken.mutate(row=ibis.row_number()).cross_join(after)
    return numbered.select("kind", to=(numbered.row + numbered.after).cast("int32"))


def extended(kinds: ir.Table, numbers: ir.Table, pool: str) -> ir.Table:
    """``kinds``, and those that are given on; no pool of lines takes these."""
    given = kinds.join(numbers, "kind")
    given = given.mutate(
        kind=given.to, pool=ibis.literal(-1, "int64"), x_Pool=given.x_Pool + ibis.literal(GIVEN_ON + pool)
    )
    return kinds.union(given.select(*kinds.columns), distinct=False)


def amounts(found: ir.Table, numbers: ir.Table) -> ir.Table:
    """What is taken: ``kind`` as it is given on, ``day``, ``until`` (the same), ``tags`` and sums."""
    taken = found.filter(found.taken).join(numbers, "kind")
    sums = summed(taken.select("day", TAGS, *CARRIED, kind="to"), ["kind", "day", TAGS], CARRIED)
    return sums.mutate(until=sums.day)
