"""``costwatch slo status``, ``report`` and ``what-if``: how error budgets stand, stood, and might."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Instant, Span, json_option
from costwatch.commands.output import complain, print_json
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.answers.slos import SloState
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_NONE = "no SLO is known; name files of them under 'slos' of costwatch.yaml, then run: costwatch collect"
_as_of = click.option(
    "--as-of", type=Instant(), metavar="INSTANT", help="As it was then; UTC unless it names a zone."
)


class _Percent(click.ParamType[Decimal]):
    """A target, as people say it."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """99.9 as 0.999."""
        try:
            percent = Decimal(str(value).rstrip("% "))
        except ArithmeticError:
            percent = Decimal()
        if not percent.is_finite() or not 1 < percent < 100:
            self.fail(f"{value!r} is no objective; write it as a percentage below 100, like 99.9", param, ctx)
        return percent / 100


@click.command("status", cls=Command)
@click.option("--team", help="Only those of this team.")
@click.option("--all", "all_instances", is_flag=True, help="Every instance, not the worst of each SLO.")
@_as_of
@json_option
@pass_context
def status(
    context: Context, team: str | None, all_instances: bool, as_of: datetime | None, as_json: bool
) -> None:
    """Show how error budgets stand, worst first: what burns, what is spent, what is left.

    A burn of 1 uses up the budget in just one period. "lasts" goes by the burn of six hours, or of
    the window that is told. What is not known says so, and how much is; it is never taken for good or bad.

    \b
    Example: costwatch slo status
             costwatch slo status --team payments --all
             costwatch slo status --json | jq -r '.[] | select(.left < 0.25) | .slo'
    """
    from costwatch.answers.slos import slo_answer
    from costwatch.commands import slo_output
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, as_of=as_of)
        states = slo_answer(facts)
    _tell_stale(states, facts.now)
    _require(team, [state.objective.team for state in states], "team")
    found = [state for state in states if team is None or state.objective.team == team]
    if as_json:
        print_json([slo_output.as_json(state) for state in found])
    elif found:
        slo_output.print_status(found, all_instances=all_instances)
    else:
        complain(_NONE)


@click.command("report", cls=Command)
@click.argument("name")
@_as_of
@json_option
@pass_context
def report(context: Context, name: str, as_of: datetime | None, as_json: bool) -> None:
    """Show all that is known of one SLO: budget, burn, coverage, worst hours, weeks, notes, cost.

    NAME is its name or id. Of several instances it is the worst one that is told; the others are listed.

    \b
    Example: costwatch slo report checkout-availability
    """
    from costwatch.answers.slos import weeks, worst_hours
    from costwatch.answers.systems import systems
    from costwatch.commands import slo_output
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, as_of=as_of)
        states = _named(facts, name)
        worst = states[0]
        hours, history = worst_hours(facts, worst), weeks(facts, worst)
        cost = [one for one in systems(facts) if one.system == worst.objective.system]
    _tell_stale(states, facts.now)
    if as_json:
        print_json(slo_output.report_json(states, hours, history, cost))
    else:
        slo_output.print_report(states, hours, history, cost)


@click.command("what-if", cls=Command)
@click.argument("name")
@click.option("--objective", type=_Percent(), metavar="PERCENT", help="Another objective, such as 99.9.")
@click.option("--window", type=Span(), metavar="DURATION", help="Another rolling period, such as 28d.")
@click.option("--min-events", type=click.IntRange(0), help="Fewer in the long window tell nothing; 100.")
@json_option
@pass_context
def what_if(
    context: Context,
    name: str,
    objective: Decimal | None,
    window: timedelta | None,
    min_events: int | None,
    as_json: bool,
) -> None:
    """Count the pages and tickets of the last 90 days under another objective or window, beside today's.

    They are made again from what is stored, looked at every five minutes as rule kind slo_burn does. What is
    older than two weeks is kept by the hour: a burst of minutes then is told as of its hour.

    \b
    Example: costwatch slo what-if checkout-availability --objective 99.5
             costwatch slo what-if checkout-availability --window 28d
    """
    from costwatch.answers.slo_what_if import what_if as outcomes
    from costwatch.commands import slo_output
    from costwatch.slo.burn import MIN_EVENTS
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    if objective is None and window is None:
        raise UsageError("slo what-if: nothing is asked; give --objective, --window or both")
    if window is not None and window < timedelta(days=1):
        raise UsageError("slo what-if: --window must be a day or longer")
    least = MIN_EVENTS if min_events is None else min_events
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        of = _named(facts, name)[0].objective
        pair = outcomes(facts, of, target=objective, period=window, min_events=least)
    if as_json:
        print_json([slo_output.outcome_json(one) for one in pair])
    else:
        slo_output.print_what_if(*pair)


def _tell_stale(states: "Sequence[SloState]", now: datetime) -> None:
    from costwatch.answers.slos import stale_since
    from costwatch.slo.words import stale

    if since := stale_since(states, now):
        complain(stale(since, now))


def _named(facts: "WarehouseSnapshot", name: str) -> "tuple[SloState, ...]":
    """The instances of the one objective called so, worst first. Raises UsageError for none or several."""
    from costwatch.answers.slos import slo_answer
    from costwatch.slo.rule_facts import plain_name

    states = slo_answer(facts)
    ids = dict.fromkeys(state.objective.id for state in states)
    found = [each for each in ids if each == name] or [each for each in ids if plain_name(each) == name]
    if not found:
        _require(name, [*ids, *map(plain_name, ids)], "SLO")
    if len(found) > 1:
        raise UsageError(f"slo: several SLOs are called '{name}'; name one of them: {', '.join(found)}")
    return tuple(state for state in states if state.objective.id == found[0])


def _require(name: str | None, known: list[str], what: str) -> None:
    """Raises UsageError for a name that nothing bears, with the nearest that something does."""
    from costwatch.config.quote import instead, quoted

    if name is None or name in known:
        return
    if not known:
        raise UsageError(f"slo: {_NONE}")
    raise UsageError(f"slo: no {what} is called {quoted(name)}{instead(name, [*filter(None, known)])}")
