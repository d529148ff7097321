"""What the questions of pages, page runs and commands cost on a made-up warehouse of many months.

Prints Markdown: CPU and wall milliseconds, the middle one and the 95th of a hundred, of each question with
filters drawn at random. ``--lines 20000 --months 2`` is done in seconds.
"""

import argparse
import gc
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import made_cur
import made_warehouse
from ledger import number, print_machine

from costwatch.answers import costs, data
from costwatch.answers.costs import CostQuery
from costwatch.answers.overview import overview
from costwatch.answers.systems import parts, systems
from costwatch.cli import GARBAGE_AFTER
from costwatch.cost.conversion import Unit
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from dashboards import frame
from dashboards.views.costs import _GROUPS

COSTWATCH = Path(sys.executable).with_name("costwatch")
NOW = made_warehouse.NOW
END = NOW.date() - timedelta(days=4)
AS_OF = NOW - timedelta(hours=12)
NEWEST_PERIODS = ((made_warehouse.NEWEST, made_warehouse.month(made_warehouse.NEWEST, 1)),)
KNOWN = {
    "team": made_cur.TEAMS,
    "service": made_cur.SERVICES,
    "account": made_cur.ACCOUNTS,
    "system": [f"system-{number:02d}" for number in range(40)],
    "provider": ["AWS", "Microsoft"],
}
# Days, how many filters, and what the 95th of a hundred may take.
LIMITS_MS = {(30, 0): 50, (92, 0): 50, (92, 1): 50, (92, 2): 50, (365, 0): 150, (365, 1): 150, (365, 2): 500}
PAGE_LIMIT_MS = 300
Times = list[tuple[float, float]]  # CPU and wall milliseconds
Question = Callable[[WarehouseSnapshot], object]


def asked(rng: random.Random, days: int, filters: int) -> CostQuery:
    """A question of the page Costs."""
    names = rng.sample([*KNOWN], filters)
    where = tuple((name, rng.choice(KNOWN[name])) for name in names)
    by = rng.choice([group for group in _GROUPS if group not in names])
    first = END - timedelta(days=days - 1)
    return CostQuery(where, by, "EffectiveCost", Unit("USD"), first, END, END + timedelta(days=3))


def questions(runs: int) -> Iterator[tuple[str, float | None, list[Question]]]:
    """Name, limit of the 95th, and what is asked."""
    for (days, filters), limit in LIMITS_MS.items():
        rng = random.Random(f"{days} {filters}")
        drawn = [asked(rng, days, filters) for _ in range(runs)]
        named = ("no filter", "one filter", "two filters")[filters]
        yield (
            f"costs by day, {days} days, {named}",
            limit,
            [partial(costs.by_day, query=one) for one in drawn],
        )
    window = END - timedelta(days=29), END + timedelta(days=1)

    def then(facts: WarehouseSnapshot, by: str) -> object:
        return cost(facts.db, *window, (by,), per_day=True, as_of=AS_OF)

    yield "costs by day, 30 days, as of yesterday", 50, [partial(then, by=by) for by in _GROUPS] * 3
    few = min(runs, 20)
    first = END - timedelta(days=394)
    known: dict[str, Question] = {
        "what filters offer": lambda facts: costs.offered(facts, first, END),
        "freshness": lambda facts: frame.freshness(facts),
        "overview": lambda facts: overview(facts),
        "systems": lambda facts: systems(facts),
        "what nobody owns": lambda facts: data.unowned(facts, "USD", END),
        "restatements": lambda facts: data.restatements(facts, first, END),
        "proof": lambda facts: data.held(facts),
        "the parts of a system": lambda facts: [
            parts(facts, systems(facts)[0], by) for by in ("team", "service")
        ],
        "second opinions": lambda facts: data.second_opinions(facts, NEWEST_PERIODS),
    }
    for name, question in known.items():
        yield name, 50, [question] * few


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall milliseconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _as_served() -> None:
    """What is imported is left out of garbage collection, as ``costwatch ui`` leaves it out."""
    gc.set_threshold(GARBAGE_AFTER)
    gc.collect()
    gc.freeze()


def measured(warehouse: Warehouse, asked: Sequence[Question]) -> Times:
    """Each question on a connection of its own, as pages ask it."""

    def answered(question: Question) -> object:
        with warehouse.read() as db:
            return question(WarehouseSnapshot(db, NOW))

    answered(asked[0])
    _as_served()
    return [timed(partial(answered, question)) for question in asked]


