"""Whose a charge is: the first of tags, cost categories and accounts that names a team."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.spelling import Spelling
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.allocation.teams import AccountName, Claim, Team
from costwatch.errors import CostwatchError
from costwatch.ledger.engines.duckdb import small_table
from costwatch.model import UNALLOCATED
from costwatch.model.names import claims_by_name, folded, folded_account, folded_key
from costwatch.warehouse.encoding import to_int
from costwatch.wording import printable, shortened

ALWAYS = 0
NEVER = 99_991_231


@dataclass(frozen=True, slots=True)
class Claims:
    """Who is meant when: ``claimed`` (as written), ``since`` and ``until`` (days, half-open), ``claimant``.

    account_names: by exact name; account_patterns: by prefix or pattern.
    """

    names: ir.Table
    accounts: ir.Table
    account_names: ir.Table
    account_patterns: ir.Table


Validity = tuple[str, int, int, str]  # what is claimed, from day, until day (exclusive), team


# How the columns of values begin that lines are looked up by.
NAMED = ("tag ", "category ", "system ")


def tag_column(key: str) -> str:
    """What the column with the values of one tag is called among the lines that are allocated."""
    return f"tag {folded_key(key)}"


def category_column(name: str) -> str:
    """The same for a cost category."""
    return f"category {folded_key(name)}"


def value_columns(pool: OwnerPool, lines: ir.Table) -> dict[str, ir.StringValue]:
    """The values of a line that can name its owner, as written, in the order they are asked."""
    tags = {f"tag_{n}": lines[tag_column(key)] for n, key in enumerate(pool.tags)}
    categories = {f"category_{n}": lines[category_column(key)] for n, key in enumerate(pool.cost_categories)}
    return {name: value.fill_null("") for name, value in {**tags, **categories}.items()}


def is_blank(value: ir.StringValue) -> ir.BooleanValue:
    """Whether nothing is written there that could name anyone."""
    return value.strip() == ""


def claims(con: Any, teams: Sequence[Team], spelling: Spelling) -> Claims:
    """The teams' claims as tables of ``con``, by how the lines of a period write what is claimed.

    Raises CostwatchError for an account that prefixes or patterns of two teams mean.
    """
    columns = {"claimed": pa.string(), "since": pa.int64(), "until": pa.int64(), "claimant": pa.string()}
    found = {
        "claims_of_names": _written(name_validities(teams), spelling.names),
        "claims_of_accounts": _written(account_validities(teams), spelling.accounts),
        "claims_of_account_names": _of_account_names(teams, spelling.account_names, are_exact=True),
        "claims_of_account_patterns": _of_account_names(teams, spelling.account_names, are_exact=False),
    }
    return Claims(*(small_table(con, name, rows, columns) for name, rows in found.items()))


def assign(facts: ir.Table, named_by: Sequence[str], claimed: Claims) -> ir.Table:
    """``facts`` (``day`` as yyyymmdd, SubAccountId and -Name, the ``named_by`` columns) with its ``team``."""
    found = facts.mutate(team=ibis.null("string"))
    for column in named_by:
        found = _first_named(found, column, claimed.names)
    found = _first_named(found, "SubAccountId", claimed.accounts)
    found = _first_named(found, "SubAccountName", claimed.account_names)
    found = _first_named(found, "SubAccountName", claimed.account_patterns)
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
    named = (entry.valid_from for team in teams for entry in team.named_accounts)
    starts = sorted({ALWAYS, *(since for _, since, _, _ in known), *map(_since, named)})
    return list(zip(starts, [*starts[1:], NEVER], strict=True))


def name_validities(teams: Iterable[Team]) -> list[Validity]:
    """When each tag or cost-category value, folded, means which team."""
    return _validities((folded(claim.id), claim, team.name) for team in teams for claim in team.names)


def teams_by_name(teams: Iterable[Team]) -> dict[str, list[tuple[date, str]]]:
    """The same as ``plugins.Weighing`` has it."""
    return claims_by_name((claim.id, claim.valid_from, team.name) for team in teams for claim in team.names)


def account_validities(teams: Iterable[Team]) -> list[Validity]:
    """When each account, folded, is whose."""
    return _validities(
        (folded_account(claim.id), claim, team.name) for team in teams for claim in team.claimed_accounts
    )


def _of_account_names(teams: Sequence[Team], written: Iterable[str], *, are_exact: bool) -> list[Validity]:
    """When accounts of each of these names are whose, by exact names or by prefixes and patterns.

    Raises CostwatchError where prefixes or patterns of two teams mean one from the same day on.
    """
    entries = [
        (entry, team.name) for team in teams for entry in team.named_accounts if bool(entry.name) is are_exact
    ]
    meant = [(name, entry, team) for name in written for entry, team in entries if entry.means(name)]
    owner: dict[tuple[str, date | None], str] = {}
    for name, entry, team in meant:
        if (other := owner.setdefault((name, entry.valid_from), team)) != team:
            raise CostwatchError(
                f"account {shortened(printable(name), 60)}: account_names of teams '{other}' and '{team}' "
                "both mean it; name it whole under account_names of one, or give one a later 'valid_from'"
            )
    return _validities(meant)


def _written(known: Iterable[Validity], spelt: Mapping[str, Sequence[str]]) -> list[Validity]:
    return [(text, since, until, team) for name, since, until, team in known for text in spelt.get(name, ())]


def _since(day: date | None) -> int:
    return ALWAYS if day is None else to_int(day)


def _validities(claims: Iterable[tuple[str, Claim | AccountName, str]]) -> list[Validity]:
    by_id: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for claimed, claim, team in claims:
        if claimed:  # what has no tag has none to name a team by
            by_id[claimed].append((_since(claim.valid_from), team))
    found = []
    for claimed, starts in by_id.items():
        starts.sort()
        for number, (start, team) in enumerate(starts):
            until = starts[number + 1][0] if number + 1 < len(starts) else NEVER
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
