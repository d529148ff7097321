"""A job that runs away is told once, while it runs, and corrected by its bill."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.evaluate import Evaluation, evaluate
from costwatch.model import Alert, AlertState
from costwatch.rules.runaway import Runaway
from tests.made.cluster_company import TEN, TODAY, Cluster, of_node
from tests.made.usage_by_hand import Row, node, workload

HOUR = timedelta(hours=1)
RULE = Runaway(name="Runaway", times=Decimal(3), min_cost=Decimal(5))


class Watched(Cluster):
    """Its cronjob costs $3 a day, and today runs away on the whole node, at $1 an hour."""

    def measure(self, now: datetime, hours: float, *others: Row) -> Evaluation:
        """What is known at ``now`` of a job that has run for so long today."""
        etl = workload("etl", "cronjob", cores=4, gib=16, hours=hours)
        elapsed = (now - TEN) / HOUR + 10
        self.usage.has(TODAY, [node(hours=min(24, elapsed))], [etl, *others])
        self.run(now)
        return evaluate(self.warehouse, [RULE], now)


@pytest.fixture
def cluster(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def only(found: Evaluation) -> Alert:
    (alert,) = found.alerts
    return alert


def test_it_fires_while_the_job_runs_and_says_that_it_is_provisional(cluster: Watched) -> None:
    assert cluster.measure(TEN - 2 * HOUR, 8).alerts == ()
    alert = only(cluster.measure(TEN, 10))
    assert (alert.state, alert.value, alert.label("team")) == (AlertState.FIRING, Decimal(10), "ml")
    assert alert.summary == (
        "provisional: ml · cronjob etl: $10.00 so far since 20 Oct 2026 (estimated); usual is at most "
        "$3.00 (its 19 runs before); $1.00 an hour on m5.xlarge; to stop it in prod: kubectl -n ml patch "
        "cronjob etl "
        """-p '{"spec":{"suspend":true}}'"""
    )
    assert alert.impact is not None
    assert alert.impact.amount == Decimal("730.5")


def test_it_comes_once_and_keeps_up_with_what_it_costs(cluster: Watched) -> None:
    first = cluster.measure(TEN, 10)
    later = cluster.measure(TEN + 3 * HOUR, 13)
    assert [alert.state for alert in first.changes] == [AlertState.FIRING]
    assert later.changes == ()
    assert (only(later).value, only(later).fired_at) == (Decimal(13), TEN)
    assert "$13.00 so far" in only(later).summary
    assert "now (was" not in only(later).summary


def test_it_is_over_when_the_job_does_not_run_any_more(cluster: Watched) -> None:
    cluster.measure(TEN, 10)
    other = workload("api", "deployment", cores=1, gib=1, hours=12)
    over = cluster.measure(TEN + 2 * HOUR, 10, other)
    (alert,) = over.changes
    assert (over.alerts, alert.state) == ((), AlertState.RESOLVED)
    assert alert.evidence["now"] == "ml · cronjob etl: does not run, came to $10.00 (estimated)"


def test_the_bill_corrects_what_was_told(cluster: Watched) -> None:
    cluster.measure(TEN, 10)
    cluster.measure(TEN + 2 * HOUR, 10, workload("api", "deployment", cores=1, gib=1, hours=12))
    days = [of_node(day, "48", ServiceName="Amazon EC2") for day in range(19, 24)]
    cluster.bill([*cluster.lines, *days])
    later = TEN + timedelta(days=6)
    cluster.run(later)
    (alert,) = evaluate(cluster.warehouse, [RULE], later).changes
    assert alert.summary.endswith("· 20 Oct is $40.00 now (was $10.00)")
    assert alert.state is AlertState.RESOLVED


def test_while_nothing_new_is_measured_it_stays(cluster: Watched) -> None:
    cluster.measure(TEN, 10)
    found = evaluate(cluster.warehouse, [RULE], TEN + 9 * HOUR)
    assert (only(found).state, found.changes) == (AlertState.FIRING, ())
