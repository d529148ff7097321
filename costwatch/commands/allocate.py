"""``costwatch allocate``: step 2."""

from collections.abc import Iterator
from datetime import date

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, window_of, window_options
from costwatch.commands.output import complain, line

_NAMED = 5


@click.command("allocate", cls=Command)
@window_options("what to allocate anew")
@pass_context
def command(context: Context, first: date | None, after: date | None) -> int:
    """Give every dollar of the bill to a team (step 2).

    Computes each billing period whose bill, teams or pools changed, and publishes it in one go. With
    --from and --to, every period in that span by today's configuration, closed ones too. Tells what no team
    claims, the largest first, and which closed periods keep other teams than today's.

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
    if context.talks or (any(each.changed for each in done) and not context.quiet):
        for text in _remarks(context):
            line(text, err=True)
    return 1 if any(each.error for each in done) else 0


def _remarks(context: Context) -> Iterator[str]:
    """What is nobody's, and which periods today's configuration does not reach."""
    from costwatch.allocation.kept import Kept
    from costwatch.allocation.suggestions import suggestions
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    allocation = context.config.allocation
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        found, kept = suggestions(facts, allocation), Kept.of(facts, allocation)
    if found:
        yield "no team claims:"
    yield from (f"  {each.sentence}" for each in found[:_NAMED])
    if found:
        more = f"all {len(found)}" if len(found) > _NAMED else "this"
        yield f"`costwatch teams suggest` shows {more}, and what to write into costwatch.yaml"
    if kept.sentence:
        yield kept.sentence
