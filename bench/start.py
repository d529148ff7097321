"""CPU time of commands that people and cron wait for, each with its limit. Exits 1 over a limit.

Modules are compiled once, before what is counted, whatever the environment says of bytecode.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COSTWATCH = Path(sys.executable).with_name("costwatch")
RUNS = 9
HELP_LIMIT = 5.0  # times a bare Python
COST_SHOW_LIMIT_MS = 300.0  # beyond --help
# On the demo, where nothing is new.
LIMITS_MS = {
    "status": 250.0,
    "collect": 600.0,
    "allocate": 300.0,
    "alerts eval": 600.0,
    "report weekly": 1000.0,
}


def cpu_ms(*command: str | Path, folder: Path) -> float:
    """Median CPU time, user and system, of a few runs; the first warms the caches and is not counted."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "costwatch-bench-bytecode")
    times = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=compiled, stdout=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000)
    return statistics.median(times[1:])


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([COSTWATCH, "demo", "--no-serve"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        bare = cpu_ms(sys.executable, "-c", "pass", folder=folder)
        help_ms = cpu_ms(COSTWATCH, "--help", folder=folder)
        show_ms = cpu_ms(COSTWATCH, "cost", "show", "--by", "team", folder=folder / "demo")
        rows = {
            "costwatch --help": (help_ms, HELP_LIMIT * bare),
            "costwatch cost show": (show_ms, help_ms + COST_SHOW_LIMIT_MS),
            **{
                f"costwatch {command}": (cpu_ms(COSTWATCH, *command.split(), folder=folder / "demo"), limit)
                for command, limit in LIMITS_MS.items()
            },
        }
    print(f"{'bare python':<26}{bare:6.0f} CPU-ms")
    for command, (measured, limit) in rows.items():
        mark = "ok" if measured <= limit else "OVER"
        print(f"{command:<26}{measured:6.0f} CPU-ms   limit {limit:4.0f}   {mark}")
    return int(any(measured > limit for measured, limit in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
