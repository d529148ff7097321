"""Whose a charge is: the first of tags, cost categories and accounts that names a team."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.splits.owner import OwnerPool
from costwatch.allocation.teams import Claim, Team
from costwatch.ledger.engines.duckdb import small_table
from costwatch.model import UNALLOCATED
from costwatch.warehouse.encoding import from_int

_ALWAYS = 0
_NEVER = 99_991_231


@dataclass(frozen=True, slots=True)
class Claims:
    """Who is meant when: ``claimed``, ``since`` and ``until`` (days, half-open), ``claimant``."""

    names: ir.Table
    accounts: ir.Table


Validity = tuple[str, int, int, str]  # what is claimed, from day, until day (exclusive), team


# How the columns of values begin that lines are looked up by.
NAMED = ("tag ", "category ", "system ")


def tag_column(key: str) -> str:
    """What the column with the values of one tag is called among the lines that are allocated."""
    return f"tag {key}"


def category_column(name: str) -> str:
    """The same for a cost category."""
    return f"category {name}"


def value_columns(pool: OwnerPool, lines: ir.Table) -> dict[str, ir.StringValue]:
    """The values of a line that can name its owner, in the order they are asked; compared without case."""
    tags = {f"tag_{n}": lines[tag_column(key)] for n, key in enumerate(pool.tags)}
    categories = {f"category_{n}": lines[category_column(key)] for n, key in enumerate(pool.cost_categories)}
    return {name: value.strip().lower().fill_null("") for name, value in {**tags, **categories}.items()}


def claims(con: Any, teams: Sequence[Team]) -> Claims:
    """The teams' claims as tables of ``con``."""
    columns = {"claimed": pa.string(), "since": pa.int64(), "until": pa.int64(), "claimant": pa.string()}
    return Claims(
        small_table(con, "claims_of_names", name_validities(teams), columns),
        small_table(con, "claims_of_accounts", account_validities(teams), columns),
    )


def assign(facts: ir.Table, named_by: Sequence[str], claimed: Claims) -> ir.Table:
    """``facts`` (``day`` as yyyymmdd, ``SubAccountId``, the ``named_by`` columns) with its ``team``."""
    found = facts.mutate(team=ibis.null("string"))
    for column in named_by:
        found = _first_named(found, column, claimed.names)
    found = _first_named(found, "SubAccountId", claimed.accounts)
    return found.mutate(team=found.team.fill_null(UNALLOCATED))


def whose(kinds: ir.Table, spans: ir.Table, number: int, claimed: Claims) -> ir.Table:
    """The ``team`` of each kind of line that the pool ``number`` takes, from day ``since`` to ``before``."""
    mine = kinds.filter(kinds.pool == number)
    named_by = [column for column in kinds.columns if column.startswith(f"{number}_")]
    found = assign(mine.cross_join(spans), named_by, claimed)
    return found.select("kind", "team", "before", since="day")


def spans(teams: Sequence[Team]) -> list[tuple[int, int]]:
    """The days [from, before) within which every claim holds throughout or not at all."""
    known = (*name_validities(teams), *account_validities(teams))
    starts = sorted({_ALWAYS, *(since for _, since, _, _ in known)})
    return list(zip(starts, [*starts[1:], _NEVER], strict=True))


def name_validities(teams: Iterable[Team]) -> list[Validity]:
    """When each tag or cost-category value, in lower case, means which team."""
    return _validities(
        (claim.id.strip().lower(), claim, team.name)
        for team in teams
        for claim in (Claim(id=team.name), *map(as_claim, team.aliases))
    )


def teams_by_name(teams: Iterable[Team]) -> dict[str, list[tuple[date, str]]]:
    """The same as ``plugins.Weighing`` has it."""
    found: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for name, since, _, team in name_validities(teams):
        found[name].append((from_int(since) if since else date.min, team))
    return dict(found)


def account_validities(teams: Iterable[Team]) -> list[Validity]:
    """When each account is whose."""
    return _validities(
        (claim.id, claim, team.name) for team in teams for claim in map(as_claim, team.accounts)
    )


def as_claim(entry: str | Claim) -> Claim:
    """The short form of a claim is one that always holds."""
    return Claim(id=entry) if isinstance(entry, str) else entry


def _validities(claims: Iterable[tuple[str, Claim, str]]) -> list[Validity]:
    by_id: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for claimed, claim, team in claims:
        since = claim.valid_from
        by_id[claimed].append((_ALWAYS if since is None else int(f"{since:%Y%m%d}"), team))
    found = []
    for claimed, starts in by_id.items():
        starts.sort()
        for number, (start, team) in enumerate(starts):
            until = starts[number + 1][0] if number + 1 < len(starts) else _NEVER
            if start < until:
                found.append((claimed, start, until, team))
    return sorted(found)


def _first_named(found: ir.Table, column: str, claimed: ir.Table) -> ir.Table:
    table = claimed.view()
    joined = found.left_join(
        table, [found[column] == table.claimed, found.day >= table.since, found.day < table.until]
    )
    return joined.select(
        *(found[name] for name in found.columns if name != "team"),
        team=ibis.coalesce(found.team, table.claimant),
    )
