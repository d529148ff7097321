"""A real source of a driver: MariaDB's time by schema, by its exporter and Prometheus, all Debian's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from tests.doubles.mariadb import scraped_mariadb

pytestmark = [pytest.mark.mariadb, pytest.mark.prometheus]

BUSY_SECONDS = {"payments_db": 0.6, "shop": 0.2}
SECONDS = "mysql_perf_schema_events_statements_seconds_total"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with (
        scraped_mariadb(tmp_path_factory.mktemp("mysql"), BUSY_SECONDS) as (_, url),
        Prometheus(PrometheusSettings(name="mysql", url=url)) as asked,
    ):
        yield asked


def test_each_schema_has_the_time_it_was_busy(prometheus: Prometheus) -> None:
    answer = prometheus.query(f"sum by (schema) ({SECONDS})", datetime.now(UTC))
    told = {each.labels["schema"]: float(each.values[0]) for each in answer.series}
    assert told.keys() == BUSY_SECONDS.keys()
    assert all(busy < told[schema] for schema, busy in BUSY_SECONDS.items())
    assert told["shop"] < told["payments_db"]
