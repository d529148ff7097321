"""What it costs to ask what pods use: a month of ten thousand of them, 7.2 million hours.

Prints Markdown: of `costwatch usage rightsize` CPU seconds and peak memory of its whole process, beside
DuckDB's bare aggregation of the same files; of questions CPU milliseconds. ``--pods 200`` is done in seconds.
Exits 1 over a limit, at full size.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from multiprocessing import Process
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
from ledger import COSTWATCH, measured, middle, print_machine

from collectors.kubernetes.tables import NODE_DAYS, POD_HOURS, WORKLOAD_DAYS
from costwatch.answers.usage import usage
from costwatch.intake.batches import Stores
from costwatch.intake.rows import take_rows
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Batch, Window, midnight, untold
from costwatch.plugins import Table
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

FIRST, DAYS = date(2026, 11, 1), 30
NOW = midnight(date(2026, 11, 30)) + timedelta(hours=12)
FULL_SIZE = 10_000
# What each node has, and that it lived and was measured all day.
NODE = {
    "cpu_cores": 64.0,
    "memory_bytes": 256.0 * 2**30,
    "gpus": 0.0,
    "expected_seconds": 86_400.0,
    "measured_seconds": 86_400.0,
}
LIMIT_SECONDS, LIMIT_MB, LIMIT_MS = 2.0, 400, 50
BARE = """import duckdb, sys; duckdb.sql("SET memory_limit='256MB'"); duckdb.sql('''
SELECT cluster, namespace, workload, container, max(cpu_used_cores_max), max(memory_used_bytes_max),
  sum(running_seconds), sum(cpu_requested_core_seconds) FROM read_parquet('ledger/*.parquet')
GROUP BY ALL''').fetchall()"""


def columns(table: Table, pods: np.ndarray, replicas: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Whatever ``table`` has, of these pods; so many of them are one workload."""
    workloads, count = pods // replicas, len(pods)
    texts = {
        "cluster": ("cluster-{}", workloads % 2),
        "node": ("ip-10-0-0-{}.ec2.internal", pods % 300),
        "instance": ("i-{:017x}", pods % 300),
        "namespace": ("namespace-{}", workloads % 20),
        "pod": ("workload-pod-{}", pods),
        "uid": ("00000000-0000-0000-0000-{:012d}", pods),
        "container": ("main", pods * 0),
        "workload_kind": ("deployment", pods * 0),
        "workload": ("workload-{}", workloads),
        "labels": ('{{"app":"workload-{0}"}}', workloads),
    }
    found: dict[str, pa.Array] = {}
    for name, kind in table.columns.items():
        if name in texts:
            form, numbers = texts[name]
            values, places = np.unique(numbers, return_inverse=True)
            names = pa.array([form.format(value) for value in values.tolist()])
            found[name] = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), names).cast("string")
        elif kind == "integer":
            found[name] = pa.array(np.zeros(count, "int64"))
        elif name in NODE:
            found[name] = pa.array(np.full(count, NODE[name]))
        elif kind == "real":
            is_measured = "used" in name or name in ("cpu_core_seconds", "memory_byte_seconds")
            found[name] = pa.array(rng.random(count) * 3600 if is_measured else np.full(count, 1800.0))
    return found


def rows_of(day: date, table: Table, pods: int, replicas: int) -> Iterator[pa.RecordBatch]:
    """A day: its hours of pods, their sums by workload and node, or 300 nodes."""
    rng = np.random.default_rng(day.toordinal())
    if table is POD_HOURS:
        every = np.repeat(np.arange(pods), 24)
        hours = np.datetime64(day, "us") + np.tile(np.arange(24), pods).astype("timedelta64[h]")
        found = columns(table, every, replicas, rng)
        found["hour"] = pa.array(hours, pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    else:
        found = columns(table, np.arange(pods if table is WORKLOAD_DAYS else 300), replicas, rng)
        found["day"] = pa.array([day] * len(found["cluster"]))
        found = {name: found.get(name, pa.nulls(len(found["day"]))) for name in table.columns}
    yield from pa.table({name: found[name] for name in table.columns}).to_batches(65_536)


def make(folder: Path, pods: int, replicas: int) -> None:
    """Store a month, as collect would."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "costwatch.yaml").write_text(json.dumps({"teams": [{"name": "risk"}]}), encoding="utf-8")
    stores = Stores(
        Warehouse(folder / "costwatch.db"), LedgerFiles(folder / "ledger"), "k8s", frozenset(), False, untold
    )
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        window = Window.of_days(day, day + timedelta(days=1))
        for table in (POD_HOURS, WORKLOAD_DAYS, NODE_DAYS):
            parts = [*rows_of(day, table, pods, replicas)]
            take_rows(table, stores, Batch(table.name, window, "1", lambda parts=parts: iter(parts)))


def question_ms(warehouse: Warehouse, by: str, times: int = 20) -> tuple[float, float]:
    """CPU milliseconds of a question, from opening the warehouse on: the middle one, and the 95th."""
    took = []
    for _ in range(times):
        start = time.process_time()
        with warehouse.read() as db:
            usage(WarehouseSnapshot(db, NOW), by, FIRST, FIRST + timedelta(days=DAYS))
        took.append((time.process_time() - start) * 1000)
    return median(took), sorted(took)[int(0.95 * times) - 1]


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=FULL_SIZE)
    parser.add_argument("--replicas", type=int, default=10, help="pods of one workload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    asked = parser.parse_args()
    folder = (asked.folder / "usage").resolve()
    # In a process of its own: what is measured below begins as large as the one that starts it.
    making = Process(target=make, args=(folder, asked.pods, asked.replicas))
    making.start()
    making.join()
    command = (COSTWATCH, "--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "usage", "rightsize", "--json")
    rounds: dict[str, list] = {"DuckDB": [], "costwatch usage rightsize": []}
    for _ in range(asked.rounds):
        rounds["DuckDB"].append(measured(folder, sys.executable, "-c", BARE))
        rounds["costwatch usage rightsize"].append(measured(folder, *command))
    print_machine()
    hours = asked.pods * 24 * DAYS
    print(f"\n| {hours:,} hours of pods | CPU s | wall s | peak MB |\n|---|---:|---:|---:|")
    for name, each in rounds.items():
        of = middle(each)
        print(f"| {name} | {of.cpu_seconds:.2f} | {of.wall_seconds:.1f} | {of.peak_mb:,.0f} |")
    is_over = of.cpu_seconds > LIMIT_SECONDS or of.peak_mb > LIMIT_MB
    print("\n| usage of 30 days | CPU ms, median | CPU ms, p95 | limit |\n|---|---:|---:|---:|")
    for by in ("cluster", "namespace", "workload", "label:app"):
        middle_ms, slow_ms = question_ms(Warehouse(folder / "costwatch.db"), by)
        over = ", over" if slow_ms > LIMIT_MS else ""
        is_over = is_over or bool(over)
        print(f"| by {by} | {middle_ms:.1f} | {slow_ms:.1f} | {LIMIT_MS}{over} |")
    shutil.rmtree(folder)
    return int(is_over and asked.pods >= FULL_SIZE)


if __name__ == "__main__":
    sys.exit(main())
