"""``costwatch cost``: what was spent, by anything a bill can be cut by."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.options import Span, Subject, json_option, require_order, window_options
from costwatch.commands.output import complain, print_json, print_table
from costwatch.commands.resources import resources
from costwatch.commands.run import Run, pass_run
from costwatch.commands.verify import verify
from costwatch.errors import UsageError
from costwatch.model import DIMENSIONS, METRICS, RESIDUALS

if TYPE_CHECKING:
    from costwatch.warehouse.cost import Cost

_NANO = 10**9


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each of ``DIMENSIONS``."""
    for name, column in reversed(list(DIMENSIONS.items())):
        option = click.option(f"--{name.replace('_', '-')}", name, multiple=True, help=f"Only this {column}.")
        function = option(function)
    return function


@click.group("cost", cls=Subject)
def command() -> None:
    """Show cost by team, service, account and more."""


command.add_command(resources)
command.add_command(verify)


@command.command("show")
@click.option("--by", multiple=True, type=click.Choice(tuple(DIMENSIONS)), help="Group by; may be repeated.")
@window_options("the window")
@click.option("--last", type=Span(), metavar="DURATION", help="The whole days before today, such as 30d.")
@click.option(
    "--metric", type=click.Choice(METRICS), default=METRICS[0], show_default=True, help="In tables."
)
@click.option("--per-day", is_flag=True, help="A row for each day.")
@_filters
@json_option
@pass_run
def show(
    run: Run,
    /,
    by: tuple[str, ...],
    first: date | None,
    after: date | None,
    last: timedelta | None,
    metric: str,
    per_day: bool,
    as_json: bool,
    **wanted: tuple[str, ...],
) -> None:
    """Show cost, a row for each combination of what --by names, and each currency.

    Days are UTC days; --from is included, --to is not. Without a window: everything held. A filter
    may be repeated: any of its values will do. EffectiveCost spreads what was paid in advance over the
    time it is for; BilledCost is what the invoice says. JSON has both, exact in the ...Nano columns
    (1e-9 of the currency), and x_LineCount, the lines of the bill behind them.

    \b
    Example: costwatch cost show --by team --by service --last 30d
             costwatch cost show --provider AWS --from 2026-10-01 --to 2026-11-01 --json
    """
    from costwatch.warehouse.cost import cost, days_held

    if last is not None and (first or after):
        raise UsageError("cost show: --last and --from/--to exclude each other; choose one")
    require_order(first, after)
    if last is not None:
        first, after = run.now.date() - max(last, timedelta(days=1)), run.now.date()
    where = {name: values for name, values in wanted.items() if values}
    with run.warehouse.read() as db:
        held = days_held(db) or (run.now.date(), run.now.date())
        first, after = first or held[0], after or held[1] + timedelta(days=1)
        rows = cost(db, first, after, by, where, per_day=per_day)
    if as_json:
        print_json([_as_json(row) for row in rows])
    elif rows:
        click.echo(f"{metric}, {first} to {after - timedelta(days=1)} (UTC days)\n")
        _print_table(rows, by, metric)
    else:
        complain(
            f"nothing fits from {first} up to {after}; `costwatch cost show --by team` shows what is held"
        )


def _labels(row: "Cost") -> dict[str, str]:
    return {DIMENSIONS[name]: value for name, value in row.labels.items()}


def _as_json(row: "Cost") -> Mapping[str, Any]:
    """Integers divided once: the number printed is the shortest that means the nearest double."""
    return {
        **_labels(row),
        **({"day": row.day.isoformat()} if row.day else {}),
        "BilledCost": row.BilledCostNano / _NANO,
        "EffectiveCost": row.EffectiveCostNano / _NANO,
        "BilledCostNano": row.BilledCostNano,
        "EffectiveCostNano": row.EffectiveCostNano,
        "x_LineCount": row.line_count,
    }


def _print_table(rows: Sequence["Cost"], by: Sequence[str], metric: str) -> None:
    """Largest first, or by day; a total for each currency where there is something to add up."""
    from costwatch.money import exact

    totals: dict[str, Any] = {}
    for row in rows:
        currency = row.labels["currency"]
        totals[currency] = totals.get(currency, 0) + row.amount(metric)
    ordered = sorted(rows, key=lambda row: (row.day or date.min, -abs(row.amount(metric))))
    columns = [*_labels(rows[0]), *(["day"] if rows[0].day else []), metric]
    lines = [
        [*_marked(row), *([row.day] if row.day else []), exact(row.amount(metric), row.labels["currency"])]
        for row in ordered
    ]
    if len(rows) > len(totals):
        place = columns.index("BillingCurrency")
        for currency, total in sorted(totals.items()):
            line = ["Total" if number == 0 else "" for number in range(len(columns))]
            line[place] = currency if place else f"Total {currency}"
            lines.append([*line[:-1], exact(total, currency)])
    print_table(columns, lines, right={metric})
    if "team" in by and any(row.labels["team"] in RESIDUALS for row in rows):
        click.echo("\n* carried by no team")


def _marked(row: "Cost") -> list[str]:
    return [
        f"{value} *" if name == "team" and value in RESIDUALS else value for name, value in row.labels.items()
    ]
