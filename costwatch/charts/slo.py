"""Error budgets and SLIs over time, with markers, as Vega-Lite specifications. Pure.

What is unknown is a gap: no line is drawn across it. Marks are not read out one by one; ``description`` says
in words what is drawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.charts.axes import Spec, Theme, theme_of
from costwatch.charts.cost import layered
from costwatch.wording import at_instant, count_of, on_day, printable, shortened

_TITLE = 90  # characters of a marker's title
_MOST_MARKERS = 60
_LOW = 0.25  # of the budget left, or less: in the colour of alarm
_SHAPES = ("triangle-down", "square", "diamond", "circle")

Points = Sequence[tuple[datetime, float | None]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A marker in a chart. kind, title: as others wrote them."""

    at: datetime
    kind: str
    title: str


def burn_down(
    points: Points, markers: Iterable[Drawn] = (), dark: bool | None = False, *, small: bool = False
) -> Spec:
    """What is left of an error budget: 100 % at the start of its period, below 0 the objective is missed.

    points: instant (UTC) -> share that is left, None: unknown. small: for many side by side.
    """
    theme, known = theme_of(dark), [left for _, left in points if left is not None]
    low, last = min([0.0, *known]), known[-1] if known else 1.0
    colour = theme.alarm if last <= _LOW else theme.line
    y = _percent_axis("left", theme, (low * 1.05, 1.0), 3 if small else 5)
    x = _time_axis([at for at, _ in points], theme, 3 if small else 8)
    line: Spec = {"color": colour, "invalid": "break-paths-show-domains", "aria": False}
    tooltip = _tooltip(time="Time (UTC)", shown="Budget left")
    data = [
        {"at": _text(at), "time": at_instant(at), "left": left, "shown": _percent(left)}
        for at, left in points
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.14, **line},
            "encoding": {"x": x, "y": y, "y2": {"datum": 0}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, **line},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        },
    ]
    if low < 0:
        layers.append(_level(0.0, y, theme.muted))
    shown = [*markers]
    layers += _marks(shown, x, theme)
    text = f"Error budget left, {_span(points)}: {_percent(last) if known else 'unknown'} at the end."
    return layered(layers, data, 90 if small else 240, text + _told(shown), theme)


def sli_by_time(
    points: Points,
    target: float,
    step: timedelta,
    markers: Iterable[Drawn] = (),
    dark: bool | None = False,
) -> Spec:
    """What share was good, step by step, against the objective; where nothing is known, a grey ground.

    points: start of each step (UTC) -> the share, None: unknown. Steps without events are left out of them.
    """
    theme = theme_of(dark)
    known = [sli for _, sli in points if sli is not None]
    low = min([target, *known])
    room = max((1 - low) * 0.08, 1e-6)
    y = _percent_axis("sli", theme, (max(0.0, low - room), 1.0), 5)
    digits = digits_of(1 - target)
    y["axis"]["labelExpr"] = f"format(datum.value, '.{max(0, digits_of((1 - low) / 4))}%')"
    x = _time_axis([at for at, _ in points], theme, 8)
    data = [
        {"at": _text(at), "time": at_instant(at), "sli": sli, "shown": _percent(sli, digits + 1)}
        for at, sli in points
    ]
    gaps = _gaps(points, step)
    ground: Spec = {
        "data": {
            "values": [
                {"at": _text(start), "end": _text(end), "time": at_instant(start)} for start, end in gaps
            ]
        },
        "mark": {"type": "rect", "color": theme.muted, "opacity": 0.22, "aria": False},
        "encoding": {
            "x": x,
            "x2": {"field": "end"},
            "tooltip": _tooltip(time="Nothing is known from (UTC)"),
        },
    }
    line: Spec = {
        "mark": {
            "type": "line",
            "interpolate": "step-after",
            "strokeWidth": 1.5,
            "color": theme.line,
            "invalid": "break-paths-show-domains",
            "aria": False,
        },
        "encoding": {"x": x, "y": y, "tooltip": _tooltip(time="From (UTC)", shown="Good")},
    }
    shown = [*markers]
    layers = [ground, line, _level(target, y, theme.alarm), *_marks(shown, x, theme)]
    unknown = sum((end - start for start, end in gaps), timedelta())
    text = f"Share that was good, {_span(points)}, against {_percent(target, digits)}"
    text += f"; unknown for {unknown / timedelta(hours=1):g} hours." if gaps else "."
    return layered(layers, data, 200, text + _told(shown), theme)


