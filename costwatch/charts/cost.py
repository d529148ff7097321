"""Vega-Lite specifications as plain dicts: the same chart on a page, in the report and in a message. Pure.

Colours are Okabe-Ito's, in an order whose neighbours stay apart under the three colour-vision
deficiencies; no chart relies on them: series are named at their ends, changes carry their sign, and
``description`` says in words what is drawn (alternative text). A bar's exact amount is in its tooltip.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from costwatch import money
from costwatch.charts.axes import (
    OTHER,
    OTHER_COLOUR,
    PALETTE,
    Spec,
    Theme,
    days_axis,
    domain_of,
    money_axis,
    names_at_the_end,
    theme_of,
)
from costwatch.wording import printable

Row = Mapping[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_VEGALITE = "6.4"


def stacked_days(rows: Iterable[Row], currency: str, dark: bool | None = False, names_px: int = 150) -> Spec:
    """Stacked bars, one per UTC day.

    rows: ``day`` (date), ``key`` (text), ``value`` (Decimal, currency units) and, if the day may
    still change, ``estimated`` True (drawn paler). The six keys with the largest sums keep a colour,
    the rest becomes "other". dark: None for inline SVG that takes its colours from the page's CSS.
    names_px: room for the names at the right.
    """
    theme, rows = theme_of(dark), [{**row, "key": printable(row["key"])} for row in rows]
    names = _ranked(rows)
    colours = {name: OTHER_COLOUR if name == OTHER else PALETTE[at] for at, name in enumerate(names)}
    cells: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        cells[row["day"], row["key"] if row["key"] in colours else OTHER] += row["value"]
    estimated = {row["day"] for row in rows if row.get("estimated")}
    data = [
        {
            "day": day.isoformat(),
            "key": name,
            "order": names.index(name),
            "value": float(value),
            "exact": money.exact(value, currency) + (" (estimated)" if day in estimated else ""),
            "estimated": day in estimated,
        }
        for (day, name), value in sorted(
            cells.items(), key=lambda cell: (cell[0][0], names.index(cell[0][1]))
        )
    ]
    days = [row["day"] for row in rows]
    low, high = domain_of(*_stack_ends(cells))
    bars: Spec = {
        "mark": {"type": "bar", "stroke": theme.paper, "strokeWidth": 1},
        "encoding": {
            "x": days_axis(days, theme, "band"),
            "y": money_axis("value", currency, theme, (low, high)),
            "color": {
                "field": "key",
                "type": "nominal",
                "scale": {"domain": names, "range": [colours[name] for name in names]},
                "legend": None,
            },
            "order": {"field": "order"},
            "opacity": {"condition": {"test": "datum.estimated", "value": 0.45}, "value": 1},
            "tooltip": _tooltip(day="Day (UTC)", key="", exact="Cost"),
        },
    }
    text = f"Cost by day, {span(days)}, in {currency}, stacked: {', '.join(names) or 'no data'}."
    layers = [bars]
    if days:
        ends = {name: cells.get((max(days), name), Decimal()) for name in names}
        layers.append(names_at_the_end(ends, colours, (low, high), theme, names_px))
    return layered(layers, data, 260, text, theme) | {"resolve": {"axis": {"y": "independent"}}}


def changes(rows: Iterable[Row], currency: str, dark: bool | None = False) -> Spec:
    """Horizontal bars, one per row in the order given: orange to the right is more, blue to the left less.

    rows: ``label`` (text, unique), ``value`` (Decimal, currency units, signed).
    """
    theme, rows = theme_of(dark), list(rows)
    data: list[Spec] = [
        {
            "label": printable(row["label"]),
            "value": float(row["value"]),
            "text": money.change(row["value"], currency),
            "exact": ("+" if row["value"] > 0 else "") + money.exact(row["value"], currency),
        }
        for row in rows
    ]
    values = [0.0, *(row["value"] for row in data)]
    room = 0.2 * (max(values) - min(values) or 1)
    low = min(values) - room if min(values) < 0 else 0
    high = max(values) + room if max(values) > 0 or low == 0 else 0
    across = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [low, high]}}
    down = {"field": "label", "type": "nominal", "sort": None, "axis": None}
    rises = "datum.value > 0"
    bars: Spec = {
        "mark": {"type": "bar", "height": 11, "yOffset": 8},
        "encoding": {
            "x": across,
            "y": down,
            "color": {"condition": {"test": rises, "value": PALETTE[4]}, "value": PALETTE[0]},
            "tooltip": _tooltip(label="", exact="Change"),
        },
    }
    text = {"type": "text", "fontSize": 12}
    ends: list[Spec] = [
        {
            "transform": [{"filter": rises if side == "left" else f"!({rises})"}],
            "mark": {**text, "align": side, "dx": shift, "dy": 8, "color": theme.ink, "fontWeight": 600},
            "encoding": {"x": across, "y": down, "text": {"field": "text"}},
        }
        for side, shift in (("left", 5), ("right", -5))
    ]
    names: Spec = {
        "mark": {**text, "align": "left", "dy": -7, "color": theme.ink, "limit": 330},
        "encoding": {"x": {"value": 0}, "y": down, "text": {"field": "label"}},
    }
    described = "; ".join(f"{row['label']} {row['text']}" for row in data) or "none"
    return layered(
        [bars, *ends, names], data, max(1, len(data)) * 38, f"Changes in {currency}: {described}.", theme
    )


def burn_up(
    points: Iterable[Row],
    forecast: Iterable[Row],
    budget: Decimal | None,
    currency: str,
    dark: bool | None = False,
) -> Spec:
    """Cost since the start of a period, its forecast as a dashed line in its band, and the budget.

    points: ``day`` (date), ``value`` (Decimal, sum from the period's first day through ``day``).
    forecast: ``day``, ``value``, ``low``, ``high``, from the last known day to the period's last.
    """
    theme, points, forecast = theme_of(dark), list(points), list(forecast)
    everything = [*points, *forecast]
    days = [row["day"] for row in everything]
    tops = [row.get("high", row["value"]) for row in everything] + ([] if budget is None else [budget])
    bottoms = [row.get("low", row["value"]) for row in everything]
    x = days_axis(days, theme, "point")
    y = money_axis("value", currency, theme, domain_of(min(bottoms, default=0), max(tops, default=0)))
    tooltip = _tooltip(day="Day (UTC)", exact="Through this day")
    known = [_cumulative(row, currency) for row in points]
    ahead = [_cumulative(row, currency) for row in forecast]
    line = {"type": "line", "color": theme.line, "strokeWidth": 2.5}
    layers: list[Spec] = [
        {
            "data": {"values": ahead},
            "mark": {"type": "area", "color": theme.line, "opacity": 0.18},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": ahead},
            "mark": {**line, "strokeDash": [5, 4]},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        },
        {"data": {"values": known}, "mark": line, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
    ]
    text = f"Cost since the start of the period, {span(days)}"
    if ahead:
        end = ahead[-1] | {"text": money.short(forecast[-1]["value"], currency)}
        layers.append(_note(end, x, y, theme.line, align="right", dy=-10))
        text += f", forecast {end['text']}"
    if budget is not None and days:
        label = f"Budget {money.short(budget, currency)}"
        at = {"day": min(days).isoformat(), "value": float(budget), "text": label}
        rule = {"type": "rule", "color": theme.alarm, "strokeWidth": 1.5}
        layers.append({"data": {"values": [at]}, "mark": rule, "encoding": {"y": y}})
        layers.append(_note(at, x, y, theme.alarm, align="left", dy=-8))
        text += f", {label.lower()}"
    return layered(layers, [], 260, text + ".", theme)


def svg(spec: Spec, width_px: int = 720) -> str:
    """``spec`` drawn ``width_px`` wide, to be put inside HTML: no declaration, scripts, links or shared ids.

    The same spec gives the same bytes on every machine that has the same vl-convert; nothing is fetched.
    """
    import vl_convert

    fixed = spec | {"width": width_px, "autosize": {"type": "fit-x", "contains": "padding"}}
    drawn = str(vl_convert.vegalite_to_svg(fixed, vl_version=_VEGALITE, allowed_base_urls=[]))
    # One image with one description: a screen reader would otherwise read out every bar's outline.
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{escape(spec["description"])}" ', 1)


def _ranked(rows: Sequence[Row]) -> list[str]:
    """Keys by falling sum, the tail beyond the palette as one "other"."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["key"]] += row["value"]
    ranked = sorted(sums, key=lambda name: (name == OTHER, -sums[name], name))
    if len(ranked) <= len(PALETTE):
        return ranked
    kept = [name for name in ranked if name != OTHER][: len(PALETTE)]
    return [*kept, OTHER]


def _stack_ends(cells: Mapping[tuple[date, str], Decimal]) -> tuple[Decimal, Decimal]:
    """The lowest and the highest end of any bar; credits stack downwards from zero."""
    up: dict[date, Decimal] = defaultdict(Decimal)
    down: dict[date, Decimal] = defaultdict(Decimal)
    for (day, _), value in cells.items():
        (up if value > 0 else down)[day] += value
    return min([Decimal(), *down.values()]), max([Decimal(), *up.values()])


def _cumulative(row: Row, currency: str) -> Spec:
    numbers = {name: float(row[name]) for name in ("value", "low", "high") if name in row}
    exact = money.exact(row["value"], currency)
    if "low" in row:
        exact += f" ({money.exact(row['low'], currency)} to {money.exact(row['high'], currency)})"
    return {"day": row["day"].isoformat(), "exact": exact, **numbers}


def _note(at: Spec, x: Spec, y: Spec, colour: str, *, align: str, dy: int) -> Spec:
    mark = {"type": "text", "align": align, "dy": dy, "color": colour, "fontWeight": 600, "fontSize": 12}
    return {
        "data": {"values": [at]},
        "mark": mark,
        "encoding": {"x": x, "y": y, "text": {"field": "text"}},
    }


def _tooltip(**titles: str) -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": title or " "} for field, title in titles.items()]


def span(days: Sequence[date]) -> str:
    """``1 Oct 2026 to 31 Oct 2026``, for the words that describe a chart."""
    if not days:
        return "no days"
    first, last = min(days), max(days)
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


def layered(layers: list[Spec], data: list[Spec], height_px: int, description: str, theme: Theme) -> Spec:
    """A chart of these layers over the same data, as wide as its place."""
    return {
        "$schema": SCHEMA,
        "description": description,
        "data": {"values": data},
        "width": "container",
        "height": height_px,
        "layer": layers,
        "background": "transparent",
        "config": config(theme),
    }


def config(theme: Theme) -> Spec:
    """What all charts share: the page's font, no frame, and one description instead of one for each mark."""
    return {"font": theme.font, "view": {"stroke": None}, "axis": {"labelFontSize": 12}, "aria": False}
