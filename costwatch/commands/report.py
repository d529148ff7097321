"""``costwatch report``: step 5."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Subject

if TYPE_CHECKING:
    from costwatch.report import Weekly


@click.group("report", cls=Subject)
def command() -> None:
    """Write the weekly report (step 5)."""


@command.command("weekly")
@click.option(
    "--week", metavar="YYYY-Www", help="ISO week, such as 2026-W47; by default the last one that ended."
)
@click.option("--team", help="Only this team's costs and alerts.")
@click.option(
    "--to",
    "targets",
    type=click.Choice(("md", "html", "-")),
    multiple=True,
    default=("-",),
    help="A file in the folder `reports`, or - for Markdown on stdout (the default); may be repeated.",
)
@pass_context
def weekly_report(context: Context, week: str | None, team: str | None, targets: Sequence[str]) -> None:
    """Write the report of one week: what was spent, what changed and why, what to do first.

    Only settled days count, and only against the same days of the week before. Written again, the same
    week of the same data is the same file.

    \b
    Example: costwatch report weekly --week 2026-W47 --to html --to md
    """
    from costwatch.report import markdown

    report = read_week(context, week, team)
    if "-" in targets:
        click.echo(markdown(report), nl=False)
    write_files(context, report, [target for target in targets if target != "-"])


def read_week(context: Context, week: str | None, team: str | None = None) -> "Weekly":
    """Step 5 on one read transaction, with what the configuration says of it."""
    from costwatch.report import weekly
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    config = context.config
    contacts = {each.name: each.contact for each in config.allocation.teams if each.contact}
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        return weekly(
            facts, now=context.now, week=week, team=team, public_url=config.ui.public_url, contacts=contacts
        )


def write_files(context: Context, report: "Weekly", formats: Sequence[str]) -> None:
    """Write the report into the configured folder, once for each format (``html``, ``md``)."""
    from costwatch.report import write

    for each in formats:
        context.say(f"wrote {write(report, 'html' if each == 'html' else 'md', context.config.reports)}")
