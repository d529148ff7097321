"""The look that charts share: colours of light, dark and inline pictures, day and money axes. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import floor, log10
from typing import Any

from costwatch import money

Spec = dict[str, Any]

PALETTE = ("#0072B2", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7")
OTHER, OTHER_COLOUR = "other", "#999999"
_TICKS = 5  # of an axis of money, about


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours and font of one kind of picture."""

    ink: str
    muted: str
    grid: str
    paper: str
    line: str
    alarm: str
    font: str


_PAGE_FONT = '"Source Sans", sans-serif'
_LIGHT = Theme("#31333F", "#6B6E7B", "#E6E8EC", "#FFFFFF", "#0072B2", "#B35900", _PAGE_FONT)
_DARK = Theme("#FAFAFA", "#A6A9B4", "#3A3F4B", "#0E1117", "#56B4E9", "#E69F00", _PAGE_FONT)
# Inline in HTML the page's own CSS variables decide, so one picture serves light, dark and print.
# The font is one vl-convert brings along: it measures the same on every machine.
_INLINE = Theme(
    "var(--ink)",
    "var(--muted)",
    "var(--rule)",
    "var(--paper)",
    "var(--line)",
    "var(--alarm)",
    "Liberation Sans, Arial, Helvetica, sans-serif",
)


def theme_of(dark: bool | None) -> Theme:
    """Light, dark, or (None) taken from the CSS of the page around an inline picture."""
    return _INLINE if dark is None else _DARK if dark else _LIGHT


def domain_of(low: Decimal | int, high: Decimal | int) -> tuple[float, float]:
    """A money axis from zero (or below, for credits) to a little above the highest value."""
    return min(0.0, float(low) * 1.06), max(float(high) * 1.06, 0.01)


def names_at_the_end(
    ends: Mapping[str, Decimal],
    colours: Mapping[str, str],
    domain: tuple[float, float],
    theme: Theme,
    width_px: int,
) -> Spec:
    """A right-hand axis that names each series beside its part of the last bar, kept legibly apart."""
    middles, up, down = {}, 0.0, 0.0
    for name, value in ends.items():
        size = float(value)
        middles[name] = (up if size >= 0 else down) + size / 2
        up, down = (up + size, down) if size >= 0 else (up, down + size)
    places = apart(middles, (domain[1] - domain[0]) / 16, domain[1])
    chosen = [f"datum.value === {json.dumps(place)}" for place in places.values()]
    pairs = list(zip(chosen, places, strict=True))
    shown = {
        name: re.sub(r"^(Amazon|AWS) (?=.)", "", name) for name in ends
    }  # on every line, telling nothing
    expression = " : ".join(f"{test} ? {json.dumps(shown[name])}" for test, name in pairs) + " : ''"
    return {
        "data": {"values": [{}]},
        "mark": {"type": "point", "opacity": 0},
        "encoding": {
            "y": {
                "datum": 0,
                "type": "quantitative",
                "scale": {"domain": list(domain), "nice": False},
                "axis": {
                    "orient": "right",
                    "title": None,
                    "values": list(places.values()),
                    "labelExpr": expression,
                    "labelColor": theme.ink,
                    "labelLimit": width_px,
                    "labelOverlap": False,
                    "grid": False,
                    "domain": False,
                    "ticks": True,
                    "tickSize": 10,
                    "tickWidth": 10,
                    "tickColor": {
                        "condition": [{"test": test, "value": colours[name]} for test, name in pairs],
                        "value": OTHER_COLOUR,
                    },
                },
            }
        },
    }


def apart(middles: Mapping[str, float], gap: float, top: float) -> dict[str, float]:
    """The same order, neighbours at least ``gap`` apart, the highest at most at ``top``."""
    placed: dict[str, float] = {}
    floor = float("-inf")
    for name, middle in sorted(middles.items(), key=lambda item: item[1]):
        floor = placed[name] = max(middle, floor + gap)
    ceiling = top
    for name in reversed(placed):
        placed[name] = min(placed[name], ceiling)
        ceiling = placed[name] - gap
    return placed


def days_axis(days: Sequence[date], theme: Theme, scale: str) -> Spec:
    """An axis with a place for each calendar day, so a missing day shows as a gap."""
    span = _calendar(days)
    labelled = (
        [day for day in span if day.day == 1]
        if len(span) > 75
        else [day for day in span if day.weekday() == 0]
        if len(span) > 10
        else span
    )
    return {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": [day.isoformat() for day in span], "type": scale, "padding": 0},
        "axis": {
            "title": None,
            "values": [day.isoformat() for day in labelled],
            "labelExpr": "utcFormat(toDate(datum.value), '%-d %b')",
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelColor": theme.muted,
            "domainColor": theme.grid,
            "ticks": False,
            "labelPadding": 6,
        },
    }


def _calendar(days: Sequence[date]) -> list[date]:
    if not days:
        return []
    first = min(days)
    return [first + timedelta(days=number) for number in range((max(days) - first).days + 1)]


def money_axis(field: str, currency: str, theme: Theme, domain: tuple[float, float]) -> Spec:
    """Labels such as ``$1.2k``, ``$0.15`` beside ``$0.10``; SI's G reads as B, nothing as milli-dollars."""
    symbol = json.dumps(money.exact(Decimal(), currency).removesuffix("0.00"))
    power = floor(
        log10(max(map(abs, domain)) / _TICKS)
    )  # ticks are 1, 2 or 5 times that one of 10, or the next
    form = f".{max(2, -power)}f" if power < 0 else ".3~s"
    number = f"(datum.value === 0 ? '0' : replace(format(abs(datum.value), '{form}'), 'G', 'B'))"
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False},
        "axis": {
            "title": None,
            "labelExpr": f"(datum.value < 0 ? '-' : '') + {symbol} + {number}",
            "labelColor": theme.muted,
            "gridColor": theme.grid,
            "domain": False,
            "ticks": False,
            "tickCount": _TICKS,
            "labelPadding": 6,
        },
    }
