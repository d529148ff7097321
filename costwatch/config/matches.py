"""What pools and systems match and no line of a bill can have: such a match finds nothing, for good."""

import re
from collections.abc import Iterable, Iterator

from costwatch.config.names import names_of
from costwatch.config.pools import texts
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Place, Tree
from costwatch.model import CHARGE_CATEGORIES
from costwatch.model.names import folded, folded_account

Found = Iterator[tuple[int, str]]  # line, sentence

_AWS_DIGITS = 12
_OF_ACCOUNTS = (("pools", "SubAccountId"), ("pools", "BillingAccountId"), ("systems", "accounts"))


def check_matches(tree: Tree) -> Found:
    """Across the entries of ``pools`` and ``systems``."""
    categories = [folded(name) for name in CHARGE_CATEGORIES]
    for place, name in _matched(tree, "pools", "ChargeCategory"):
        if folded(name) not in categories:
            what = f"no ChargeCategory is called {quoted(name)}"
            yield tree.value_line(place), f"{what}{instead(name, CHARGE_CATEGORIES)}"
    accounts = names_of(tree).accounts
    for section, key in _OF_ACCOUNTS:
        for place, account in _matched(tree, section, key):
            yield from ((tree.value_line(place), text) for text in misspelt_account(account, accounts))


def misspelt_account(account: str, known: Iterable[str]) -> Iterator[str]:
    """What is one of ``known`` with a digit too few or many; no team need have one."""
    known = [*known]
    digits = re.sub(r"[\s-]", "", account)
    if folded_account(account) in map(folded_account, known) or not digits.isdecimal():
        return
    if len(digits) != _AWS_DIGITS and "did you mean" in (guess := instead(account, known)):
        yield f"account {quoted(account)} has {len(digits)} digits{guess}"


def _matched(tree: Tree, section: str, key: str) -> Iterator[tuple[Place, str]]:
    """Each value that a match of the section names under ``key``, and where."""
    for place, entry in tree.entries((section,)):
        if isinstance(match := entry.get("match"), dict):
            here = (*place, "match", key)
            value = match.get(key)
            yield from [(here, value)] if isinstance(value, str) else texts(here, value)
