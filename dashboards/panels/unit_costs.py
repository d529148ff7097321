"""What one unit costs: all of them by day and group, and those of one system."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import streamlit as st
from markupsafe import Markup

from costwatch.answers.unit_costs import (
    UNKNOWN,
    UnitCostAnswer,
    UnitCostRow,
    of_system,
    unit_cost_answer,
    usual_window,
)
from costwatch.charts.unit_cost import unit_days
from costwatch.cost.conversion import Unit
from costwatch.model import State
from costwatch.money import exact, per_unit
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.facts.unit_costs import unit_costs
from costwatch.wording import amount, printable, signed_share
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.reading import ask

_RANGES = {"7d": 7, "28d": 28, "90d": 91}
_LISTED = 50
_DRAWN = 6
_DAY = timedelta(days=1)
_NOTHING = Markup(
    '<div class="cw cw-empty"><h2>No unit cost is named yet</h2><p class="muted">Name what a unit is, and '
    "what counts it, under <code>unit_costs:</code> in <code>costwatch.yaml</code>; then run "
    "<code>costwatch check</code> and <code>costwatch allocate</code>.</p></div>"
)


def cost_per_unit() -> None:
    """Draws the mode; where no unit cost is named, what to do."""
    names = ask(named)
    if not names:
        st.html(_NOTHING)
        return
    with st.container(horizontal=True):
        chosen = frame.pick("Unit cost", "unit_cost", names, "All unit costs", "unit cost")
        days = _RANGES[frame.choose("Range", "range", tuple(_RANGES), "28d", passed=("30d", "180d", "365d"))]
    first, after = ask(usual_window, days)
    wanted = (chosen,) if chosen else names
    answer = ask(summed, first, after, wanted)
    back = answer.before + (after - first) - _DAY
    remark = f"{_span(first, after)}; change: against the same weekdays, {_span(answer.before, back + _DAY)}"
    with frame.card("What one unit costs", remark):
        st.html(_table(answer.rows))
    for name in wanted:
        _by_day([row for row in answer.rows if row.of.name == name], first, after)


def unit_costs_of_system(system: str) -> None:
    """Draws what one unit of a system costs; nothing where no unit cost is of it."""
    names = ask(of_system, system)
    if not names:
        return
    first, after = ask(usual_window)
    with frame.card("Per unit", f"{_span(first, after)}; change: against the four weeks before"):
        st.html(_table(ask(summed, first, after, tuple(sorted(names))).rows))


def named(facts: WarehouseSnapshot) -> tuple[str, ...]:
    """A question for ``ask``: the names of all unit costs."""
    return tuple(of.name for of in unit_costs(facts))


def summed(facts: WarehouseSnapshot, first: date, after: date, names: Collection[str]) -> UnitCostAnswer:
    """A question for ``ask``."""
    return unit_cost_answer(facts, first, after, names)


def daily(facts: WarehouseSnapshot, first: date, after: date, names: Collection[str]) -> UnitCostAnswer:
    """A question for ``ask``."""
    return unit_cost_answer(facts, first, after, names, per_day=True)


def _table(rows: Sequence[UnitCostRow]) -> Markup:
    columns = (
        Column("Unit cost", "text"),
        Column("A unit costs", "number"),
        Column("Change", "number"),
        Column("Cost", "number", wide=True),
        Column("Volume", "number", wide=True),
        Column("Days unknown", "number", wide=True),
    )
    lines = [(_name(row), *_numbers(row)) for row in rows[:_LISTED]]
    more = len(rows) - _LISTED
    return blocks.table(columns, lines) + (
        blocks.note(f"and {more:,} more: costwatch cost units has all of them") if more > 0 else Markup()
    )


def _name(row: UnitCostRow) -> Markup:
    """The unit cost, a link to its days, and per how many it is told; a group of it stands below it."""
    if row.group:
        return blocks.toned(printable(row.group_name), "muted")
    link = blocks.link(row.of.name, "costs", mode="per unit", unit_cost=row.of.name)
    return Markup("<b>{}</b> {}").format(link, blocks.toned(row.of.unit, "muted"))


def _numbers(row: UnitCostRow) -> tuple[blocks.Text, ...]:
    of, found = row.of, row.found
    value: blocks.Text = UNKNOWN
    if row.value is not None:
        shown = per_unit(row.value, of.currency)
        value = blocks.amount(row.value, of.currency, shown, f"unit_cost_{of.name}")
    left_out = f"{found.unknown_days} ({exact(found.unknown_cost, of.currency)})"
    return (
        value,
        UNKNOWN if row.change is None else signed_share(row.change),
        blocks.amount(found.cost, of.currency, exact(found.cost, of.currency)) if found.known_days else "–",
        amount(found.volume) if found.known_days else UNKNOWN,
        left_out if found.unknown_days else "–",
    )


def _by_day(rows: Sequence[UnitCostRow], first: date, after: date) -> None:
    """A chart of one unit cost: its groups, the most expensive ones, or all of it where it has none."""
    of = rows[0].of
    drawn = [row.group_name for row in rows if bool(row.group) is bool(of.by) and row.value is not None]
    points = [
        {
            "day": row.day,
            "key": row.group_name,
            "value": row.value,
            "estimated": row.found.state is State.ESTIMATED,
        }
        for row in ask(daily, first, after, (of.name,)).rows
        if row.value is not None and row.group_name in drawn[:_DRAWN]
    ]
    if not points:
        return
    with frame.card(of.name, f"{of.currency} {of.unit}, by day; where the line is broken it is unknown"):
        days = [first + number * _DAY for number in range((after - first).days)]
        spec = unit_days(points, days, of.currency, of.unit, frame.is_dark())
        frame.chart(spec, Unit(of.currency))
        colours = spec["encoding"]["color"]["scale"]
        if of.by:
            st.html(blocks.legend(zip(colours["domain"], colours["range"], strict=True)))


def _span(first: date, after: date) -> str:
    return f"{blocks.day(first, after.year)} to {blocks.day(after - _DAY)}"
