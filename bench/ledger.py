"""What a bill of millions of lines costs to collect, to allocate and to look into, beside bare engines.

Prints Markdown. CPU time is a process's own, all its threads'; every candidate is a process, and they take
turns, so that a busy moment of the machine meets them all. Making the bill up is not measured: it is kept in
--folder. Exits 1 over a limit, at full size.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import bare
import duckdb
import made_cur

BARE = (sys.executable, Path(bare.__file__).resolve())
COSTWATCH = Path(sys.executable).with_name("costwatch")
NOW = "2026-11-20T00:00:00Z"
WINDOW = ("--from", "2026-10-01", "--to", "2026-11-01")
TEAM, SERVICE = "team-03", f"{made_cur.SERVICES[0]} by name"

FULL_SIZE = 10_000_000
CPU_LIMIT_SECONDS = 12.0  # to collect and allocate
RATIO_LIMIT = 3.0  # to DuckDB's bare aggregation
PEAK_LIMIT_MB = 900.0
RESOURCES_LIMIT_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One process from its start to its end, or several one after the other."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float

    def then(self, next_one: "Measured") -> "Measured":
        return Measured(
            self.cpu_seconds + next_one.cpu_seconds,
            self.wall_seconds + next_one.wall_seconds,
            max(self.peak_mb, next_one.peak_mb),
        )


Rounds = defaultdict[str, list[Measured]]


def measured(folder: Path, *command: str | Path) -> Measured:
    """Run it, its output nowhere."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[:2]} failed")
    return Measured(used.ru_utime + used.ru_stime, time.monotonic() - start, used.ru_maxrss / 1024)


def delivery(folder: Path, kind: str, lines: int) -> Path:
    """A made-up delivery, made once: its manifest comes last and says that it is whole."""
    made_by = hashlib.sha256(Path(made_cur.__file__).read_bytes()).hexdigest()[:8]
    root = folder / f"{kind}-{lines}-{made_by}"
    if not any(root.glob("metadata/*/*.json")):
        shutil.rmtree(root, ignore_errors=True)
        print(f"making {lines:,} lines of {kind} in {root}", file=sys.stderr)
        {"parquet": made_cur.write_parquet, "csv": made_cur.write_csv}[kind](root, lines)
    return root


def files_of(root: Path) -> list[str]:
    return sorted(map(str, root.glob("data/*/*")))


def measure_costwatch(rounds: Rounds, name: str, root: Path, lines: int) -> None:
    """Its commands on a fresh folder: forty teams that own an account each, and share the tax."""
    folder = root.with_name("work")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = {
        "sources": [{"name": "aws", "kind": "exports", "location": str(root)}],
        "teams": [
            {"name": team, "accounts": [account]}
            for team, account in zip(made_cur.TEAMS, made_cur.ACCOUNTS, strict=False)
        ],
        "pools": [{"name": "tax", "split": "proportional", "match": {"ChargeCategory": "Tax"}}],
    }
    (folder / "costwatch.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    collect = measured(folder, COSTWATCH, "--now", NOW, "collect")
    allocate = measured(folder, COSTWATCH, "--now", NOW, "allocate")
    drill = ("cost", "resources", "--team", TEAM, "--service", SERVICE, *WINDOW)
    rounds[f"{name}: collect"].append(collect)
    rounds[f"{name}: allocate"].append(allocate)
    rounds[f"{name}: collect + allocate"].append(collect.then(allocate))
    rounds[f"{name}: cost resources, the first time"].append(measured(folder, COSTWATCH, *drill))
    rounds[f"{name}: cost resources"].append(measured(folder, COSTWATCH, *drill))
    with sqlite3.connect(folder / "costwatch.db") as db:
        published = db.execute("SELECT sum(line_count) FROM cost_day").fetchone()[0]
    if published != lines:
        sys.exit(f"{name}: {published:,} lines were published, not {lines:,}")
    shutil.rmtree(folder)


def measure_parquet(rounds: Rounds, root: Path, lines: int) -> None:
    """One turn of each. pandas takes a gigabyte and a half for a million lines, so it gets one file."""
    files = files_of(root)
    rounds["cat"].append(measured(root, "cat", *files))
    rounds["DuckDB"].append(measured(root, *BARE, "duckdb", *files))
    rounds["pandas, the first file only"].append(measured(root, *BARE, "pandas", files[0]))
    measure_costwatch(rounds, "costwatch", root, lines)


def measure_csv(rounds: Rounds, root: Path, lines: int) -> None:
    """The same of CSV.gz, where unpacking is what bounds it."""
    files = files_of(root)
    rounds["gzip -dc"].append(measured(root, "gzip", "-dc", *files))
    rounds["DuckDB"].append(measured(root, *BARE, "duckdb", *files))
    measure_costwatch(rounds, "costwatch", root, lines)


def middle(of: Sequence[Measured]) -> Measured:
    return Measured(
        median(each.cpu_seconds for each in of),
        median(each.wall_seconds for each in of),
        median(each.peak_mb for each in of),
    )


def print_table(title: str, rounds: Rounds) -> None:
    """Medians; ratios are those of CPU time."""
    print(f"\n| {title} | CPU s | wall s | peak MB | times DuckDB |\n|---|---:|---:|---:|---:|")
    bare_seconds = middle(rounds["DuckDB"]).cpu_seconds
    for name, of in rounds.items():
        found = middle(of)
        print(
            f"| {name} | {found.cpu_seconds:.2f} | {found.wall_seconds:.1f} | {found.peak_mb:,.0f}"
            f" | {found.cpu_seconds / bare_seconds:.2f} |"
        )


def print_machine() -> None:
    memory = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1]) / 2**20
    names = ("duckdb", "ibis-framework", "pyarrow", "pandas")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}; "
        f"load average {os.getloadavg()[2]:.1f} in the fifteen minutes before the end"
    )


