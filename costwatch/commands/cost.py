"""``costwatch cost``: what was spent, by anything a bill can be cut by."""

import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.cost_question import answer_of
from costwatch.commands.dimensions import filters
from costwatch.commands.options import (
    Entry,
    Instant,
    Label,
    Period,
    Subject,
    asked_days,
    json_option,
    last_option,
    window_options,
)
from costwatch.commands.output import complain, print_json
from costwatch.commands.resources import resources
from costwatch.commands.runs import runs
from costwatch.commands.trail import trail
from costwatch.commands.units import units
from costwatch.commands.verify import verify
from costwatch.cost.line_labels import KEYED_LABELS, LINE_LABELS
from costwatch.errors import UsageError
from costwatch.model import COST_METRICS, DIMENSIONS, KEYED_DIMENSIONS, METRICS

_KEYED = {**KEYED_DIMENSIONS, **KEYED_LABELS}
_LABELS = ", ".join([*DIMENSIONS, *LINE_LABELS, *(f"{name}:KEY" for name in _KEYED)])


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each of ``DIMENSIONS``, and for what only lines know."""
    types = {"billing_period": Period(), **dict.fromkeys(_KEYED, Entry())}
    for name, column in reversed([*DIMENSIONS.items(), *LINE_LABELS.items(), *_KEYED.items()]):
        function = click.option(
            f"--{name.replace('_', '-')}",
            name,
            multiple=True,
            type=types.get(name),
            help=f"Only this {column}.",
        )(function)
    return function


@click.group("cost", cls=Subject)
def command() -> None:
    """Show cost by team, service, account and more."""


command.add_command(resources)
command.add_command(runs)
command.add_command(trail)
command.add_command(units)
command.add_command(verify)


@command.command("show", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--by", multiple=True, type=Label(), help=f"Group by; may be repeated. One of {_LABELS}.")
@window_options("the window")
@last_option
@click.option(
    "--metric", type=click.Choice(COST_METRICS), default=METRICS[0], show_default=True, help="In tables."
)
@click.option("--per-day", is_flag=True, help="A row for each day.")
@click.option(
    "--as-of", type=Instant(), metavar="INSTANT", help="As it was known then; UTC unless it names a zone."
)
@click.option("--converted", is_flag=True, help="In one currency, at the rates of costwatch.yaml.")
@_filters
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="CSV, for spreadsheets, every digit of the costs.")
@pass_context
def show(
    context: Context,
    /,
    by: tuple[str, ...],
    first: date | None,
    after: date | None,
    last: timedelta | None,
    metric: str,
    per_day: bool,
    as_of: datetime | None,
    converted: bool,
    as_json: bool,
    as_csv: bool,
    **wanted: tuple[Any, ...],
) -> None:
    """Show cost, a row for each combination of what --by names, and each currency.

    Days are UTC days; --from is included, --to is not. Without a window: everything held. A filter
    may be repeated: any of its values will do. EffectiveCost spreads what was paid in advance over the
    time it is for; BilledCost is what the invoice says. JSON has both, exact in the ...Nano columns
    (1e-9 of the currency), x_LineCount, the lines of the bill behind them, and x_State: how settled the
    day is, or the least settled day of a sum. With --as-of all of that is as it was then. x_Unamortised names
    the commitments whose charges are in EffectiveCost as they were billed, for want of columns in the bill;
    x_...BeforeCredits are the costs without credits and refunds, of rows that have some.

    Each of `dimensions` in costwatch.yaml is a label and a filter, too: --by product, --product cards.

    Invoices, commitments, resources, tags and cost categories are read from the lines of the bill in the
    ledger, and come to the same total. By team or pool, what pools passed on has no line: it stands as
    (pool NAME) then.

    \b
    Example: costwatch cost show --by team --by service --last 30d
             costwatch cost show --provider AWS --from 2026-10-01 --to 2026-11-01 --json
             costwatch cost show --by team --as-of 2026-11-03T06:00:00Z
             costwatch cost show --by tag:app --by billing_period --cost-category Team=data
    """
    if as_json and as_csv:
        raise UsageError("cost show: --json and --csv exclude each other; choose one")
    first, after = asked_days("cost show", first, after, last, context.now)
    where = _where(wanted) | filters(context, click.get_current_context().args)
    answer = answer_of(context, by, first, after, where, per_day=per_day, as_of=as_of, converted=converted)
    from costwatch.commands import cost_output

    if as_json:
        print_json(cost_output.as_json(answer))
    elif as_csv:
        sys.stdout.write(answer.as_csv())
    elif answer.rows:
        cost_output.CostTable(answer).print_table(metric)
    else:
        then = f" as known on {as_of:%Y-%m-%d %H:%M} UTC" if as_of else ""
        complain(
            f"nothing fits from {answer.first} up to {answer.after}{then}; "
            "`costwatch cost show --by team` shows what is held"
        )


def _where(wanted: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    """The filters by label: of tags, cost categories and what splits told, one for each key."""
    where: dict[str, tuple[str, ...]] = {}
    for name, values in wanted.items():
        for value in values:
            label, one = (f"{name}:{value[0]}", value[1]) if name in _KEYED else (name, value)
            where[label] = (*where.get(label, ()), one)
    return where
