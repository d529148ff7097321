"""What status and doctor say of live estimates."""

import json
from pathlib import Path

import pytest

from costwatch.answers.estimates import LiveEstimates, live_estimates
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.commands.test_usage import golden
from tests.made.cluster_company import LATER, TEN, Cluster, billed, train
from tests.made.command_line import Costwatch, configure
from tests.made.usage_by_hand import node


def told(cluster: Cluster, now=LATER) -> LiveEstimates:
    with cluster.warehouse.read() as db:
        return live_estimates(WarehouseSnapshot(db, now))


@pytest.mark.parametrize(
    ("cost", "finding"),
    [
        pytest.param("24", "", id="right to the cent"),
        pytest.param("27", "", id="within what is tolerated"),
        pytest.param(
            "48",
            "live estimates of 30 days were off the bill by 50 % (median) and 50 % (90 of 100), in 3 "
            "workload days, above 15 %; see whether commitments or prices changed, and go by the bill "
            "until it is less",
            id="off by half",
        ),
    ],
)
def test_estimates_that_are_far_off_the_bill_are_a_finding(tmp_path: Path, cost: str, finding: str) -> None:
    assert told(billed(tmp_path, cost)).finding == finding


def test_how_far_off_they_were_is_told(tmp_path: Path) -> None:
    assert told(billed(tmp_path, "30")).sentence == (
        "live estimates of 30 days were off the bill by 20 % (median) and 20 % (90 of 100), in 3 workload "
        "days"
    )


def test_nodes_without_a_price_are_named(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.today(train(hours=10), nodes=[node(hours=10, instance_type="p4d\x1b", capacity_type="spot")])
    cluster.run(TEN)
    (text,) = told(cluster, TEN).unpriced
    assert text.startswith(r"p4d\x1b eu-west-1 spot: no settled rate and no list price, so that what")


def test_today_so_far_is_told_by_currency(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.today(train(hours=10))
    cluster.run(TEN)
    assert told(cluster, TEN).today == {"USD": 10}


def test_status_exits_3_while_they_are_far_off(costwatch: Costwatch, tmp_path: Path) -> None:
    billed(tmp_path, "48")
    configure(tmp_path)
    done = costwatch("--now", LATER.isoformat(), "--db", tmp_path / "costwatch.db", "status", "--json")
    assert done.err == ""
    found = json.loads(done.out)["live_estimates"]
    assert (done.code, found["median_error"], found["p90_error"]) == (3, "0.5000", "0.5000")


@pytest.fixture
def estimate(costwatch: Costwatch, tmp_path: Path) -> Costwatch:
    """The command, asked on the morning of the 20th of a company with a node that nobody can price."""
    cluster = Cluster(tmp_path)
    nodes = [node(hours=10), node("n2", hours=10, instance_type="p4d\x1b[31m", capacity_type="spot")]
    cluster.today(train(hours=10), nodes=nodes)
    cluster.run(TEN)
    configure(tmp_path)
    where = ("--now", TEN.isoformat(), "--db", tmp_path / "costwatch.db")
    return lambda *arguments: costwatch(*where, "usage", "estimate", *arguments)


def test_usage_estimate_tells_rates_today_and_what_has_none(estimate: Costwatch) -> None:
    shown = estimate()
    assert (shown.code, shown.err) == (0, "")
    golden("usage-estimate.txt", shown.out)
    answer = estimate("--json").json
    assert [(rate["hourly"], rate["basis"], rate["rate_day"]) for rate in answer["rates"]] == [
        ("1.000000000", "settled", "2026-10-17"),
        (None, "", None),
    ]
    assert (answer["today"], answer["median_error"], answer["workload_days"]) == (
        {"USD": "10.000000000"},
        None,
        0,
    )
    assert "\x1b" not in json.dumps(answer["unpriced"])


def test_usage_estimate_tells_how_far_off_it_was(costwatch: Costwatch, tmp_path: Path) -> None:
    billed(tmp_path, "48")
    configure(tmp_path)
    shown = costwatch("--now", LATER.isoformat(), "--db", tmp_path / "costwatch.db", "usage", "estimate")
    assert (
        "were off the bill by 50 % (median) and 50 % (90 of 100), in 3 workload days, above 15 %" in shown.out
    )


def test_usage_estimate_before_anything_was_collected_says_what_to_do(
    costwatch: Costwatch, tmp_path: Path
) -> None:
    configure(tmp_path)
    assert costwatch("db", "migrate").code == 0
    shown = costwatch("usage", "estimate")
    assert (shown.code, shown.out) == (0, "")
    assert "add a source of kind kubernetes to costwatch.yaml" in shown.err
    assert costwatch("usage", "estimate", "--json").json["rates"] == []
