"""Are the promises kept? Every objective, the worst first, and what its system costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st
from markupsafe import Markup

from costwatch.answers.reliability_cost import SystemReliability, reliability_cost
from costwatch.answers.slos import BudgetPoint, Health, SloState, burn_downs, slo_answer, stale_since
from costwatch.charts.slo import burn_down
from costwatch.slo.words import in_words, ratio, stale
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import span
from dashboards import blocks, frame
from dashboards.blocks import Tile
from dashboards.panels import objectives
from dashboards.panels.reliability_cost import worth
from dashboards.reading import ask, configured, moment, warehouse_stamp
from dashboards.views import slo

_DRAWN, _IN_A_ROW = 6, 3
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_NOTHING = Markup('<div class="cw cw-empty"><h2>No objective yet</h2><p class="muted">{}</p></div>')
_NONE_NAMED = Markup(
    "Name files of SLOs (OpenSLO, Sloth, Pyrra) under <code>slos:</code> in <code>costwatch.yaml</code>, and "
    "a source of <code>kind: slo</code> with the url of Prometheus; <code>costwatch slo check</code>, then "
    "<code>costwatch collect</code>. Or look at a made-up company with <code>costwatch demo</code>."
)
_NOT_COLLECTED = Markup(
    "<code>slos:</code> of <code>costwatch.yaml</code> names some, and none was collected: add a source of "
    "<code>kind: slo</code> where there is none, then run <code>costwatch collect</code>."
)


def page() -> None:
    """Draws the page; with ``?slo=``, as messages link to it, what the page of that objective shows."""
    if st.query_params.get("slo"):
        slo.page()
        return
    states = ask(all_states) if warehouse_stamp() else ()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    state = frame.heading("Reliability", "EffectiveCost", left, needs_cost=not states)
    if not states:
        if state is not None:
            st.html(_NOTHING.format(_NOT_COLLECTED if configured().slos else _NONE_NAMED))
        return
    if since := stale_since(states, moment()):
        st.html(blocks.note(stale(since, moment())))
    with right:
        picked = _picked(states)
    answer = ask(shown_of, *picked)
    shown = answer.states
    st.html(blocks.tiles(_tiles(shown)))
    if attention := _attention(shown):
        with frame.card("Needs attention"):
            st.html(blocks.sentences(attention))
    with frame.card("Error budget burn-down", "worst first; below 0 the objective is missed"):
        _small_charts(answer)
    with frame.card("Objectives", "burn 1× leaves nothing at the end of the period"):
        st.html(objectives.table(shown, answer.by_day))
    with frame.card("Reliability and cost", "what is left of the budget beside what is paid and used"):
        st.html(worth(answer.systems))


def all_states(facts: WarehouseSnapshot) -> tuple[SloState, ...]:
    """A question for ``ask``."""
    return slo_answer(facts)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: objectives, budgets by day, of those drawn by hour, too; what systems cost."""

    states: Sequence[SloState]
    by_day: Mapping[int, Sequence[BudgetPoint]]
    by_hour: Mapping[int, Sequence[BudgetPoint]]
    systems: Sequence[SystemReliability]

    @property
    def drawn(self) -> list[SloState]:
        """The worst, which have a chart of their own."""
        return [one for one in self.states if one.instance in self.by_hour]


def shown_of(facts: WarehouseSnapshot, team: str | None, system: str | None, service: str | None) -> Shown:
    """A question for ``ask``: all of it of a team, a system, a service; None: of all."""
    states = slo_answer(facts, team=team, system=system, service=service)
    drawn = [one for one in states if one.left is not None][:_DRAWN]
    return Shown(
        states,
        burn_downs(facts, states, _DAY),
        burn_downs(facts, drawn, _HOUR),
        reliability_cost(facts, states, configured().systems),
    )


