"""What ``costwatch slo status``, ``report`` and ``what-if`` print."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from costwatch.answers.slo_what_if import Outcome
from costwatch.answers.slos import Health, SloState, Span
from costwatch.answers.systems import SystemCost
from costwatch.commands.output import line, print_table
from costwatch.money import exact
from costwatch.plugins import duration_text
from costwatch.slo import words
from costwatch.slo.objectives import Method, Objective, Period
from costwatch.slo.windows import burn_windows
from costwatch.slo.words import in_words, number, ratio, used
from costwatch.warehouse.encoding import to_text
from costwatch.wording import at_instant, count_of, digits, on_day, span

_SHOWN = tuple(timedelta(hours=hours) for hours in (1, 6, 72))
_RIGHT = ("Left", *(f"Burn {duration_text(each)}" for each in _SHOWN), "Coverage", "Bad", "Events")


def print_status(states: Sequence[SloState], *, all_instances: bool) -> None:
    """A table, worst first; one row for each objective unless all instances are wanted."""
    shown = list(states) if all_instances else list(_worst(states))
    others = {
        of: sum(one.objective.id == of for one in states) - 1 for of in {one.objective.id for one in shown}
    }
    columns = ("SLO", "Team", "State", "Left", "Used", *_RIGHT[1:4], "Lasts", "Coverage")
    rows = []
    for one in shown:
        more = 0 if all_instances else others[one.objective.id]
        name = f"{one.name} (+{more} more)" if more else one.name
        rows.append([name, one.objective.team, one.health, *_numbers(one)])
    print_table(columns, rows, right=_RIGHT)


def _worst(states: Iterable[SloState]) -> Iterator[SloState]:
    """The first instance of each objective that is there."""
    seen = set()
    for state in states:
        if state.objective.id not in seen:
            seen.add(state.objective.id)
            yield state


def _numbers(of: SloState) -> list[object]:
    budget = of.budget
    unknown = "–" if of.health is Health.NO_EVENTS else "unknown"
    left = unknown if of.left is None else ratio(of.left)
    told = ""
    if budget.allowed is not None:
        told = used(budget.bad, budget.allowed, of.objective.unit).partition(" allowed")[0]
    burns = [_burn(of.burn(window)) for window in _SHOWN]
    return [left, told, *burns, _lasts(of), ratio(of.coverage)]


def _burn(rate: float | None) -> str:
    return "–" if rate is None else number(rate)


def _lasts(of: SloState) -> str:
    if of.health is Health.NO_EVENTS:
        return "–"
    if of.left is None or of.health in (Health.UNKNOWN, Health.GONE):
        return "unknown"
    if of.exhaustion is None:
        return "its period"
    return span(of.exhaustion) if of.exhaustion else "spent"


def as_json(of: SloState) -> Mapping[str, Any]:
    """Every number of an instance; null is unknown, or nothing happened."""
    objective, budget = of.objective, of.budget
    lasts = of.exhaustion
    return {
        "slo": objective.id,
        "labels": dict(of.labels),
        "service": objective.service,
        "team": objective.team,
        "system": objective.system,
        "state": str(of.health),
        "objective": digits(objective.target),
        "unit": objective.unit,
        "period_start": to_text(of.window.start),
        "period_end": to_text(of.window.end),
        "sli": budget.sli,
        "left": of.left,
        "bad": budget.bad if budget.is_known else None,
        "allowed": budget.allowed,
        "seconds_left": budget.seconds_left,
        "seconds_allowed": budget.seconds_allowed,
        "burn": {duration_text(window): of.burn(window) for window in of.burns},
        "seconds_to_exhaustion": None if lasts is None else lasts.total_seconds(),
        "coverage": of.coverage,
        "newest": None if of.newest is None else to_text(of.newest),
        "words": in_words(of),
        "notes": list(of.notes),
    }


def print_report(
    states: Sequence[SloState], hours: Sequence[Span], weeks: Sequence[Span], cost: Sequence[SystemCost]
) -> None:
    """All of the worst instance, and the others below it."""
    state = states[0]
    line(f"{state.name}: {_promise(state.objective)}")
    line(f"  {in_words(state)}" if state.left is None else f"  {state.health}: {in_words(state)}")
    line(f"  {_budget(state)}")
    told = ", ".join(f"{name} {value}" for name, value in _of(state.objective) if value)
    line(f"  {told}" if told else "  of no service, team or system that is named")
    for one in cost:
        amount, until = exact(one.last_7_days, one.currency), on_day(one.through)
        line(f"  cost of {one.system}: {amount} in the 7 days to {until}")
    for note in state.notes:
        line(f"  note: {note}")
    if len(states) > 1:
        click.echo("\nInstances, worst first")
        print_status(states, all_instances=True)
    click.echo("\nBurn, and what is told of it")
    print_table(("Window", "Burn", "Bad", "Events", "Told"), list(_windows(state)), right=("Burn", *_RIGHT))
    _print_spans("Worst hours of this period", "Hour", hours)
    _print_spans("Weeks (Monday to Sunday, UTC)", "Week of", weeks)


def report_json(
    states: Sequence[SloState], hours: Sequence[Span], weeks: Sequence[Span], cost: Sequence[SystemCost]
) -> Mapping[str, Any]:
    """The same for programs; hours and weeks are of the first instance."""
    return {
        "instances": [as_json(state) for state in states],
        "worst_hours": [_span_json(each) for each in hours],
        "weeks": [_span_json(each) for each in weeks],
        "cost": [
            {"system": one.system, "currency": one.currency, "last_7_days": digits(one.last_7_days)}
            for one in cost
        ],
    }


def _span_json(of: Span) -> Mapping[str, Any]:
    known = {"bad": of.bad, "total": of.total} if of.known_seconds else {"bad": None, "total": None}
    return {"start": to_text(of.start), "sli": of.sli, **known, "known_seconds": of.known_seconds}


def _promise(of: Objective) -> str:
    what = {Method.OCCURRENCES: of.unit}.get(of.method, f"slices of {of.slice_seconds} s")
    return f"{digits(of.target * 100)} % of {what} good {_period(of.period)}"


def _period(of: Period) -> str:
    if of.is_rolling:
        return f"in the last {duration_text(of.duration)}"
    each = count_of(of.months, "month", "months") if of.months else duration_text(of.duration)
    return f"in each {each} ({of.zone})"


def _budget(of: SloState) -> str:
    budget = of.budget
    if budget.sli is None or budget.left is None or budget.seconds_left is None:
        return f"period from {at_instant(of.window.start)} to {at_instant(of.window.end)}"
    minutes = f"{budget.seconds_left / 60:,.1f} of {budget.seconds_allowed / 60:,.1f} minutes"
    return f"SLI {words.sli(budget.sli)}; {ratio(budget.left)} of the budget left, {minutes}"


def _of(of: Objective) -> Iterator[tuple[str, str]]:
    yield from (("service", of.service), ("team", of.team), ("system", of.system))
    yield "file", f"{of.file}:{of.line}" if of.file else ""


def _windows(of: SloState) -> Iterator[list[object]]:
    pairs, _ = burn_windows(timedelta(seconds=of.budget.period_seconds))
    on = {"page": of.objective.page, "ticket": of.objective.ticket}
    for window, burn in of.burns.items():
        is_known = burn.known_seconds > 0
        told = [
            f"{pair.severity} above {pair.factor:.4g}, with {duration_text(pair.short)}"
            for pair in pairs
            if pair.long == window and on[pair.severity]
        ]
        bad, events = (number(burn.total - burn.good), number(burn.total)) if is_known else ("unknown",) * 2
        yield [duration_text(window), _burn(burn.rate), bad, events, "".join(told)]


def _print_spans(title: str, what: str, spans: Sequence[Span]) -> None:
    if not spans:
        return
    click.echo(f"\n{title}")
    rows = []
    for each in spans:
        start = at_instant(each.start) if each.seconds <= 3600 else on_day(each.start.date())
        sli = "no events" if each.sli is None else words.sli(each.sli)
        rows.append([start, sli, number(each.bad), number(each.total)])
    print_table((what, "SLI", "Bad", "Events"), rows, right=("SLI", "Bad", "Events"))


def print_what_if(now: Outcome, other: Outcome) -> None:
    """Both beside each other."""
    line(f"{now.objective.id}: alerts from {at_instant(now.since)} on, looked at every five minutes")
    if now.known_since is None:
        line("  nothing is known of these days")
    elif now.known_since > now.since:
        line(f"  known from {at_instant(now.known_since)} on")
    rows = [
        [what, _promise(one.objective), one.pages, one.tickets, _lefts(one)]
        for what, one in (("today", now), ("what if", other))
    ]
    print_table(("", "Objective", "Pages", "Tickets", "Budget left"), rows, right=("Pages", "Tickets"))
    for note in dict.fromkeys((*now.notes, *other.notes)):
        line(f"note: {note}")


def _lefts(of: Outcome) -> str:
    lefts = [state.left for state in of.states if state.left is not None and state.health is not Health.GONE]
    if not lefts:
        return "unknown"
    return ratio(min(lefts)) + (f" (worst of {len(lefts)})" if len(lefts) > 1 else "")


def outcome_json(of: Outcome) -> Mapping[str, Any]:
    """One of both for programs."""
    labels = {state.instance: dict(state.labels) for state in of.states}
    return {
        "slo": of.objective.id,
        "objective": digits(of.objective.target),
        "period_seconds": of.states[0].budget.period_seconds,
        "since": to_text(of.since),
        "known_since": None if of.known_since is None else to_text(of.known_since),
        "pages": of.pages,
        "tickets": of.tickets,
        "left": [{"labels": dict(state.labels), "left": state.left} for state in of.states],
        "alerts": [
            {
                "labels": labels[instance],
                "severity": str(one.severity),
                "start": to_text(one.start),
                "end": to_text(one.end),
            }
            for instance, found in of.alerts.items()
            for one in found
        ],
        "notes": list(of.notes),
    }
