"""Requests against use, idle and efficiency: by cluster, namespace, workload and label."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.usage import UsageAnswer, UsageRow, held_days, known, usage
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.usage_rows import DAY, FIRST, Row, hostile_names, hours, node_day, pod_hour, stored

NOW = datetime(2026, 12, 1, tzinfo=UTC)
RISK, WEB = '{"namespace:team":"risk","team":"risk"}', '{"app":"web","team":"web"}'


def asked(warehouse: Warehouse, by: str, days: int = 30, **where: list[str]) -> UsageAnswer:
    named = {name.replace("label_", "label:"): values for name, values in where.items()}
    with warehouse.read() as db:
        return usage(WarehouseSnapshot(db, NOW), by, FIRST, FIRST + days * DAY, named)


def row_of(warehouse: Warehouse, by: str = "cluster") -> UsageRow:
    (found,) = asked(warehouse, by).rows
    return found


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    rows = [
        *hours(24, labels=RISK),
        *hours(24, workload="web", labels=WEB, cpu_requested_core_seconds=7200.0, cpu_core_seconds=7200.0),
        *hours(24, namespace="kube-system", workload="dns", workload_kind="daemonset", labels=""),
        *hours(24, cluster="dev", labels=WEB),
    ]
    return stored(tmp_path_factory.mktemp("company"), rows, [node_day(), node_day(cluster="dev", node="d1")])


def requested(answer: UsageAnswer) -> dict[tuple[str, ...], float | None]:
    return {tuple(row.labels.values()): row.cpu.requested for row in answer.rows}


@pytest.mark.parametrize(
    ("by", "core_hours"),
    [
        pytest.param("cluster", {("prod",): 72.0, ("dev",): 12.0}, id="by cluster"),
        pytest.param(
            "namespace",
            {("prod", "shop"): 60.0, ("dev", "shop"): 12.0, ("prod", "kube-system"): 12.0},
            id="a namespace of two clusters is two",
        ),
        pytest.param(
            "workload",
            {
                ("prod", "shop", "deployment/web"): 48.0,
                ("dev", "shop", "deployment/api"): 12.0,
                ("prod", "kube-system", "daemonset/dns"): 12.0,
                ("prod", "shop", "deployment/api"): 12.0,
            },
            id="by workload, with its kind",
        ),
        pytest.param(
            "label:team",
            {("web",): 60.0, ("",): 12.0, ("risk",): 12.0},
            id="by a label, and what has none stands by itself",
        ),
        pytest.param(
            "label:namespace:team", {("",): 72.0, ("risk",): 12.0}, id="labels of namespaces have their own"
        ),
    ],
)
def test_groups_add_up_to_the_whole(
    company: Warehouse, by: str, core_hours: dict[tuple[str, ...], float]
) -> None:
    found = requested(asked(company, by))
    assert found == core_hours
    assert sum(found.values()) == 84.0  # type: ignore[arg-type]
    assert list(found.values()) == sorted(found.values(), reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("where", "core_hours"),
    [
        pytest.param({"cluster": ["prod"]}, 72.0, id="one cluster"),
        pytest.param({"namespace": ["shop"], "cluster": ["prod"]}, 60.0, id="a namespace of one cluster"),
        pytest.param({"workload": ["deployment/api"]}, 24.0, id="a workload, wherever it is"),
        pytest.param({"label_team": ["risk", "web"]}, 72.0, id="any of two values"),
        pytest.param({"label_team": [""]}, 12.0, id="what has no such label"),
        pytest.param({"label_team": ["risk"], "namespace": ["kube-system"]}, 0, id="nothing fits both"),
    ],
)
@pytest.mark.parametrize("by", ["cluster", "namespace", "workload", "label:app"])
def test_filters(company: Warehouse, by: str, where: dict[str, list[str]], core_hours: float) -> None:
    found = asked(company, by, **where).rows
    assert sum(row.cpu.requested or 0.0 for row in found) == core_hours


def test_amounts_are_hours(company: Warehouse) -> None:
    (found,) = asked(company, "cluster", cluster=["dev"]).rows
    assert (found.cpu.requested, found.cpu.used, found.cpu.larger) == pytest.approx((12.0, 2.4, 12.0))
    assert (found.memory.requested, found.memory.used) == pytest.approx((24.0, 12.0))
    assert (found.cpu.efficiency, found.memory.efficiency) == pytest.approx((0.2, 0.5))
    assert (found.cpu.capacity, found.cpu.idle, found.cpu.unused) == pytest.approx((96.0, 84.0, 9.6))
    assert (found.memory.capacity, found.memory.idle) == pytest.approx((384.0, 360.0))
    assert found.coverage == 1.0


def test_only_a_whole_cluster_has_capacity_and_idle(company: Warehouse) -> None:
    parts = [asked(company, "namespace"), asked(company, "cluster", namespace=["shop"])]
    assert {row.cpu.capacity for answer in parts for row in answer.rows} == {None}
    assert {row.cpu.idle for answer in parts for row in answer.rows} == {None}
    assert None not in {row.cpu.idle for row in asked(company, "cluster").rows}


@pytest.mark.parametrize(
    ("pods", "nodes", "read", "value"),
    [
        pytest.param(
            hours(24, cpu_core_seconds=5 * 3600.0),
            [node_day()],
            lambda row: row.cpu.idle,
            -24.0,
            id="idle is negative on an overcommitted node",
        ),
        pytest.param(
            hours(24),
            [],
            lambda row: (row.cpu.idle, row.coverage),
            (None, None),
            id="without nodes it is unknown",
        ),
        pytest.param(
            hours(24),
            [node_day(cpu_cores=None)],
            lambda row: (row.cpu.idle, row.memory.idle),
            (None, 360.0),
            id="so it is where nobody knows what they have",
        ),
        pytest.param(
            hours(24),
            [node_day(measured_seconds=43200.0)],
            lambda row: (row.coverage, row.cpu.capacity),
            (0.5, 48.0),
            id="coverage is the measured share, and capacity is of that",
        ),
        pytest.param(
            hours(24, cpu_used_core_seconds=None),
            [node_day()],
            lambda row: (row.cpu.used, row.cpu.efficiency, row.cpu.unused, row.cpu.is_partly_known),
            (None, None, None, False),
            id="unknown use has no efficiency, and is not 0",
        ),
        pytest.param(
            [pod_hour(), pod_hour(node="n2", cpu_used_core_seconds=None)],
            [node_day()],
            lambda row: (row.cpu.requested, row.cpu.used, row.cpu.efficiency, row.cpu.is_partly_known),
            (1.0, 0.1, 0.2, True),
            id="what was measured is held against its own requests",
        ),
        pytest.param(
            hours(24, cpu_requested_core_seconds=0.0),
            [node_day()],
            lambda row: row.cpu.efficiency,
            1.0,
            id="use without a request is efficient",
        ),
        pytest.param(
            hours(24, cpu_requested_core_seconds=0.0, cpu_used_core_seconds=0.0),
            [node_day()],
            lambda row: row.cpu.efficiency,
            None,
            id="neither request nor use has no efficiency",
        ),
        pytest.param(
            hours(24, gpu_seconds=3600.0, gpu_used_seconds=720.0),
            [node_day(gpus=4.0)],
            lambda row: (row.gpu.requested, row.gpu.efficiency, row.gpu.capacity, row.gpu.idle),
            (24.0, 0.2, 96.0, 72.0),
            id="GPUs are idle where nobody requests them",
        ),
    ],
)
def test_what_is_known_of_a_cluster(
    tmp_path: Path, pods: list[Row], nodes: list[Row], read: Callable[[UsageRow], Any], value: Any
) -> None:
    assert read(row_of(stored(tmp_path, pods, nodes))) == pytest.approx(value)


def test_a_cluster_without_a_pod_is_all_idle(tmp_path: Path) -> None:
    warehouse = stored(tmp_path, hours(24), [node_day(), node_day(cluster="rested", gpus=2.0)])
    found = {row.labels["cluster"]: row for row in asked(warehouse, "cluster").rows}
    rested = found["rested"]
    assert (rested.cpu.idle, rested.memory.idle, rested.gpu.idle) == pytest.approx((96.0, 384.0, 48.0))
    assert (rested.cpu.efficiency, rested.coverage) == (None, 1.0)
    (only,) = asked(warehouse, "cluster", cluster=["rested"]).rows
    assert only == rested
    assert len(asked(warehouse, "cluster", namespace=["shop"]).rows) == 1


def test_the_days_held_are_those_that_were_stored(tmp_path: Path) -> None:
    def held(warehouse: Warehouse) -> Any:
        with warehouse.read() as db:
            return held_days(WarehouseSnapshot(db, NOW))

    assert held(stored(tmp_path / "young", hours(48))) == (FIRST, FIRST + 2 * DAY)
    old = stored(tmp_path / "old", [pod_hour(), pod_hour(29 * 24), pod_hour(24 * -20)])
    assert held(old) == (FIRST - 20 * DAY, FIRST + 30 * DAY)


def test_every_name_is_known(company: Warehouse) -> None:
    with company.read() as db:
        found = known(WarehouseSnapshot(db, NOW))
    assert found == {
        "cluster": {"prod", "dev"},
        "namespace": {"shop", "kube-system"},
        "workload": {"deployment/api", "deployment/web", "daemonset/dns"},
        "label:team": {"risk", "web"},
        "label:app": {"web"},
        "label:namespace:team": {"risk"},
    }


@pytest.mark.parametrize("labels", ["", "no json", "[1]", "null", '{"team":', '"x"'])
def test_labels_that_are_none_are_no_labels(tmp_path: Path, labels: str) -> None:
    assert row_of(stored(tmp_path, hours(1, labels=labels)), "label:team").labels == {"label:team": ""}


def test_names_are_values_whatever_they_say(tmp_path: Path) -> None:
    names = hostile_names()
    warehouse = stored(tmp_path, hours(1, **names, labels='{"team":"\\u0000\' OR 1=1 --"}'))
    found = row_of(warehouse, "workload").labels
    assert found == {
        "cluster": names["cluster"],
        "namespace": names["namespace"],
        "workload": f"deployment/{names['workload']}",
    }
    assert row_of(warehouse, "label:team").labels == {"label:team": "\0' OR 1=1 --"}
