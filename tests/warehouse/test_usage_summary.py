"""Day sums of usage: what is stored of workloads and nodes, and no more, whenever it was stored."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.model import Batch, Window
from costwatch.plugins import CollectorSettings, Table
from costwatch.warehouse.store import Warehouse
from costwatch.warehouse.usage.reading import Taken, capacity_of, days_held, use_of
from tests.made.usage_rows import DAY, FIRST, GIB, Pods, Row, hours, node_day, pod_hour, run, stored

AFTER = FIRST + 30 * DAY
SUMMED = ("cpu_requested_core_seconds", "cpu_used_core_seconds", "cpu_core_seconds")


def uses(
    warehouse: Warehouse, grain: str = "workload", first: date = FIRST, after: date = AFTER
) -> list[Any]:
    with warehouse.read() as db:
        return sorted(use_of(db, first, after, grain))


def test_nodes_are_summed_up(tmp_path: Path) -> None:
    rows = [*hours(24), *hours(12, node="n2", instance="i-2", uid="u2")]
    (found,) = uses(stored(tmp_path, rows))
    assert found[:5] == ("prod", "shop", "deployment", "api", '{"team":"risk"}')
    assert found.cpu == Taken(36 * 1800.0, 36 * 1800.0, 36 * 360.0, 36 * 1800.0)
    assert found.memory == Taken(*(36 * 3600 * GIB * part for part in (1, 1, 0.5, 1)))
    assert found.gpu == Taken(0.0, None, None, None)


def test_a_namespace_is_all_its_workloads_and_labels(tmp_path: Path) -> None:
    warehouse = stored(
        tmp_path, [pod_hour(), pod_hour(workload="web", labels=""), pod_hour(namespace="risk")]
    )
    assert len(uses(warehouse)) == 3
    assert [(use.namespace, use.workload, use.cpu.requested) for use in uses(warehouse, "namespace")] == [
        ("risk", "", 1800.0),
        ("shop", "", 3600.0),
    ]


@pytest.mark.parametrize(
    ("rows", "cpu"),
    [
        pytest.param(
            [pod_hour(cpu_used_core_seconds=None)],
            Taken(1800.0, None, None, 1800.0),
            id="what was never measured is unknown",
        ),
        pytest.param(
            [pod_hour(), pod_hour(node="n2", cpu_used_core_seconds=None)],
            Taken(3600.0, 1800.0, 360.0, 3600.0),
            id="use is held against the requests that it is known of",
        ),
        pytest.param(
            [pod_hour(cpu_requested_core_seconds=None, cpu_core_seconds=None)],
            Taken(None, None, 360.0, None),
            id="a request may be unknown, too",
        ),
        pytest.param(
            [pod_hour(cpu_requested_core_seconds=0.0, cpu_core_seconds=360.0)],
            Taken(0.0, 0.0, 360.0, 360.0),
            id="and nothing may be requested, which is known",
        ),
    ],
)
def test_unknown_is_not_nothing(tmp_path: Path, rows: list[Row], cpu: Taken) -> None:
    for grain in ("workload", "namespace"):
        (found,) = uses(stored(tmp_path / grain, rows), grain)
        assert found.cpu == cpu


def test_a_day_that_is_read_again_is_replaced_and_no_other(tmp_path: Path) -> None:
    source = Pods(name="k8s")
    warehouse = Warehouse(tmp_path / "costwatch.db")
    source.says(hours(48))
    run(warehouse, source)
    source.says([*hours(24, workload="web"), *hours(48)[24:]])
    run(warehouse, source)
    found = {use.workload: use.cpu.requested for use in uses(warehouse)}
    assert found == {"api": 24 * 1800.0, "web": 24 * 1800.0}
    source.says(hours(24))
    run(warehouse, source)
    assert [(use.workload, use.cpu.requested) for use in uses(warehouse)] == [("api", 24 * 1800.0)]


def test_two_sources_are_side_by_side(tmp_path: Path) -> None:
    warehouse, east, west = Warehouse(tmp_path / "costwatch.db"), Pods(name="east"), Pods(name="west")
    east.says(hours(24, cluster="east"), [node_day(cluster="east")])
    west.says(hours(24, cluster="west"), [node_day(cluster="west")])
    run(warehouse, east, west)
    west.says([])
    run(warehouse, west)
    assert [use.cluster for use in uses(warehouse)] == ["east"]
    with warehouse.read() as db:
        assert capacity_of(db, FIRST, AFTER).keys() == {"east"}


def test_only_the_days_that_are_asked_for(tmp_path: Path) -> None:
    warehouse = stored(tmp_path, hours(72), [node_day(FIRST + number * DAY) for number in range(3)])
    (found,) = uses(warehouse, first=FIRST + DAY, after=FIRST + 2 * DAY)
    assert found.cpu.requested == 24 * 1800.0
    with warehouse.read() as db:
        assert days_held(db) == (FIRST, FIRST + 2 * DAY)
        assert capacity_of(db, FIRST + DAY, FIRST + 2 * DAY)["prod"].expected_seconds == 86400.0


def test_capacity_is_of_what_was_measured(tmp_path: Path) -> None:
    nodes = [node_day(), node_day(node="n2", measured_seconds=43200.0, gpus=2.0)]
    with stored(tmp_path, hours(24), nodes).read() as db:
        (found,) = capacity_of(db, FIRST, AFTER).values()
    assert (found.cpu, found.memory) == (4 * 129600.0, 16 * GIB * 129600.0)
    assert (found.gpu, found.measured_seconds, found.expected_seconds) == (2 * 43200.0, 129600.0, 172800.0)


def test_nothing_is_held_before_anything_is_stored(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    with warehouse.read() as db:
        assert days_held(db) is None
        assert capacity_of(db, FIRST, AFTER) == {}


class Odd(CollectorSettings):
    """A stranger's tables of the same names."""

    role: None = None
    tables: ClassVar[tuple[Table, ...]] = (
        Table("workload_days", {"workload": "text"}),
        Table("node_days", {"node": "text"}),
    )

    def collect(self, window: Window) -> Iterator[Batch]:
        for table, column in (("workload_days", "workload"), ("node_days", "node")):
            rows = pa.RecordBatch.from_pydict({column: ["x"]})
            yield Batch(table, Window.of_days(FIRST, FIRST + DAY), "1", lambda rows=rows: iter([rows]))


