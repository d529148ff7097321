"""Made-up clusters in a real Prometheus, collected and allocated, beside what numpy makes of their arrays."""

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.kubernetes import Kubernetes
from costwatch.answers.unplaced import unplaced
from costwatch.model import IDLE, UNALLOCATED, UNMEASURED, Window
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.doubles.prometheus_server import real_prometheus
from tests.made.bills import Line
from tests.made.cluster import DAY, MONTH, NAMESPACE_TEAMS, SERVER_GAP, STEP, World, at
from tests.made.cluster_bill import STRANGERS, UNBILLED, bill, instance_costs, root_volume
from tests.made.cluster_blocks import fill
from tests.made.cluster_pods import made
from tests.made.cluster_truth import dollars, volume_days
from tests.made.company import Company
from tests.made.soak import in_soak

pytestmark = [pytest.mark.prometheus, pytest.mark.soak]

PODS = in_soak(40, else_=12)
TIME = in_soak(MONTH, else_=(at(9), at(12)))
GAP = (at(10), at(11))  # the day on which nothing is known for two hours
KILLED_AFTER = in_soak((1, 3, 8, 15, 25), else_=(1,))  # so many days
TEAMS = ("storefront", "data", "payments", "search", "platform", "ml", "insights")
STRANGER = min(STRANGERS)


def window_of(seconds: tuple[int, int]) -> Window:
    return Window(*(datetime.fromtimestamp(instant, UTC) for instant in seconds))


DAYS = window_of(TIME)
NOW = DAYS.end + timedelta(hours=3)


@dataclass(frozen=True)
class Month:
    """The clusters, the bill of the time, and what answers questions about them."""

    world: World
    lines: list[Line]
    url: str

    @property
    def source(self) -> dict[str, Any]:
        return {"name": "k8s", "url": self.url}

    @property
    def allocation(self) -> dict[str, Any]:
        """A pool for each cluster; that of prod also has a machine that is none of its nodes."""
        resources: Mapping[str, set[str]] = defaultdict(set, prod={STRANGER})
        for node in self.world.nodes:
            resources[node.cluster] |= {node.instance, root_volume(node)}
        for claim in self.world.claims:
            resources[claim.cluster].add(claim.volume)
        pools = [
            {"name": name, "split": "kubernetes", "clusters": [name], "match": {"ResourceId": sorted(of)}}
            for name, of in resources.items()
        ]
        return {"teams": [{"name": team} for team in TEAMS], "pools": pools}

    def lines_in(self, window: Window) -> list[Line]:
        return [line for line in self.lines if window.start <= start_of(line) < window.end]


def start_of(line: Line) -> datetime:
    return datetime.fromisoformat(line["ChargePeriodStart"])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    world = made(pods=PODS)
    folder = tmp_path_factory.mktemp("prometheus")
    # With the hour before, in which the counters stood where the first day begins.
    fill(folder / "tsdb", world, (TIME[0] - 3600, TIME[1]), STEP, traps_every=8)
    lines = [line for line in bill(world) if DAYS.start <= start_of(line) < DAYS.end]
    with real_prometheus(folder) as url:
        yield Month(world, lines, url)


@pytest.fixture(scope="module")
def company(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("company"), month.allocation)
    sources: list[Any] = [*company.sources, Kubernetes.model_validate(month.source)]
    company.sources = sources
    company.bill(month.lines)
    assert [collected.error for collected in company.collect(NOW, DAYS)] == ["", ""]
    assert {published.error for published in company.allocate(NOW)} == {""}
    return company


def carried(company: Company, window: Window) -> dict[str, Decimal]:
    """EffectiveCost of each team and residual."""
    with company.warehouse.read() as db:
        return {row.labels["team"]: row.amount() for row in cost(db, *window.days, ("team",))}


def expected(month: Month, seconds: tuple[int, int]) -> dict[str, float]:
    """The same, of nodes and volumes; what no pool takes is unallocated, other disks are unmeasured."""
    lines = month.lines_in(window_of(seconds))
    first = (seconds[0] - MONTH[0]) // DAY
    costs = {(name, day - first): amount for (name, day), amount in instance_costs(lines).items()}
    found: dict[str, float] = defaultdict(float)
    found |= dollars(month.world, costs, window=seconds)
    clusters = {claim.volume: claim.cluster for claim in month.world.claims}
    volumes = volume_days(month.world, seconds)
    pooled = {name for pool in month.allocation["pools"] for name in pool["match"]["ResourceId"]}
    for line in lines:
        name, amount = line["ResourceId"], float(line["EffectiveCost"])
        day = int(start_of(line).timestamp() - seconds[0]) // DAY
        if name in clusters:
            of = {key[1:]: days[day, 1] for key, days in volumes.items() if key[0] == name}
            for (namespace, workload), mounted in of.items():
                team = NAMESPACE_TEAMS[clusters[name], namespace] if workload else IDLE
                found[team] += amount * mounted / sum(of.values())
        elif (name, day) not in costs:
            found[UNMEASURED if name in pooled else UNALLOCATED] += amount
    return found


