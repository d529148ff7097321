"""What it costs to collect a month of two made-up clusters, of 1,440 pods, from a real Prometheus.

Prints Markdown: CPU seconds of whole processes and of Prometheus while it answers them, in turns:
``costwatch collect``, the same where nothing is new, and a bare read of the same series, a request for each
metric and day. Making the samples up takes minutes; they are kept in --folder. Exits 1 over a limit, for a
whole month. Needs Debian's Prometheus.
"""

import argparse
import json
import os
import re
import shutil
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from ledger import COSTWATCH, Measured, measured, middle, print_machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.doubles.prometheus_server import real_prometheus
from tests.made.cluster import DAY, STEP, at
from tests.made.cluster_blocks import fill
from tests.made.cluster_pods import made

WHOLE_MONTH = 30
NOW_HOUR = 5  # of the day after
LIMIT_SECONDS, LIMIT_RATIO, LIMIT_AGAIN_SECONDS = 14.3, 1.5, 1.0
# What pods ask for and use, in steps of five minutes; what else collecting asks for is not in here.
BARE = """
import sys, numpy, requests
url, first, days = sys.argv[1], *map(int, sys.argv[2:])
names = '''kube_pod_container_resource_requests kube_pod_init_container_resource_requests
kube_pod_container_resource_limits kube_pod_status_phase{phase=~"Pending|Running"} kube_node_info
container_cpu_usage_seconds_total{container!="",container!="POD"} kube_node_status_capacity
container_memory_working_set_bytes{container!="",container!="POD"} kube_persistentvolume_info
kube_service_status_load_balancer_ingress DCGM_FI_DEV_GPU_UTIL'''.split()
session = requests.Session()
for start in range(first, first + 86_400 * days, 86_400):
    for name in names:
        asked = {'query': name, 'start': start + 299.999, 'end': start + 86_399.999, 'step': 300}
        for series in session.post(f'{url}/api/v1/query_range', asked).json()['data']['result']:
            numpy.array([(float(at), float(value)) for at, value in series['values']])
"""


@dataclass(frozen=True, slots=True)
class Both:
    """A process, and what Prometheus took meanwhile."""

    process: Measured
    prometheus_seconds: float

    @property
    def cpu_seconds(self) -> float:
        return self.process.cpu_seconds + self.prometheus_seconds


def prometheus_seconds(url: str) -> float:
    """CPU time that it took until now."""
    with urlopen(f"{url}/metrics") as answer:
        found = re.search(r"^process_cpu_seconds_total (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def both(url: str, folder: Path, *command: str | Path) -> Both:
    before = prometheus_seconds(url)
    process = measured(folder, *command)
    return Both(process, prometheus_seconds(url) - before)


def blocks(folder: Path, days: int) -> Path:
    """A Prometheus's storage with so many days of October 2026, and some hours around them, made once."""
    kept = folder / f"clusters-{days}"
    if not kept.exists():
        print(f"making {days} days of two clusters in {kept}", file=sys.stderr)
        aside = kept.with_name("clusters-aside")
        shutil.rmtree(aside, ignore_errors=True)
        fill(aside, made(), (at(1) - 3600, at(1) + days * DAY + NOW_HOUR * 3600), STEP, traps_every=8)
        aside.rename(kept)
    return kept


def measure(url: str, folder: Path, days: int, rounds: dict[str, list[Both]]) -> None:
    """One turn of each."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    labels = {"pod_labels": ["team", "app"], "namespace_labels": ["team"], "node_labels": ["pool"]}
    source = {"name": "k8s", "kind": "kubernetes", "url": url, **labels}
    (folder / "costwatch.yaml").write_text(json.dumps({"sources": [source]}), encoding="utf-8")
    end = f"2026-10-{days + 1:02d}"
    collect = (COSTWATCH, "--now", f"{end}T{NOW_HOUR:02d}:00:00Z", "collect")
    bare = (sys.executable, "-c", BARE, url, str(at(1)), str(days))
    rounds["bare read"].append(both(url, folder, *bare))
    rounds["costwatch collect"].append(both(url, folder, *collect, "--from", "2026-10-01"))
    rounds["nothing new"].append(both(url, folder, *collect))


def print_table(days: int, rounds: dict[str, list[Both]]) -> dict[str, float]:
    """Medians; of CPU seconds they are returned."""
    print(f"\n| {days} days | CPU s | of which Prometheus | wall s | peak MB | times bare |")
    print("|---|---:|---:|---:|---:|---:|")
    seconds = {name: median(turn.cpu_seconds for turn in turns) for name, turns in rounds.items()}
    for name, turns in rounds.items():
        of = middle([turn.process for turn in turns])
        server = median(turn.prometheus_seconds for turn in turns)
        ratio = seconds[name] / seconds["bare read"]
        print(
            f"| {name} | {seconds[name]:.2f} | {server:.2f} | {of.wall_seconds:.1f} | {of.peak_mb:,.0f}"
            f" | {ratio:.2f} |"
        )
    return seconds


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=WHOLE_MONTH)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    kept, server, work = blocks(folder, asked.days), folder / "server", folder / "work"
    shutil.rmtree(server, ignore_errors=True)
    shutil.copytree(kept, server / "tsdb")
    rounds: dict[str, list[Both]] = defaultdict(list)
    with real_prometheus(server) as url:
        for _ in range(asked.rounds):
            measure(url, work, asked.days, rounds)
    print_machine()
    seconds = print_table(asked.days, rounds)
    for each in (server, work):
        shutil.rmtree(each)
    is_over = (
        seconds["costwatch collect"] > LIMIT_SECONDS
        or seconds["costwatch collect"] > LIMIT_RATIO * seconds["bare read"]
        or seconds["nothing new"] > LIMIT_AGAIN_SECONDS
    )
    return int(is_over and asked.days >= WHOLE_MONTH)


if __name__ == "__main__":
    sys.exit(main())