def page_runs(folder: Path, runs: int) -> Iterator[tuple[str, Times, Times]]:
    """Whole runs of a page: with nothing cached, and with its answers cached."""
    from streamlit.testing.v1 import AppTest

    from dashboards import reading

    os.environ["COSTWATCH_CONFIG"], os.environ["COSTWATCH_NOW"] = (
        str(folder / "costwatch.yaml"),
        NOW.isoformat(),
    )
    pages: dict[str, dict[str, str]] = {
        "overview": {},
        "costs": {},
        "costs, 365 days": {"range": "365d"},
        "system": {},
        "system, one": {"system": "system-01"},
        "data": {},
    }
    for name, query in pages.items():
        test = AppTest.from_string(
            "from dashboards import frame\nfrom dashboards.app import PAGES\n"
            f"frame.show(next(each.draw for each in PAGES if each.path == {name.split(',')[0]!r}))"
        )
        for key, value in query.items():
            test.query_params[key] = value
        test.run(timeout=120)
        _as_served()
        fresh: Times = []
        for _ in range(runs):
            reading._answer.cache_clear()
            fresh.append(timed(partial(test.run, timeout=120)))
        if test.exception:
            sys.exit(f"page {name}: {test.exception}")
        yield name, fresh, [timed(partial(test.run, timeout=120)) for _ in range(runs)]


def command_ms(folder: Path, *command: str, runs: int) -> Times:
    """Of a process of its own; the first warms the disk cache."""
    times = []
    for _ in range(runs + 1):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([COSTWATCH, *command], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        times.append((used * 1000, (time.perf_counter() - start) * 1000))
    return times[1:]


def row(name: str, times: Times, limit: float | None = None) -> str:
    """The middle and the 95th, CPU and wall."""
    cells = []
    for of in zip(*times, strict=True):
        ordered = sorted(of)
        cells += [statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]]
    mark = "" if limit is None else f"{limit:g}" if cells[1] <= limit else f"{limit:g}, over"
    return f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + f" | {mark} |"


def heading(title: str) -> None:
    print(f"\n| {title} | CPU ms, median | CPU ms, p95 | wall ms, median | wall ms, p95 | limit |")
    print("|---|---:|---:|---:|---:|---:|")


def configuration(folder: Path) -> None:
    """What pages and commands need of it."""
    teams = "".join(f"  - name: {team}\n" for team in made_cur.TEAMS)
    sources = "".join(
        f"  - name: {name}\n    kind: exports\n    location: {folder}/none\n" for name in ("aws", "azure")
    )
    (folder / "costwatch.yaml").write_text(f"sources:\n{sources}teams:\n{teams}", encoding="utf-8")


def main() -> int:
    """Make the warehouse, unless it is there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=number, default=2_500_000, help="a month; 2.5M are 1.1M facts")
    parser.add_argument("--months", type=int, default=13)
    parser.add_argument("--resources", type=int, default=made_cur.RESOURCES)
    parser.add_argument("--runs", type=int, default=100, help="of each question")
    parser.add_argument("--only", choices=["questions", "pages", "commands"])
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    arguments: Any = parser.parse_args()
    name = f"pages-{arguments.lines}-{arguments.months}-{arguments.resources}"
    folder = arguments.folder.resolve() / name
    if not (folder / "made").exists():
        folder.mkdir(parents=True, exist_ok=True)
        configuration(folder)
        path = folder / "costwatch.db"
        made_warehouse.make(path, arguments.lines, arguments.months, arguments.resources)
        (folder / "made").touch()
    warehouse = Warehouse(folder / "costwatch.db")
    print_machine()
    with warehouse.read() as db:
        facts, placed = (
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("team_cost", "place_day")
        )
    size = warehouse.path.stat().st_size / 1e6
    print(f"{facts:,} facts of {arguments.months} months, {placed:,} sums by place; {size:,.0f} MB")
    if arguments.only in (None, "questions"):
        heading("question")
        for name, limit, each in questions(arguments.runs):
            print(row(name, measured(warehouse, each), limit), flush=True)
    if arguments.only in (None, "pages"):
        heading("page run")
        for name, fresh, cached in page_runs(folder, 5):
            limit = None if "365" in name else PAGE_LIMIT_MS
            print(row(f"{name}, nothing cached", fresh, limit))
            print(row(f"{name}, answers cached", cached), flush=True)
    if arguments.only in (None, "commands"):
        heading("command")
        commands = ("--help", "cost show", "cost show --by account --last 30d", "report weekly")
        for command in commands:
            print(
                row(command, command_ms(folder, "--now", NOW.isoformat(), *command.split(), runs=5)),
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