SPANS = {"all of it": TIME, "the day of the gap": GAP, "the day after it": (at(11), at(12))}


@pytest.mark.parametrize("seconds", SPANS.values(), ids=SPANS)
def test_teams_carry_what_their_pods_used(seconds: tuple[int, int], month: Month, company: Company) -> None:
    found = carried(company, window_of(seconds))
    assert found.keys() == {*TEAMS, IDLE, UNMEASURED, UNALLOCATED}
    assert {team: float(amount) for team, amount in found.items()} == pytest.approx(
        expected(month, seconds), rel=1e-3
    )
    # And all of it is the bill, to the nano-unit.
    billed = sum(Decimal(line["EffectiveCost"]) for line in month.lines_in(window_of(seconds)))
    assert sum(found.values()) == billed


def test_jobs_are_told_as_they_went(month: Month, company: Company) -> None:
    with company.warehouse.read() as db:
        found = {
            (row["cluster"], row["namespace"], row["job"]): tuple(row[3:])
            for row in db.execute(
                "SELECT cluster, namespace, job, workload, max(outcome), min(started_at), max(ended_at)"
                " FROM x_job_days GROUP BY 1, 2, 3"
            )
        }
    ran = [pod for pod in month.world.pods if pod.owner[0] == "Job" and pod.node]
    there = [pod for pod in ran if TIME[0] <= pod.begin and pod.gone < TIME[1]]
    assert len(there) > 10
    outcomes = {"Succeeded": "succeeded", "Failed": "failed"}
    for pod in there:
        workload, outcome, *times = found[pod.cluster, pod.namespace, pod.owner[1]]
        if pod.gone < SERVER_GAP[0] or pod.begin > SERVER_GAP[1]:  # in it nobody told how others ended
            assert (workload, outcome) == (pod.workload, outcomes[pod.ending]), pod
            assert times == [
                f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (pod.begin, pod.end)
            ]


def test_parts_of_what_was_billed_are_the_bill(month: Month, company: Company) -> None:
    assert sum(company.billed().values()) == sum(Decimal(line["BilledCost"]) for line in month.lines)


def test_coverage_tells_of_the_gap(company: Company) -> None:
    with company.warehouse.read() as db:
        of_day = "SELECT DISTINCT measured_seconds FROM x_node_days WHERE expected_seconds = ? AND day = ?"
        found = [
            [seconds for (seconds,) in db.execute(of_day, [DAY, to_int(date(2026, 10, day))])]
            for day in (10, 11)
        ]
    assert found == [[DAY - 7200], [DAY]]


def test_what_bill_and_clusters_do_not_know_of_each_other_is_told(company: Company) -> None:
    with company.warehouse.read() as db:
        told = unplaced(WarehouseSnapshot(db, NOW))
    for pool, texts in {
        "prod": ["no cluster knows", STRANGER],
        "research": [f"no line of the bill is of 1 node, research/r3/{UNBILLED};"],
        "research: 1 of": ["measured for less than 50%", "research/b1/", "on 2026-10-10"],
    }.items():
        assert any(f"pool {pool}" in line and all(text in line for text in texts) for line in told), told


def test_collecting_that_was_killed_ends_as_if_it_had_not_been(
    month: Month, company: Company, tmp_path: Path
) -> None:
    ends = [
        after_kills(month, tmp_path / name, days) for name, days in (("none", ()), ("some", KILLED_AFTER))
    ]
    assert ends[0] == ends[1]
    files, hashes = ends[0]
    assert files < stored(company.root)
    tables = {name for name in hashes if name.startswith("x_")}
    assert len(tables) == 5
    assert {name: company.hashes()[name] for name in tables} == {name: hashes[name] for name in tables}


def after_kills(month: Month, folder: Path, days: tuple[int, ...]) -> tuple[set[str], dict[str, str]]:
    """What there is after runs that were killed with so many days stored, and one that was not."""
    folder.mkdir()
    settings = {"sources": [{"kind": "kubernetes", **month.source}]}
    (folder / "costwatch.yaml").write_text(json.dumps(settings))  # JSON is YAML
    for count in days:
        with collecting(folder) as process:
            while len(stored(folder)) < count and process.poll() is None:
                time.sleep(0.005)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert count <= len(stored(folder)) < (DAYS.end - DAYS.start).days
    with collecting(folder) as process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    return stored(folder), Company(folder).hashes("collection")


def collecting(folder: Path) -> "subprocess.Popen[str]":
    """Closed, it is waited for."""
    window = ("--from", f"{DAYS.start:%Y-%m-%d}", "--to", f"{DAYS.end:%Y-%m-%d}")
    command = (sys.executable, "-m", "costwatch", "--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "collect", *window)
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def stored(folder: Path) -> set[str]:
    """The ledger's files, which are called by what is in them: one for each day."""
    return {path.name for path in (folder / "ledger").glob("*.parquet")}
