"""Where does the money go? Cost by day and group, filtered, with every digit on hover and in the CSV."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.answers.cost_answer import CostAnswer
from costwatch.answers.costs import (
    FILTERS,
    CostGroup,
    CostQuery,
    CostRow,
    as_csv,
    by_day,
    grouped,
    offered,
    rows_of,
)
from costwatch.charts import cost as charts
from costwatch.model import ALLOCATED, NO_SYSTEM, State, is_configured
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from dashboards import blocks, filters, frame
from dashboards.blocks import Column, Tile
from dashboards.frame import METRICS, DataReach
from dashboards.panels.resources import resources_behind
from dashboards.panels.trail import trail_of_team
from dashboards.panels.unit_costs import cost_per_unit
from dashboards.panels.usage import usage_of_pods
from dashboards.reading import ask, configured

_GROUPS = (
    "service",
    "team",
    "system",
    "parent",
    "cost_center",
    "account",
    "provider",
    "region",
    "category",
    "charge_kind",
    "billing_period",
    "pool",
    *ALLOCATED,
)
_RANGES = {"7d": 7, "30d": 30, "90d": 90, "180d": 180, "365d": 365}
_MODES = {"kubernetes": usage_of_pods, "per unit": cost_per_unit}
_LISTED = 50
_OUTLINED_DAYS = 100  # more bars than that are too narrow for an outline
_DAY = timedelta(days=1)


def page() -> None:
    """Draws the page."""
    state = frame.heading("Costs")
    if state is None:
        return
    mode = frame.choose("Of what", "mode", ("bill", *_MODES), "bill")
    if mode in _MODES:
        _MODES[mode]()
        return
    query = _query(state)
    answer = ask(by_day_of_page, query)
    every = rows_of(answer, query)
    rows = [row for row in every if row.currency == query.currency]
    frame.tell_conversion(
        query.unit, ((row.currency, row.day) for row in every if row.currency != query.currency)
    )
    groups = grouped(rows, query)
    if not groups:
        st.html(blocks.note("No cost in this range fits the filters."))
        return
    _summary(groups, rows, query)
    by = query.by.replace("_", " ")
    faint = "; faint days are estimated" if query.last > query.end else ""
    told = [row for row in rows if row.name != f"no {query.by}"] if query.by in ALLOCATED else rows
    without = f"; no {by} is in the table only" if 0 < len(told) < len(rows) else ""
    with frame.card("By day", f"{query.metric}, {query.unit.name}, by {by}{without}{faint}"):
        # Beside the whole bill, what ran on clusters would be a thin line.
        _chart(told or rows, query)
    with frame.card(f"By {by}", f"last 7 days against the 7 before{query.unit.mark}"):
        st.html(_table(groups, query))
    _download(answer, query)
    trail_of_team(query)
    resources_behind(query)


def by_day_of_page(facts: WarehouseSnapshot, query: CostQuery) -> CostAnswer:
    """A question for ``ask``: at the configured rates where the query is converted."""
    return by_day(facts, query, configured().currency if query.unit.converted else None)


def _query(state: DataReach) -> CostQuery:
    values = ask(offered, state.first, state.last)
    dimensions = [name for name in values if name not in FILTERS]
    with st.container(horizontal=True):
        chosen = {
            name: frame.pick(told.capitalize(), name, known, f"All {told}s")
            for name, known in values.items()
            if (told := name.replace("_", " "))
        }
    with st.container(horizontal=True):
        by = frame.select("Group by", "by", (*_GROUPS, *dimensions), "service")
        days = _RANGES[frame.choose("Range", "range", tuple(_RANGES), "30d")]
        metric = METRICS[frame.choose("Metric", "metric", tuple(METRICS), "amortised")]
        unit = frame.unit(state)
    where = tuple((name, value) for name, value in chosen.items() if value is not None)
    return CostQuery(where, by, metric, unit, state.end - timedelta(days=days - 1), state.end, state.last)


def _summary(groups: Sequence[CostGroup], rows: Sequence[CostRow], query: CostQuery) -> None:
    total, last_7, before_7 = (
        sum((getattr(group, name) for group in groups), Decimal()) for name in ("total", "last_7", "before_7")
    )
    span = f"{blocks.day(query.first, query.end.year)} to {blocks.day(query.end)}"
    change = blocks.change(last_7 - before_7, query.currency, "on the 7 before")
    tiles = [
        Tile(
            f"Total, {query.days} days{query.unit.mark}",
            _short(total, query, "total"),
            money.exact(total, query.currency),
        ),
        Tile(f"Last 7 days{query.unit.mark}", _short(last_7, query, "last_7_days"), *change),
        Tile(
            f"A day, on average{query.unit.mark}", _short(round(total / query.days, 9), query, "daily"), span
        ),
    ]
    if query.last > query.end:
        estimated = sum((row.amount(query.metric) for row in rows if row.day > query.end), Decimal())
        since = f"{blocks.day(query.end + _DAY)} to {blocks.day(query.last)}, may change"
        tiles.append(
            Tile(f"Since then, estimated{query.unit.mark}", _short(estimated, query, "estimated"), since)
        )
    st.html(blocks.tiles(tiles))


def _short(amount: Decimal, query: CostQuery, name: str) -> Markup:
    return blocks.amount(amount, query.unit.name, money.short(amount, query.currency), name)


def _chart(rows: Sequence[CostRow], query: CostQuery) -> None:
    points = [
        {
            "day": row.day,
            "key": row.name or "(none)",
            "value": row.amount(query.metric),
            "estimated": row.state is State.ESTIMATED,
        }
        for row in rows
        if row.day >= query.first
    ]
    spec = charts.stacked_days(points, query.currency, frame.is_dark())
    # Names stand under the chart, whole: beside it they would be cut, and on a phone take half its width.
    bars = spec["layer"][0]
    if query.days > _OUTLINED_DAYS:
        bars = bars | {"mark": bars["mark"] | {"strokeWidth": 0}}
    frame.chart(spec | {"layer": [bars]}, query.unit)
    colours = bars["encoding"]["color"]["scale"]
    st.html(blocks.legend(zip(colours["domain"], colours["range"], strict=True)))


def _table(groups: Sequence[CostGroup], query: CostQuery) -> Markup:
    columns = (
        Column(query.by.replace("_", " ").capitalize(), "text"),
        Column("In the range", "number"),
        Column("Last 7 days", "number", wide=True),
        Column("7 before", "number", wide=True),
        Column("Change, %", "number", wide=True),
        Column("Change", "number"),
    )
    rows = [
        (
            _drill(group.name, query),
            *(
                blocks.amount(amount, query.unit.name, money.exact(amount, query.currency))
                for amount in (group.total, group.last_7, group.before_7)
            ),
            blocks.signed_percent(group.change / group.before_7) if group.before_7 > 0 else "–",
            blocks.amount(group.change, query.unit.name, blocks.signed(group.change, query.currency)),
        )
        for group in groups[:_LISTED]
    ]
    more = len(groups) - _LISTED
    return blocks.table(columns, rows) + (
        blocks.note(f"and {more} more in the CSV") if more > 0 else Markup()
    )


def _drill(name: str, query: CostQuery) -> Markup | str:
    """Where the group is a filter too, its name narrows the page to it."""
    if query.by == "system" and name != NO_SYSTEM:
        return blocks.link(name, "system", **frame.chosen_currency(), system=name)
    if not (query.by in FILTERS or is_configured(query.by)) or not name:
        return name or "(none)"
    narrowed = {query.by: name, "by": "service" if query.by == "team" else "team"}
    return blocks.link(name, "costs", **{**filters.address(), **narrowed})


def _download(answer: CostAnswer, query: CostQuery) -> None:
    name = f"costs-{query.first}-{query.last}-by-{query.by}.csv"
    st.download_button(
        "CSV, every digit",
        lambda: as_csv(answer, query),
        name,
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
