"""``costwatch export``: the bill with its teams for other tools, usage of clusters for another costwatch."""

from datetime import date, timedelta
from pathlib import Path

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Subject, require_order, window_options
from costwatch.commands.output import complain
from costwatch.errors import UsageError

_KEPT = timedelta(days=36)  # as long as kind usage_files looks back, and the running day


@click.group("export", cls=Subject)
def command() -> None:
    """Write the bill with its teams for other tools, or usage of clusters for another costwatch."""


@command.command("focus")
@click.argument("file", type=click.Path(dir_okay=False))
@window_options("the charges")
@click.option("--team", "teams", multiple=True, help="Only this team; may be repeated.")
@pass_context
def focus(
    context: Context, /, file: str, first: date | None, after: date | None, teams: tuple[str, ...]
) -> None:
    """Write every charge as FOCUS 1.2, with its team in x_Team, to FILE (.parquet, .csv or .csv.gz).

    A line of the bill is a row; what a pool splits is a row for each team it goes to. Rows add up to what
    pages and reports show. Without a window: everything held.

    \b
    Example: costwatch export focus october.parquet --from 2026-10-01 --to 2026-11-01
    """
    from costwatch.allocation.focus_export import export
    from costwatch.ledger.files import LedgerFiles
    from costwatch.warehouse.facts.cost import days_held

    require_order(first, after)
    with context.warehouse.read() as db:
        held = days_held(db)
    if held is None:
        raise UsageError(
            "export focus: nothing is published yet; run costwatch collect and costwatch allocate"
        )
    window = first or held[0], after or held[1] + timedelta(days=1)
    with context.working("Exporting"):
        count = export(context.warehouse, LedgerFiles(context.config.ledger), *window, teams, Path(file))
    if count:
        context.say(f"{file}: {count:,} rows")
    else:
        complain(f"{file}: holds no row; `costwatch cost show --by team` shows which teams carry cost")


@command.command("usage")
@click.argument("folder", type=click.Path(file_okay=False))
@window_options("the days")
@click.option("--source", "sources", multiple=True, help="Only of this source; may be repeated.")
@pass_context
def usage(
    context: Context, /, folder: str, first: date | None, after: date | None, sources: tuple[str, ...]
) -> None:
    """Write what pods requested and used, by table and UTC day, below FOLDER, for kind usage_files to read.

    Files that would say what they say already are left alone. Without a window: the last 35 days.

    \b
    Example: costwatch export usage /srv/usage/prod && aws s3 sync /srv/usage/prod s3://acme-usage/prod
    """
    from collectors.kubernetes.tables import TABLES
    from costwatch.allocation.usage_export import export
    from costwatch.ledger.files import LedgerFiles
    from costwatch.model import Window

    require_order(first, after)
    until = after or context.now.date() + timedelta(days=1)
    window = Window.of_days(first or until - _KEPT, until)
    with context.working("Exporting"):
        files = LedgerFiles(context.config.ledger)
        written = export(context.warehouse, files, TABLES, window, sources, Path(folder))
    context.say(f"{folder}: {len(written):,} files are new or say something else")
