"""``costwatch doctor``: what is wrong around costwatch, and how to mend it."""

from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

import costwatch
from costwatch.commands.options import Command
from costwatch.commands.output import line
from costwatch.commands.run import Run, pass_run
from costwatch.errors import CostwatchError, UsageError
from costwatch.model import Window

if TYPE_CHECKING:
    from costwatch.plugins import Collector

_FINDINGS = 3
_OURS = ("collectors", "dashboards")


@click.command("doctor", cls=Command)
@pass_run
def command(run: Run) -> int:
    """Test files, disk, store and sources, and say how to mend what is wrong.

    Looks at each source as `collect` would, and loads nothing. Exits 3 if anything was found.

    \b
    Example: costwatch doctor
    """
    found = 0
    for what, problem in _problems(run):
        found += bool(problem)
        for reason in problem.splitlines() or [""]:
            line(f"mend  {what}: {reason}" if reason else f"ok    {what}")
    return _FINDINGS if found else 0


def _problems(run: Run) -> Iterator[tuple[str, str]]:
    """Each thing looked at, and what is wrong with it; '' where all is well."""
    yield "configuration", (mistakes := _configuration(run))
    yield "packages", "\n".join(filter(None, map(_shadowed, _OURS)))
    if not mistakes or run.warehouse_name:
        from costwatch.warehouse.health import problems

        yield from problems(run.warehouse)
    if not mistakes:
        for source in run.config.sources:
            yield f"source {source.name}", _source(source, run)


def _configuration(run: Run) -> str:
    from costwatch.config import check

    try:
        return "\n".join(check(run.config_file))
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


def _source(source: "Collector", run: Run) -> str:
    """Asked for what it has of late; no batch is read. A paid source is paid from its daily budget."""
    from costwatch.collect import batches as ask

    try:
        batches = cast(Any, ask(run.warehouse, source, Window(run.now - source.lookback, run.now), run.now))
        with closing(batches):
            answered = next(batches, None) is not None
    except CostwatchError as error:
        return str(error)
    except Exception as error:  # of a collector that is not ours; its text may hold a secret
        return f"{type(error).__name__} in {type(source).__module__}; report it to those who wrote it"
    return "" if answered else "answers, but has nothing of late; check its location and whether it delivers"
