"""A month in a real Prometheus against the truth of its arrays, and against what Prometheus computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from collectors.slo import Slo
from costwatch.collect import Collected, collect
from costwatch.model import Window
from costwatch.warehouse.slo.buckets import Stored, Sums, series, short_windows, sums
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.slo_history import (
    BORN,
    DAY,
    FIRST,
    GAP,
    GAP_HOURS,
    HOUR,
    INCIDENT,
    MINUTE,
    RESET,
    History,
    made,
    objective,
)

pytestmark = pytest.mark.prometheus

ERRORS = 'http_requests_total{job="api",code=~"5.."}'
# What an SLI is that every five minutes weigh alike in, as Sloth's optimised rules have it.
BY_TIME = f"sum(rate({ERRORS}[5m])) / sum(rate(http_requests_total[5m]))"
POINTS = 500


def left(of: Sums, target: float = 0.999) -> float:
    return 1 - (of.total - of.good) / ((1 - target) * of.total)


@dataclass(frozen=True)
class Month:
    """history: the truth. url: of a server that knows what was scraped of it."""

    history: History
    url: str
    warehouse: Warehouse

    @property
    def window(self) -> Window:
        return Window(FIRST, self.history.end)

    def run(self, url: str = "", window: Window | None = None) -> Collected:
        source = Slo(name="slos", url=url or self.url).with_objectives([objective()])
        ledger = self.warehouse.path.parent / "ledger"
        (done,) = collect(self.warehouse, ledger, [source], self.history.end, window=window)
        assert (done.error, done.note) == ("", "")
        return done

    def sums(self, window: Window) -> Sums:
        with self.warehouse.read() as db:
            (found,) = sums(db, window).values()
        return found

    def buckets(self) -> list[Stored]:
        with self.warehouse.read() as db:
            return series(db, [1], self.window)[1]

    def ask(self, promql: str, at: object) -> float:
        with Prometheus(PrometheusSettings(name="p", url=self.url)) as prometheus:
            (found,) = prometheus.query(promql, at).series  # type: ignore[arg-type]
        return float(found.values[0])


@pytest.fixture(scope="module", params=[0, 7.3, 41], ids="scraped {} s after each minute".format)
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Collected once, as a first run does."""
    folder, history = tmp_path_factory.mktemp("slo"), made()
    with real_prometheus(folder / "server", history.openmetrics(request.param)) as url:
        found = Month(history, url, Warehouse(folder / "costwatch.db"))
        found.run()
        yield found


def test_the_budget_is_that_of_the_truth_where_equal_weights_are_five_points_off(month: Month) -> None:
    truth = month.history.budget_left(month.window)
    found = month.sums(month.window)
    assert abs(left(found) - truth) < 0.0005
    assert found.total - found.good == month.history.bad.sum()  # each error once, wherever scrapes fall
    by_time = f"1 - avg_over_time(({BY_TIME} or on() vector(0))[30d:5m]) / 0.001"
    assert abs(month.ask(by_time, month.history.end) - truth) > 0.05


def test_what_nobody_scraped_is_bridged_and_the_rest_is_known(month: Month) -> None:
    found = month.sums(month.window)
    assert found.known_seconds == 30 * 86_400
    assert GAP_HOURS * 3600 - 300 <= found.bridged_seconds <= GAP_HOURS * 3600
    gap = Window(FIRST + GAP * DAY, FIRST + GAP * DAY + GAP_HOURS * HOUR)
    happened = month.history.total[int(GAP * 1440) : int(GAP * 1440) + GAP_HOURS * 60].sum()
    assert month.sums(gap).total == pytest.approx(happened, rel=0.01)


def test_collected_again_there_is_nothing_new(month: Month) -> None:
    before = month.buckets()
    assert month.run().outcome == "unchanged"
    assert month.run(window=month.window).rows.keys() <= {"sli"}
    recent = [bucket for bucket in before if bucket.seconds == 300]
    assert [bucket for bucket in month.buckets() if bucket.seconds == 300] == recent


