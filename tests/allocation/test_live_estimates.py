"""Usage that is not billed yet is priced at the last settled rate, and held against its bill later."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.model import Labels, Point, State, labels
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage import live_estimates as stored
from tests.made.cluster_company import OCTOBER, TEN, TODAY, Cluster, etl, of_node, train
from tests.made.company import Company
from tests.made.usage_by_hand import GIB, node, workload

pytestmark = pytest.mark.slow

LABELS = ("cluster", "namespace", "workload_kind", "workload")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_what_is_billed_is_told_by_the_bill_and_what_is_not_by_the_last_settled_rate(
    cluster: Cluster,
) -> None:
    cluster.today(etl(hours=4), train(hours=10))
    cluster.run(TEN)
    of_etl = {point.day.day: (point.value, point.state) for point in cluster.of("etl")}
    assert of_etl[17] == (Decimal(3), State.SETTLED)
    assert of_etl[19] == (Decimal(3), State.ESTIMATED)
    assert of_etl[20] == (Decimal(2), State.ESTIMATED)
    (point,) = cluster.of("train")
    assert (point.day, point.value, point.state) == (TODAY, Decimal(10), State.ESTIMATED)


def test_no_estimate_is_in_any_sum_of_the_bill(cluster: Cluster) -> None:
    cluster.today(train(hours=10))
    cluster.run(TEN)
    assert cluster.effective() == {"platform": Decimal(24 * 18)}


def test_running_it_again_changes_nothing(cluster: Cluster) -> None:
    cluster.today(etl(hours=4), train(hours=10))
    cluster.run(TEN)
    before = cluster.hashes("collection", "evaluation")
    cluster.allocate(TEN + timedelta(minutes=10))
    after = cluster.hashes("collection", "evaluation")
    assert {name for name in before if before[name] != after[name]} == set()


def test_what_grew_since_the_last_answer_runs_and_costs_so_much_an_hour(cluster: Cluster) -> None:
    cluster.today(etl(hours=4), train(hours=1))
    cluster.run(TEN)
    later = TEN + timedelta(hours=2)
    cluster.today(etl(hours=4), train(hours=3), hours=12)
    cluster.run(later)
    hourly = cluster.costs("running_cost_per_hour", ("workload", "instance_type"))
    assert hourly == {
        labels(workload="train", instance_type="m5.xlarge", currency="USD"): (
            Point(later, Decimal(1), State.ESTIMATED),
        )
    }


def test_a_rate_is_of_the_newest_settled_day_of_its_kind(cluster: Cluster) -> None:
    cluster.bill([*cluster.lines[:-4], of_node(15, "48", ServiceName="Amazon EC2")])
    cluster.today(train(hours=10))
    cluster.run(TEN)
    assert cluster.of("train")[-1].value == 20


def test_another_kind_of_node_is_priced_at_its_list_price(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, {"p4d.24xlarge": 32.0})
    cluster.today(
        workload("train", cores=4, gib=16, hours=10, on="gpu"),
        nodes=[node("gpu", hours=10, instance_type="p4d.24xlarge")],
    )
    cluster.run(TEN)
    assert cluster.of("train")[-1].value == 320
    with cluster.warehouse.read() as db:
        assert [one.basis for one in stored.of_day(db, TODAY)] == ["list"]
        assert {kind.instance_type: rate and rate.basis for kind, rate in stored.rates(db).items()} == {
            "m5.xlarge": "settled",
            "p4d.24xlarge": "list",
        }


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"instance_type": "p4d.24xlarge"}, id="another instance type"),
        pytest.param({"capacity_type": "spot"}, id="another purchase option"),
        pytest.param({"region": "us-east-1"}, id="another region"),
        pytest.param({"measured_seconds": 3600}, id="a node that was hardly measured"),
    ],
)
def test_what_has_neither_rate_nor_list_price_is_unknown(
    cluster: Cluster, columns: Mapping[str, Any]
) -> None:
    cluster.today(train(hours=10), nodes=[node(hours=10, **columns)])
    cluster.run(TEN)
    assert labels(workload="train", currency="USD") not in cluster.costs()
    with cluster.warehouse.read() as db:
        (one,) = stored.of_day(db, TODAY)
    assert (one.estimated_nano, one.currency, one.is_whole) == (None, "", False)


def test_what_ran_on_a_node_that_nobody_described_is_known_in_part(cluster: Cluster) -> None:
    cluster.today(
        train(hours=4),
        workload("train", cores=4, gib=16, hours=6, on="elsewhere"),
        nodes=[node(hours=10), node(hours=10)],  # twice by two sources
    )
    cluster.run(TEN)
    assert cluster.of("train")[-1].value == 4
    with cluster.warehouse.read() as db:
        (one,) = stored.of_day(db, TODAY)
    assert (one.is_whole, one.running_seconds) == (False, 10 * 3600)


def test_the_bill_takes_the_place_of_an_estimate_and_its_error_is_kept(cluster: Cluster) -> None:
    cluster.today(train(hours=24), hours=24)
    cluster.run(TEN)
    assert cluster.of("train")[-1].value == 24
    later = TEN + timedelta(days=6)
    billed = [of_node(day, "30", ServiceName="Amazon EC2") for day in range(19, 24)]
    cluster.bill([*cluster.lines, *billed])
    cluster.run(later)
    (point,) = cluster.of("train")
    assert (point.value, point.state) == (Decimal(30), State.SETTLED)
    with cluster.warehouse.read() as db:
        (one,) = stored.of_day(db, TODAY)
        pairs = stored.accuracy_pairs(db, TODAY)
    assert (one.estimated_nano, one.billed_nano) == (24 * 10**9, 30 * 10**9)
    assert pairs == [(24 * 10**9, 30 * 10**9)]


def test_a_restated_day_is_held_against_its_newest_bill(cluster: Cluster) -> None:
    cluster.today(train(hours=10))
    cluster.run(TEN)
    cluster.bill([*cluster.lines[:-2], *(of_node(day, "12", ServiceName="Amazon EC2") for day in (17, 18))])
    cluster.run(TEN + timedelta(hours=1))
    assert {point.day.day: point.value for point in cluster.of("etl")}[17] == Decimal("1.5")
    assert cluster.of("train")[-1].value == 5


def test_a_workload_is_its_labels_team_s_or_its_namespace_s(cluster: Cluster) -> None:
    cluster.today(
        workload("labelled", cores=1, gib=1, hours=1, labels='{"team":"Platform"}'),
        workload("spaced", cores=1, gib=1, hours=1, namespace="x", labels='{"namespace:team":"platform"}'),
        workload("train", cores=1, gib=1, hours=1),
        workload("nobodys", cores=1, gib=1, hours=1, namespace="x", labels="{broken"),
    )
    cluster.run(TEN)
    teams = {dict(key)["workload"]: dict(key)["team"] for key in cluster.costs(by=("workload", "team"))}
    assert teams == {
        "etl": "ml",
        "labelled": "platform",
        "spaced": "platform",
        "train": "ml",
        "nobodys": "unallocated",
    }


def test_resources_that_are_no_nodes_are_not_kept(cluster: Cluster) -> None:
    arn = "arn:aws:ec2:eu-west-1:1:instance/i-n1"
    cluster.bill(
        [
            *cluster.lines,
            of_node(18, "5", "other", ServiceName="Amazon EC2"),
            of_node(18, "7", ServiceName="Amazon EC2", ChargeCategory="Tax"),
            {**of_node(18, "1", ServiceName="Amazon EC2"), "ResourceId": arn},
        ]
    )
    cluster.run(TEN)
    with cluster.warehouse.read() as db:
        rows = db.execute("SELECT * FROM node_cost_day WHERE day = 20261018").fetchall()
    assert [tuple(row) for row in rows] == [(20261001, "k8s", "i-n1", 20261018, "USD", 25 * 10**9)]


def test_without_usage_there_is_nothing_to_do(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "platform"}]})
    company.bill([of_node(1, "24")])
    company.run(TEN)
    with company.warehouse.read() as db:
        assert WarehouseSnapshot(db, TEN).series("workload_cost", LABELS, OCTOBER) == {}
        assert stored.rates(db) == {}


def usage_of(cluster: Cluster, query: str, by: tuple[str, ...]) -> Mapping[Labels, Any]:
    return {key: points[-1].value for key, points in cluster.costs(query, by).items()}


def test_what_is_requested_and_not_used_costs_what_the_bill_says(cluster: Cluster) -> None:
    cluster.today(etl())
    cluster.run(TEN)
    unused = {
        part: {point.day.day: point.value for point in points}
        for part in ("cpu", "memory")
        for points in cluster.costs(f"{part}_unused_cost", ("cluster",)).values()
    }
    # Of an eighth of $24 three quarters are not used; 18 of 26 parts are CPU.
    assert unused["cpu"][17] == pytest.approx(Decimal(3 * 3 * 18) / 4 / 26)
    assert unused["memory"][17] == pytest.approx(Decimal(3 * 3 * 8) / 4 / 26)
    assert max(unused["cpu"]) == 18


def test_use_that_nobody_measured_is_not_zero(cluster: Cluster) -> None:
    unknown = {"cpu_used_core_seconds": None, "memory_used_byte_seconds": None}
    cluster.today(
        workload("seen", cores=2, gib=1, hours=10),
        workload("unseen", cores=2, gib=1, hours=10, **unknown),
        workload("greedy", cores=0, gib=0, hours=10, cpu_used_core_seconds=3600.0),
    )
    cluster.run(TEN)
    assert usage_of(cluster, "cpu_requested_core_hours", ("cluster",)) == {labels(cluster="prod"): 40}
    used = usage_of(cluster, "cpu_used_core_hours", ("workload",))
    assert used[labels(workload="seen")] == 5
    assert labels(workload="unseen") not in {
        key for key, points in cluster.costs("cpu_used_core_hours", ("workload",)).items()
    }
    efficiency = usage_of(cluster, "cpu_efficiency", ("workload",))
    assert efficiency == {
        labels(workload="etl"): Decimal("0.25"),
        labels(workload="seen"): Decimal("0.25"),
        labels(workload="greedy"): 1,
    }
    assert usage_of(cluster, "cpu_unused_core_hours", ("cluster",)) == {labels(cluster="prod"): 14}


def test_the_running_day_and_an_incomplete_one_are_estimated(cluster: Cluster) -> None:
    cluster.today(etl())
    cluster.run(TEN)
    states = {
        point.day.day: point.state
        for point in cluster.costs("node_coverage", ("cluster",))[labels(cluster="prod")]
    }
    assert states == {**dict.fromkeys(range(1, 20), State.SETTLED), 20: State.ESTIMATED}


def test_gibibytes_are_counted_in_hours(cluster: Cluster) -> None:
    cluster.today(workload("one", cores=1, gib=3, hours=2))
    cluster.run(TEN)
    assert usage_of(cluster, "memory_requested_gib_hours", ("workload",))[labels(workload="one")] == 6
    assert GIB == 1073741824
