"""``costwatch cost trail``: the pools that a team's cost came through."""

from datetime import date, timedelta

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Entry, Label, json_option, require_order, window_options
from costwatch.commands.output import complain, print_json
from costwatch.errors import UsageError
from costwatch.model import COST_METRICS, METRICS


@click.command("trail", cls=Command)
@click.option("--team", required=True, help="The team, or a residual such as idle.")
@window_options("the window")
@click.option(
    "--where", type=Entry(), multiple=True, help="Only this, such as service=AmazonEC2; may be repeated."
)
@click.option(
    "--metric", type=click.Choice(COST_METRICS), default=METRICS[0], show_default=True, help="What is shown."
)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="Workloads of a pool.")
@json_option
@pass_context
def trail(
    context: Context,
    /,
    team: str,
    first: date | None,
    after: date | None,
    where: tuple[tuple[str, str], ...],
    metric: str,
    limit: int,
    as_json: bool,
) -> None:
    """Show the pools that a team's cost came through, and what it was weighed by.

    Owners first, then pools in their order; of what one pool gave on to another, each step. Rows add up to
    what `costwatch cost show --by team` says of the same days: UTC days, --from is included, --to is not;
    without them, everything held. Of a pool of clusters: what the team's workloads come to, what is idle
    (signed) and unmeasured of the whole pool, and how much of its nodes' time was measured. For each pool, a
    command says what to ask next.

    \b
    Example: costwatch cost trail --team risk --from 2026-11-01
             costwatch cost trail --team idle --where cluster=prod --json
    """
    from costwatch.answers.cost_answer import held_days
    from costwatch.answers.trail import trail as trail_of
    from costwatch.commands import trail_output
    from costwatch.commands.cost_names import as_known
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    require_order(first, after)
    wanted = _filters(where)
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        # Other spellings than the last were names of teams that are one now.
        (*_, known) = as_known(facts, {"team": (team,)}, context, "cost trail: --{}")["team"]
        filters = as_known(facts, wanted, context, "cost trail: --where {}:")
        held = held_days(facts)
        start, end = first or held[0], after or held[1] + timedelta(days=1)
        answer = trail_of(facts, known, start, end, filters, metric)
    if as_json:
        print_json([trail_output.as_json(answer, row) for row in answer.rows])
    elif answer.rows:
        trail_output.print_trail(answer, limit)
    else:
        complain(
            f"{known} carries nothing that fits from {start} up to {end}; `costwatch cost show --by team`"
        )


def _filters(where: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    """``--where`` by label. Raises UsageError for what cost has not, and for what only lines know."""
    from costwatch.cost.line_labels import is_of_lines

    found: dict[str, tuple[str, ...]] = {}
    for name, value in where:
        if name == "team":
            raise UsageError("cost trail: --where team: a trail is of one team; name it by --team")
        try:
            label = Label().convert(name, None, click.get_current_context())
        except click.UsageError as error:
            raise UsageError(f"cost trail: --where: {error.message}") from None
        if is_of_lines(label):
            raise UsageError(
                f"cost trail: --where {label}: only lines know it, and no line shows what a pool passed on; "
                f"use `costwatch cost show --by pool --{label.replace('_', '-').split(':')[0]} ...`"
            )
        found[label] = (*found.get(label, ()), value)
    return found
