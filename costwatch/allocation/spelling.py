"""How the lines of a billing period write what the configuration names.

Names are folded in Python (``model.names``), once for each different text: engines differ in what a small
letter and a blank is. Lines are then looked up by the texts themselves.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import pyarrow as pa

from costwatch.allocation.settings import Allocation, Pool
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.cost.systems import listed
from costwatch.model.names import folded, folded_account, folded_key

ACCOUNTS = ("BillingAccountId", "SubAccountId")
_KEYS_KEPT = 1_000
_NOT_NAMES = (*ACCOUNTS, "SubAccountName")
# What names a thing and not a kind of thing: an ARN that differs in a letter is of something else.
EXACT = ("ResourceId",)

Known = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Spelling:
    """keys: of the maps of its files, by lower-case column, those that the configuration asks for.

    names, accounts: what is configured, folded -> as lines write it. account_names: those that some team's
    ``account_names`` may mean.
    """

    keys: Known = field(default_factory=dict)
    names: Known = field(default_factory=dict)
    accounts: Known = field(default_factory=dict)
    account_names: Sequence[str] = ()

    def of_names(self, names: Iterable[str]) -> list[str]:
        """How any of these is written, and as it stands here."""
        return _spelt(self.names, folded, names)

    def of_accounts(self, ids: Iterable[str]) -> list[str]:
        """The same of accounts."""
        return _spelt(self.accounts, folded_account, ids)

    def of_column(self, column: str, values: Iterable[str]) -> list[str]:
        """The same of what a pool's ``match`` says of a column."""
        if column in EXACT:
            return [*values]
        return self.of_accounts(values) if column in ACCOUNTS else self.of_names(values)

    def as_json(self) -> str:
        """What is kept with a published period."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reverse."""
        return cls(**json.loads(text))


def spelling_of(held: Iterable[Known], texts: Iterable[pa.Table], by: Allocation) -> Spelling:
    """held: the keys of maps, by column. texts: what stands in ``compared_columns``, tags and categories."""
    written: dict[str, set[str]] = defaultdict(set)
    for table in texts:
        for name in table.column_names:
            written[name].update(text for text in table[name].unique().to_pylist() if text)
    named = {text for column in written if column not in _NOT_NAMES for text in written[column]}
    ids = {text for column in ACCOUNTS for text in written[column]}
    meant = (
        name
        for name in written["SubAccountName"]
        if any(entry.means(name) for team in by.teams for entry in team.named_accounts)
    )
    names, accounts = _configured(by)
    return Spelling(
        _asked(held, by),
        _seen(names, folded, named),
        _seen(accounts, folded_account, ids),
        tuple(sorted(meant)),
    )


def compared_columns(by: Allocation) -> list[str]:
    """The columns, besides tags and categories, in which names of the configuration may stand."""
    matched = {column for pool in by.pools for column, _ in conditions(pool)} - {"Tags", *EXACT}
    named = {"SubAccountName"} if any(team.account_names for team in by.teams) else set()
    return sorted({"SubAccountId", *matched, *named} - {"source"})


def _configured(by: Allocation) -> tuple[set[str], set[str]]:
    """All names and all accounts, folded."""
    systems = [system.match for system in by.systems]
    names = {claim.id for team in by.teams for claim in team.names}
    names |= {value for match in systems for values in match.tags.values() for value in listed(values)}
    accounts = {claim.id for team in by.teams for claim in team.claimed_accounts}
    accounts |= {account for match in systems for account in listed(match.accounts)}
    for pool in by.pools:
        for column, accepted in conditions(pool):
            (accounts if column in ACCOUNTS else names).update(accepted)
    return set(map(folded, names)), set(map(folded_account, accounts))


def _asked(held: Iterable[Known], by: Allocation) -> dict[str, list[str]]:
    """The keys of maps; where there are too many to keep, those that may be one that is configured."""
    keys = {key for pool in by.pools for key in pool.match.Tags}
    keys |= {key for system in by.systems for key in system.match.tags}
    keys |= {
        key for pool in by.pools if isinstance(pool, OwnerPool) for key in (*pool.tags, *pool.cost_categories)
    }
    wanted = {folded_key(key) for key in keys} | {re.sub("[^a-z0-9]", "", key.lower()) for key in keys} - {""}
    found: dict[str, set[str]] = defaultdict(set)
    for each in held:
        for column, keys_there in each.items():
            found[column].update(keys_there)
    if sum(map(len, found.values())) > _KEYS_KEPT:
        for column, written in found.items():
            found[column] = {key for key in written if any(one in folded_key(key) for one in wanted)}
    return {column: sorted(written) for column, written in found.items()}


def conditions(pool: Pool) -> list[tuple[str, tuple[str, ...]]]:
    """What a pool's ``match`` asks of columns and of tags, the column ``Tags``: and what it accepts there."""
    of_columns = pool.match.model_dump(exclude={"Tags"}, exclude_none=True)
    return [
        *((column, listed(accepted)) for column, accepted in of_columns.items()),
        *(("Tags", listed(accepted)) for accepted in pool.match.Tags.values()),
    ]


def _seen(wanted: set[str], fold: Callable[[str], str], texts: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in sorted(texts):
        if (name := fold(text)) in wanted and name:
            found.setdefault(name, []).append(text)
    return found


def _spelt(known: Known, fold: Callable[[str], str], names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for name in names for text in (name, *known.get(fold(name), ()))))
