"""Which names are one: what people, clouds and formats spell differently and mean alike.

docs/allocation.md has the rules and examples, which are held against these functions.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from unicodedata import category, normalize

_BETWEEN_WORDS = re.compile(r"[\s_:-]+")
_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~]+")
_OF_USERS = ("user:", "user_")
_OF_AWS = ("aws:", "aws_")
_AWS_DIGITS = 12
_KEPT = 30_000


@lru_cache(_KEPT)
def folded(name: str) -> str:
    """A name as it is compared: of a team, a tag's value, a cost category, a service.

    Letters by Unicode's full case folding of the compatibility form (NFKC), without what does not show
    (controls, zero width, soft hyphens); blanks of any kind, ``-`` (any dash), ``_`` and ``:`` are one ``-``,
    none at either end. A name of nothing else stays what it is without blanks.
    """
    alike = _alike(name)
    return _BETWEEN_WORDS.sub("-", alike).strip("-") or "".join(alike.split())


@lru_cache(_KEPT)
def folded_key(key: str) -> str:
    """A tag's key as it is compared: ``folded``, without the ``user:`` or ``user_`` that exports put first.

    Nor does ASCII punctuation between words count: AWS writes ``CostCenter`` as ``cost_center`` and
    ``app/team`` as ``app_team``. Keys of AWS itself (``aws:``, ``aws_``) are never those of users.
    """
    alike = _alike(key).strip()
    if alike.startswith(_OF_USERS):
        return _PUNCTUATION.sub("", alike[len(_OF_USERS[0]) :]) or folded(key)
    prefix = _OF_AWS[0] if alike.startswith(_OF_AWS) else ""
    return prefix + _PUNCTUATION.sub("", alike[len(prefix) :]) or folded(key)


@lru_cache(_KEPT)
def folded_account(account: str) -> str:
    """An account's id as it is compared: ``folded``, where it is digits without dashes and with 12 of them.

    AWS shows ``1111-2222-3333``, and spreadsheets lose the zeros that an id begins with.
    """
    known = folded(account)
    digits = known.replace("-", "")
    return digits.zfill(_AWS_DIGITS) if digits.isascii() and digits.isdigit() else known


def claims_by_name(claims: Iterable[tuple[str, date | None, str]]) -> dict[str, list[tuple[date, str]]]:
    """Name, folded -> from which day on it is whose, ascending.

    claims: name, first day (None: ever), whose.
    """
    found: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for name, since, whose in claims:
        if known := folded(name):
            found[known].append((since or date.min, whose))
    return {name: sorted(of) for name, of in found.items()}


def folded_label(label: str, value: str) -> str:
    """A label's value as it is compared: of ``account`` an account's id, of any other a name."""
    return folded_account(value) if label == "account" else folded(value)


def _alike(name: str) -> str:
    text = normalize("NFKC", normalize("NFKC", name).casefold())
    return text if text.isascii() and text.isprintable() else "".join(map(_seen, text))


def spelt(written: Iterable[str], key: str, prefix: str = "") -> list[str]:
    """Those of ``written`` that are ``key`` first the one whose value counts first.

    That is the one spelt as ``key`` is, then the shortest, then the first by its characters. prefix: what
    an export may put before them.
    """
    wanted = folded_key(key)
    found = (each for each in written if folded_key(each.removeprefix(prefix)) == wanted)
    return sorted(found, key=lambda each: (each.removeprefix(prefix) != key, len(each), each))


def plain(name: str) -> str:
    """The same name without what does not show, which no file should hold."""
    return "".join(" " if letter.isspace() else letter for letter in name if not _is_hidden(letter))


def _seen(letter: str) -> str:
    return "" if _is_hidden(letter) else "-" if category(letter) == "Pd" else letter


def _is_hidden(letter: str) -> bool:
    return category(letter) in ("Cc", "Cf") and not letter.isspace()
