"""What ninety days of two hundred SLOs cost to keep and to ask, and what it costs to collect them once.

Prints Markdown. CPU time is that of this process, and of Prometheus while it answers. Buckets are made up,
and kept in --folder, as five minutes and as they are after two weeks; a real Prometheus has a few hours of
all SLOs, scraped each fifteen seconds, for the cost of a collection. Exits 1 over a limit, at full size.
Needs Debian's Prometheus.
"""

import argparse
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from ledger import print_machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from collectors.prometheus import Prometheus
from collectors.slo import Slo
from collectors.slo.reading import SHORT_WINDOWS
from costwatch.collect import collect
from costwatch.model import Window, labels
from costwatch.slo.collecting import Events, Kept, ShortAnswer
from costwatch.slo.objectives import Indicator, Objective
from costwatch.warehouse.slo import keeping
from costwatch.warehouse.slo.buckets import by_day, short_windows, windows
from costwatch.warehouse.slo.definitions import instance_id, instances, objectives, put_objectives
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.slo_history import counter, objective

FULL_SIZE = 200
LIMIT_ALL_SECONDS, LIMIT_PAGE_SECONDS = 1.0, 0.02
NOW = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
SPANS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21_600, "3d": 259_200, "30d": 2_592_000}
SPANS["90d"] = 90 * 86_400
PAGE = ("1h", "6h", "3d", "30d")
DAYS, HOURS, EVERY = 90, 9, 15


def windows_of(names: Iterator[str] | tuple[str, ...]) -> list[Window]:
    return [Window(NOW - timedelta(seconds=SPANS[name]), NOW) for name in names]


def slos(count: int) -> list[Objective]:
    """Each of a job of its own."""
    found = []
    for number in range(count):
        of = f'job="j{number}"'
        sides = {
            side: counter(f"sum(rate(requests_total{{{of}{more}}}[{{{{.window}}}}]))")
            for side, more in (("total", ""), ("bad", ',code="500"'))
        }
        found.append(objective(f"slo-{number:03}", indicator=Indicator(**sides)))
    return found


def filled(path: Path, count: int) -> Warehouse:
    """Ninety days of each, by five minutes."""
    warehouse, random = Warehouse(path), np.random.default_rng(7)
    with warehouse.write() as db:
        put_objectives(db, "slos", slos(count), NOW)
        first = int(NOW.timestamp()) - DAYS * 86_400
        for one in slos(count):
            total = random.poisson(900, DAYS * 288).astype(float)
            good = total - random.binomial(total.astype(int), 0.0005)
            starts = range(first, first + DAYS * 86_400, 300)
            rows = zip(starts, good.tolist(), total.tolist(), strict=True)
            number = instance_id(db, one.id, labels())
            keeping.put_buckets(db, number, (Kept(at, 300, ok, of, 300) for at, ok, of in rows))
            short = {seconds: Events(9, 10) for seconds in SHORT_WINDOWS}
            keeping.put_short_windows(db, one.id, ShortAnswer(NOW, {(): short}))
    return warehouse


def compacted(warehouse: Warehouse, path: Path, count: int) -> Warehouse:
    """The same after two weeks."""
    warehouse.backup(path)
    found = Warehouse(path)
    with found.write() as db:
        for one in slos(count):
            keeping.compact(db, one.id, NOW, 400, None)
    return found


def size(warehouse: Warehouse) -> str:
    """Of the file without free pages, and how many rows it has."""
    with sqlite3.connect(warehouse.path) as db:
        db.execute("VACUUM")
        rows = db.execute("SELECT count(*) FROM sli").fetchone()[0]
    db.close()
    return f"{rows:,} buckets, {warehouse.path.stat().st_size / 1e6:,.0f} MB"


def cpu_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median of this process."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return median(found)


def reading(warehouse: Warehouse) -> dict[str, Callable[[], object]]:
    """Questions, each as a page asks it."""

    def all_windows() -> None:
        with warehouse.read() as db:
            assert len(windows(db, windows_of(tuple(SPANS)))) == len(SPANS)

    def page() -> None:
        with warehouse.read() as db:
            windows(db, windows_of(PAGE))
            short_windows(db)

    def burn_downs() -> None:
        with warehouse.read() as db:
            numbers = [each.id for each in instances(db)]
            by_day(db, numbers, windows_of(("30d",))[0])

    def definitions() -> None:
        with warehouse.read() as db:
            objectives(db)

    return {
        f"all {len(SPANS)} windows of all SLOs": all_windows,
        f"the list: {', '.join(PAGE)}, short windows": page,
        "burn-downs of 30 days, by day": burn_downs,
        "definitions": definitions,
    }


