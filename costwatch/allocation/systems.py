"""Which system a charge belongs to, as an expression over lines."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from costwatch.allocation.owners import tag_column
from costwatch.allocation.spelling import Spelling
from costwatch.cost.systems import System, listed
from costwatch.model import NO_SYSTEM

# The system that a line's resource names: told where lines are read, for resources are too many to keep.
BY_RESOURCE = "system by resource"


def tag_keys(systems: Sequence[System]) -> set[str]:
    """The tags that some system is told by."""
    return {key for system in systems for key in system.match.tags}


def by_resource(resource: ir.StringValue, systems: Sequence[System]) -> dict[str, ir.StringValue]:
    """``BY_RESOURCE`` of a line, the systems whose resource it is; nothing where no system names resources.

    Several, each between two line breaks: which of them is the first to match, only all conditions tell.
    """
    named = [system for system in systems if system.match.resources]
    if not named:
        return {}
    parts = [
        ibis.ifelse(resource.fill_null("").isin(listed(system.match.resources)), f"\n{system.name}\n", "")
        for system in named
    ]
    return {BY_RESOURCE: reduce(lambda one, other: one + other, parts)}


def system_of(
    lines: ir.Table, systems: Sequence[System], pools: Sequence[str], spelling: Spelling
) -> ir.StringValue:
    """The first system that a line matches, or ``no system``; ``pools``: their names, in order.

    lines: with ``SubAccountId``, ``pool`` (position in ``pools``), the columns of ``tag_keys``, and
    ``BY_RESOURCE`` where there is one.
    """
    if not systems:
        return ibis.literal(NO_SYSTEM)
    branches = ((_matches(lines, each, pools, spelling), each.name) for each in systems)
    return ibis.cases(*branches, else_=NO_SYSTEM)


def _matches(lines: ir.Table, system: System, pools: Sequence[str], spelling: Spelling) -> ir.BooleanValue:
    match = system.match
    conditions = [
        lines[tag_column(key)].isin(spelling.of_names(listed(values))) for key, values in match.tags.items()
    ]
    if accounts := listed(match.accounts):
        conditions.append(lines.SubAccountId.isin(spelling.of_accounts(accounts)))
    if numbers := [number for number, name in enumerate(pools) if name in listed(match.pools)]:
        conditions.append(lines.pool.isin(numbers))
    if match.resources:
        conditions.append(lines[BY_RESOURCE].contains(f"\n{system.name}\n"))
    return reduce(or_, (condition.fill_null(False) for condition in conditions), ibis.literal(False))
