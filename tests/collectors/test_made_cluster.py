"""The made clusters are what they say: an independent reading of their text finds the truth beside it."""

import json
import re
import shutil
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.made import cluster_bill
from tests.made.cluster import DAY, DUPLICATED, NODE_GAP, SERVER_GAP, STEP, World, at
from tests.made.cluster_blocks import fill
from tests.made.cluster_pods import made
from tests.made.cluster_reading import Sums, read
from tests.made.cluster_text import openmetrics
from tests.made.cluster_truth import FIELDS, dollars, node_days, volume_days, workload_days
from tests.made.company import Company

PODS = 12
CPU, MEMORY = FIELDS.index("cpu_core_seconds"), FIELDS.index("memory_byte_seconds")


@pytest.fixture(scope="module")
def world() -> World:
    return made(pods=PODS)


@pytest.fixture(scope="module")
def tenth(world: World) -> str:
    """The day on which most happens, with the step before it."""
    return "".join(openmetrics(world, (at(10) - STEP, at(11)), 300))


def test_the_same_seed_makes_the_same_clusters_and_another_makes_others() -> None:
    hour = (at(10, 9), at(10, 10))
    first, again, other = ("".join(openmetrics(made(seed, PODS), hour)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_month_has_240_pods_at_a_time_and_1440_in_all() -> None:
    pods = made().pods
    assert sum(pod.begin <= at(15) < pod.end for pod in pods) == 240
    assert len(pods) == pytest.approx(1440, rel=0.02)


def test_parts_of_a_window_make_the_whole(world: World) -> None:
    def lines(*hours: int) -> list[str]:
        text = "".join(openmetrics(world, (at(10, hours[0]), at(10, hours[1])), 300))
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert sorted([*lines(9, 10), *lines(10, 12)]) == sorted(lines(9, 12))


CONTAINED = {
    "two clusters": (r'cluster="prod"', r'cluster="research"'),
    "series of whole pods and of the pause container": (
        r"^container_cpu.*cpu=\"total\",namespace",
        r'container="POD"',
    ),
    "pods of every phase": tuple(
        rf'phase="{phase}".*}} 1 ' for phase in ("Pending", "Running", "Succeeded", "Failed")
    ),
    "a pod on no node": (r'requests{.*pod="giant-.*node=""',),
    "a pod whose image cannot be pulled": (
        r'requests{.*pod="broken-.*node="p',
        r'pod="broken-.*phase="Pending".*} 1 ',
    ),
    "sidecars and plain init containers": (r'init_.*restart_policy="Always"', r'init_.*restart_policy=""'),
    "a second kube-state-metrics": (r'job="ksm",instance="10.0.0.9:8080"',),
    "an exporter that tells the same again": (r'requests{.*job="opencost"',),
    "a node name with two instances": (r'"p3",provider_id=".*0003"', r'"p3",provider_id=".*00f3"'),
    "a StatefulSet's pod that moves": (
        r'info{.*pod="ledger-0".*node="p3"',
        r'info{.*pod="ledger-0".*node="p[124]"',
    ),
    "GPUs, one of them idle": (
        r'DCGM_FI_DEV_GPU_UTIL{.*exported_pod="trainer-0"',
        r'gpu="3",UUID="[^"]*",Hostname="g1",job',
    ),
    "a sliced GPU": (r'nvidia_com_gpu",unit="integer".*} 4 ', r'label_nvidia_com_gpu_count="1"'),
    "volumes by both names": (r'csi_volume_handle="vol-', r'ebs_volume_id="aws://'),
    "a load balancer": (r"load_balancer_ingress{.*hostname=",),
    "owners of owners": (r'replicaset="api-.*owner_name="api"', r'job_name="report-.*owner_kind="CronJob"'),
    "hostile labels": (r"<script>.*\\nsecond", r'label_sum="=cmd', r'label_app="a\\"b\\\\c"'),
    "what was killed": (r'reason="OOMKilled"',),
    "running containers": (r"^kube_pod_container_status_running{.*} 1 ",),
}


@pytest.mark.parametrize("patterns", CONTAINED.values(), ids=CONTAINED.keys())
def test_the_text_contains(patterns: tuple[str, ...], tenth: str) -> None:
    for pattern in patterns:
        assert re.search(pattern, tenth, re.MULTILINE), pattern


def test_cadvisor_tells_no_node_and_its_own_time(tenth: str) -> None:
    of_node = re.findall(r"^container_.*$", tenth, re.MULTILINE)
    assert not [line for line in of_node if ",node=" in line]
    assert {line[-3:] for line in of_node} != {"000"}


def test_the_gaps_are_where_they_are_said_to_be(world: World, tenth: str) -> None:
    def times(*parts: str) -> np.ndarray:
        lines = [line for line in tenth.splitlines() if all(part in line for part in parts)]
        return np.array([float(line.rpartition(" ")[2]) for line in lines])

    told = times("{")
    assert not ((told >= SERVER_GAP[0]) & (told < SERVER_GAP[1])).any()
    nodes = times('kube_node_info{cluster="prod"')
    assert not ((nodes >= NODE_GAP[0]) & (nodes < NODE_GAP[1])).any()
    twice = times('instance="10.0.0.9')
    assert DUPLICATED[0] <= twice.min() <= twice.max() < DUPLICATED[1]


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs Debian's prometheus")
def test_promtool_makes_blocks_of_it(world: World, tmp_path: Path) -> None:
    fill(tmp_path / "tsdb", world, (at(9, 23), at(11, 1)), 300)
    metas = [json.loads(path.read_text()) for path in tmp_path.glob("tsdb/*/meta.json")]
    times = sorted((meta["minTime"], meta["maxTime"]) for meta in metas)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))
    written = sum(
        piece.count("\n") for piece in openmetrics(world, (at(9, 23), at(11, 1)), 300) if piece[0] != "#"
    )
    assert sum(meta["stats"]["numSamples"] for meta in metas) == written
    assert [path.name for path in tmp_path.iterdir()] == ["tsdb"]


