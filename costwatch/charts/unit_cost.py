"""What one unit costs, day by day, as a Vega-Lite specification. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from costwatch import money
from costwatch.charts.axes import OTHER_COLOUR, PALETTE, Spec, days_axis, money_axis, theme_of
from costwatch.charts.cost import SCHEMA, span
from costwatch.wording import printable

Row = Mapping[str, Any]


def unit_days(
    rows: Iterable[Row], days: Sequence[date], currency: str, unit: str, dark: bool | None = False
) -> Spec:
    """A line for each key, broken where a day is unknown.

    rows: ``day`` (date), ``key`` (text) and ``value`` (Decimal, currency units) of the known days alone, and
    ``estimated`` True where the day may still change. days: all of the window. unit: what it is told per.
    dark: None for inline SVG that takes its colours from the page's CSS.
    """
    theme, rows = theme_of(dark), [{**row, "key": printable(row["key"])} for row in rows]
    names = [*dict.fromkeys(row["key"] for row in rows)]
    colours = [PALETTE[at] if at < len(PALETTE) else OTHER_COLOUR for at, _ in enumerate(names)]
    known = {(row["key"], row["day"]): row for row in rows}
    data = [
        {"day": day.isoformat(), "key": name, **_told(known.get((name, day)), currency, unit)}
        for name in names
        for day in days
    ]
    values = [row["value"] for row in rows]
    top = float(max(values, default=Decimal())) * 1.06 or 1.0
    y = money_axis("value", currency, theme, (min(0.0, float(min(values, default=0)) * 1.06), top))
    text = f"What a unit costs by day, {span(days)}, in {currency} {unit}: {', '.join(names) or 'no data'}."
    return {
        "$schema": SCHEMA,
        "description": text,
        "data": {"values": data},
        "width": "container",
        "height": 220,
        "mark": {
            "type": "line",
            "point": {"size": 40},
            "strokeWidth": 2.5,
            "invalid": "break-paths-show-domains",
        },
        "encoding": {
            "x": days_axis(days, theme, "point"),
            "y": y,
            "color": {
                "field": "key",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": None,
            },
            "opacity": {"condition": {"test": "datum.estimated", "value": 0.45}, "value": 1},
            "tooltip": [
                {"field": field, "type": "nominal", "title": title}
                for field, title in (("day", "Day (UTC)"), ("key", " "), ("exact", "A unit costs"))
            ],
        },
        "background": "transparent",
        "config": {
            "font": theme.font,
            "view": {"stroke": None},
            "axis": {"labelFontSize": 12},
            "aria": False,
        },
    }


def _told(row: Row | None, currency: str, unit: str) -> Spec:
    """None where a day is unknown: there the line is broken, and does not fall to 0."""
    if row is None:
        return {"value": None, "exact": "unknown", "estimated": False}
    mark = " (estimated)" if row.get("estimated") else ""
    return {
        "value": float(row["value"]),
        "exact": f"{money.per_unit(row['value'], currency)} {unit}{mark}",
        "estimated": bool(row.get("estimated")),
    }
