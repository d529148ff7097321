"""``costwatch allocate``: step 2."""

from datetime import date

import click

from costwatch.commands.options import Command, window_of, window_options
from costwatch.commands.output import complain
from costwatch.commands.run import Run, pass_run


@click.command("allocate", cls=Command)
@window_options("what to allocate anew")
@pass_run
def command(run: Run, first: date | None, after: date | None) -> int:
    """Give every dollar of the bill to a team (step 2).

    Computes each billing period whose bill, teams or pools changed, and publishes it in one go. With
    --from and --to, every period in that span by today's configuration, closed ones too.

    \b
    Example: costwatch allocate
             costwatch allocate --from 2026-07-01 --to 2026-10-01
    """
    from costwatch.allocate import allocate

    config = run.config
    window = window_of(first, after, run.now)
    with run.working("Allocating"):
        done = allocate(
            run.warehouse,
            config.ledger,
            config.sources,
            config.allocation,
            run.now,
            window=window,
            engine=config.engine,
        )
    for each in done:
        if each.changed:
            run.say(f"{each.period:%Y-%m}: published, {each.line_count:,} lines")
        complain(each.error)
    if not any(each.changed or each.error for each in done):
        run.say("nothing changed")
    return 1 if any(each.error for each in done) else 0
