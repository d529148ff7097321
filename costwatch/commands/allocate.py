"""``costwatch allocate``: step 2."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, window_of, window_options
from costwatch.commands.output import complain

if TYPE_CHECKING:
    from costwatch.allocate import AllocatedPeriod


@click.command("allocate", cls=Command)
@window_options("what to allocate anew")
@pass_context
def command(context: Context, first: date | None, after: date | None) -> int:
    """Give every dollar of the bill to a team (step 2).

    Computes each billing period whose bill, teams or pools changed, and publishes it in one go. With
    --from and --to, every period in that span by today's configuration, closed ones too.

    \b
    Example: costwatch allocate
             costwatch allocate --from 2026-07-01 --to 2026-10-01
    """
    from costwatch.allocate import allocate

    config = context.config
    window = window_of(first, after, context.now)
    with context.working("Allocating"):
        done = allocate(
            context.warehouse,
            config.ledger,
            config.sources,
            config.allocation,
            context.now,
            window=window,
            engine=config.engine,
        )
    for each in done:
        if each.changed:
            context.say(f"{each.period:%Y-%m}: published, {each.line_count:,} lines")
        complain(each.error)
    _tell_kept([each for each in done if each.keeps_charges])
    if not any(each.changed or each.error for each in done):
        context.say("nothing changed")
    return 1 if any(each.error for each in done) else 0


def _tell_kept(periods: "Sequence[AllocatedPeriod]") -> None:
    """The closed periods whose charges are others now in costwatch.yaml."""
    if not periods:
        return
    named = ", ".join(f"{each.period:%Y-%m}" for each in periods)
    span = f"--from {periods[0].period} --to {max(each.period_end or each.period for each in periods)}"
    complain(
        f"charges: {named}: closed, and published with other charges than costwatch.yaml says now; to use "
        f"these: costwatch allocate {span}"
    )
