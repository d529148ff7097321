"""``costwatch cost``: what was spent, by anything a bill can be cut by."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import (
    Entry,
    Instant,
    Label,
    Period,
    Span,
    Subject,
    json_option,
    require_order,
    window_options,
)
from costwatch.commands.output import complain, print_json
from costwatch.commands.resources import resources
from costwatch.commands.verify import verify
from costwatch.cost.line_labels import KEYED_LABELS, LINE_LABELS, is_of_lines
from costwatch.errors import UsageError
from costwatch.model import COST_METRICS, DIMENSIONS, KINDS_BEFORE_CREDITS, METRICS

if TYPE_CHECKING:
    from costwatch.cost.conversion import Conversion
    from costwatch.warehouse.facts.cost import Cost

_LABELS = ", ".join([*DIMENSIONS, *LINE_LABELS, *(f"{name}:KEY" for name in KEYED_LABELS)])


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each of ``DIMENSIONS``, and for what only lines know."""
    types = {"billing_period": Period(), **dict.fromkeys(KEYED_LABELS, Entry())}
    for name, column in reversed([*DIMENSIONS.items(), *LINE_LABELS.items(), *KEYED_LABELS.items()]):
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
command.add_command(verify)


@command.command("show")
@click.option("--by", multiple=True, type=Label(), help=f"Group by; may be repeated. One of {_LABELS}.")
@window_options("the window")
@click.option("--last", type=Span(), metavar="DURATION", help="The whole days before today, such as 30d.")
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

    Invoices, commitments, tags and cost categories are read from the lines of the bill in the ledger, and
    come to the same total. By team or pool, what pools passed on has no line: it stands as (pool NAME) then.

    \b
    Example: costwatch cost show --by team --by service --last 30d
             costwatch cost show --provider AWS --from 2026-10-01 --to 2026-11-01 --json
             costwatch cost show --by team --as-of 2026-11-03T06:00:00Z
             costwatch cost show --by tag:app --by billing_period --cost-category Team=data
    """
    from costwatch.answers.unamortised import unamortised
    from costwatch.commands.cost_names import as_known
    from costwatch.commands.cost_output import CostTable
    from costwatch.warehouse.facts.cost import cost, days_held
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    first, after = _window(context, first, after, last)
    where = _where(wanted)
    of_lines = [name for name in (*by, *where) if is_of_lines(name)]
    if of_lines and (as_of or converted):
        option = "--as-of" if as_of else "--converted"
        raise UsageError(
            f"cost show: {of_lines[0]} is read from the lines as they are published now; leave out {option}"
        )
    conversion = _conversion(context) if converted else None
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, as_of=as_of)
        where = as_known(facts, where, context)
        held = days_held(db, as_of) or (context.now.date(), context.now.date())
        first, after = first or held[0], after or held[1] + timedelta(days=1)
        if not of_lines:
            ask = partial(cost, db, first, after, by, per_day=per_day, as_of=as_of, conversion=conversion)
            rows, before = ask(where), ask({**where, **_without_credits(where)})
        states, odd = facts.states(first, after), unamortised(facts, first, after)
        if conversion and any(row.labels["currency"] != conversion.reporting for row in rows):
            daily = cost(db, first, after, (), where, per_day=True, as_of=as_of, conversion=conversion)
            _tell_kept(daily, conversion)
    if of_lines:
        rows, before = _of_lines(context, first, after, by, where, per_day=per_day)
    answer = CostTable(rows, before, first, after, held[1], states, as_of, conversion, odd)
    if as_json:
        print_json(answer.as_json())
    elif rows:
        answer.print_table(metric, by)
    else:
        then = f" as known on {as_of:%Y-%m-%d %H:%M} UTC" if as_of else ""
        complain(
            f"nothing fits from {first} up to {after}{then}; "
            "`costwatch cost show --by team` shows what is held"
        )


def _where(wanted: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    """The filters by label: of tags and cost categories, one for each key."""
    where: dict[str, tuple[str, ...]] = {}
    for name, values in wanted.items():
        for value in values:
            label, one = (f"{name}:{value[0]}", value[1]) if name in KEYED_LABELS else (name, value)
            where[label] = (*where.get(label, ()), one)
    return where


def _without_credits(where: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The kinds of charges that are left before credits, of those that are asked for."""
    asked = where.get("charge_kind", KINDS_BEFORE_CREDITS)
    return {"charge_kind": tuple(kind for kind in KINDS_BEFORE_CREDITS if kind in asked)}


def _of_lines(
    context: Context,
    first: date,
    after: date,
    by: tuple[str, ...],
    where: Mapping[str, tuple[str, ...]],
    *,
    per_day: bool,
) -> tuple[list["Cost"], list["Cost"]]:
    from costwatch.allocation.line_costs import line_costs
    from costwatch.commands.cost_line_names import as_lines_write
    from costwatch.ledger.files import LedgerFiles

    files = LedgerFiles(context.config.ledger)
    with context.working("Reading the lines"):
        where = as_lines_write(context.warehouse, files, first, after, by, where)
        found = line_costs(context.warehouse, files, first, after, by, where, per_day=per_day)
    return found.rows, found.before_credits


def _window(
    context: Context, first: date | None, after: date | None, last: timedelta | None
) -> tuple[date | None, date | None]:
    if last is None:
        require_order(first, after)
        return first, after
    if first or after:
        raise UsageError("cost show: --last and --from/--to exclude each other; choose one")
    return context.now.date() - max(last, timedelta(days=1)), context.now.date()


def _conversion(context: Context) -> "Conversion":
    """The configured rates. Raises UsageError where there are none."""
    if context.config.currency is None:
        raise UsageError(
            f"{context.config.file}: --converted needs 'currency', which is not there; "
            "add it with 'reporting' and 'rates'"
        )
    return context.config.currency


def _tell_kept(daily: Iterable["Cost"], conversion: "Conversion") -> None:
    """What stayed in its own currency."""
    from costwatch.cost.conversion import months_of

    kept = [(row.labels["currency"], row.day) for row in daily if row.day]
    months = months_of(pair for pair in kept if pair[0] != conversion.reporting)
    complain(
        f"cost show: not converted, for want of a rate: {months}; add it to 'currency' in costwatch.yaml"
    )
