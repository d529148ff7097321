"""All in ten seconds: what the month costs and will cost, what needs attention, which team is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money, wording
from costwatch.answers.overview import Overview, overview
from costwatch.charts import cost as charts
from costwatch.cost.attention import Action, actions
from costwatch.cost.conversion import Unit
from costwatch.cost.explain import Change
from costwatch.cost.spending import EVERYONE, TeamSpending
from costwatch.model import UNALLOCATED, Alert, Severity
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from dashboards import blocks, frame
from dashboards.blocks import Tile
from dashboards.frame import DataReach
from dashboards.panels import credits, teams
from dashboards.reading import ask, configured, moment

_ACTIONS = 6
_BARS = 7
_TOO_SMALL = Decimal("0.01")  # of the largest change: its bar could not be seen


@dataclass(frozen=True, slots=True)
class View:
    """What the filters leave of an answer: one currency, and one team or everyone."""

    chosen: TeamSpending
    everyone: TeamSpending
    teams: Sequence[TeamSpending]
    changes: Sequence[Change]
    rises: Sequence[Change]
    firing: Sequence[Alert]
    unit: Unit

    @property
    def team(self) -> str | None:
        """None: everyone."""
        return None if self.chosen.team == EVERYONE else self.chosen.team

    @property
    def past_month(self) -> str:
        """Its name and whether it is complete; empty while it runs."""
        return self.chosen.past_month(moment().date())

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.unit.currency

    def shows(self, team: str | None) -> bool:
        """Whether what concerns ``team`` is shown."""
        return self.team in (None, team)

    def short(self, amount: Decimal, name: str = "") -> Markup:
        """An amount for a tile."""
        return blocks.amount(amount, self.unit.name, money.short(amount, self.currency), name)


def page() -> None:
    """Draws the page."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    state = frame.heading("Overview", "EffectiveCost", left)
    if state is None:
        return
    with right:
        unit = frame.unit(state)
        answer = ask(_overview, unit.converted)
        view = _view(answer, unit)
    frame.tell_conversion(unit, (pair for pair in answer.days if pair[0] != unit.currency))
    if view is None:
        st.html(blocks.note("No day is settled yet; the Costs page shows the estimated ones."))
        return
    st.html(blocks.tiles([_spent(view), _forecast(view), _firing(view), _share(view)]))
    with frame.card("Needs attention"):
        st.html(blocks.sentences(_attention(view, state)))
    left, right = st.columns([3, 2])
    with left, frame.card(view.past_month or "Month to date", _budget_remark(view), stretch=True):
        _burn_up(view.chosen, unit)
    with right, frame.card("What changed", f"last 7 days vs 7 before{unit.mark}", stretch=True):
        _changes(view)
    with frame.card("Teams", f"largest first{unit.mark}" if unit.converted else "worst first"):
        st.html(_teams(view))


def _overview(facts: WarehouseSnapshot, converted: bool) -> Overview:
    return overview(facts, configured().currency if converted else None)


def _view(answer: Overview, unit: Unit) -> View | None:
    of = [one for one in answer.spending if one.currency == unit.currency]
    if not of:
        return None
    team = frame.pick("Team", "team", [one.team for one in of if one.team != EVERYONE], "All teams")
    chosen = next((one for one in of if one.team == (team or EVERYONE)), None)
    if chosen is None:
        return None
    pairs = answer.changes, answer.rises
    moved, rises = ([one for one in changes if one.currency == unit.currency] for changes in pairs)
    teams = [one for one in of if one.team != EVERYONE]
    return View(chosen, of[0], teams, moved, rises, answer.firing, unit)


def _spent(view: View) -> Tile:
    value = view.short(view.chosen.month_to_date, "month_to_date")
    note, tone = blocks.change(view.chosen.change_7_days, view.currency, "last 7 d vs 7 before")
    note = credits.beside_spent(view.chosen, view.unit, note)
    return Tile(f"Spend, {view.past_month or 'month to date'}{view.unit.mark}", value, note, tone)


def _forecast(view: View) -> Tile:
    chosen, budget, end = view.chosen, view.chosen.budget, view.chosen.month[-1]
    what = "In all, by" if chosen.is_complete else "Forecast,"
    label = f"{what} {end.day.day} {end.day:%b}{view.unit.mark}"
    value = view.short(chosen.forecast, "forecast")
    if budget is None:
        return Tile(label, value, credits.beside_forecast(chosen, view.unit, teams.no_budget(view.unit)))
    over, amount = (money.short(each, view.currency) for each in (abs(budget.over), budget.amount))
    name = "budget" if budget.period == "month" else "quarter's"
    mark, tone, side = ("▲", "bad", "over") if budget.over > 0 else ("●", "good", "under")
    note = credits.beside_forecast(chosen, view.unit, f"{mark} {over} {side} {name} {amount}")
    return Tile(label, value, note, tone)


def _firing(view: View) -> Tile:
    firing = [one for one in view.firing if view.shows(one.label("team"))]
    kinds = [(sum(one.severity is kind for one in firing), kind) for kind in Severity]
    note = " · ".join(blocks.plural(number, kind) for number, kind in kinds if number)
    tone = "bad" if any(one.severity is Severity.PAGE for one in firing) else "warn" if firing else "good"
    return Tile("Alerts firing", blocks.count(len(firing), "firing"), note or "● none", tone)


