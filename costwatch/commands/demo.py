"""``costwatch demo``: a made-up company, through every step and onto the pages."""

import json
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costwatch import __version__
from costwatch.commands.alerts import deliver_all
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.commands.output import line, print_table
from costwatch.commands.report import read_week, write_files
from costwatch.commands.ui import serve_pages
from costwatch.errors import CostwatchError, UsageError

if TYPE_CHECKING:
    from costwatch.demo import Round

_MARK = "demo.json"  # says that the folder is ours, and what it holds once it is complete
_LOCK = "demo-run"
_MESSAGES = "messages.txt"
_MADE = (
    *("export", "usage", "measures", "slis", "slos", "releases.jsonl"),
    *("costwatch.db*", "ledger", "reports", _MESSAGES),
)
_REMEMBERED = timedelta(days=30)


@click.command("demo", cls=Command)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo",
    show_default=True,
    help="Where to put it all.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another company.")
@click.option("--days", type=int, default=395, show_default=True, help="Days of history.")
@click.option("--rows", type=int, default=150_000, show_default=True, help="Lines of the bill, about.")
@click.option("--no-serve", is_flag=True, help="End after the summary.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages [8501].")
@pass_context
def command(
    context: Context, folder: Path, seed: int, days: int, rows: int, no_serve: bool, port: int | None
) -> int:
    """Make up a company's bill, run every step on it, and serve the pages.

    Thirteen months of bills are written the way AWS delivers them, up to today 00:00 UTC (or --now),
    then collected, allocated, watched by rules and reported on. The same options make the same company;
    what is complete already is not made again.

    \b
    Example: costwatch demo
             costwatch demo --no-serve --days 90 --rows 20000 --folder /tmp/demo
    """
    if context.config_name or context.warehouse_name:
        raise UsageError("demo: has files of its own, below --folder; leave -c and --db out")
    now = context.now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {"now": now.isoformat(), "seed": seed, "days": days, "rows": rows, "version": __version__}
    there = Context(context.clock)
    there.config_name = str(folder / "costwatch.yaml")
    there.pretended, there.verbose, there.quiet = now, context.verbose, context.quiet
    week = _make(there, folder, asked)
    _print_summary(there, folder, week)
    there.pretended = context.pretended
    return 0 if no_serve else serve_pages(there, port=port)


def _make(context: Context, folder: Path, asked: Mapping[str, Any]) -> str:
    """Have in ``folder`` what was asked for; returns the week reported on, such as 2026-W47."""
    from costwatch import demo
    from costwatch.warehouse.locks import lock

    _refuse_strange(folder)
    with lock(folder, _LOCK):
        held = json.loads((folder / _MARK).read_text(encoding="utf-8")) if (folder / _MARK).exists() else {}
        if held.get("complete") and held["asked"] == asked:
            context.say(f"{folder}: is as it was made before")
            return str(held["week"])
        plan = demo.plan(context.now, asked["seed"], asked["days"], asked["rows"])
        week = f"{plan.monday:%G-W%V}"
        mark = {"asked": asked, "week": week, "complete": False}
        (folder / _MARK).write_text(json.dumps(mark), encoding="utf-8")
        _clear(folder)
        demo.write_configuration(folder, plan)
        demo.write_ground_truth(folder, plan)
        _live(context, folder, demo.rounds(plan))
        write_files(context, read_week(context, week), ("html", "md"))
        (folder / _MARK).write_text(json.dumps({**mark, "complete": True}), encoding="utf-8")
    return week


def _refuse_strange(folder: Path) -> None:
    """Raises UsageError for a folder that holds anything of somebody else's."""
    if not folder.exists() or (folder / _MARK).exists():
        return
    if any(each.name != f"{_LOCK}.lock" for each in folder.iterdir()):
        raise UsageError(f"{folder}: holds files that are not of a demo; name another --folder")


def _clear(folder: Path) -> None:
    """Remove an older company, or a half-made one, and nothing else."""
    for pattern in _MADE:
        for each in folder.glob(pattern):
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()


def _live(context: Context, folder: Path, rounds: Sequence["Round"]) -> None:
    """Each delivery of the bill, and what cron would have run after it."""
    end = context.now
    for number, each in enumerate(rounds, start=1):
        context.pretended = each.now
        with context.working(f"The bill as of {each.now:%d %B %Y} ({number} of {len(rounds)})"):
            each.write(folder)
            with (folder / _MESSAGES).open("a", encoding="utf-8") as messages, redirect_stdout(messages):
                _run_steps(context)
    context.pretended = end


def _run_steps(context: Context) -> None:
    from costwatch.allocate import allocate
    from costwatch.collect import collect
    from costwatch.evaluate import evaluate

    config = context.config
    collected = collect(context.warehouse, config.ledger, config.asked_sources, context.now)
    published = allocate(context.warehouse, config.ledger, config.sources, config.allocation, context.now)
    rules, _ = context.last_good_alerts()
    found = evaluate(context.warehouse, rules.rules, context.now)
    delivered = deliver_all(context, rules)
    errors = [each.error for each in collected] + [each.error for each in published]
    errors += [*found.errors.values(), *(each.error for each in delivered.failed)]
    if any(errors):
        raise CostwatchError("\n".join(filter(None, errors)))


def _print_summary(context: Context, folder: Path, week: str) -> None:
    from costwatch.answers.alerts import fired_since
    from costwatch.answers.spending import spending
    from costwatch.money import exact
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
    from costwatch.wording import on_day

    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        teams, alerts = spending(facts), fired_since(facts, context.now - _REMEMBERED)
    through = teams[0].through
    line(f"A made-up company in {folder}, to {on_day(context.now)}. What its teams spent in {through:%B %Y}:")
    click.echo()
    columns = ("team", f"through {on_day(through)}", "forecast", "budget")
    rows = [
        (
            "everyone" if one.team == "*" else one.team,
            exact(one.month_to_date, one.currency),
            exact(one.forecast, one.currency),
            exact(one.budget.amount, one.currency) if one.budget else "",
        )
        for one in teams
    ]
    print_table(columns, rows, right=columns[1:])
    click.echo("\nAlerts that fired:")
    for alert in alerts:
        over = "" if alert.is_firing else " (resolved)"
        line(f"  {alert.rule}{over}: {alert.summary}")
    click.echo()
    for what, name in (("Messages", _MESSAGES), ("Report", f"reports/weekly-{week}.html")):
        line(f"{what}: {folder / name}")
    click.echo("\nNext:")
    commands = ("cost show --by team --by service --last 30d", "status", f"report weekly --week {week}")
    program, config = _program(), shlex.quote(str(context.config_name))
    for words in (*commands, "ui"):
        line(f"  {program} -c {config} {words}")


def _program() -> str:
    """How to call costwatch from here: by its name where that finds this one, else by its path."""
    mine, found = Path(sys.executable).with_name("costwatch"), shutil.which("costwatch")
    if found and mine.exists() and mine.samefile(found):
        return "costwatch"
    if not mine.exists():
        return f"{shlex.quote(sys.executable)} -m costwatch"
    return shlex.quote(str(mine.relative_to(Path.cwd()) if mine.is_relative_to(Path.cwd()) else mine))
