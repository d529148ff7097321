"""Can I trust it? How fresh each source is, whether teams carry exactly the bill, what changed afterwards."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money, wording
from costwatch.model import METRICS, UNALLOCATED
from costwatch.money import units
from costwatch.warehouse.clock import from_text
from costwatch.warehouse.days import from_int
from costwatch.warehouse.lateness import Late
from dashboards import blocks, frame, trust
from dashboards.blocks import Column
from dashboards.frame import Freshness
from dashboards.reading import ask, configured, moment
from dashboards.trust import Proof, Restatement, Row, Unowned

_STRIP_DAYS = 60
_LISTED = 10
_MARKS = {"failed": ("▲ failed", "bad"), "stale": ("▲ late", "warn"), "never": ("○ never read", "warn")}
_FRESH = ("● fresh", "good")


def page() -> None:
    """Draws the page."""
    state = frame.heading("Data")
    if not configured().warehouse.exists():
        return
    _sources(ask(trust.sources), ask(frame.late_sources))
    if state is not None:
        currency = frame.currency(state)
        _days(state)
        _proofs(ask(trust.proofs))
        _unowned(ask(trust.unowned, currency, state.end), currency, state.end)
        _restatements(ask(trust.restatements, state.first, state.last))
    _runs(ask(trust.runs))


def _sources(rows: Sequence[Row], late: Sequence[Late]) -> None:
    named = {one.source: one for one in late}
    columns = (
        Column("", "mark"),
        Column("Source"),
        Column("Settled through"),
        Column("Last new data"),
        Column("Last read", wide=True),
    )
    lines = [_source(row, named.get(row["source"])) for row in rows]
    lines += [
        (blocks.toned(*_MARKS["never"]), one.source, "–", "–", "–") for one in late if one.state == "never"
    ]
    with frame.card("Sources"):
        if not lines:
            st.html(blocks.note("None yet: name one under sources: in costwatch.yaml."))
            return
        st.html(blocks.table(columns, lines))
        if late:
            st.html(blocks.sentences(("▲", _MARKS[one.state][1], _advice(one)) for one in late))


def _source(row: Row, late: Late | None) -> tuple[blocks.Text, ...]:
    return (
        blocks.toned(*(_MARKS[late.state] if late else _FRESH)),
        row["source"],
        blocks.day(from_int(row["data_through"]), moment().year) if row["data_through"] else "–",
        _ago(row["last_load_at"]),
        _ago(row["last_tried_at"]),
    )


def _advice(late: Late) -> Markup:
    return Markup("{}. Then run <code>costwatch collect {}</code>").format(
        late.reason.rstrip("."), late.source
    )


def _ago(instant: str | None) -> blocks.Text:
    if instant is None:
        return "never"
    hours = (moment() - from_text(instant)) // timedelta(hours=1)
    text = f"{hours} h ago" if hours < 72 else f"{hours // 24} days ago"
    return blocks.hover(text, wording.at_instant(from_text(instant)))


def _days(state: Freshness) -> None:
    first = max(state.first, state.last - timedelta(days=_STRIP_DAYS - 1))
    states = ask(trust.day_states, first, state.last)
    days = [first + timedelta(days=number) for number in range((state.last - first).days + 1)]
    with frame.card("Days", f"the last {len(days)}"):
        st.html(blocks.day_strip([(day, states.get(day)) for day in days]))


def _proofs(found: Sequence[Proof]) -> None:
    columns = (
        Column("Period"),
        Column("Known since", wide=True),
        Column("Loads", "number", wide=True),
        Column("Lines", "number", wide=True),
        Column("Bill, BilledCost", "number"),
        Column("Teams + residuals", "number", wide=True),
        Column("Bill, EffectiveCost", "number", wide=True),
        Column("Teams + residuals", "number", wide=True),
        Column("Difference", "number"),
    )
    exact = all(not one.difference(metric) for one in found for metric in METRICS)
    remark = (
        "teams and residuals carry exactly the bill" if exact else "teams and residuals differ from the bill"
    )
    with frame.card("Published periods", remark):
        st.html(blocks.table(columns, [_proof(one) for one in found]))


def _proof(one: Proof) -> tuple[blocks.Text, ...]:
    def shown(nano: int, name: str = "") -> Markup:
        return blocks.amount(units(nano), one.currency, money.exact(units(nano), one.currency), name)

    differences = [one.difference(metric) for metric in METRICS]
    text = " / ".join(wording.digits(units(nano)) for nano in differences)
    return (
        f"{one.period:%b %Y}",
        wording.at_instant(one.known_at),
        f"{one.load_count:,}",
        f"{one.line_count:,}",
        shown(one.bill["BilledCost"], f"{one.period:%Y-%m}-{one.currency}"),
        shown(one.carried["BilledCost"]),
        shown(one.bill["EffectiveCost"]),
        shown(one.carried["EffectiveCost"]),
        blocks.toned("0, exactly", "good") if not any(differences) else blocks.toned(text, "bad"),
    )


def _unowned(found: Unowned, currency: str, end: date) -> None:
    share = found.unallocated / found.total if found.total > 0 else Decimal()
    remark = f"{trust.SHARE_DAYS} days to {blocks.day(end)}, EffectiveCost"
    with frame.card("Without an owner", remark):
        lost = blocks.amount(
            found.unallocated, currency, money.exact(found.unallocated, currency), "unallocated"
        )
        advice = "Tag it, or name its accounts under teams: in costwatch.yaml." if found.unallocated else ""
        text = Markup("<b>{}</b> of spend is unallocated: {} of {}. {}").format(
            blocks.share(share), lost, money.exact(found.total, currency), advice
        )
        st.html(blocks.lines([text]))
        if found.unallocated:
            left, right = st.columns(2, gap="medium")
            left.html(_largest("service", found.by_service, currency, found.unallocated))
            right.html(_largest("account", found.by_account, currency, found.unallocated))


def _largest(key: str, rows: Sequence[tuple[str, Decimal]], currency: str, whole: Decimal) -> Markup:
    columns = (Column(key.capitalize(), "text"), Column("Unallocated", "number"), Column("Share", "number"))
    lines = [
        (
            blocks.link(name or "(none)", "costs", team=UNALLOCATED, **{key: name}),
            blocks.amount(amount, currency, money.exact(amount, currency)),
            blocks.share(amount / whole),
        )
        for name, amount in rows
    ]
    return blocks.table(columns, lines)


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
        Column("Lines", "number", wide=True),
        Column("Outcome", "text"),
    )
    with frame.card("Last runs"):
        st.html(blocks.table(columns, [_run(row) for row in rows]))


def _run(row: Row) -> tuple[blocks.Text, ...]:
    marks = {"loaded": "● loaded", "unchanged": "○ nothing new", "failed": f"▲ failed: {row['error']}"}
    return (
        wording.at_instant(from_text(row["started_at"])),
        row["source"],
        f"{row['line_count']:,}",
        blocks.hover(marks[row["outcome"]], row["source"], "bad" if row["outcome"] == "failed" else ""),
    )
