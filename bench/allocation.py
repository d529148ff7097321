"""What it costs to split a bill by what pods used: a month of ten thousand of them on three hundred nodes.

Prints Markdown: CPU seconds and peak memory of whole processes, in turns: ``costwatch allocate``, and the
same join in bare DuckDB and pandas, of the days of workloads that ``allocate`` reads, and of the 7.2 million
hours behind them. ``--pods 400`` is done in seconds. Exits 1 over a limit, at full size.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from multiprocessing import Process
from pathlib import Path

import bare_split
import pyarrow.parquet as pq
from ledger import COSTWATCH, Rounds, measured, middle, print_machine
from usage import DAYS, FIRST, make, rows_of

from collectors.kubernetes.tables import NODE_DAYS, WORKLOAD_DAYS
from costwatch.plugins import Table

NOW = ("--now", "2026-12-03T00:00:00Z")
FULL_SIZE = 10_000
NODES, NAMESPACES = 300, 20
LIMIT_SECONDS, LIMIT_MB = 4.0, 400
BARE = (sys.executable, Path(bare_split.__file__).resolve())
SERVICE = "Amazon Elastic Compute Cloud"
LINE = {
    "BillingAccountId": "900000000001",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "",
    "InvoiceIssuerName": "AWS",
    "PricingQuantity": "24",
    "PricingUnit": "Hours",
    "ProviderName": "AWS",
    "PublisherName": "AWS",
    "ServiceCategory": "Compute",
    "ServiceName": SERVICE,
    "SubAccountId": "100000000001",
    "SubAccountName": "prod",
    "RegionId": "us-east-1",
    "Tags": "",
    **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), "20.544"),
}
SETTINGS = {
    "sources": [{"name": "aws", "kind": "exports", "location": "bill"}],
    "teams": [{"name": f"namespace-{number}"} for number in range(NAMESPACES)],
    "pools": [{"name": "k8s", "split": "kubernetes", "match": {"ServiceName": SERVICE}}],
}


def write_bill(path: Path) -> None:
    """A line for each node and day."""
    path.parent.mkdir()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*LINE, "ChargePeriodStart", "ChargePeriodEnd", "ResourceId"])
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            period = (f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z")
            writer.writerows([*LINE.values(), *period, f"i-{node:017x}"] for node in range(NODES))


def write_table(path: Path, table: Table, pods: int, replicas: int) -> None:
    """The same rows as are stored, for whoever reads Parquet."""
    with pq.ParquetWriter(path, table.schema()) as writer:
        for number in range(DAYS):
            for rows in rows_of(FIRST + timedelta(days=number), table, pods, replicas):
                writer.write_batch(rows.cast(table.schema()))


def make_company(folder: Path, pods: int, replicas: int) -> None:
    """What was collected of pods, the bill of their nodes, and how it is split."""
    make(folder, pods, replicas)
    shutil.copytree(folder / "ledger", folder / "hours", copy_function=os.link)
    write_bill(folder / "bill" / "bill.csv")
    write_table(folder / "nodes.parquet", NODE_DAYS, pods, replicas)
    write_table(folder / "workloads.parquet", WORKLOAD_DAYS, pods, replicas)
    (folder / "costwatch.yaml").write_text(json.dumps(SETTINGS), encoding="utf-8")  # JSON is YAML
    subprocess.run([COSTWATCH, *NOW, "collect"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(folder / "costwatch.db", folder / "collected.db")


def measure(folder: Path, rounds: Rounds) -> None:
    """One turn of each."""
    for engine, name in (("duckdb", "DuckDB"), ("pandas", "pandas")):
        for of in ("days", "hours"):
            rounds[f"{name}, {of}"].append(measured(folder, *BARE, engine, of))
    shutil.copy(folder / "collected.db", folder / "costwatch.db")
    rounds["costwatch allocate"].append(measured(folder, COSTWATCH, *NOW, "allocate"))
    rounds["nothing new"].append(measured(folder, COSTWATCH, *NOW, "allocate"))


def require_the_same(folder: Path) -> None:
    """That teams carry what the bare join says."""
    show = (COSTWATCH, "cost", "show", "--by", "team", "--from", "2026-11-01", "--to", "2026-12-01", "--json")
    said, rows = (
        json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)
        for command in ((*BARE, "duckdb", "days"), show)
    )
    bare_cost = said[1]
    cost = sum(row["EffectiveCost"] for row in rows if row["x_Team"].startswith("namespace-"))
    if abs(cost / bare_cost - 1) > 1e-6:
        sys.exit(f"teams carry {cost}, and the bare join says {bare_cost}")


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=FULL_SIZE)
    parser.add_argument("--replicas", type=int, default=10, help="pods of one workload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    asked = parser.parse_args()
    folder = (asked.folder / "allocation").resolve()
    # In a process of its own: what is measured below begins as large as the one that starts it.
    making = Process(target=make_company, args=(folder, asked.pods, asked.replicas))
    making.start()
    making.join()
    if making.exitcode:
        return 1
    rounds: Rounds = defaultdict(list)
    for _ in range(asked.rounds):
        measure(folder, rounds)
    require_the_same(folder)
    print_machine()
    days = middle(rounds["DuckDB, days"]).cpu_seconds
    title = f"{asked.pods * 24 * DAYS:,} hours of pods"
    print(f"\n| {title} | CPU s | wall s | peak MB | times DuckDB, days |\n|---|---:|---:|---:|---:|")
    for name, each in rounds.items():
        of = middle(each)
        figures = f"{of.cpu_seconds:.2f} | {of.wall_seconds:.1f} | {of.peak_mb:,.0f}"
        print(f"| {name} | {figures} | {of.cpu_seconds / days:.2f} |")
    shutil.rmtree(folder)
    of = middle(rounds["costwatch allocate"])
    is_over = of.cpu_seconds > LIMIT_SECONDS or of.peak_mb > LIMIT_MB
    return int(is_over and asked.pods >= FULL_SIZE)


if __name__ == "__main__":
    sys.exit(main())