def test_tables_that_only_bear_the_names_are_stored_as_they_are(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    run(warehouse, Odd(name="odd"))  # type: ignore[arg-type]
    assert uses(warehouse) == []
    with warehouse.read() as db:
        assert [tuple(row) for row in db.execute("SELECT workload FROM x_workload_days")] == [("x",)]


said = st.lists(
    st.tuples(
        st.integers(0, 71),
        st.sampled_from(["prod", "dev"]),
        st.sampled_from(["n1", "n2"]),
        st.sampled_from(["api", "web"]),
        st.sampled_from(['{"team":"risk"}', ""]),
        st.none() | st.integers(0, 3600),
        st.none() | st.integers(0, 3600),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(said, min_size=1, max_size=3))
def test_sums_are_those_of_the_rows_however_often_they_were_stored(readings: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        warehouse, source = Warehouse(Path(folder) / "costwatch.db"), Pods(name="k8s")
        for reading in readings:
            source.says(
                pod_hour(
                    number,
                    cluster=cluster,
                    node=node,
                    workload=workload,
                    labels=labels,
                    cpu_requested_core_seconds=None if requested is None else float(requested),
                    cpu_used_core_seconds=None if used is None else float(used),
                )
                for number, cluster, node, workload, labels, requested, used in reading
            )
            run(warehouse, source)
        with warehouse.read() as db:
            if not days_held(db):
                return
            sums = ", ".join(f"SUM({name})" for name in SUMMED)
            expected = [tuple(row) for row in db.execute(f"SELECT {sums} FROM x_workload_days")]
            for grain in ("workload", "namespace"):
                of_grain = "SELECT id FROM usage_group WHERE grain = ?"
                sql = f"SELECT {sums} FROM usage_day WHERE usage_group IN ({of_grain})"
                assert [tuple(row) for row in db.execute(sql, (grain,))] == expected
        found = uses(warehouse)
        assert sum(use.cpu.requested or 0 for use in found) == (expected[0][0] or 0)
