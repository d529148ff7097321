"""How tests write series down: promtool's notation. Pure.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series: values between spaces;
``a+bxn`` and ``a-bxn`` are ``a`` and ``n`` more, each by ``b`` more or less; ``axn`` is ``a``, ``n + 1``
times; ``_`` is no value, ``_xn`` is that ``n`` times; ``stale`` ends a series, which here is no value either.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

MAX_VALUES = 100_000

_NUMBER = r"(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?"
_ITEM = re.compile(rf"([+-]?{_NUMBER})(?:([+-]{_NUMBER})?x(\d{{1,9}}))?")
_NOTHING = re.compile(r"stale|_(?:x(\d{1,9}))?")


def expanded(text: str) -> tuple[Decimal | None, ...]:
    """The values, None where there is none. Raises ValueError, also for more than ``MAX_VALUES``."""
    found: list[Decimal | None] = []
    for item in text.split():
        for value in _values(item, MAX_VALUES - len(found)):
            found.append(value)
    if not found:
        raise ValueError("must hold values such as '1000x17 1800'")
    return tuple(found)


def _values(item: str, left: int) -> Iterator[Decimal | None]:
    nothing, number = _NOTHING.fullmatch(item), _ITEM.fullmatch(item)
    if nothing:
        times = int(nothing[1] or 1)
    elif number:
        times = int(number[3] or 0) + 1
    else:
        raise ValueError(f"must hold values such as 1000x17, 1+2x5, _x3 or stale; '{item[:40]}' is none")
    if times > left:
        raise ValueError(f"must hold at most {MAX_VALUES:,} values; use fewer")
    if number:
        value, step = Decimal(number[1]), Decimal(number[2] or 0)
        yield from (value + place * step for place in range(times))
    else:
        yield from [None] * times
