"""A real source of a driver: MariaDB's time by schema, by its exporter and Prometheus, all Debian's."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.prometheus import Prometheus, PrometheusSettings
from costwatch import cli
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.store import Warehouse
from tests.doubles.mariadb import scraped_mariadb
from tests.made.bills import line, write_csv
from tests.made.command_line import configure

pytestmark = [pytest.mark.mariadb, pytest.mark.prometheus]

BUSY_SECONDS = {"payments_db": 0.6, "shop": 0.2}
SECONDS = "mysql_perf_schema_events_statements_seconds_total"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    left = HOUR - timedelta(seconds=time.time() % HOUR.total_seconds())
    if left < timedelta(minutes=1):  # what grows from one hour to the next is of neither
        time.sleep(left.total_seconds())
    with scraped_mariadb(tmp_path_factory.mktemp("mysql"), BUSY_SECONDS) as (_, served):
        yield served


def test_each_schema_has_the_time_it_was_busy(url: str) -> None:
    with Prometheus(PrometheusSettings(name="mysql", url=url)) as prometheus:
        answer = prometheus.query(f"sum by (schema) ({SECONDS})", datetime.now(UTC))
    told = {each.labels["schema"]: float(each.values[0]) for each in answer.series}
    assert told.keys() == BUSY_SECONDS.keys()
    assert all(busy < told[schema] for schema, busy in BUSY_SECONDS.items())
    assert told["shop"] < told["payments_db"]


def test_the_bill_of_the_database_is_split_by_it(url: str, tmp_path: Path) -> None:
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    now = day + timedelta(days=1, hours=3)  # when the day is over, and nothing more comes of it
    billed(tmp_path, day, "12")
    configuration: dict[str, Any] = {
        "sources": [
            {"name": "aws", "kind": "exports", "location": "bill"},
            {"name": "mysql", "kind": "promql", "url": url, "measures": [{"preset": "mysql_time"}]},
        ],
        "teams": [{"name": "payments"}, {"name": "shop"}],
        "pools": [
            {
                "name": "mysql",
                "split": "driver",
                "match": {"ServiceName": "RDS"},
                "driver": "mysql_time",
                "label": "schema",
                "owners": {"payments_db": "payments"},
                "min_coverage": 0,  # of the day, an hour was measured
            }
        ],
    }
    configure(tmp_path, yaml.safe_dump(configuration))
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(tmp_path / "costwatch.yaml"), step], now) == 0
    with Warehouse(tmp_path / "costwatch.db").read() as db:
        found = {
            row.labels["team"]: row.amount()
            for row in cost(db, day.date(), (day + timedelta(days=1)).date(), ("team",))
        }
    assert sum(found.values()) == 12
    assert found.keys() == {"payments", "shop"}
    # Prometheus stretches what it saw over the ends of the hour: of both schemas alike.
    assert found["payments"] / found["shop"] == pytest.approx(Decimal(3), rel=Decimal("0.2"))


def billed(folder: Path, day: datetime, cost_: str) -> None:
    """A line of RDS on that day."""
    month = day.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    columns = {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": after,
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day + timedelta(days=1),
    }
    instants = {name: f"{instant:%Y-%m-%dT%H:%M:%SZ}" for name, instant in columns.items()}
    amounts = {"BilledCost": cost_, "EffectiveCost": cost_}
    write_csv(folder / "bill" / "bill.csv", [line(**instants, **amounts, ServiceName="RDS")])
