"""What to write under ``teams``: near misses with their dollars, and the YAML that mends them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from costwatch.allocation import pools
from costwatch.allocation.claimed import Claimed
from costwatch.allocation.settings import Allocation
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.model import RESIDUALS
from costwatch.model.names import folded, folded_account, folded_key, plain
from costwatch.money import exact, short, units
from costwatch.warehouse.bill.unclaimed import Unclaimed, by_period
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import printable, shortened

_SHOWN = 60
_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that no team claims, over all published periods.

    found: the largest of its spellings and periods. cost: nano-units of EffectiveCost by BillingCurrency.
    nearest: the team that may be meant; '' for none. is_asked: whether owners are looked for under its key.
    """

    found: Unclaimed
    cost: Mapping[str, int]
    nearest: str
    is_asked: bool

    @property
    def size(self) -> int:
        """What things are ordered by: the cost in the currency that has most."""
        return max(map(abs, self.cost.values()))

    @property
    def sentence(self) -> str:
        """```feature-store` $11.0k: did you mean `feature_store`?``"""
        found = self.found
        amount = ", ".join(short(units(nano), currency) for currency, nano in sorted(self.cost.items()))
        where = (
            "account" if found.kind == "account" else f"{found.kind.replace('_', ' ')} {_shown(found.key)}"
        )
        name = f" {_shown(found.SubAccountName)}" if found.SubAccountName else ""
        text = f"`{_shown(found.value)}`{name} {amount} ({where})"
        if not self.is_asked:
            text += f": no pool looks for owners under the key `{_shown(found.key)}`"
        elif self.nearest:
            text += f": did you mean `{self.nearest}`?"
        return text


def suggestions(facts: WarehouseSnapshot, allocation: Allocation) -> list[Suggestion]:
    """What is unallocated and no team claims today, by what could name its owner, the largest first."""
    claimed = Claimed(allocation)
    alike: dict[tuple[str, ...], list[Unclaimed]] = defaultdict(list)
    for found in by_period(facts.db).values():
        for each in found:
            if folded(each.value) and not claimed.team_of(each):  # else there is nothing to claim it by
                fold = folded_account if each.kind == "account" else folded
                alike[each.kind, folded_key(each.key), fold(each.value)].append(each)
    told = (_suggestion(each, claimed) for each in alike.values())
    return sorted(told, key=lambda one: (-one.size, one.found.key, one.found.value))


def as_yaml(found: Sequence[Suggestion], allocation: Allocation) -> str:
    """What to write so that the next ``allocate`` allocates all of ``found``; '' where there is nothing.

    A team that is there is written whole, with what it gets.
    """
    entries = _Entries(allocation)
    for each in found:
        entries.add(each)
    return "\n".join([*entries.teams(), *_pool(found, allocation)])


class _Entries:
    """The entries of teams that change, by name."""

    def __init__(self, allocation: Allocation) -> None:
        self._known = {
            team.name: team.model_dump(mode="json", exclude_defaults=True) for team in allocation.teams
        }
        self._taken = {folded(claim.id): team.name for team in allocation.teams for claim in team.names}
        self._changed: dict[str, dict[str, Any]] = {}
        self._cost: dict[str, list[str]] = defaultdict(list)

    def add(self, one: Suggestion) -> None:
        """Give it to the nearest team, or to a new one."""
        found = one.found
        is_account = found.kind == "account"
        team = self._taken.get(folded(found.value), "") if not is_account else ""
        if team and not one.is_asked:
            return  # its key is all that is missing
        name = one.nearest or self._new_name(
            (found.SubAccountName or found.value) if is_account else found.value
        )
        entry = self._changed.setdefault(name, self._known.get(name, {"name": name}))
        if is_account:
            entry["accounts"] = [*entry.get("accounts", ()), plain(found.value)]
        elif folded(found.value) != folded(name):
            entry["aliases"] = [*entry.get("aliases", ()), plain(found.value)]
        self._taken.setdefault(folded(name if is_account else found.value), name)
        self._taken.setdefault(folded(name), name)
        self._cost[name].append(_amounts(one))

    def teams(self) -> Iterator[str]:
        """The lines."""
        for is_new in (True, False):
            names = [name for name in self._changed if (name not in self._known) is is_new]
            if names and is_new:
                yield "# add to teams:" if self._known else "teams:"
            for name in names:
                if not is_new:
                    yield f"# in place of the entry of {name}:"
                yield f"  - {_flow(self._changed[name])}  # {' + '.join(self._cost[name])}"

    def _new_name(self, text: str) -> str:
        """A name that a team may have, that of ``text`` where it may; a team of it that is new, too."""
        known = re.sub(r"[^A-Za-z0-9_. -]+", "-", text).strip(" -_.")[: _NAME_LENGTH - 5] or "team"
        if known.lower() in RESIDUALS:
            known = f"team-{known}"
        holder = self._taken.get(folded(known), "")
        is_new = holder in self._changed and holder not in self._known
        if is_new and folded(text) == folded(known):
            return holder
        name, number = known, 2
        while folded(name) in self._taken:
            name, number = f"{known}-{number}", number + 1
        return name


def _pool(found: Iterable[Suggestion], allocation: Allocation) -> Iterator[str]:
    """The owner pool that looks under the keys of ``found``, too."""
    keys = list(dict.fromkeys(each.found.key for each in found if not each.is_asked))
    if not keys:
        return
    complete = pools.complete(allocation.pools)
    pool = [each for each in complete if isinstance(each, OwnerPool)][-1]
    entry = pool.model_dump(mode="json", exclude_defaults=True, exclude={"tags"})
    yield (
        "pools:"
        if not allocation.pools
        else (
            f"# in place of the pool {pool.name}:"
            if pool in allocation.pools
            else "# add to pools, as the last:"
        )
    )
    yield f"  - {_flow({**entry, 'tags': [*pool.tags, *keys]})}"


def _suggestion(spelt: Sequence[Unclaimed], claimed: Claimed) -> Suggestion:
    cost: dict[str, int] = defaultdict(int)
    for each in spelt:
        cost[each.BillingCurrency] += each.EffectiveCostNano
    found = replace(
        max(spelt, key=lambda each: (abs(each.EffectiveCostNano), each.value)), EffectiveCostNano=0
    )
    return Suggestion(found, dict(cost), claimed.nearest(found), claimed.asks_for(found))


def _amounts(one: Suggestion) -> str:
    return ", ".join(exact(units(nano), currency) for currency, nano in sorted(one.cost.items()))


def _shown(text: str) -> str:
    return shortened(printable(text), _SHOWN)


def _flow(entry: Mapping[str, Any]) -> str:
    """On one line, in ASCII: what does not show in a terminal is written out."""
    import yaml

    return yaml.safe_dump(dict(entry), default_flow_style=True, sort_keys=False, width=10**9).strip()