def print_facts(parquet: Path) -> None:
    """How much there is to store of it."""
    size = sum(Path(name).stat().st_size for name in files_of(parquet))
    con = duckdb.connect()
    for of, without in (("with", ""), ("without", "usage_type")):
        count = con.execute(
            f"SELECT count(*) FROM ({bare.sql(files_of(parquet), without=without)})"
        ).fetchall()
        print(f"{count[0][0]:,} daily facts {of} usage types, ", end="")
    print(f"of {len(files_of(parquet))} files of {size / 1e9:.2f} GB together")


def over_limits(rounds: Rounds) -> list[str]:
    """Those that were missed."""
    both, drill = (middle(rounds[f"costwatch: {each}"]) for each in ("collect + allocate", "cost resources"))
    ratio = both.cpu_seconds / middle(rounds["DuckDB"]).cpu_seconds
    limits = (
        ("CPU seconds to collect and allocate", both.cpu_seconds, CPU_LIMIT_SECONDS),
        ("times DuckDB's CPU seconds", ratio, RATIO_LIMIT),
        ("MB at the peak", both.peak_mb, PEAK_LIMIT_MB),
        ("CPU seconds for cost resources", drill.cpu_seconds, RESOURCES_LIMIT_SECONDS),
    )
    return [f"{found:.1f} {what}, limit {limit:g}" for what, found, limit in limits if found > limit]


def number(text: str) -> int:
    """``10M`` or ``250000``."""
    return int(text[:-1]) * 1_000_000 if text.endswith("M") else int(text)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=number, default=FULL_SIZE, help="of Parquet; 1M, 10M")
    parser.add_argument("--csv-lines", type=number, default=FULL_SIZE // 5, help="of CSV.gz")
    parser.add_argument("--more-lines", type=number, help="of Parquet, once at the end; 40M")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()
    parquet = delivery(arguments.folder, "parquet", arguments.lines)
    csv = delivery(arguments.folder, "csv", arguments.csv_lines)
    rounds: Rounds = defaultdict(list)
    csv_rounds: Rounds = defaultdict(list)
    for turn in range(arguments.rounds):
        print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr)
        measure_parquet(rounds, parquet, arguments.lines)
        measure_csv(csv_rounds, csv, arguments.csv_lines)
    if arguments.more_lines:
        more = delivery(arguments.folder, "parquet", arguments.more_lines)
        measure_costwatch(rounds, f"{arguments.more_lines:,} lines", more, arguments.more_lines)
    print_machine()
    print_facts(parquet)
    print_table(f"{arguments.lines:,} lines of Parquet", rounds)
    print_table(f"{arguments.csv_lines:,} lines of CSV.gz", csv_rounds)
    missed = over_limits(rounds) if arguments.lines >= FULL_SIZE else []
    for limit in missed:
        print(f"OVER: {limit}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
