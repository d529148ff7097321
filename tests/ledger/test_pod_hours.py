"""What containers took, read from the hours of their pods: beside numpy on the same rows."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.kubernetes.tables import POD_HOURS
from costwatch.errors import LedgerError
from costwatch.ledger.pod_hours import container_uses
from costwatch.savings.container_use import Container, ContainerUse
from tests.made.usage_rows import GIB, HOUR, MIB, Row, hours, pod_hour

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def written(folder: Path, rows: list[Row]) -> list[Path]:
    """A file for each day."""
    days: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        days[row["hour"].date()].append(row)
    for day, mine in days.items():
        pq.write_table(pa.Table.from_pylist(mine, schema=POD_HOURS.schema()), folder / f"{day}.parquet")
    return sorted(folder.glob("*.parquet"))


def used(folder: Path, rows: list[Row]) -> ContainerUse:
    (found,) = container_uses(written(folder, rows))
    return found


def test_a_container_is_all_its_pods_together(tmp_path: Path) -> None:
    rows = hours(48) + hours(48, pod="api-2", uid="u2", node="n2", cpu_used_cores_max=0.4)
    found = used(tmp_path, rows)
    assert found == ContainerUse(
        container=Container("prod", "shop", "deployment", "api", "main"),
        first=FIRST,
        last=FIRST + 47 * HOUR,
        days=2,
        running_hours=96.0,
        cpu_cores_p95=0.4,
        cpu_requested_cores=0.5,
        memory_bytes_max=0.5 * GIB,
        memory_requested_bytes=GIB,
        memory_limit_bytes=2 * GIB,
        oom_kills=0,
        oom_limit_bytes=None,
        gpu_hours=0.0,
        gpu_used_hours=None,
    )


def test_one_busy_pod_of_thirty_is_what_the_request_must_hold(tmp_path: Path) -> None:
    idle = [row for pod in range(29) for row in hours(24, pod=f"p{pod}", uid=f"u{pod}")]
    assert used(tmp_path, idle + hours(24, uid="leader", cpu_used_cores_max=3.0)).cpu_cores_p95 == 3.0


@pytest.mark.parametrize(
    ("rows", "names", "value"),
    [
        pytest.param(
            hours(100, cpu_used_cores_max=lambda number: number / 100),
            ["cpu_cores_p95"],
            0.94,
            id="of a hundred hours five may be above it",
        ),
        pytest.param(
            hours(20, cpu_used_cores_max=lambda number: 9.0 if number == 3 else 0.1),
            ["cpu_cores_p95"],
            0.1,
            id="one hour of twenty may",
        ),
        pytest.param(
            hours(24, cpu_used_cores_max=lambda number: None if number % 2 else 0.3),
            ["cpu_cores_p95"],
            0.3,
            id="hours that were not measured do not count as 0",
        ),
        pytest.param(
            hours(24, cpu_used_cores_max=None),
            ["cpu_cores_p95"],
            None,
            id="what was never measured is unknown",
        ),
        pytest.param(
            hours(24, memory_used_bytes_max=None), ["memory_bytes_max"], None, id="nor is memory 0 then"
        ),
        pytest.param(
            hours(30, cpu_requested_core_seconds=lambda number: 3600.0 * (2 if number < 29 else 1)),
            ["cpu_requested_cores"],
            1.0,
            id="the request is that of the newest hour",
        ),
        pytest.param(
            [pod_hour(0), pod_hour(1, cpu_requested_core_seconds=None)],
            ["cpu_requested_cores"],
            0.5,
            id="or of the newest hour that it is known of",
        ),
        pytest.param(
            [pod_hour(0, running_seconds=0.0)], ["cpu_requested_cores"], None, id="none is of no time at all"
        ),
        pytest.param(
            [pod_hour(0, running_seconds=1800.0, cpu_requested_core_seconds=900.0)],
            ["cpu_requested_cores"],
            0.5,
            id="half an hour asks for as much as a whole one",
        ),
        pytest.param(
            [
                pod_hour(0, oom_kills=1, memory_limit_bytes=256 * MIB),
                pod_hour(1, oom_kills=2, memory_limit_bytes=512 * MIB),
                pod_hour(2, memory_limit_bytes=1024 * MIB),
            ],
            ["oom_kills", "oom_limit_bytes", "memory_limit_bytes"],
            (3, 512 * MIB, 1024 * MIB),
            id="what it was killed at is not what it may have now",
        ),
        pytest.param(
            hours(2, gpu_seconds=7200.0, gpu_used_seconds=360.0),
            ["gpu_hours", "gpu_used_hours"],
            (4.0, 0.2),
            id="GPUs are in hours",
        ),
    ],
)
def test_what_is_read(tmp_path: Path, rows: list[Row], names: list[str], value: object) -> None:
    found = used(tmp_path, rows)
    values = tuple(getattr(found, name) for name in names)
    assert values == (value if isinstance(value, tuple) else (value,))


def test_only_one_cluster_and_namespace(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        [
            pod_hour(cluster=cluster, namespace=name)
            for cluster in ("prod", "dev")
            for name in ("shop", "risk")
        ],
    )
    assert len(container_uses(files)) == 4
    assert {use.container.cluster for use in container_uses(files, namespace="shop")} == {"prod", "dev"}
    (found,) = container_uses(files, "dev", "risk")
    assert found.container[:2] == ("dev", "risk")


def test_it_is_what_numpy_says_of_a_cluster_with_churn(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    rows = []
    for number in range(20 * 24):
        for workload in range(8):
            for pod in range(random.integers(0, 4)):
                peak = None if random.random() < 0.05 else float(random.gamma(2, 0.1))
                memory = float(random.integers(1, 2**31))
                rows.append(
                    pod_hour(
                        number,
                        workload=f"w{workload}",
                        uid=f"{workload}-{pod}",
                        cpu_used_cores_max=peak,
                        memory_used_bytes_max=memory,
                        running_seconds=float(random.integers(300, 3601)),
                    )
                )
    found = {use.container.workload: use for use in container_uses(written(tmp_path, rows))}
    for name, use in found.items():
        mine = [row for row in rows if row["workload"] == name]
        peaks: dict[datetime, float] = {}
        for row in mine:
            if row["cpu_used_cores_max"] is not None:
                peaks[row["hour"]] = max(peaks.get(row["hour"], 0.0), row["cpu_used_cores_max"])
        assert use.cpu_cores_p95 == np.percentile([*peaks.values()], 95, method="inverted_cdf")
        assert use.memory_bytes_max == max(row["memory_used_bytes_max"] for row in mine)
        assert use.running_hours == pytest.approx(sum(row["running_seconds"] for row in mine) / 3600)
        assert use.days == len({hour.date() for hour in peaks})
    assert len(found) == 8


def test_no_file_holds_nothing() -> None:
    assert container_uses([]) == []


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(LedgerError, match=r"bad\.parquet"):
        container_uses([tmp_path / "bad.parquet"])


def test_a_name_of_a_file_is_no_pattern(tmp_path: Path) -> None:
    (file,) = written(tmp_path, [pod_hour()])
    odd = file.rename(tmp_path / "a[1]*.parquet")
    (found,) = container_uses([odd])
    assert found.running_hours == 1.0
