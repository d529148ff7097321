"""Public bug reports rebuilt as small clusters, with answers made by hand; all on a real server, too."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.kubernetes import Kubernetes
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.collectors.test_kubernetes import CORES, GPUS, NODES, OOM, OWNERS, VOLUMES
from tests.collectors.test_kubernetes_jobs import JOBS
from tests.doubles.prometheus_server import exposition_server, real_prometheus
from tests.made.kubernetes_told import capacity, core_hours, request, tables_of, written
from tests.made.shared_cases import CASES, SHARED_DATA, series_of

pytestmark = [pytest.mark.slow, pytest.mark.prometheus]

DAY = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
NOW = DAY.end + timedelta(hours=9)
EXPECTED: dict[str, Mapping[str, float]] = {  # core-hours of max(request, usage) by namespace
    "k01": {"a": 2.0, "b": 1.0},
    "k02": {"a": 1.0},
    "k04": {"a": 1.5},
    "k06": {"t1": 0.0, "t2": 0.0, "t3": 0.0, "t4": 0.0},
    "k08": {"a": 0.333333333, "b": 1.0},
    "k10": {"a": 2.0},
    "k11": {"a": 0.05},
}
SMALL = {
    **{f"cores: {name}": series for name, (series, _) in CORES.items()},
    **{f"nodes: {name}": series for name, (series, _) in NODES.items()},
    **{f"gpus: {name}": series for name, (series, _) in GPUS.items()},
    **{f"jobs: {name}": series for name, (series, _) in JOBS.items()},
    **{f"volumes: {name}": series for name, (series, _) in VOLUMES.items()},
    **{
        f"owners: {name}": [capacity("4x12"), request("1x12"), *series]
        for name, (series, _) in OWNERS.items()
    },
    **{f"killed: {name}": [capacity("4x12"), request("1x12"), *series] for name, (series, _) in OOM.items()},
}
NUMBERS = {name: str(number) for number, name in enumerate(SMALL)}

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Prometheus with all of them, told apart by a label."""
    told = [
        (name, {**labels, "case": case}, samples)
        for case, series in [
            *((case, series_of(case)) for case in CASES),
            *((NUMBERS[name], series) for name, series in SMALL.items()),
        ]
        for name, labels, samples in series
    ]
    with real_prometheus(tmp_path_factory.mktemp("prometheus") / "server", written(told)) as url:
        yield url


def collected(url: str, case: str) -> Tables:
    source = Kubernetes.model_validate({"name": "k8s", "url": url, "match": {"case": case}})
    tables: Tables = {}
    for batch in source.collect_as_of(DAY, NOW):
        assert batch.window == DAY
        tables[batch.table] = [row for part in batch.read() for row in part.to_pylist()]
    return tables


@pytest.mark.parametrize("case", EXPECTED)
def test_core_hours_of_a_case(case: str, server: str) -> None:
    for tables in (tables_of(series_of(case)), collected(server, case)):
        found = core_hours(tables["pod_hours"], "namespace")
        assert found == pytest.approx(EXPECTED[case], abs=1e-8)
        (node,) = tables["node_days"]
        assert (node["expected_seconds"], node["measured_seconds"]) == (3600.0, 3600.0)
        assert node["cpu_cores"] == (8.0 if case == "k06" else 4.0)


def test_a_volume_that_two_pods_mount(server: str) -> None:
    for tables in (tables_of(series_of("k05")), collected(server, "k05")):
        shares = {
            row["workload"]: row["shared_seconds"] + row["idle_seconds"] for row in tables["volume_days"]
        }
        assert shares == {"A": 5400.0, "B": 1800.0, "": 3600.0}  # of 2 $ an hour: 3.00, 1.00, 2.00
        assert {row["namespace"] for row in tables["volume_days"]} == {"a"}


def test_a_gpu_that_is_sliced_in_twelve(server: str) -> None:
    for tables in (tables_of(series_of("k06")), collected(server, "k06")):
        (node,) = tables["node_days"]
        shares = [row["gpu_seconds"] / (node["gpus"] * 3600) for row in tables["pod_hours"]]
        assert (node["gpus"], shares) == (1.0, [pytest.approx(1 / 12)] * 4)


@pytest.mark.parametrize("case", ["k11"])
def test_without_start_and_completion_a_short_job_counts_a_scrape_at_most(case: str) -> None:
    series = [each for each in series_of(case) if "_time" not in each[0]]
    assert core_hours(tables_of(series)["pod_hours"])["j-2"] == pytest.approx(2 / 60)


@pytest.mark.parametrize("name", SMALL)
def test_a_real_server_gives_the_same_rows(name: str, server: str) -> None:
    expected = tables_of(SMALL[name])
    found = collected(server, NUMBERS[name])
    for table, rows in expected.items():
        assert [rounded(row) for row in found[table]] == [rounded(row) for row in rows], table


def rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}


@pytest.mark.parametrize("version", ["1_31", "1_33"])
def test_requests_of_a_captured_cluster(version: str, tmp_path: Path) -> None:
    files = [SHARED_DATA / "kubernetes" / f"nr-{version}-{kind}.txt" for kind in ("ksm", "cadvisor")]
    if not all(file.exists() for file in files):
        pytest.skip("the shared captures are not there")
    with exposition_server(*files) as urls:
        targets = dict(zip(("ksm", "cadvisor"), urls, strict=True))
        with real_prometheus(tmp_path / "server", targets=targets, honor_timestamps=False) as url:
            tables = until_it_is_scraped(url)
    found = {
        name: {
            space: sum(row[column] for row in tables["pod_hours"] if row["namespace"] == space)
            for space in ("kube-system", "scraper")
        }
        for name, column in (
            ("cpu", "cpu_requested_core_seconds"),
            ("memory", "memory_requested_byte_seconds"),
        )
    }
    measured = tables["node_days"][0]["measured_seconds"]
    assert found["cpu"]["kube-system"] / measured == pytest.approx(0.95)
    assert found["cpu"]["scraper"] / measured == pytest.approx(0.405)
    assert sum(found["memory"].values()) / measured == pytest.approx(524_045_120)
    assert {row["workload_kind"] for row in tables["workload_days"]} >= {
        "deployment",
        "daemonset",
        "statefulset",
    }
    assert any(row["memory_used_byte_seconds"] for row in tables["pod_hours"])


def until_it_is_scraped(url: str) -> Tables:
    """The tables of today, as soon as both targets have been scraped."""
    source = Kubernetes(name="k8s", url=url)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = datetime.now(UTC)
        today = Window(now.replace(hour=0, minute=0, second=0, microsecond=0), now + timedelta(hours=1))
        with suppress(SourceError):
            tables = {
                batch.table: [row for part in batch.read() for row in part.to_pylist()]
                for batch in source.collect_as_of(today, today.end)
            }
            if any(row["memory_used_byte_seconds"] for row in tables["pod_hours"]):
                return tables
        time.sleep(0.2)
    raise AssertionError("nothing was scraped")
