"""``costwatch allocate``: step 2."""

from collections.abc import Iterator
from datetime import date

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Month, window_of, window_options
from costwatch.commands.output import complain, line
from costwatch.commands.pings import pinged

_NAMED = 5


@click.command("allocate", cls=Command)
@window_options("what to allocate anew")
@click.option(
    "--accept",
    "accepted",
    type=Month(),
    metavar="YYYY-MM",
    help="Take the deliveries of this month as they are, whatever they take away of settled days.",
)
@pass_context
@pinged("allocate")
def command(context: Context, first: date | None, after: date | None, accepted: date | None) -> int:
    """Give every dollar of the bill to a team (step 2).

    Computes each billing period whose bill, teams or pools changed, and publishes it in one go. With
    --from and --to, every period in that span by today's configuration, closed ones too. Tells what no team
    claims, the largest first, and which closed periods keep other teams than today's.

    A new delivery that takes settled days away, or more than 20 % of their lines or of their cost, is told
    here, by `status` and by `doctor` until a later one brings them back or --accept says that it is right.
    With `hold: true` under `settle:` it is not published before that.

    \b
    Example: costwatch allocate
             costwatch allocate --from 2026-07-01 --to 2026-10-01
             costwatch allocate --accept 2026-10
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
            accepted=accepted,
            engine=config.engine,
        )
    for each in done:
        if each.changed:
            context.say(f"{each.period:%Y-%m}: published, {each.line_count:,} lines")
        complain("\n".join(each.doubts))
        complain(each.error)
    if not any(each.changed or each.error or each.doubts for each in done):
        context.say("nothing changed")
    if context.talks or (any(each.changed for each in done) and not context.quiet):
        for text in _remarks(context):
            line(text, err=True)
    if any(each.error for each in done):
        return 1
    context.note_worked("allocate")
    return 0


def _remarks(context: Context) -> Iterator[str]:
    """What splits could not place, what is nobody's, and which periods today's settings do not reach."""
    from costwatch.allocation.kept import Kept
    from costwatch.allocation.suggestions import suggestions
    from costwatch.answers.unplaced import unplaced
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    allocation = context.config.allocation
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        found, kept = suggestions(facts, allocation), Kept.of(facts, allocation)
        yield from unplaced(facts)
    if found:
        yield "no team claims:"
    yield from (f"  {each.sentence}" for each in found[:_NAMED])
    if found:
        more = f"all {len(found)}" if len(found) > _NAMED else "this"
        yield f"`costwatch teams suggest` shows {more}, and what to write into costwatch.yaml"
    if kept.sentence:
        yield kept.sentence
