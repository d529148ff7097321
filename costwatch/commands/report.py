"""``costwatch report``: step 5."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Subject
from costwatch.commands.output import complain
from costwatch.errors import NotifyError, UsageError

if TYPE_CHECKING:
    from costwatch.plugins import Publisher
    from costwatch.report import Weekly

_FORMATS = ("md", "html", "-")


@click.group("report", cls=Subject)
def command() -> None:
    """Write or send the weekly report (step 5)."""


@command.command("weekly")
@click.option(
    "--week", metavar="YYYY-Www", help="ISO week, such as 2026-W47; by default the last one that ended."
)
@click.option("--team", help="Only this team's costs and alerts.")
@click.option(
    "--to",
    "targets",
    metavar="md|html|-|RECEIVER",
    multiple=True,
    default=("-",),
    help="A file in the folder `reports`, - for Markdown on stdout (the default), or a receiver of the rules "
    "file that takes reports; may be repeated.",
)
@pass_context
def weekly_report(context: Context, week: str | None, team: str | None, targets: Sequence[str]) -> int:
    """Write the report of one week: what was spent, what changed and why, what to do first.

    Only settled days count, and only against the same days of the week before. Written again, the same
    week of the same data is the same file. A receiver gets it once; where the data has changed since, what
    it got is corrected.

    \b
    Example: costwatch report weekly --week 2026-W47 --to html --to md
    """
    from costwatch.report import markdown

    publishers = _publishers(context, [target for target in targets if target not in _FORMATS])
    report = read_week(context, week, team)
    if "-" in targets:
        click.echo(markdown(report), nl=False)
    write_files(context, report, [target for target in targets if target in ("html", "md")])
    code = _send(context, report, publishers)
    if code == 0 and {*targets} != {"-"}:  # who only reads may have no right to write
        context.note_worked("report")
    return code


def _publishers(context: Context, names: Sequence[str]) -> "list[Publisher]":
    """The receivers that a report is sent to. Raises UsageError for what takes none."""
    if not names:
        return []
    from costwatch.plugins import Publisher

    known = {each.name: each for each in context.alerts.receivers if isinstance(each, Publisher)}
    for name in names:
        if name not in known:
            there = ", ".join((*_FORMATS, *known))
            raise UsageError(f"report: no receiver '{name}' takes reports; --to can be: {there}")
    return [known[name] for name in dict.fromkeys(names)]


def _send(context: Context, report: "Weekly", publishers: "Sequence[Publisher]") -> int:
    """Each gets it, whatever becomes of the others; 1 if one did not take it."""
    from costwatch.report import as_report, publish

    if not publishers:
        return 0
    whole, code = as_report(report), 0
    for publisher in publishers:
        try:
            is_sent = publish(context.warehouse, publisher, whole, context.now)
        except NotifyError as error:
            complain(str(error))
            code = error.exit_code
        else:
            context.say(f"{whole.name}: {'sent' if is_sent else 'was sent before'} to {publisher.name}")
    return code


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