def _share(view: View) -> Tile:
    """How much no team owns; of one team, its part of the whole."""
    whole = view.everyone.month_to_date
    label, name, part = "Share of all spend", "share", view.chosen.month_to_date
    if view.team is None:
        label, name = "Unallocated", "unallocated"
        part = sum((one.month_to_date for one in view.teams if one.team == UNALLOCATED), Decimal())
    share = wording.share(part / whole) if whole > 0 else "–"
    note = f"{money.short(part, view.currency)} of {money.short(whole, view.currency)}"
    return Tile(f"{label}{view.unit.mark}", blocks.amount(part, view.unit.name, share, name), note)


def _attention(view: View, state: DataReach) -> list[tuple[str, str, Markup]]:
    """What costs money, the budget of everyone together, other alerts, late sources.

    Alerts are told as they were sent, in their own currency: nothing converted stands among them.
    """
    whole = {view.currency: sum((one.after for one in view.rises), Decimal())}
    moved = () if view.unit.converted else view.rises
    note = " before credits" if list(view.rises) != list(view.changes) else ""
    limit = len(view.firing) + 20
    todo = actions(view.firing, [view.everyone, *view.teams], moved, whole, limit, note=note)
    money_first = [one for one in todo if one.currency == view.currency and view.shows(one.team)]
    told = {
        one.summary for one in view.firing if any(each.text.startswith(one.summary) for each in money_first)
    }
    others = [one for one in view.firing if one.summary not in told and view.shows(one.label("team"))]
    left_out = len(money_first) - _ACTIONS
    return [
        *(("▲", "bad" if one.is_page else "warn", _action(one)) for one in money_first[:_ACTIONS]),
        *([("○", "muted", Markup("and {} more").format(left_out))] if left_out > 0 else []),
        *_over(view),
        *(("▲", "bad" if one.severity is Severity.PAGE else "warn", _alert(one)) for one in others),
        *(
            ("▲", "warn", _linked(one.reason, blocks.link("See what to do", "data")))
            for one in state.late
            if one.reason not in {alert.summary for alert in others}
        ),
        *credits.sentences(view.chosen, view.unit),
    ] or [
        ("●", "good", Markup("Nothing: no alert fires, no budget is about to be passed, no source is late."))
    ]


def _over(view: View) -> list[tuple[str, str, Markup]]:
    """Everyone's budget, unless an alert tells of it."""
    budget = view.everyone.budget
    told = any(one.label("team") == EVERYONE and one.label("budget") for one in view.firing)
    if budget is None or budget.over <= 0 or told or view.team is not None:
        return []
    forecast, over, amount = (
        money.short(value, view.currency) for value in (budget.outlook.forecast, budget.over, budget.amount)
    )
    text = f": {budget.leads_to(view.everyone.through)} {forecast}, {over} over the budget of {amount}"
    return [("▲", "warn", _linked(Markup("<b>All teams</b>{}").format(text), _to_costs("See the cost")))]


def _action(action: Action) -> Markup:
    team, rest = action.team, action.text.removeprefix(action.team)
    text = Markup("<b>{}</b>{}").format(team, rest) if rest != action.text else Markup("{}").format(rest)
    return _linked(text, _to_costs("See the cost", team=team))


def _alert(alert: Alert) -> Markup:
    if alert.label("source"):
        return _linked(alert.summary, blocks.link("See the source", "data"))
    named = {name: alert.label(name) for name in ("team", "service", "account", "provider")}
    query = {name: value for name, value in named.items() if value != EVERYONE}
    return _linked(alert.summary, _to_costs("See the cost", **query))


def _linked(text: blocks.Text, link: Markup) -> Markup:
    return Markup("{}. {}").format(text.rstrip("."), link)


def _to_costs(text: str, **query: str) -> Markup:
    """In the currency that is looked at."""
    return blocks.link(text, "costs", **query, currency=str(st.query_params.get("currency", "")))


def _budget_remark(view: View) -> str:
    of = view.chosen
    if view.unit.converted:
        return "converted; budgets are not"
    if of.budget is None:
        return "no budget set: add one under budgets:"
    return "against budget" if of.budget.period == "month" else "its budget is for the quarter"


def _burn_up(of: TeamSpending, unit: Unit) -> None:
    settled = [entry for entry in of.month if entry.is_settled]
    ahead = [entry for entry in of.month if not entry.is_settled]
    forecast = [
        {"day": entry.day, "value": entry.amount, "low": entry.low, "high": entry.high}
        for entry in ((*settled[-1:], *ahead) if ahead else ())
    ]
    budget = of.budget.amount if of.budget and of.budget.period == "month" else None
    known = [{"day": entry.day, "value": entry.amount} for entry in settled]
    frame.chart(charts.burn_up(known, forecast, budget, of.currency, frame.is_dark()), unit)


def _changes(view: View) -> None:
    shown = [one for one in view.changes if view.shows(dict(one.labels)["team"])][:_BARS]
    bars = [
        {"label": _label(one, view.team), "value": one.delta}
        for one in shown
        if abs(one.delta) > _TOO_SMALL * abs(shown[0].delta)
    ]
    if bars:
        frame.chart(charts.changes(bars, view.currency, frame.is_dark()), view.unit)
    else:
        st.html(blocks.note("Nothing, or the days to compare are not settled."))


def _label(change: Change, team: str | None) -> str:
    names = dict(change.labels)
    return names["service"] if team else f"{names['team']} · {names['service']}"


def _teams(view: View) -> Markup:
    shown = [one for one in view.teams if view.shows(one.team)]
    begun = min((point.day for point in view.everyone.days), default=view.everyone.through)
    month = f"{view.chosen.through:%B}" if view.past_month else "To date"
    return teams.table(shown, begun, view.unit, month, "In all" if view.chosen.is_complete else "Forecast")
