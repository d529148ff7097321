"""Whether today's teams claim what nobody carries, and which of them is nearest to it."""

import difflib
from datetime import date

from costwatch.allocation import pools
from costwatch.allocation.settings import Allocation
from costwatch.model.names import folded, folded_account, folded_key
from costwatch.warehouse.bill.unclaimed import Unclaimed

_LONGEST = 60
_FEWEST_LETTERS = 3
_IS_NEAR = 0.75


class Claimed:
    """What the teams of a configuration are called and have."""

    def __init__(self, allocation: Allocation) -> None:
        self._teams = allocation.teams
        self._names = {
            folded(claim.id): (team.name, claim.valid_from) for team in self._teams for claim in team.names
        }
        owned = pools.owned(pools.complete(allocation.pools)).values()
        self._keys = {folded_key(key) for pool in owned for key in pool.tags}

    def asks_for(self, found: Unclaimed) -> bool:
        """Whether an owner is looked for there already."""
        return found.kind != "tag" or folded_key(found.key) in self._keys

    def team_of(self, found: Unclaimed, *, before: date = date.max) -> str:
        """Who has it by a claim that begins ``before`` a day; '' for nobody."""
        if found.kind == "account":
            wanted = folded_account(found.value)
            for team in self._teams:
                starts = [
                    *(each.valid_from for each in team.claimed_accounts if folded_account(each.id) == wanted),
                    *(each.valid_from for each in team.named_accounts if each.means(found.SubAccountName)),
                ]
                if any((start or date.min) < before for start in starts):
                    return team.name
            return ""
        if not self.asks_for(found):
            return ""
        name, since = self._names.get(folded(found.value), ("", None))
        return name if (since or date.min) < before else ""

    def nearest(self, found: Unclaimed) -> str:
        """The team whose name or alias is like it: equal, a slip away, or the first word of an account."""
        text = found.SubAccountName if found.kind == "account" else found.value
        word = folded(text[:_LONGEST])
        # Another word more or less is another thing: ml-platform is no slip of platform.
        alike = [name for name in self._names if name.count("-") == word.count("-")]
        if close := difflib.get_close_matches(word, alike, 1, _IS_NEAR):
            return self._names[close[0]][0]
        words = [
            name
            for name in self._names
            if found.kind == "account" and len(name) >= _FEWEST_LETTERS and word.startswith(f"{name}-")
        ]
        return self._names[max(words, key=len)][0] if words else ""
