"""What people write in place of a number or a duration, and what to write instead."""

import re
from decimal import Decimal
from itertools import pairwise

_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_WORDS |= {"eight": 8, "nine": 9, "ten": 10, "twelve": 12, "twenty": 20, "thirty": 30, "sixty": 60}
_SHORT = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "b": 10**9, "billion": 10**9}
_SECONDS = {
    "s sec secs second seconds": 1,
    "m min mins minute minutes": 60,
    "h hr hrs hour hours": 3600,
    "d day days": 86400,
    "w week weeks": 604800,
    "month months": 30 * 86400,
    "y year years": 365 * 86400,
}
_UNITS = {word: seconds for words, seconds in _SECONDS.items() for word in words.split()}
_KEYS = {"_seconds": 1, "_minutes": 60, "_hours": 3600, "_days": 86400}
_OF_MONEY = ("above", "amount", "below", "daily_budget", "min_impact")
_SIGNS = re.compile(
    r"^(?:[$€£¥]|US\$|[A-Z]{3}(?=[\s\d]))\s*|\s*(?:[$€£¥]|(?<=[\d\s])[A-Z]{3}|dollars?|euros?)$"
)
_GROUPS = re.compile(r"[+-]?\d{1,3}([, _'])\d{3}(?:\1\d{3})*(?:\.\d+)?")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(?:\.?\d{3})*,\d{1,2}")
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(%|percent|[a-z]+)?", re.IGNORECASE)
_SPAN = re.compile(r"(?:and\s+)?(\d+(?:\.\d+)?|[a-z]+)\s*([a-z]+)", re.IGNORECASE)

_LONGEST = 100  # characters of what may be meant as a duration


def number(text: str, key: str = "") -> str:
    """``30000`` for ``30k``, ``1,000`` or ``$30k``; ``0.8`` for ``80%``; '' where nobody can tell.

    key: which the number stands under; where it names a unit of time, ``two days`` is so many of these, and
    where it names an amount of money, a percentage is none.
    """
    for ending, seconds in _KEYS.items():
        if key.endswith(ending) and (span := _seconds(text)):
            return _digits(span / seconds)
    plain = _SIGNS.sub("", _SIGNS.sub("", text.strip()))
    if _GROUPS.fullmatch(plain):
        plain = re.sub(r"[, _']", "", plain)
    if _EUROPEAN.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    if plain.lower() in _WORDS:
        return str(_WORDS[plain.lower()])
    if not (match := _NUMBER.fullmatch(plain)):
        return ""
    value, unit = Decimal(match[1]), (match[2] or "").lower()
    if unit in ("%", "percent"):
        if key in _OF_MONEY:
            return "an amount, such as 300"
        return _digits(value if "percent" in key.lower() or key == "objective" else value / 100)
    if unit and unit not in _SHORT:
        return ""
    return _digits(value * _SHORT.get(unit, 1))


def duration(text: str) -> str:
    """``30h`` for ``30 hours``, ``48h`` for ``two days``, ``1h30m`` for ``1.5 hours``; '' for what is none.

    Of a number alone nobody knows the unit: ``30m, 30h or 30d``.
    """
    if text.strip().isdecimal():
        return "{0}m, {0}h or {0}d".format(text.strip())
    seconds = _seconds(text) if len(text) < _LONGEST else None
    if seconds is None or seconds % 1:
        return ""
    if seconds % 86400 == 0 and seconds > 7 * 86400:
        return f"{seconds // 86400}d"
    steps = pairwise((seconds + 1, Decimal(3600), Decimal(60), Decimal(1)))
    parts = ((seconds % above // unit, letter) for (above, unit), letter in zip(steps, "hms", strict=True))
    return "".join(f"{count}{letter}" for count, letter in parts if count)


def _seconds(text: str) -> Decimal | None:
    """How long ``2 days and 3 hours`` is; None: it is no span of time, or none at all."""
    total, rest = Decimal(), text.strip()
    while rest:
        match = _SPAN.match(rest)
        count = match and (_WORDS.get(match[1].lower()) or (match[1][0].isdigit() and Decimal(match[1])))
        if not match or not count or match[2].lower() not in _UNITS:
            return None
        total += count * _UNITS[match[2].lower()]
        rest = rest[match.end() :].lstrip(", ")
    return total or None


def _digits(value: Decimal) -> str:
    return f"{value.normalize():f}"
