"""What pods ask for against what they use, what nodes have left, and requests that would fit."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch.answers.usage import (
    DIMENSIONS,
    LABEL,
    Resource,
    UsageAnswer,
    UsageRow,
    held_days,
    known,
    usage,
)
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import printable, share
from dashboards import blocks, frame
from dashboards.blocks import Column, Tile
from dashboards.panels.rightsizing import advised_requests
from dashboards.panels.runs import runs_of_clusters
from dashboards.reading import ask

_RANGES = {"7d": 7, "30d": 30, "90d": 90}
_LISTED = 50
_UNKNOWN = "unknown"
_PICKED = ("cluster", "namespace")
_NOTHING = Markup(
    '<div class="cw cw-empty"><h2>No usage yet</h2><p class="muted">Add a source of kind '
    "<code>kubernetes</code>, with the address of your Prometheus, to <code>costwatch.yaml</code>; then run "
    "<code>costwatch check</code> and <code>costwatch collect</code>.</p></div>"
)
Where = tuple[tuple[str, str], ...]


def usage_of_pods() -> None:
    """Draws the mode; where nothing was collected, what to do."""
    held = ask(held_days)
    if held is None:
        st.html(_NOTHING)
        return
    values = ask(known)
    with st.container(horizontal=True):
        chosen = {
            name: frame.pick(name.capitalize(), name, sorted(values[name]), f"All {name}s", "usage")
            for name in _PICKED
        }
    with st.container(horizontal=True):
        labels = sorted(name for name in values if name.startswith(LABEL))
        by = frame.select("Group by", "usage_by", (*DIMENSIONS, *labels), DIMENSIONS[0])
        days = _RANGES[frame.choose("Range", "range", tuple(_RANGES), "30d", passed=("180d", "365d"))]
    where = tuple((name, value) for name, value in chosen.items() if value is not None)
    first, after = max(held[0], held[1] - timedelta(days=days)), held[1]
    answer = ask(usage_where, by, first, after, where)
    if not answer.rows:
        st.html(blocks.note("No usage in this range fits the filters."))
        return
    clusters = ask(
        usage_where, "cluster", first, after, tuple(pair for pair in where if pair[0] == "cluster")
    )
    st.html(blocks.tiles(_tiles(answer, clusters)))
    span = f"{blocks.day(first, after.year)} to {blocks.day(after - timedelta(days=1))}"
    with frame.card("Requests against use", f"hours of cores and GiB, {span}, by {by}"):
        st.html(_requests(answer))
    with frame.card("Clusters", "what nodes had while they were measured, and what of it is idle"):
        st.html(_clusters(clusters.rows))
    runs_of_clusters(first, after, where)
    advised_requests(chosen["cluster"] or "", chosen["namespace"] or "")


def usage_where(facts: WarehouseSnapshot, by: str, first: date, after: date, where: Where) -> UsageAnswer:
    """A question for ``ask``."""
    return usage(facts, by, first, after, {name: (value,) for name, value in where})


def _tiles(answer: UsageAnswer, clusters: UsageAnswer) -> list[Tile]:
    tiles = [
        Tile(f"{name} efficiency", _share(of.efficiency, f"{name.lower()}_efficiency"), _of_use(of))
        for name, of in (("CPU", answer.cpu), ("Memory", answer.memory))
    ]
    rows = clusters.rows
    for name, parts, unit in (
        ("CPU", [row.cpu for row in rows], "core"),
        ("Memory", [row.memory for row in rows], "GiB"),
    ):
        known = [(of.idle, of.capacity) for of in parts if of.idle is not None and of.capacity]
        idle, capacity = (sum(amounts) for amounts in zip(*known, strict=True)) if known else (None, None)
        note = f"{_hours(idle)} of {_hours(capacity)} {unit}-hours"
        share = idle / capacity if idle is not None and capacity else None
        tiles.append(Tile(f"{name} idle in its clusters", _share(share, f"{name.lower()}_idle"), note))
    return tiles


def _of_use(of: Resource) -> str:
    return f"{_used(of)} of {_hours(of.requested)} requested"


def _requests(answer: UsageAnswer) -> Markup:
    columns = [
        Column(_title([*answer.rows[0].labels][-1]), "text"),
        *(
            Column(f"{of} {what}", "number", wide=is_wide)
            for of in ("CPU", "Memory")
            for what, is_wide in (
                ("requested", of == "Memory"),
                ("used", True),
                ("unused", True),
                ("efficiency", False),
            )
        ),
        Column("Measured", "number", wide=True),
    ]
    rows = [
        (
            _name(row),
            *(cell for of in (row.cpu, row.memory) for cell in _cells(of)),
            _percent(row.coverage),
        )
        for row in answer.rows[:_LISTED]
    ]
    more = len(answer.rows) - _LISTED
    return blocks.table(columns, rows) + (
        blocks.note(f"and {more:,} more: costwatch usage show has all of them") if more > 0 else Markup()
    )


def _cells(of: Resource) -> tuple[blocks.Text, ...]:
    meter = _UNKNOWN if of.efficiency is None else blocks.meter(Decimal(of.efficiency), "")
    return _hours(of.requested), _used(of), _hours(of.unused), meter


def _clusters(rows: Sequence[UsageRow]) -> Markup:
    columns = [
        Column("Cluster", "text"),
        *(
            Column(f"{of} {what}", "number", wide=is_wide)
            for of in ("CPU", "Memory")
            for what, is_wide in (("capacity", True), ("requested or used", True), ("idle", False))
        ),
        Column("Measured", "number"),
    ]
    return blocks.table(
        columns,
        (
            (
                printable(row.labels["cluster"]) or "(none)",
                *(
                    _hours(amount)
                    for of in (row.cpu, row.memory)
                    for amount in (of.capacity, of.larger, of.idle)
                ),
                _percent(row.coverage),
            )
            for row in rows
        ),
    )


def _name(row: UsageRow) -> Markup:
    """The group, and below it what it is a part of."""
    *above, name = (printable(value) or "(none)" for value in row.labels.values())
    below = Markup("<br>{}").format(blocks.toned(" · ".join(above), "muted")) if above else ""
    return Markup("<b>{}</b>{}").format(name, below)


def _title(name: str) -> str:
    return name.removeprefix(LABEL) if name.startswith(LABEL) else name.capitalize()


def _share(of: float | None, name: str) -> Markup:
    """``name`` tells tests and scripts which number it is."""
    if of is None:
        return blocks.toned(_UNKNOWN, "muted")
    return Markup('<span data-exact="{}" data-name="{}">{}</span>').format(of, name, _percent(of))


def _percent(of: float | None) -> str:
    return _UNKNOWN if of is None else share(Decimal(of))


def _hours(amount: float | None) -> str:
    return _UNKNOWN if amount is None else f"{amount:,.1f}" if abs(amount) < 1000 else f"{amount:,.0f}"


def _used(of: Resource) -> str:
    """``≥`` where some of it was not measured."""
    return ("≥ " if of.is_partly_known else "") + _hours(of.used)
