"""``costwatch cost resources``: which resources a team's cost of a service comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option, require_order, window_options
from costwatch.commands.output import complain, print_json, print_table
from costwatch.model import METRICS

if TYPE_CHECKING:
    from costwatch.allocation.resources import Resource


@click.command("resources", cls=Command)
@click.option("--team", required=True, help="The team, or a residual such as unallocated.")
@click.option("--service", required=True, help="The ServiceName.")
@window_options("the window")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows to show.")
@click.option(
    "--metric", type=click.Choice(METRICS), default=METRICS[0], show_default=True, help="In tables."
)
@json_option
@pass_context
def resources(
    context: Context,
    /,
    team: str,
    service: str,
    first: date | None,
    after: date | None,
    limit: int,
    metric: str,
    as_json: bool,
) -> None:
    """Show which resources a team's cost of one service comes from, largest first.

    Read from the lines of the bill in the ledger; without a window the last 30 days held. What a pool
    passed on to the team stands on a row of its own, so that rows add up to `costwatch cost show`.

    \b
    Example: costwatch cost resources --team risk --service "Amazon Elastic Compute Cloud"
    """
    from costwatch.allocation.resources import resources as found_resources
    from costwatch.ledger.files import LedgerFiles
    from costwatch.warehouse.facts.cost import days_held

    require_order(first, after)
    with context.warehouse.read() as db:
        held = days_held(db) or (context.now.date(), context.now.date())
    after = after or held[1] + timedelta(days=1)
    first = first or after - timedelta(days=30)
    files = LedgerFiles(context.config.ledger)
    with context.working("Reading the lines"):
        answer = found_resources(context.warehouse, files, team, service, first, after, context.say)
    found = answer.rows
    if as_json:
        print_json([_as_json(each) for each in found])
    elif found:
        click.echo(f"{metric} of {team}, {service}, {first} to {after - timedelta(days=1)} (UTC days)\n")
        _print_table(found, metric, limit)
    else:
        complain(
            f"{team} has no cost of {service} from {first} up to {after}; `costwatch cost show --by service`"
        )
    if answer.remark:
        complain(answer.remark)


def _as_json(each: "Resource") -> Mapping[str, Any]:
    row = asdict(each)
    lines = row.pop("line_count")
    units = {metric: row[f"{metric}Nano"] / 10**9 for metric in ("BilledCost", "EffectiveCost")}
    return {**row, **units, "x_LineCount": lines}


def _print_table(found: Sequence["Resource"], metric: str, limit: int) -> None:
    from costwatch.money import exact, units

    def amount(of: Sequence["Resource"], currency: str) -> str:
        return exact(units(sum(getattr(each, f"{metric}Nano") for each in of)), currency)

    rows = [
        [
            f"(pool {each.x_Pool})" if each.x_Pool else each.ResourceId or "(no resource)",
            each.SubAccountId,
            each.RegionId,
            each.line_count,
            amount([each], each.BillingCurrency),
        ]
        for each in found[:limit]
    ]
    for currency in sorted({each.BillingCurrency for each in found}):
        rest = [each for each in found[limit:] if each.BillingCurrency == currency]
        if rest:
            rows.append(
                [
                    f"({len(rest):,} more)",
                    "",
                    "",
                    sum(each.line_count for each in rest),
                    amount(rest, currency),
                ]
            )
        mine = [each for each in found if each.BillingCurrency == currency]
        rows.append(
            [f"Total {currency}", "", "", sum(each.line_count for each in mine), amount(mine, currency)]
        )
    print_table(["ResourceId", "SubAccountId", "RegionId", "Lines", metric], rows, right={"Lines", metric})
