"""The demo's made history of objectives through a real Prometheus: what is collected is what was made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from collectors.slo import Slo
from costwatch import demo
from costwatch.collect import collect
from costwatch.config import load_config
from costwatch.demo.slo_series import SECONDS, CompanySlos, SloSeries, openmetrics
from costwatch.warehouse.slo.definitions import instances
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SHOWN = timedelta(days=13)  # with the incident, the slow burn and the hours that nobody saw


def newest(one: SloSeries) -> SloSeries:
    start = one.at(NOW - SHOWN)
    return replace(
        one, first=NOW - SHOWN, bad=one.bad[start:], total=one.total[start:], is_known=one.is_known[start:]
    )


@pytest.mark.prometheus
def test_a_real_prometheus_tells_what_the_files_of_the_demo_tell(tmp_path: Path) -> None:
    plan = demo.plan(NOW, 7, 60, 5_000)
    demo.write_configuration(tmp_path, plan)
    made = [newest(one) for one in CompanySlos(plan).series]
    with real_prometheus(tmp_path / "prometheus", "\n".join(openmetrics(tuple(made)))) as url:
        source = Slo(name="slos", url=url).with_objectives(
            load_config(tmp_path / "costwatch.yaml").objectives
        )
        warehouse = Warehouse(tmp_path / "db")
        (found,) = collect(warehouse, tmp_path / "ledger", [source], NOW)
    assert found.error == ""
    with warehouse.read() as db:
        numbers = {(each.slo, each.labels): each.id for each in instances(db)}
        for one in made:
            if not one.total.any():
                continue
            sql = "SELECT start, good, total, known_seconds FROM sli WHERE instance = ? ORDER BY start"
            rows = {row[0]: row for row in db.execute(sql, (numbers[one.slo.id, one.labels],))}
            first = int(one.first.timestamp())
            known = np.flatnonzero(one.is_known)[1:].tolist()  # before the first sample there was none
            wanted = {
                first + n * SECONDS: (one.total_units[n] - one.bad_units[n], one.total_units[n])
                for n in known
            }
            got = {start: (row["good"], row["total"]) for start, row in rows.items() if row["known_seconds"]}
            assert {*wanted} <= {*got}, one.slo.id
            for start, pair in wanted.items():
                assert got[start] == pytest.approx(pair, rel=1e-5, abs=0.01), (one.slo.id, start)
