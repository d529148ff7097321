"""``costwatch collect``: step 1."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Span, window_of, window_options
from costwatch.commands.output import complain, line
from costwatch.commands.pings import pinged
from costwatch.errors import BusyError, UsageError
from costwatch.model import Window

if TYPE_CHECKING:
    from costwatch.collect import Collected
    from costwatch.plugins import Collector


@click.command("collect", cls=Command)
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--since", type=Span(), metavar="DURATION", help="Look back this far from now, such as 3d.")
@window_options("what to look at")
@click.option("--dry-run", is_flag=True, help="Look and report, store nothing.")
@pass_context
@pinged("collect")
def command(
    context: Context,
    names: tuple[str, ...],
    since: timedelta | None,
    first: date | None,
    after: date | None,
    dry_run: bool,
) -> int:
    """Load what is new from the sources (step 1).

    Reads all sources, or those named: from a little before where the last run ended, and everything the
    first time, bills in whole billing periods. What is stored already is not loaded again. What a source
    calls incomplete is told, and read again by each run. Exits 1 if a source failed; the others are loaded
    all the same.

    \b
    Example: costwatch collect aws --since 40d
             costwatch collect --from 2026-01-01 --to 2026-07-01
    """
    from costwatch.collect import collect

    if since is not None and (first or after):
        raise UsageError("collect: --since and --from/--to exclude each other; choose one")
    window = (
        Window(context.now - since, context.now)
        if since is not None
        else window_of(first, after, context.now)
    )
    sources = _chosen(context.config.asked_sources, names)
    with context.working("Collecting") as progress:
        done = collect(
            context.warehouse,
            context.config.ledger,
            sources,
            context.now,
            window=window,
            dry_run=dry_run,
            progress=progress,
        )
    for each in done:
        if dry_run:
            line(_sentence(each, dry_run))
        else:
            context.say(_sentence(each, dry_run))
        complain(each.error)
        complain(each.note)
    code = max(_mistakes_of_slos(context, sources), exit_code(done))
    if code == 0 and not dry_run:
        context.note_worked("collect")
    return code


def exit_code(done: Sequence["Collected"]) -> int:
    """1 if a source failed, 75 if all that did were busy."""
    failed = [each for each in done if each.outcome == "failed"]
    if failed and all(each.busy for each in failed):
        return BusyError.exit_code
    return 1 if failed else 0


def _mistakes_of_slos(context: Context, sources: Sequence["Collector"]) -> int:
    """Tell of files of SLOs that could not be read, for theirs are not measured; 1 if there are any."""
    from costwatch.config.slos.asking import asks_slos

    mistakes = context.config.loaded_slos.mistakes if any(map(asks_slos, sources)) else ()
    for mistake in mistakes:
        complain(mistake)
    return 1 if mistakes else 0


def _chosen(sources: Sequence["Collector"], names: Sequence[str]) -> list["Collector"]:
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            raise UsageError(f"collect: no source is named '{name}'; there are: {', '.join(known) or 'none'}")
    return [known[name] for name in names] if names else list(sources)


def _sentence(each: "Collected", dry_run: bool) -> str:
    if each.outcome != "loaded" and not each.row_count:
        return f"{each.source}: {each.outcome}"
    periods = ", ".join(f"{period:%Y-%m}" for period in each.periods)
    parts = [f"{each.line_count:,} lines of {periods}"] if periods else []
    parts += [f"{row_count:,} rows of {table}" for table, row_count in each.rows.items()]
    in_part = "failed in part, " if each.outcome == "failed" else ""
    return f"{each.source}: {in_part}{'would load' if dry_run else 'loaded'} {', '.join(parts)}"