def _marks(markers: Sequence[Drawn], x: Spec, theme: Theme) -> list[Spec]:
    """A dashed line for each, with its shape at the top: of a deploy another one than of a flag."""
    shown = sorted(markers, key=lambda one: one.at)[-_MOST_MARKERS:]
    if not shown:
        return []
    kinds = sorted({one.kind for one in shown}, key=lambda kind: (kind != "deploy", kind != "flag", kind))
    data = [
        {
            "at": _text(one.at),
            "time": at_instant(one.at),
            "kind": printable(shortened(one.kind, _TITLE)),
            "title": printable(shortened(one.title, _TITLE)),
            "shape": _SHAPES[min(kinds.index(one.kind), len(_SHAPES) - 1)],
        }
        for one in shown
    ]
    common: Spec = {"data": {"values": data}}
    tooltip = _tooltip(time="Time (UTC)", kind="Kind", title="What")
    rule: Spec = {"type": "rule", "color": theme.muted, "strokeDash": [3, 3], "opacity": 0.7, "aria": False}
    point: Spec = {
        "type": "point",
        "filled": True,
        "size": 70,
        "opacity": 1,
        "color": theme.ink,
        "aria": False,
    }
    return [
        {**common, "mark": rule, "encoding": {"x": x, "tooltip": tooltip}},
        {
            **common,
            "mark": point,
            "encoding": {
                "x": x,
                "y": {"value": 5},
                "shape": {"field": "shape", "type": "nominal", "scale": None, "legend": None},
                "tooltip": tooltip,
            },
        },
    ]


def _level(at: float, y: Spec, colour: str) -> Spec:
    rule = {"type": "rule", "color": colour, "strokeWidth": 1.5, "strokeDash": [6, 3], "aria": False}
    return {"data": {"values": [{y["field"]: at}]}, "mark": rule, "encoding": {"y": y}}


def _gaps(points: Points, step: timedelta) -> list[tuple[datetime, datetime]]:
    """From when to when nothing is known, neighbours joined."""
    unknown = [at for at, sli in points if sli is None]
    found: list[tuple[datetime, datetime]] = []
    for at in unknown:
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + step)
        else:
            found.append((at, at + step))
    return found


def _time_axis(instants: Sequence[datetime], theme: Theme, labels: int) -> Spec:
    """An axis in UTC; days are labelled, or hours where it is not longer than two days."""
    span = max(instants) - min(instants) if instants else timedelta()
    expression = (
        "utcFormat(datum.value, '%H:%M')" if span <= timedelta(days=2) else "utcFormat(datum.value, '%-d %b')"
    )
    domain = [_text(min(instants)), _text(max(instants))] if instants else []
    return {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc", **({"domain": domain} if instants else {})},
        "axis": {
            "title": None,
            "labelExpr": expression,
            "tickCount": labels,
            "labelOverlap": "greedy",
            "labelFlush": True,
            "labelColor": theme.muted,
            "domainColor": theme.grid,
            "grid": False,
            "ticks": False,
            "labelPadding": 6,
        },
    }


def _percent_axis(field: str, theme: Theme, domain: tuple[float, float], ticks: int) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False, "zero": False},
        "axis": {
            "title": None,
            "labelExpr": "format(datum.value, '.0%')",
            "tickCount": ticks,
            "labelColor": theme.muted,
            "gridColor": theme.grid,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
        },
    }


def _tooltip(**titles: str) -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": title} for field, title in titles.items()]


def digits_of(share: float) -> int:
    """How many decimals a percentage needs, so that such a share shows in it."""
    digits = 0
    while share * 100 < 0.9999 and digits < 6:
        share, digits = share * 10, digits + 1
    return digits


def _percent(share: float | None, digits: int = 0) -> str:
    return "unknown" if share is None else f"{share * 100:.{digits}f} %"


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _span(points: Points) -> str:
    if not points:
        return "no time"
    return f"{on_day(points[0][0].date())} to {on_day(points[-1][0].date())}"


def _told(markers: Sequence[Drawn]) -> str:
    if not markers:
        return ""
    newest = max(markers, key=lambda one: one.at)
    title = printable(shortened(newest.title, _TITLE))
    count = count_of(len(markers), "marker", "markers")
    return f" {count}, the newest {title} at {at_instant(newest.at)}."
