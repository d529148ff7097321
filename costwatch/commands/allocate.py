"""``costwatch allocate``: step 2."""

from datetime import date

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, window_of, window_options
from costwatch.commands.output import complain


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
    if not any(each.changed or each.error for each in done):
        context.say("nothing changed")
    return 1 if any(each.error for each in done) else 0
