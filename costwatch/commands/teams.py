"""``costwatch teams``: what is nobody's, and what to write so that it is somebody's."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Subject, json_option
from costwatch.commands.output import complain, line, print_json
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.allocation.suggestions import Suggestion


@click.group("teams", cls=Subject)
def command() -> None:
    """Show what no team claims, and what to write about it."""


@command.command("suggest")
@json_option
@pass_context
def suggest(context: Context, as_json: bool) -> int:
    """Print the YAML that gives a team to what is unallocated.

    Values of tags and cost categories, and accounts, that no team claims, the largest first, over all that is
    published: what is like a team goes to it, all else to new teams. Look at it, put it into costwatch.yaml,
    and run `costwatch allocate`.

    \b
    Example: costwatch teams suggest
             costwatch teams suggest --json
    """
    from costwatch.allocation.suggestions import as_yaml

    found = suggested(context)
    if as_json:
        print_json([_row(each) for each in found])
    elif found:
        for each in found:
            line(f"# {each.sentence}")
        for text in as_yaml(found, context.config.allocation).splitlines():
            line(text)
    else:
        complain("nothing is unallocated that a tag or an account could name an owner of")
    return 0


def suggested(context: Context) -> "list[Suggestion]":
    """What is published and nobody's. Raises UsageError before the first `allocate`."""
    from costwatch.allocation.suggestions import suggestions
    from costwatch.warehouse.bill.publish import published
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    with context.warehouse.read() as db:
        if not published(db):
            raise UsageError(
                f"{context.warehouse.path}: nothing is published; run `costwatch allocate` first"
            )
        return suggestions(WarehouseSnapshot(db, context.now), context.config.allocation)


def _row(one: "Suggestion") -> dict[str, object]:
    found = {key: value for key, value in asdict(one.found).items() if key in ("kind", "key", "value")}
    return {
        **found,
        "SubAccountName": one.found.SubAccountName,
        "EffectiveCostNano": dict(one.cost),
        "nearest": one.nearest,
        "is_asked": one.is_asked,
        "sentence": one.sentence,
    }
