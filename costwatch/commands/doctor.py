"""``costwatch doctor``: what is wrong around costwatch, and how to mend it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

import costwatch
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.commands.output import line
from costwatch.errors import CostwatchError, UsageError
from costwatch.model import GIVEN_ON, Window

if TYPE_CHECKING:
    from costwatch.collect import Collected
    from costwatch.plugins import Collector
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_FINDINGS = 3
_LATELY = timedelta(days=40)  # the billing period that runs, and the one before
_NAMED = 5
_OURS = ("collectors", "dashboards")
_Row = TypeVar("_Row")


@click.command("doctor", cls=Command)
@pass_context
def command(context: Context) -> int:
    """Test files, disk, store and sources, and say how to mend what is wrong.

    Reads what is new of each source as `collect` would, and loads nothing. Exits 3 if anything was found.

    \b
    Example: costwatch doctor
    """
    found = 0
    for what, problem, *facts in _problems(context):
        found += bool(problem)
        for reason in problem.splitlines():
            line(f"mend  {what}: {reason}")
        if not problem:
            line(f"ok    {': '.join([what, *filter(None, facts)])}")
    for note in _of_warehouse(context, _notes):
        line(f"note  {note}")
    return _FINDINGS if found else 0


def _problems(context: Context) -> Iterator[tuple[str, ...]]:
    """Each thing looked at, what is wrong with it ('' where all is well), and what there is to know of it."""
    yield "configuration", (mistakes := _configuration(context))
    yield "packages", "\n".join(filter(None, map(_shadowed, _OURS)))
    if not mistakes or context.warehouse_name:
        from costwatch.warehouse.health import problems

        yield from problems(context.warehouse, None if mistakes else context.config.ledger)
    if not mistakes:
        for source in context.config.asked_sources:
            yield f"source {source.name}", *_source(source, context)
        yield from _of_warehouse(context, _stored)


def _of_warehouse(
    context: Context, read: "Callable[[WarehouseSnapshot, Context], Iterator[_Row]]"
) -> "Sequence[_Row]":
    """What ``read`` finds in it; nothing where it cannot be read, which is told by itself."""
    from costwatch.plugins import queries_of
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    try:
        queries = queries_of(context.alerts.rules)
        with context.warehouse.read() as db:
            return list(read(WarehouseSnapshot(db, context.now, queries=queries), context))
    except CostwatchError:
        return ()


def _stored(facts: "WarehouseSnapshot", context: Context) -> Iterator[tuple[str, ...]]:
    """What finds nothing that is named, what is doubted of deliveries, what waits, when steps worked."""
    from costwatch.answers.deliveries import not_allocated
    from costwatch.answers.estimates import live_estimates
    from costwatch.answers.restatements import doubted
    from costwatch.answers.steps import workings
    from costwatch.answers.systems import unmatched
    from costwatch.answers.unit_costs import never_known
    from costwatch.answers.unmatched import unmatched_rules
    from costwatch.warehouse.steps import STEPS, last_worked
    from costwatch.wording import ago, at_instant

    systems, rules = context.config.systems, context.alerts.rules
    without = unmatched(facts, systems)
    yield from ((f"system {one.name}", without.get(one.name, "")) for one in systems)
    unknown = never_known(facts)
    yield from ((f"unit cost {one.name}", unknown.get(one.name, "")) for one in context.config.unit_costs)
    finds_nothing = unmatched_rules(facts, rules, context.now)
    yield from ((f"rule {one.name}", finds_nothing.get(one.name, "")) for one in rules)
    yield "restatements", "\n".join(one.text for one in doubted(facts)), "none is doubted"
    yield "bill", "", not_allocated(facts) or "all that is loaded is allocated"
    estimated = live_estimates(facts)
    if estimated.is_any:
        yield "live estimates", estimated.finding, estimated.sentence
    worked = {step: at for step, at in last_worked(facts.db).items() if at <= context.now}
    problems = dict(workings(facts).problems())
    for step in STEPS:
        at, what = worked.get(step), f"step {step}"
        told = f"last worked {at_instant(at)}, {ago(context.now - at)}" if at else "never worked yet"
        yield what, problems.pop(what, ""), told
    yield from problems.items()


def _notes(facts: "WarehouseSnapshot", context: Context) -> Iterator[str]:
    """What splits could not place, what is nobody's or not reached by today's teams: nothing is broken."""
    from costwatch.allocation.kept import Kept
    from costwatch.allocation.suggestions import suggestions
    from costwatch.answers.estimates import live_estimates
    from costwatch.answers.steps import workings
    from costwatch.answers.unplaced import unplaced

    allocation = context.config.allocation
    found, kept = suggestions(facts, allocation), Kept.of(facts, allocation)
    yield from unplaced(facts)
    yield from (f"no team claims {each.sentence}" for each in found[:_NAMED])
    if len(found) > _NAMED:
        yield f"{len(found) - _NAMED} more; `costwatch teams suggest` shows all, and what to write"
    if kept.sentence:
        yield kept.sentence
    yield from live_estimates(facts).unpriced
    yield from _idle_pools(facts, context)
    yield from workings(facts).remarks


def _idle_pools(facts: "WarehouseSnapshot", context: Context) -> Iterator[str]:
    """Pools that took nothing of all that was published: misspelt, or of what is to come."""
    from costwatch.plugins import Match
    from costwatch.warehouse.bill.publish import pools_published

    found = {pool for trail in pools_published(facts.db) for pool in trail.split(GIVEN_ON)}
    for pool in context.config.pools if found else ():
        if pool.match != Match() and pool.name not in found:
            advice = "correct its match, or wait until it is there"
            yield f"pool {pool.name}: matches nothing that is known; {advice}"


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


def _source(source: "Collector", context: Context) -> tuple[str, str]:
    """What is wrong with it, and what is known of it.

    Read as the next `collect` would read it, and of one that was never read, what it has of late.

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
        return str(error), ""
    trouble = "\n".join(each.removeprefix(f"{source.name}: ") for each in found.error.splitlines())
    late, known = _delivered(source, context)
    return trouble or late, known or _would_load(found)


def _delivered(source: "Collector", context: Context) -> tuple[str, str]:
    """Of a source that was read: why it is late, and what there is of it."""
    from costwatch.answers.deliveries import delivered
    from costwatch.answers.sources import SourceState, sources
    from costwatch.warehouse.encoding import from_text
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
    from costwatch.wording import at_instant

    try:
        with context.warehouse.read() as db:
            facts = WarehouseSnapshot(db, context.now)
            (row,) = [
                each
                for each in sources(facts, [source.name], context.alerts.rules)
                if each["source"] == source.name
            ]
            parts = [delivered(facts, source.name)]
    except CostwatchError:
        return "", ""
    if at := row.get("last_load_at"):
        parts.append(f"last new data {at_instant(from_text(at))}")
    reason = row["reason"].removeprefix(f"{source.name}: ")
    late = {
        SourceState.ENDED: f"{reason}; see whether it is still written there",
        SourceState.STALE: f"{reason}; see whether cron runs collect, and whether it is still written there",
    }.get(row["state"], "")
    return late, ", ".join(filter(None, parts))


def _would_load(found: "Collected") -> str:
    periods = ", ".join(f"{period:%Y-%m}" for period in found.periods)
    return f"not read yet, has {found.line_count:,} lines of {periods}" if periods else "not read yet"
