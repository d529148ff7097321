"""How days, amounts and foreign text are written in sentences. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from costwatch.money import exact, per_unit, smallest_unit

# What there is to do about a damaged warehouse.
RESTORE = "restore the last `costwatch db backup` by `costwatch db restore`"
_CURRENCY = re.compile(r"[A-Z]{3}")
_HARMLESS = frozenset("\u200d\u00a0\u202f")  # joins emoji; spaces that do not break


@lru_cache(maxsize=1024)  # thousands of sentences tell the same few days
def on_day(day: date) -> str:
    """``17 Nov 2026``."""
    return f"{day.day} {day:%b %Y}"


def at_instant(instant: datetime) -> str:
    """``2026-11-19 06:00 UTC``; the instant is in UTC."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def span(of: timedelta) -> str:
    """``5 d 19 h``, ``31 h 30 min``, ``4 min``: rounded down to the minute, from two days on to the hour."""
    return _in_minutes(of // timedelta(minutes=1))


def _in_minutes(minutes: int) -> str:
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    parts = [(days, "d"), (rest, "h")] if days >= 2 else [(hours, "h"), (minutes, "min")]
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 min"


def ago(of: timedelta) -> str:
    """``just now``, ``4 min ago``, ``5 d 19 h ago``."""
    return f"{span(of)} ago" if of >= timedelta(minutes=1) else "just now"


def percent(ratio: Decimal) -> str:
    """``107 %`` for 1.07, half away from zero."""
    return f"{(ratio * 100).quantize(Decimal(1), rounding='ROUND_HALF_UP'):,} %"


def share(of: Decimal) -> str:
    """A share of a whole: ``14 %``, below ten per cent ``0.4 %``."""
    return percent(of) if abs(of) >= Decimal("0.1") or not of else f"{of * 100:.1f} %"


def signed_share(of: Decimal) -> str:
    """A change as a share, with its sign: ``+51 %``, ``-0.4 %``; ``0 %`` for what rounds to it."""
    text = share(abs(of))
    return text if text in ("0 %", "0.0 %") else f"{'+' if of > 0 else '-'}{text}"


def quantity(value: Decimal, unit: str) -> str:
    """``$6,000.00``, ``31 h 30 min``, ``9 days``, ``107 %``, ``burn 14.9``: a value in its finding's unit."""
    if _CURRENCY.fullmatch(unit):
        return exact(value, unit) if abs(value) >= smallest_unit(unit) or not value else per_unit(value, unit)
    if unit == "hours" and value >= 0:
        return _in_minutes(int(value * 60))
    if unit == "ratio":
        return percent(value)
    if unit == "burn":
        return f"burn {amount(round(value, 1))}"
    return f"{amount(value)} {unit}".rstrip()


def digits(value: Decimal) -> str:
    """The shortest exact digits: ``9412.33``, ``6000``. Equal numbers give equal text."""
    return f"{value.normalize():f}"


def printable(text: str) -> str:
    r"""One line that only shows: line breaks, controls, overrides of direction become ``\n``, ``\x1b``, …"""
    return "".join(
        letter
        if letter.isprintable() or letter in _HARMLESS
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def amount(value: Decimal) -> str:
    """A number of things: ``1,234,568``, ``12.5``, ``0.00421``."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return digits(round(value, max(1, 2 - value.adjusted()) if value else 0))


def count_of(number: int, one: str, many: str) -> str:
    """``1 machine``, ``3 machines``."""
    return f"{number:,} {one if number == 1 else many}"


def some_of(names: Sequence[str], at_most: int = 3) -> str:
    """``a, b, c and 4 more``."""
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more:,} more" if more > 0 else "")


def shortened(text: str, at_most: int) -> str:
    """``text``, cut to ``at_most`` characters with ``…`` where it is longer."""
    return text if len(text) <= at_most else text[: at_most - 1] + "…"
