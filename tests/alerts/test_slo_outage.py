"""A total outage in a real Prometheus; collect, evaluate and deliver once a minute: a page within two."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.slo.breakdown import Breakdown
from collectors.slo.source import Slo
from costwatch.alerts.lifecycle import EXPLAINED
from costwatch.alerts.routing import RootRoute
from costwatch.collect import collect
from costwatch.deliver import deliver
from costwatch.evaluate import evaluate
from costwatch.model import Severity
from costwatch.rules.slo_burn import SloBurn
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.delivery_world import Recorder
from tests.made.slo_buckets import objective

MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
OUTAGE = FIRST + timedelta(hours=1)


def served() -> str:
    """Two requests a second, scraped each 15 s; for two minutes all fail, one a second on each route."""
    lines = ["# TYPE http_requests counter"]
    for route in ("/pay", "/buy"):
        for code in ("200", "500"):
            for at in range(0, 4500, 15):
                failed = min(max(at - 3600, 0), 120)
                count = at - failed if code == "200" else failed
                if code == "200" or failed:
                    labels = f'job="api",instance="i1",code="{code}",route="{route}"'
                    lines.append(f"http_requests_total{{{labels}}} {count} {int(FIRST.timestamp()) + at}")
    lines.append("# TYPE up gauge")
    lines += [f'up{{job="api",instance="i1"}} 1 {int(FIRST.timestamp()) + at}' for at in range(0, 4500, 15)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.mark.prometheus
def test_a_page_within_two_minutes_tells_which_routes_fail(tmp_path: Path) -> None:
    warehouse, oncall = Warehouse(tmp_path / "costwatch.db"), Recorder("oncall")
    rule = SloBurn(name="Burn", drivers=("code", "route"))
    route = RootRoute(receiver="oncall", group_wait=timedelta())
    told: list[datetime] = []
    with real_prometheus(tmp_path / "server", served()) as url:
        source = Slo(name="slos", url=url).with_objectives([objective()])
        for minute in range(-2, 4):
            now = OUTAGE + minute * MINUTE
            (run,) = collect(warehouse, tmp_path / "ledger", [source], now)
            assert not run.error
            evaluate(warehouse, [rule], now, live={"sli_bad_events": Breakdown([source])})
            deliver(warehouse, route, [oncall], {}, "", now)  # type: ignore[list-item]
            told += [now] * (len(oncall.got) - len(told))
    (alert,) = oncall.got[0][0].alerts
    assert told[0] - OUTAGE <= 2 * MINUTE
    assert alert.severity is Severity.PAGE
    assert alert.evidence[EXPLAINED]["bad events"] == "code=500 route=/buy 60, code=500 route=/pay 60 of 120"
    assert sum(part.amount for part in alert.drivers) == 120