def history(count: int) -> Iterator[str]:
    """Two targets of each SLO, scraped each 15 s, as ``promtool`` reads it."""
    start = NOW.timestamp() - HOURS * 3600
    yield "# TYPE requests counter\n"
    for number in range(count):
        for code, rate in (("200", 30), ("500", 0.02)):
            for instance in "ab":
                pairs = f'job="j{number}",instance="{instance}",code="{code}"'
                for at in range(number % EVERY, HOURS * 3600 + 1, EVERY):
                    yield f"requests_total{{{pairs}}} {int(rate * at)} {start + at:.0f}\n"
    yield "# TYPE up gauge\n"
    for number in range(count):
        for instance in "ab":
            for at in range(number % EVERY, HOURS * 3600 + 1, EVERY):
                yield f'up{{job="j{number}",instance="{instance}"}} 1 {start + at:.0f}\n'
    yield "# EOF\n"


def collecting(folder: Path, count: int) -> list[tuple[str, float, float, int]]:
    """What a run takes: our CPU seconds, Prometheus', and requests."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    samples = folder / "samples.om"
    with samples.open("w") as file:
        file.writelines(history(count))
    warehouse, found, asked = Warehouse(folder / "costwatch.db"), [], 0
    with real_prometheus(folder / "server", samples) as url:
        server = next(
            int(each.name)
            for each in Path("/proc").iterdir()
            if each.name.isdigit() and str(folder / "server") in _command(each)
        )
        part, query = Prometheus._part, Prometheus.query

        def counted(ask: Callable[..., object]) -> Callable[..., object]:
            def one(*question: object) -> object:
                nonlocal asked
                asked += 1
                return ask(*question)

            return one

        Prometheus._part, Prometheus.query = counted(part), counted(query)  # type: ignore[method-assign,assignment]
        source = Slo(name="slos", url=url, first_day=NOW.date()).with_objectives(slos(count))
        for name, minutes in (
            ("the first run, ten hours", -9),
            ("a bucket has ended", -5),
            ("none has ended", -4),
            ("a bucket has ended, again", 0),
        ):
            asked, ours, theirs = 0, time.process_time(), _cpu_seconds(server)
            (done,) = collect(warehouse, folder / "ledger", [source], NOW + timedelta(minutes=minutes))
            assert not done.error, done.error
            found.append((name, time.process_time() - ours, _cpu_seconds(server) - theirs, asked))
        Prometheus._part, Prometheus.query = part, query  # type: ignore[method-assign]
    shutil.rmtree(folder)
    return found


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_reading(folder: Path, count: int, rounds: int) -> list[float]:
    """A table of what reading takes, and of sizes; the larger seconds of each question."""
    start = time.process_time()
    whole = filled(folder / "whole.db", count)
    print(f"\nStoring {DAYS} days of {count} SLOs: {time.process_time() - start:.1f} CPU seconds.\n")
    both = {"by five minutes": whole, "kept": compacted(whole, folder / "kept.db", count)}
    columns = " | ".join(f"{name}, CPU ms" for name in both)
    print(f"| question | {columns} |\n|---|{'---:|' * len(both)}")
    sizes = [size(warehouse) for warehouse in both.values()]
    asked = [reading(warehouse) for warehouse in both.values()]
    worst = []
    for name in asked[0]:
        taken = [cpu_seconds(each[name], rounds) for each in asked]
        worst.append(max(taken))
        print(f"| {name} | {' | '.join(f'{1000 * each:.1f}' for each in taken)} |")
    print(f"| size | {' | '.join(sizes)} |")
    return worst


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slos", type=int, default=FULL_SIZE)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    arguments = parser.parse_args()
    folder = arguments.folder.resolve() / f"slo-{arguments.slos}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print_machine()
    everything, page, *_ = print_reading(folder, arguments.slos, arguments.rounds)
    print("\n| a run of collect | CPU s, ours | CPU s, Prometheus | requests |\n|---|---:|---:|---:|")
    for name, ours, theirs, requests in collecting(folder / "collecting", arguments.slos):
        print(f"| {name} | {ours:.2f} | {theirs:.2f} | {requests:,} |")
    shutil.rmtree(folder)
    is_over = everything > LIMIT_ALL_SECONDS or page > LIMIT_PAGE_SECONDS
    return int(is_over and arguments.slos >= FULL_SIZE)


if __name__ == "__main__":
    sys.exit(main())
