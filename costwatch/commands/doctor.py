"""``costwatch doctor``: what is wrong around costwatch, and how to mend it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

import costwatch
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.commands.output import line
from costwatch.errors import CostwatchError, UsageError
from costwatch.model import Window

if TYPE_CHECKING:
    from costwatch.cost.systems import System
    from costwatch.plugins import Collector

_FINDINGS = 3
_LATELY = timedelta(days=40)  # the billing period that runs, and the one before
_OURS = ("collectors", "dashboards")


@click.command("doctor", cls=Command)
@pass_context
def command(context: Context) -> int:
    """Test files, disk, store and sources, and say how to mend what is wrong.

    Reads what is new of each source as `collect` would, and loads nothing. Exits 3 if anything was found.

    \b
    Example: costwatch doctor
    """
    found = 0
    for what, problem in _problems(context):
        found += bool(problem)
        for reason in problem.splitlines() or [""]:
            line(f"mend  {what}: {reason}" if reason else f"ok    {what}")
    return _FINDINGS if found else 0


def _problems(context: Context) -> Iterator[tuple[str, str]]:
    """Each thing looked at, and what is wrong with it; '' where all is well."""
    yield "configuration", (mistakes := _configuration(context))
    yield "packages", "\n".join(filter(None, map(_shadowed, _OURS)))
    if not mistakes or context.warehouse_name:
        from costwatch.warehouse.health import problems

        yield from problems(context.warehouse, None if mistakes else context.config.ledger)
    if not mistakes:
        yield from _systems(context.config.systems, context)
        for source in context.config.sources:
            yield f"source {source.name}", _source(source, context)
        yield from _rules(context)


def _systems(systems: "Sequence[System]", context: Context) -> Iterator[tuple[str, str]]:
    """Each system, and why it has no cost."""
    from costwatch.answers.systems import unmatched
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    try:
        with context.warehouse.read() as db:
            without = unmatched(WarehouseSnapshot(db, context.now), systems)
    except CostwatchError:
        return  # what is wrong with the warehouse is told by itself
    for system in systems:
        yield f"system {system.name}", without.get(system.name, "")


def _rules(context: Context) -> Iterator[tuple[str, str]]:
    """Each rule, and why nothing that is known fits it."""
    from costwatch.answers.unmatched import unmatched_rules
    from costwatch.plugins import queries_of
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    rules = context.alerts.rules
    try:
        with context.warehouse.read() as db:
            facts = WarehouseSnapshot(db, context.now, queries=queries_of(rules))
            without = unmatched_rules(facts, rules, context.now)
    except CostwatchError:
        return  # as for systems
    for rule in rules:
        yield f"rule {rule.name}", without.get(rule.name, "")


def _configuration(context: Context) -> str:
    from costwatch.config import check

    try:
        return "\n".join(check(context.config_file))
    except UsageError as error:
        return str(error)


def _shadowed(package: str) -> str:
    """Others may use names as plain as ours."""
    spec = find_spec(package)
    places = [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]
    home = Path(costwatch.__file__).parent.parent
    if places == [home / package]:
        return ""
    there = ", ".join(map(str, places)) or "nowhere"
    return f"package '{package}' is found at {there}, not beside costwatch; use a fresh venv"


def _source(source: "Collector", context: Context) -> str:
    """Read as the next `collect` would read it, and of one that was never read, what it has of late.

    A paid source is paid from its daily budget.
    """
    from costwatch.collect import collect, was_read

    lately = Window(context.now - _LATELY, context.now)
    try:
        window = None if was_read(context.warehouse, source.name) else lately
        (found,) = collect(
            context.warehouse, context.config.ledger, [source], context.now, window=window, dry_run=True
        )
    except CostwatchError as error:  # of a warehouse that cannot be read, which is told by itself, too
        return str(error)
    return found.error
