"""Runs of clusters: what each cost, how it went, and what failed ones cost whom."""

from collections.abc import Sequence
from datetime import date

import streamlit as st
from markupsafe import Markup

from costwatch.answers.runs import RunRow, RunsAnswer, runs_answer
from costwatch.cost.runs import FAILED, SUCCEEDED
from costwatch.money import exact, units
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import at_instant, printable
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.reading import ask, configured

_LISTED = 20
_TONES = {FAILED: "bad", SUCCEEDED: "good"}
Where = tuple[tuple[str, str], ...]


def runs_of_clusters(first: date, after: date, where: Where) -> None:
    """Draws the card; nothing where there are no runs. where: cluster, namespace."""
    answer = ask(runs_where, first, after, configured().runs.label, where)
    runs = [row for row in answer.rows if row.is_run]
    if not runs:
        return
    failed = f"; failed: {answer.failed_told}" if answer.failed_told else ""
    with frame.card("Runs", f"EffectiveCost{failed}"):
        st.html(_table(runs))
        rest = [row for row in answer.rows if not row.is_run]
        more = f"and {len(runs) - _LISTED:,} more; " if len(runs) > _LISTED else ""
        beside = f"{', '.join(_rest(row) for row in rest)} of no run; " if rest else ""
        note = f"{more}{beside}costwatch cost runs has all of them, and those of SageMaker"
        st.html(blocks.note(printable(note)))


def runs_where(facts: WarehouseSnapshot, first: date, after: date, label: str, where: Where) -> RunsAnswer:
    """A question for ``ask``."""
    return runs_answer(facts, first, after, label, {name: (value,) for name, value in where})


def _table(runs: Sequence[RunRow]) -> Markup:
    columns = (
        Column("Run", "text"),
        Column("Cost", "number"),
        Column("Outcome"),
        Column("Start", wide=True),
        Column("GPU-hours", "number", wide=True),
        Column("Core-hours", "number", wide=True),
        Column("Owner", wide=True),
    )
    return blocks.table(columns, [_cells(row) for row in runs[:_LISTED]])


def _cells(row: RunRow) -> tuple[blocks.Text, ...]:
    place = blocks.toned(printable(f"{row.namespace} · {row.workload}"), "muted")
    start = at_instant(row.started_at) if row.started_at else f"{row.first or 'unknown'}"
    return (
        Markup("<b>{}</b><br>{}").format(printable(row.name), place),
        _cost(row),
        blocks.toned(row.outcome, _TONES.get(row.outcome, "")),
        start,
        _hours(row.gpu_hours),
        _hours(row.cpu_core_hours),
        printable(row.owner),
    )


def _cost(row: RunRow) -> blocks.Text:
    """What was billed, and what is estimated besides."""
    if not row.currency:
        return "unknown"
    billed = blocks.amount(units(row.nano), row.currency, exact(units(row.nano), row.currency), "run_cost")
    estimated = f"+ {exact(units(row.estimated_nano), row.currency)} estimated" if row.estimated_nano else ""
    if not row.teams:
        return estimated.removeprefix("+ ")
    return Markup("{} {}").format(billed, estimated) if estimated else billed


def _rest(row: RunRow) -> str:
    return f"{exact(units(row.nano), row.currency)} of {row.workload}" if row.currency else row.workload


def _hours(hours: float | None) -> str:
    return "unknown" if hours is None else f"{hours:,.1f}"
