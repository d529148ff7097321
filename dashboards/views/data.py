"""Can I trust it? How fresh each source is, whether teams carry exactly the bill, what changed afterwards."""

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st
from markupsafe import Markup

from costwatch import wording
from costwatch.answers import data
from costwatch.answers.data import Restatement, Row
from costwatch.answers.restatements import doubted
from costwatch.answers.sources import LateSource, SourceState, incomplete
from costwatch.proof.restatement import Restatement as Doubted
from costwatch.warehouse.encoding import from_int, from_text
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.frame import DataReach
from dashboards.panels import proof, unowned
from dashboards.panels.estimates import live_estimates
from dashboards.reading import ask, configured, moment

_STRIP_DAYS = 60
_LISTED = 10
_MARKS = {
    SourceState.FAILED: ("▲ failed", "bad"),
    SourceState.STALE: ("▲ late", "warn"),
    SourceState.ENDED: ("▲ ended", "warn"),
    SourceState.NEVER: ("○ never read", "warn"),
}
_FRESH = ("● fresh", "good")


def page() -> None:
    """Draws the page."""
    state = frame.heading("Data")
    if not configured().warehouse.exists():
        return
    _sources(ask(data.sources), ask(frame.late_sources))
    _doubted(ask(doubted))
    if state is not None:
        currency = frame.currency(state)
        _days(state)
        held = ask(data.held)
        proof.periods(held)
        proof.parts(held.proofs)
        proof.opinions(ask(data.second_opinions, proof.newest(held.periods)))
        unowned.without_an_owner(currency, state.end)
        _restatements(ask(data.restatements, state.first, state.last))
    live_estimates()
    _runs(ask(data.runs))


def _sources(rows: Sequence[Row], late: Sequence[LateSource]) -> None:
    named = {one.source: one for one in late}
    columns = (
        Column("", "mark"),
        Column("Source"),
        Column("Settled through"),
        Column("Last new data"),
        Column("Last read", wide=True),
    )
    lines = [_source(row, named.get(row["source"])) for row in rows]
    unread = [one.source for one in late if one.state is SourceState.NEVER]
    lines += [(blocks.toned(*_MARKS[SourceState.NEVER]), name, "–", "–", "–") for name in unread]
    with frame.card("Sources"):
        if not lines:
            st.html(blocks.note("None yet: name one under sources: in costwatch.yaml."))
            return
        st.html(blocks.table(columns, lines))
        remarks = [("▲", _MARKS[one.state][1], _advice(one)) for one in late]
        doubts = [(row["source"], words) for row in rows if (words := incomplete(row))]
        remarks += [("◐", "warn", Markup("{} {}.").format(*doubt)) for doubt in doubts]
        if remarks:
            st.html(blocks.sentences(remarks))


def _source(row: Row, late: LateSource | None) -> tuple[blocks.Text, ...]:
    return (
        blocks.toned(*(_MARKS[late.state] if late else _FRESH)),
        row["source"],
        blocks.day(from_int(row["data_through"]), moment().year) if row["data_through"] else "–",
        _ago(row["last_load_at"]),
        _ago(row["last_tried_at"]),
    )


def _advice(late: LateSource) -> Markup:
    return Markup("{}. Then run <code>costwatch collect {}</code>").format(
        late.reason.rstrip("."), late.source
    )


def _ago(instant: str | None) -> blocks.Text:
    if instant is None:
        return "never"
    at = from_text(instant)
    return blocks.hover(wording.ago(moment() - at), wording.at_instant(at))


def _doubted(found: Sequence[Doubted]) -> None:
    if found:
        with frame.card(
            "Doubted restatements", "deliveries that took settled days, lines or cost away, or doubled them"
        ):
            st.html(blocks.sentences(("▲", "warn", Markup("{}").format(one.text)) for one in found))


def _days(state: DataReach) -> None:
    last = max(state.last, moment().date() - timedelta(days=1))  # today is not over
    first = max(state.first, last - timedelta(days=_STRIP_DAYS - 1))
    states = ask(data.day_states, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with frame.card("Days", f"the last {len(days)}"):
        st.html(blocks.day_strip([(day, states.get(day)) for day in days]))


def _restatements(found: Sequence[Restatement]) -> None:
    columns = (
        Column("Day"),
        Column("Known since", wide=True),
        Column("Most of it", "text"),
        Column("Change", "number"),
    )
    with frame.card("Restatements", "EffectiveCost of settled days, changed by later deliveries"):
        if found:
            st.html(blocks.table(columns, [_restatement(one) for one in found[:_LISTED]]))
        else:
            st.html(blocks.note("None: every settled day still costs what it did when it was settled."))


def _restatement(one: Restatement) -> tuple[blocks.Text, ...]:
    return (
        blocks.day(one.day, moment().year),
        wording.at_instant(one.known_at),
        f"{one.team} · {one.service} {blocks.signed(one.largest, one.currency)}",
        blocks.amount(one.delta, one.currency, blocks.signed(one.delta, one.currency)),
    )


def _runs(rows: Sequence[Row]) -> None:
    columns = (
        Column("Read at"),
        Column("Source", wide=True),
        Column("Rows", "number", wide=True),
        Column("Outcome", "text"),
    )
    with frame.card("Last runs"):
        st.html(blocks.table(columns, [_run(row) for row in rows]))


def _run(row: Row) -> tuple[blocks.Text, ...]:
    marks = {"loaded": "● loaded", "unchanged": "○ nothing new", "failed": f"▲ failed: {row['error']}"}
    tone = "bad" if row["outcome"] == "failed" else "warn" if row["partial_count"] else ""
    partial = f" · {row['partial_count']} incomplete" if row["partial_count"] else ""
    return (
        wording.at_instant(from_text(row["started_at"])),
        row["source"],
        f"{row['row_count']:,}",
        blocks.hover(marks[row["outcome"]] + partial, row["source"], tone),
    )