def _picked(states: Sequence[SloState]) -> tuple[str | None, str | None, str | None]:
    """The team, the system and the service that the address asks for."""
    with st.container(horizontal=True):
        return _pick("team", states), _pick("system", states), _pick("service", states)


def _pick(name: str, states: Sequence[SloState]) -> str | None:
    known = {getattr(one.objective, name) for one in states} - {""}
    return frame.pick(name.capitalize(), name, sorted(known), f"All {name}s", "objective")


def _tiles(states: Sequence[SloState]) -> list[Tile]:
    by_health = {health: sum(one.health is health for one in states) for health in Health}
    burning = by_health[Health.PAGE] + by_health[Health.TICKET]
    # What has ended keeps what it had, and nothing can be done about it.
    going_on = [one for one in states if one.left is not None and not one.is_gone]
    spent = sum((one.left or 0.0) <= 0 for one in going_on)
    least = min(going_on, key=lambda one: one.left or 0.0, default=None)
    ending = [(one.exhaustion, one) for one in going_on if one.exhaustion is not None]
    soonest = min(ending, key=lambda pair: pair[0], default=None)
    unknown = by_health[Health.UNKNOWN] + by_health[Health.GONE]
    silent = by_health[Health.NO_EVENTS]
    lasts = "all last" if soonest is None else span(soonest[0]) if soonest[0] else "now"
    return [
        Tile(
            "Burning",
            blocks.count(burning, "burning"),
            f"of {blocks.plural(len(states), 'budget')}" + (f" · {spent} spent" if spent else ""),
            "bad" if by_health[Health.PAGE] else "warn" if burning else "good",
        ),
        Tile(
            "Least budget left",
            _number(least.left if least else None, "least_left"),
            objectives.title(least) if least else "nothing is known",
            objectives.tone(least) if least else "",
        ),
        Tile(
            "First to be spent",
            Markup("{}").format(lasts),
            objectives.title(soonest[1]) if soonest else "each lasts its period",
            "warn" if soonest else "good",
        ),
        Tile(
            "Without a figure",
            blocks.count(unknown + silent, "without_figure"),
            f"{silent} without events · {unknown} unknown",
            "warn" if unknown else "",
        ),
    ]


def _number(of: float | None, name: str) -> Markup:
    if of is None:
        return blocks.toned("–", "muted")
    shown = ratio(of)
    return Markup('<span data-exact="{}" data-name="{}">{}</span>').format(of, name, shown)


def _attention(states: Sequence[SloState]) -> list[tuple[str, str, Markup]]:
    """What burns, what is spent and what nobody can tell of."""
    found = []
    for one in states:
        if one.health in (Health.OK, Health.NO_EVENTS, Health.GONE):
            continue
        mark = "○" if one.health is Health.UNKNOWN else "▲"
        tone = {Health.PAGE: "bad", Health.SPENT: "bad", Health.TICKET: "warn"}.get(one.health, "muted")
        told = f"{objectives.instance(one)}: " if one.labels else ""
        sentence = Markup("<b>{}</b>: {}{}. {}").format(
            objectives.title(one), told, in_words(one), objectives.to_detail(one, "See what happened")
        )
        found.append((mark, tone, sentence))
    return found


def _small_charts(answer: Shown) -> None:
    if not answer.drawn:
        st.html(blocks.note("Of no objective anything is known yet."))
    for first in range(0, len(answer.drawn), _IN_A_ROW):
        row = answer.drawn[first : first + _IN_A_ROW]
        for place, one in zip(st.columns(_IN_A_ROW), row, strict=False):
            with place:
                below = objectives.instance(one)
                st.html(
                    Markup('<div class="cw"><b>{}</b> — {}{}</div>').format(
                        objectives.to_detail(one),
                        objectives.left_text(one),
                        Markup('<br><span class="muted">{}</span>').format(below) if below else "",
                    )
                )
                points = [(point.at, point.left) for point in answer.by_hour[one.instance]]
                frame.chart(burn_down(points, dark=frame.is_dark(), small=True))
