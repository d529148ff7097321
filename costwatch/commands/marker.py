"""``costwatch marker``: deploys and flags that were switched, told by hand and listed."""

from datetime import datetime, timedelta

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Instant, Span, json_option, who_option
from costwatch.commands.output import line, print_json, print_table
from costwatch.errors import UsageError


@click.group("marker")
def command() -> None:
    """Tell deploys and switched flags, and list them: what may explain a change."""


@command.command("add", cls=Command)
@click.option("--title", required=True, help="What was done, such as 'model-server 2.14'.")
@click.option("--kind", default="deploy", show_default=True, help="deploy, flag or another word.")
@click.option("--service", default="", help="Of which service.")
@click.option("--team", default="", help="Of which team.")
@click.option(
    "--at", type=Instant(), metavar="INSTANT", help="When; by default now. UTC unless it names a zone."
)
@click.option("--url", default="", help="Where to read more.")
@who_option
@pass_context
def add(
    context: Context, title: str, kind: str, service: str, team: str, at: datetime | None, url: str, who: str
) -> None:
    """Tell one marker, and print its number. The same one again stays one.

    \b
    Example: costwatch marker add --title "model-server 2.14" --service model-server
             costwatch marker add --kind flag --title "checkout-layout on" --at 2026-11-21T14:05:00Z
    """
    from costwatch.model import Marker
    from costwatch.plugins import link_of
    from costwatch.warehouse.markers import add_marker

    if not title.strip() or not kind.strip():
        raise UsageError("marker add: --title and --kind must say something; write what was done")
    try:
        marker = Marker(at or context.now, kind, title, service, team, link_of(url) if url else "", who)
    except ValueError as error:
        raise UsageError(f"marker add: --url {error}") from None
    context.warehouse.migrate()
    with context.warehouse.write() as db:
        kept = add_marker(db, marker)
    line(str(kept.id))


@command.command("list", cls=Command)
@click.option("--service", default="", help="Only what concerns this service.")
@click.option("--team", default="", help="Only what concerns this team.")
@click.option("--kind", "kinds", multiple=True, help="Only of this kind; more than one may be named.")
@click.option(
    "--last", type=Span(), default="7d", show_default=True, metavar="DURATION", help="How far back."
)
@json_option
@pass_context
def list_markers(
    context: Context, service: str, team: str, kinds: tuple[str, ...], last: timedelta, as_json: bool
) -> None:
    """Show the markers up to now, oldest first.

    With --service or --team also those of nobody in particular.

    \b
    Example: costwatch marker list --service model-server --last 24h
    """
    from costwatch.answers.markers import markers
    from costwatch.model import Window
    from costwatch.warehouse.encoding import to_text
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    window = Window(context.now - last, context.now + timedelta(seconds=1))
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        found = markers(facts, window, service=service, team=team, kinds=kinds)
    names = ("id", "at", "kind", "title", "service", "team", "author", "source", "url")
    if as_json:
        print_json([{**{name: getattr(one, name) for name in names}, "at": to_text(one.at)} for one in found])
    elif found:
        print_table(names, [[getattr(one, name) for name in names] for one in found], right=("id",))
    else:
        click.echo("no markers")


@command.command("remove", cls=Command)
@click.argument("id", type=int)
@pass_context
def remove(context: Context, id: int) -> None:
    """Take away a marker that was told by hand; those of sources are as their sources tell them.

    \b
    Example: costwatch marker remove 12
    """
    from costwatch.warehouse.markers import remove_marker

    with context.warehouse.write() as db:
        if not remove_marker(db, id):
            raise UsageError(f"marker remove: {id} is no marker told by hand; see costwatch marker list")
    context.say(f"marker {id} is gone")