def test_what_a_server_forgot_changes_nothing(month: Month, tmp_path: Path) -> None:
    """Of which only the last three days are left."""
    before = month.buckets()
    kept = month.history.end - 3 * DAY
    lines = month.history.openmetrics().splitlines()
    young = [line for line in lines if line[0] == "#" or float(line.split()[-1]) >= kept.timestamp()]
    with real_prometheus(tmp_path / "server", "\n".join([*young, ""])) as url:
        month.run(url)
        month.run(url, month.window)
    old = [bucket for bucket in before if bucket.start < kept]
    assert month.buckets()[: len(old)] == old
    assert left(month.sums(month.window)) == pytest.approx(month.history.budget_left(month.window), abs=5e-4)


LONG = (HOUR, 6 * HOUR, DAY, 3 * DAY)


# Where scrapes lie off the grid, increase() guesses what lies before the first one of a window.
@pytest.mark.parametrize("month", [0], indirect=True, ids="scraped {} s after each minute".format)
def test_burn_rates_are_those_of_prometheus_where_data_is_whole(month: Month) -> None:
    """On the grid; of each window, errors over requests by increase()."""
    random = np.random.default_rng(3)
    compared = 0
    with Prometheus(PrometheusSettings(name="p", url=month.url)) as prometheus:
        for span in LONG:
            seconds = int(span.total_seconds())
            bad, total = (f"sum(increase({each}[{seconds}s]))" for each in (ERRORS, "http_requests_total"))
            asked = f"{bad} / {total} / 0.001"
            answer = prometheus.query_range(asked, month.window, 5 * MINUTE, 5 * MINUTE)
            (found,) = answer.series
            known = dict(zip(found.times.tolist(), found.values.tolist(), strict=True))
            ends = [FIRST + int(each) * 5 * MINUTE for each in random.integers(1, 30 * 288, 400)]
            for end in ends:
                if end.timestamp() in known and is_whole(Window(end - span, end)):
                    here = month.sums(Window(end - span, end))
                    burn = (here.total - here.good) / here.total / 0.001
                    assert burn == pytest.approx(known[end.timestamp()], rel=1e-5), end
                    compared += 1
    assert compared >= POINTS


def is_whole(window: Window) -> bool:
    """Whether nothing is missing in it, no series was born, and old buckets are not cut."""
    odd = [(BORN, BORN), (GAP, GAP + GAP_HOURS / 24)]
    is_old = window.start < FIRST + 16 * DAY
    on_hours = window.start.minute == 0 and window.end.minute == 0
    return (
        window.start >= FIRST + (BORN * DAY if window.end > FIRST + BORN * DAY else timedelta())
        and not any(
            window.start <= FIRST + after * DAY + HOUR and FIRST + first * DAY - HOUR <= window.end
            for first, after in odd
        )
        and (on_hours or not is_old)
    )


def test_a_reset_is_no_event(month: Month) -> None:
    """Requests of the hours around it, at night, are what happened until the last scrapes in them."""
    start = FIRST + (int(RESET * 24) - 1) * HOUR
    around = month.sums(Window(start, start + 2 * HOUR))
    minute = int((start - FIRST) / MINUTE)
    assert around.total == pytest.approx(month.history.total[minute : minute + 120].sum(), rel=0.01)


def test_the_incident_is_found_where_it_was(month: Month) -> None:
    start = FIRST + INCIDENT * DAY
    around = month.sums(Window(start - HOUR, start + 2 * HOUR))
    minute = int(INCIDENT * 1440)
    assert around.total - around.good == pytest.approx(
        month.history.bad[minute - 60 : minute + 120].sum(), rel=0.02
    )


def test_live_windows_are_the_sums_of_their_buckets(month: Month) -> None:
    with month.warehouse.read() as db:
        live = short_windows(db)
    assert {seconds for _, seconds in live} == {300, 1800, 3600, 7200, 21_600}
    for (_, seconds), asked in live.items():
        again = month.sums(Window(asked.at - timedelta(seconds=seconds), asked.at))
        assert (asked.good, asked.total) == pytest.approx((again.good, again.total), rel=1e-9)