def test_a_reading_of_the_text_finds_the_truth(world: World) -> None:
    """On a day without a gap to the last second but those of plain init containers, which nobody saw."""
    found = read(openmetrics(world, (at(20) - STEP, at(21)), 300), at(20))
    true = _by_team(world, at(20), 0)
    assert found.keys() == true.keys()
    for team, sums in true.items():
        assert found[team] == pytest.approx(sums, rel=1e-6), team


def test_a_reading_of_the_gaps_day_misses_the_increase_over_the_gap_only(world: World, tenth: str) -> None:
    found, true = read([tenth], at(10)), _by_team(world, at(10), 0)
    assert found.keys() == true.keys()
    for team, sums in true.items():
        assert found[team] == pytest.approx(sums, rel=1 / 264), team


def test_more_scrapes_find_the_same(world: World) -> None:
    every, fifth = (read(openmetrics(world, (at(20) - STEP, at(20, 3)), s), at(20)) for s in (60, 300))
    for team, sums in fifth.items():
        assert every[team] == pytest.approx(sums, rel=1e-6), team


def test_counters_start_over_in_their_series_and_in_new_ones(world: World) -> None:
    kinds = {new for pod in world.pods for _, new in pod.restarts if at(1) < pod.begin < at(32)}
    assert kinds == {True, False}
    pod, instant = next(
        (pod, pod.restarts[0][0]) for pod in world.pods if pod.restarts and not pod.restarts[0][1]
    )
    text = "".join(openmetrics(world, (instant - STEP, instant + STEP), 300))
    line = rf"^container_cpu.*container=\"{pod.containers[0].name}\".*pod{pod.uid}/.* (\S+) \S+$"
    before, after = map(float, re.findall(line, text, re.MULTILINE))
    assert 0 < after < before


def test_the_truth_adds_up(world: World) -> None:
    measured, whole = workload_days(world), workload_days(world, measured=False)
    for row, days in measured.items():
        assert (days <= whole[row] + 1e-6).all()
        for kind in ("cpu", "memory"):
            requested, used, most = (
                days[:, next(i for i, name in enumerate(FIELDS) if name.startswith(f"{kind}_{part}"))]
                for part in ("requested", "used", "core" if kind == "cpu" else "byte")
            )
            assert (most >= np.maximum(requested, used) - 1e-6).all()
            assert (most <= requested + used + 1e-6).all()
    seconds = {(node.name, node.instance[-2:]): days[9] for node, days in node_days(world).items()}
    assert seconds["p1", "01"].tolist() == [DAY, DAY - 7200]
    assert seconds["p3", "03"].tolist() == [37_200, 37_200]
    assert seconds["p3", "f3"].tolist() == [46_500, 39_300]
    assert seconds["b1", "0c"].tolist() == [10_200, 3000]


def test_teams_idle_and_unmeasured_are_the_nodes_bill(world: World) -> None:
    costs = cluster_bill.instance_costs(cluster_bill.bill(world))
    teams = dollars(world, costs)
    assert sum(teams.values()) == pytest.approx(sum(costs.values()))
    assert teams.keys() == {
        *("storefront", "data", "payments", "search", "platform", "ml", "insights", "idle", "unmeasured")
    }
    tight = {key: cost for key, cost in costs.items() if key[0] == cluster_bill.HOURLY}
    assert dollars(world, tight)["idle"] < 0


def test_volumes_are_mounted_by_two_and_by_nobody(world: World) -> None:
    days = volume_days(world)
    both = days["vol-0c0000000000000a", "shop", "media"][20]
    assert both[0] == pytest.approx(2 * both[1], rel=1e-2)
    nobody = days["vol-0c0000000000000b", "training", ""]
    assert nobody[11].tolist() == [DAY, DAY]
    for day in range(31):
        shared = sum(sums[day, 1] for key, sums in days.items() if key[0] == "vol-0c0000000000000b")
        assert shared == pytest.approx(DAY - 7200 * (day == 9))


def test_the_bill_is_collected_whole(world: World, tmp_path: Path) -> None:
    lines = cluster_bill.bill(world)
    company = Company(tmp_path)
    company.bill(lines)
    company.run()
    total = sum(float(line["EffectiveCost"]) for line in lines)
    assert float(sum(company.effective().values())) == pytest.approx(total)


def _by_team(world: World, day: int, index: int) -> Sums:
    """CPU and memory that weigh, of one day by team."""
    sums: Sums = defaultdict(lambda: np.zeros(2))
    for row, days in workload_days(world, (day, day + DAY)).items():
        sums[row.team] += days[index, [CPU, MEMORY]]
    return dict(sums)
