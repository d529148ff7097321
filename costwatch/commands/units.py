"""``costwatch cost units``: what a prediction, a feature value, a decision costs."""

from datetime import date, datetime, timedelta

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import (
    Command,
    Instant,
    asked_days,
    json_option,
    last_option,
    window_options,
)
from costwatch.commands.output import complain, print_json
from costwatch.errors import UsageError


@click.command("units", cls=Command)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@window_options("the window")
@last_option
@click.option("--per-day", is_flag=True, help="A row for each day.")
@click.option(
    "--as-of", type=Instant(), metavar="INSTANT", help="As it was known then; UTC unless it names a zone."
)
@json_option
@pass_context
def units(
    context: Context,
    /,
    names: tuple[str, ...],
    first: date | None,
    after: date | None,
    last: timedelta | None,
    per_day: bool,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Show what one unit costs: the slices of cost under unit_costs of costwatch.yaml, each by its volume.

    Days are UTC days; --from is included, --to is not. Without a window: the 28 days up to the newest settled
    one. A unit costs the cost of all days whose volume is known, divided by their volume; how many days are
    left out, and what they cost, stands beside it. It is held against the same weekdays, as many whole weeks
    before. What is 0, missing or measured for too little of a day is unknown, and never 0. In JSON, costs are
    exact in the ...Nano columns (1e-9 of the currency); null is unknown. With --as-of costs, settings and how
    settled days are are as they were then; volumes are as they are known now.

    \b
    Example: costwatch cost units
             costwatch cost units prediction --last 7d
             costwatch cost units --from 2026-10-01 --to 2026-11-01 --per-day --json
    """
    from costwatch.answers.unit_costs import unit_cost_answer, usual_window
    from costwatch.commands import units_output
    from costwatch.config.quote import instead, quoted
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
    from costwatch.warehouse.facts.unit_costs import unit_costs

    first, after = asked_days("cost units", first, after, last, context.now)
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, as_of=as_of)
        known = [of.name for of in unit_costs(facts)]
        for name in names:
            if name not in known:
                raise UsageError(f"cost units: no unit cost is called {quoted(name)}{instead(name, known)}")
        usual = usual_window(facts)
        after = after or (usual[1] if first is None or first < usual[1] else context.now.date())
        first = first or min(usual[0], after - timedelta(days=1))
        answer = unit_cost_answer(facts, first, after, names or None, per_day=per_day)
    if as_json:
        print_json([units_output.as_json(row, answer) for row in answer.rows])
    elif answer.rows:
        units_output.print_units(answer)
    else:
        complain(
            "no unit cost is known; name some under unit_costs in costwatch.yaml, then run costwatch allocate"
            if not known
            else f"nothing is known from {first} up to {after}"
        )
