"""One objective: its promise, what its budget went through, what was changed meanwhile. Behind links."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup

from costwatch.answers.markers import StoredMarker
from costwatch.answers.slo_history import NEAR, STEP, SloHistory, slo_history
from costwatch.answers.slos import SloState, slo_answer, stale_since
from costwatch.charts import slo as charts
from costwatch.plugins import tags_text
from costwatch.slo.incidents import Incident
from costwatch.slo.objectives import WINDOW
from costwatch.slo.words import in_words, ratio, stale
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.sources import source_of
from costwatch.wording import amount, at_instant, on_day, printable, share, span
from dashboards import blocks, filters, frame
from dashboards.blocks import Column, Tile
from dashboards.panels import objectives
from dashboards.reading import ask, configured, moment, warehouse_stamp

_LISTED = 12
_DAY = timedelta(days=1)
_BACK = Markup('<a href="reliability">See all objectives</a>')


def page() -> None:
    """Draws the page of the objective that ``?id=`` or ``?slo=`` asks for."""
    states = ask(all_states) if warehouse_stamp() else ()
    key = "id" if "id" in st.query_params else "slo"
    wanted = st.query_params.get(key, "")
    mine = [one for one in states if one.objective.id == wanted]
    title = objectives.title(mine[0]) if mine else "Objective"
    state = frame.heading(title, "EffectiveCost", needs_cost=not states)
    if not states:
        if state is not None:
            st.html(blocks.note(Markup("No objective is known yet. {}").format(_BACK)))
        return
    if not mine:
        if not wanted:
            st.html(blocks.note(Markup("No objective is named here. {}").format(_BACK)))
            return
        ids = sorted({one.objective.id for one in states})
        raise filters.NothingKnown(
            filters.no_cost(key, wanted, ids, "objective") + Markup(" {}.").format(_BACK)
        )
    chosen = _instance(mine)
    if since := stale_since(states, moment()):
        st.html(blocks.note(stale(since, moment())))
    _tell(chosen, mine)


def all_states(facts: WarehouseSnapshot) -> tuple[SloState, ...]:
    """A question for ``ask``."""
    return slo_answer(facts)


def history_of(facts: WarehouseSnapshot, slo: str, labels: str) -> SloHistory:
    """A question for ``ask``. labels: of the instance, as ``tags_text`` writes them."""
    key = (slo, labels)
    (state,) = [one for one in slo_answer(facts) if (one.objective.id, tags_text(dict(one.labels))) == key]
    return slo_history(facts, state)


def asked_of(facts: WarehouseSnapshot, slo: str) -> str:
    """A question for ``ask``: the name of its source."""
    return source_of(facts.db, slo)


def _instance(mine: Sequence[SloState]) -> SloState:
    """The one that the address asks for; without one the worst. Raises NothingKnown."""
    by_labels = {tags_text(dict(one.labels)): one for one in mine}
    wanted = st.query_params.get("instance", "")
    if not wanted:
        return mine[0]
    if wanted not in by_labels:
        raise filters.NothingKnown(filters.no_cost("instance", wanted, sorted(by_labels), "objective"))
    return by_labels[wanted]


def _tell(of: SloState, mine: Sequence[SloState]) -> None:
    below = objectives.instance(of)
    st.html(
        Markup('<div class="cw"><p>{}{} {}</p><p>{} — {}. {}</p></div>').format(
            Markup("<b>{}</b>: ").format(below) if below else "",
            _promise(of),
            _owner(of),
            objectives.health(of),
            in_words(of),
            _BACK,
        )
    )
    st.html(blocks.tiles(_tiles(of)))
    history = ask(history_of, of.objective.id, tags_text(dict(of.labels))) if of.budget.is_known else None
    if history:
        _charts(of, history)
    left, right = st.columns(2, gap="medium")
    if history:
        with left, frame.card("Worst incidents", f"and what was changed within {span(NEAR)} before"):
            st.html(_incidents(of, history.incidents))
        with right, frame.card("What was changed", "newest first; told by sources of kind markers"):
            st.html(_changes(history.markers))
    with left, frame.card("Burn by window", "1× leaves nothing at the end of the period"):
        st.html(_burns(of))
    with right, frame.card("Definition"):
        st.html(_definition(of))
    if len(mine) > 1:
        with frame.card("Instances", "each has a budget of its own"):
            st.html(objectives.table(mine))


def _promise(of: SloState) -> str:
    """In words: what is promised, over which time."""
    slo = of.objective
    target = f"{(slo.target * 100).normalize():f} %"
    period = f"the last {span(slo.period.duration)}"
    if not slo.period.is_rolling:
        period = (
            f"{on_day(of.window.start.date())} to {on_day((of.window.end - _DAY).date())} ({slo.period.zone})"
        )
    told = printable(slo.description).rstrip(".")
    return f"{told or f'{target} good'}; objective {target} of {slo.unit} in {period}."


def _owner(of: SloState) -> Markup:
    slo = of.objective
    owner = Markup("Owner: {}.").format(slo.team or "nobody")
    if slo.system:
        owner += Markup(" System: {}.").format(blocks.link(slo.system, "system", system=slo.system))
    return owner


def _tiles(of: SloState) -> list[Tile]:
    budget, unit = of.budget, of.objective.unit
    allowed = (
        "–" if budget.allowed is None else f"{_count(budget.bad)} of {_count(budget.allowed)} bad {unit} used"
    )
    lasting = "–" if budget.seconds_left is None else _time(budget.seconds_left)
    sli = "–" if budget.sli is None else f"{100 * budget.sli:.{charts.digits_of(1 - budget.target) + 2}f} %"
    known = f"unknown: {span(timedelta(seconds=budget.expected_seconds - budget.known_seconds))}"
    return [
        Tile("Budget left", _left(of), allowed, objectives.tone(of)),
        Tile("As time of total outage", Markup("{}").format(lasting), f"of {_time(budget.seconds_allowed)}"),
        Tile("Good", Markup("{}").format(sli), f"objective {(of.objective.target * 100).normalize():f} %"),
        Tile(
            "Budget lasts",
            Markup("{}").format(objectives.lasts(of)),
            f"burn {objectives.burn(of, objectives.BURNS['6 h'])} over 6 h",
        ),
        Tile(
            "Known of the period",
            Markup("{}").format(objectives.coverage(of)),
            known if of.coverage < 1 else "all of it",
        ),
    ]


def _left(of: SloState) -> Markup:
    if of.left is None:
        return objectives.left(of)
    shown = ratio(of.left)
    return Markup('<span data-exact="{}" data-name="budget_left">{}</span>').format(of.left, shown)


def _charts(of: SloState, history: SloHistory) -> None:
    drawn = [charts.Drawn(one.at, one.kind, one.title) for one in history.markers]
    with frame.card("Error budget", "▼ deploys, ■ flags; below 0 the objective is missed"):
        points = [(point.at, point.left) for point in history.left]
        frame.chart(charts.burn_down(points, drawn, frame.is_dark()))
    with frame.card("Good by hour", "dashed: the objective; grey: nothing is known"):
        frame.chart(charts.sli_by_time(history.sli, of.budget.target, STEP, drawn, frame.is_dark()))


def _incidents(of: SloState, found: Sequence[tuple[Incident, Sequence[StoredMarker]]]) -> Markup:
    if not found:
        return blocks.note("None: nothing burned six times as fast as it may.")
    columns = (
        Column("From (UTC)"),
        Column("For", "number"),
        Column(f"Bad {of.objective.unit}", "number", wide=True),
        Column("Of budget", "number"),
        Column("Changed before", "text"),
    )
    rows = [
        (
            at_instant(one.start).removesuffix(" UTC"),
            span(one.length),
            _count(one.bad),
            share(Decimal(str(round(one.budget_share, 4)))),
            Markup("<br>").join(_marker(each) for each in near[:3]) or "–",
        )
        for one, near in found
    ]
    return blocks.table(columns, rows)


def _changes(markers: Sequence[StoredMarker]) -> Markup:
    if not markers:
        return blocks.note("Nothing was told: add a source of kind markers, or costwatch marker add.")
    columns = (Column("At (UTC)"), Column("What", "text"), Column("By", wide=True))
    rows = [
        (at_instant(one.at).removesuffix(" UTC"), _marker(one), printable(one.author) or "–")
        for one in reversed(markers[-_LISTED:])
    ]
    more = len(markers) - _LISTED
    return blocks.table(columns, rows) + (blocks.note(f"and {more:,} older") if more > 0 else Markup())


def _marker(one: StoredMarker) -> Markup:
    """What was changed; a link where its source gave one, which is of http or https."""
    text = Markup("{}: {}").format(printable(one.kind), printable(one.title))
    if not one.url:
        return text
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(one.url, text)


def _burns(of: SloState) -> Markup:
    columns = (Column("Window"), Column("Burn", "number"), Column("Bad", "number"), Column("All", "number"))
    rows = [
        (span(window), objectives.burn(of, window))
        + ((_count(one.total - one.good), _count(one.total)) if one.known_seconds > 0 else ("unknown",) * 2)
        for window, one in sorted(of.burns.items())
    ]
    return blocks.table(columns, rows)


def _definition(of: SloState) -> Markup:
    slo = of.objective
    url = _prometheus(of)
    sides = (("total", slo.indicator.total), ("good", slo.indicator.good), ("bad", slo.indicator.bad))
    parts = [
        Markup("<p>{}: <code>{}</code>{}</p>").format(
            name, printable(query.promql), _to_query(url, query.promql)
        )
        for name, query in sides
        if query
    ]
    parts += [Markup("<p>{}.</p>").format(printable(note)) for note in of.notes]
    where = Markup('<p class="muted">{} · {} · {}</p>').format(
        slo.id, slo.method, f"{printable(slo.file)}:{slo.line}" if slo.file else "no file"
    )
    return Markup('<div class="cw">{}{}</div>').format(Markup().join(parts), where)


def _prometheus(of: SloState) -> str:
    """The address of the Prometheus that is asked for it; '' where it is not asked."""
    name = ask(asked_of, of.objective.id)
    source = next((each for each in configured().sources if each.name == name), None)
    return str(getattr(source, "url", ""))


def _to_query(url: str, promql: str) -> Markup:
    if not url.startswith(("http://", "https://")):
        return Markup()
    asked = {
        "g0.expr": promql.replace(WINDOW, "5m"),
        "g0.tab": "0",
        "g0.range_input": "1d",
        "g0.end_input": f"{moment():%Y-%m-%d %H:%M:%S}",
    }
    link = f"{url}/graph?{urlencode(asked)}"
    return Markup(' <a href="{}" rel="noopener noreferrer">ask Prometheus</a>').format(link)


def _count(of: float) -> str:
    return amount(round(Decimal(str(of)), 0 if abs(of) >= 10 else 1))


def _time(seconds: float) -> str:
    """``43 min``; below 0 what is missing."""
    return ("−" if seconds < 0 else "") + span(timedelta(seconds=abs(seconds)))
