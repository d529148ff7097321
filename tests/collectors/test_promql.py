"""Measures from a real Prometheus: which days are read, when again, and what becomes of trouble."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.measures import hours as hours_module
from collectors.prometheus import Answer, Prometheus, Series
from collectors.promql import Promql
from costwatch.collect import Collected, collect
from costwatch.errors import SourceError
from costwatch.model import Batch, Window
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import MIDNIGHT, Told, told, written

pytestmark = pytest.mark.prometheus

FIRST = datetime.fromtimestamp(MIDNIGHT, UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVER = datetime(1, 1, 1, tzinfo=UTC)
THIRD = 2 * 86_400
QUERY = "sum by (app) (increase(logins_total{$match}[$window]))"
LOGINS = {"name": "logins", "unit": "logins", "query": QUERY}
BOTH = {"name": "both", "query": '{__name__=~"one|two"}', "unit": "s"}
WRONG = {"name": "wrong", "query": "sum by (app (logins_total)"}
MANY_TO_MANY = {"name": "odd", "query": "logins_total * on() logins_total"}
Row = tuple[date, str, str, float | None, float]


def merged(*series: Told) -> list[Told]:
    """Those of one name and labels as one."""
    found: dict[tuple[str, str], Told] = {}
    for name, labels, samples in series:
        key = (name, repr(sorted(labels.items())))
        found[key] = (name, labels, {**(found[key][2] if key in found else {}), **samples})
    return [*found.values()]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Logins from noon of the first of October, none on the second, five hours of the third."""
    series = merged(
        told("logins_total", {"app": "shop", "cluster": 'a"\\'}, "0+10x144", since=43_200),
        told("logins_total", {"app": "admin", "cluster": "b"}, "0+1x144", since=43_200),
        told("logins_total", {"app": "shop", "cluster": 'a"\\'}, "0+10x60", since=THIRD),
        *(told("backup_bytes", {}, "7x3", since=day * 86_400 + 7200) for day in (0, 2)),
        told("odd", {"of": "nan"}, "nanx288", since=300),
        told("odd", {"of": "infinite"}, "1x12 infx276", since=300),
        told("odd", {"of": "negative"}, "-2x288", since=300),
        told("one", {"app": "shop"}, "1x288", since=300),
        told("two", {"app": "shop"}, "2x288", since=300),
    )
    with real_prometheus(tmp_path_factory.mktemp("prometheus") / "server", written(series)) as running:
        yield running


@pytest.fixture
def source(url: str) -> Callable[..., Promql]:
    return lambda *measures, **more: Promql.model_validate(
        {"name": "shared", "url": url, "measures": measures or [LOGINS], **more}
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "costwatch.db")


Asking = Callable[[Prometheus, str, Window, timedelta, timedelta], Answer]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The day of each question that is asked about a day."""
    seen: list[datetime] = []

    def noted(ask: Asking, *question: Any) -> Answer:
        if question[3] == HOUR:
            seen.append(question[2].start)
        return ask(*question)

    instead(monkeypatch, noted)
    return seen


def instead(patch: pytest.MonkeyPatch, answer: Callable[..., Answer]) -> None:
    """``answer`` takes the place of what asks, and is given it."""
    ask = Prometheus.query_range
    patch.setattr(Prometheus, "query_range", lambda *question: answer(ask, *question))


def run(warehouse: Warehouse, source: Promql, now: datetime, window: Window | None = None) -> Collected:
    (done,) = collect(warehouse, warehouse.path.parent / "ledger", [source], now, window=window)
    return done


def stored(warehouse: Warehouse) -> list[Row]:
    sql = "SELECT day, measure, labels, value, coverage FROM x_measure_days ORDER BY 1, 2, 3"
    with warehouse.read() as db:
        rows = [tuple(row) for row in db.execute(sql)]
    return [(datetime.strptime(str(day), "%Y%m%d").date(), *rest) for day, *rest in rows]  # noqa: DTZ007


def batches(source: Promql, now: datetime, start: datetime = EVER) -> list[Batch]:
    return list(source.collect_as_of(Window(start, now), now))


def days_of(found: list[Batch]) -> list[int]:
    return [batch.window.start.day for batch in found if batch.window]


def on(day: int, labels: str, value: float | None, coverage: float, measure: str = "logins") -> Row:
    return (date(2026, 10, day), measure, labels, value and pytest.approx(value), pytest.approx(coverage))


def test_days_from_the_first_one_on_with_what_is_known_of_each(
    source: Callable[..., Promql], warehouse: Warehouse
) -> None:
    done = run(warehouse, source(), FIRST + THIRD * timedelta(seconds=1) + 4 * HOUR)
    assert (done.outcome, done.error) == ("loaded", "")
    assert stored(warehouse) == [
        on(1, '{"app":"admin"}', 144, 0.5),
        on(1, '{"app":"shop"}', 1440, 0.5),
        on(2, "", None, 0),
        on(3, '{"app":"shop"}', 480, 1),  # of the four hours that are whole
    ]


def test_what_is_no_number_is_unknown_and_what_is_below_zero_counts(source: Callable[..., Promql]) -> None:
    odd = {"name": "odd", "query": "avg_over_time(odd[$gauge_window])"}
    (batch,) = batches(source(odd), FIRST + DAY)
    rows = [(row["labels"], row["value"]) for part in batch.read() for row in part.to_pylist()]
    assert rows == [('{"of":"infinite"}', 1.0), ('{"of":"negative"}', -48.0)]


def test_metrics_that_differ_by_their_name_alone_are_added_up(source: Callable[..., Promql]) -> None:
    (batch,) = batches(source(BOTH), FIRST + DAY)
    rows = [row for part in batch.read() for row in part.to_pylist()]
    assert [(row["labels"], row["value"], row["unit"]) for row in rows] == [('{"app":"shop"}', 72.0, "s")]


def test_match_is_asked_for_as_it_is_written(source: Callable[..., Promql]) -> None:
    (batch, *_) = batches(source({**LOGINS, "match": {"cluster": 'a"\\'}}), FIRST + DAY)
    assert [row["labels"] for part in batch.read() for row in part.to_pylist()] == ['{"app":"shop"}']


def test_a_job_that_runs_at_night_is_found(source: Callable[..., Promql]) -> None:
    backup = {"name": "backup", "query": "sum_over_time(backup_bytes[$gauge_window])"}
    found = batches(source(backup), FIRST + 3 * DAY)
    assert days_of(found) == [1, 2, 3]
    assert days_of(batches(source(backup), FIRST + 3 * DAY, FIRST + DAY)) == [2, 3]


def test_the_first_day_is_looked_for_until_five_weeks_are_empty(source: Callable[..., Promql]) -> None:
    found = batches(source(), FIRST + 37 * DAY)
    assert (len(found), found[0].window) == (37, Window(FIRST, FIRST + DAY))
    with pytest.raises(SourceError, match="has nothing of logins"):
        batches(source(), FIRST + 39 * DAY)


def test_a_whole_day_keeps_its_version_and_the_running_one_has_that_of_its_last_hour(
    source: Callable[..., Promql],
) -> None:
    def versions(now: datetime) -> list[str]:
        return [batch.version.split()[-1] for batch in batches(source(), now)]

    start = FIRST + 2 * DAY
    assert versions(start + 5 * HOUR) == ["2026-10-02T02Z", "2026-10-03T02Z", "2026-10-03T05Z"]
    assert versions(start + 6 * HOUR - timedelta(seconds=1)) == versions(start + 5 * HOUR)
    assert versions(start + HOUR) == ["2026-10-02T02Z", "2026-10-03T01Z", "2026-10-03T01Z"]


def test_another_query_is_another_version_and_another_timeout_is_not(source: Callable[..., Promql]) -> None:
    def version(*measures: Any, **more: Any) -> str:
        return batches(source(*measures, **more), FIRST + DAY)[0].version

    assert version({**LOGINS, "unit": "x"}) != version() != version(LOGINS, BOTH)
    assert version(edition=2) != version() == version(timeout_seconds=7)
    assert version(LOGINS, BOTH) == version(BOTH, LOGINS)


def test_what_is_stored_whole_is_not_asked_again(
    source: Callable[..., Promql], warehouse: Warehouse, asked: list[datetime]
) -> None:
    now = FIRST + DAY + 3 * HOUR
    run(warehouse, source(), now)
    asked.clear()
    run(warehouse, source(), now + HOUR)
    assert {*asked} == {FIRST + DAY}  # the running one, which has nothing yet
    asked.clear()
    day = Window(FIRST, FIRST + DAY)
    assert run(warehouse, source(), now + HOUR, day).outcome == "unchanged"
    assert asked == []
    assert run(warehouse, source(edition=2), now + HOUR, day).outcome == "loaded"
    assert asked == [FIRST]


def test_days_that_the_server_has_deleted_stay_as_they_are_stored(
    source: Callable[..., Promql], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = FIRST + 3 * DAY
    run(warehouse, source(), now)
    before = stored(warehouse)
    kept_from = (FIRST + 2 * DAY).timestamp()

    def retained(ask: Asking, *question: Any) -> Answer:
        series = [
            Series(each.labels, each.times[there], each.values[there])
            for each in ask(*question).series
            if (there := each.times > kept_from).any()
        ]
        return Answer(series)

    instead(monkeypatch, retained)
    run(warehouse, source(edition=2), now, Window(FIRST, now))
    assert stored(warehouse) == before


def test_a_source_that_is_killed_goes_on_where_it_was(
    source: Callable[..., Promql], warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = FIRST + 3 * DAY

    def killed(ask: Asking, *question: Any) -> Answer:
        if question[2].start == FIRST + 2 * DAY:
            raise KeyboardInterrupt
        return ask(*question)

    with monkeypatch.context() as patch:
        instead(patch, killed)
        with pytest.raises(KeyboardInterrupt):
            run(warehouse, source(), now)
    assert {row[0].day for row in stored(warehouse)} == {1, 2}
    run(warehouse, source(), now)
    (tmp_path / "whole").mkdir()
    whole = Warehouse(tmp_path / "whole" / "costwatch.db")
    run(whole, source(), now)
    assert stored(warehouse) == stored(whole)


def test_a_measure_that_is_refused_is_unknown_and_told_while_the_others_go_on(
    source: Callable[..., Promql], warehouse: Warehouse, url: str
) -> None:
    now = FIRST + 3 * DAY
    done = run(warehouse, source(WRONG, LOGINS, MANY_TO_MANY), now)
    assert done.outcome == "failed"
    wrong, odd = done.error.splitlines()
    days = "1 Oct 2026 and 2 more days"
    assert wrong.startswith(f"shared: measure 'wrong', {days}: {url} answers 400 (bad_data: ")
    assert wrong.endswith("; correct the query")
    assert odd.startswith(f"shared: measure 'odd', 1 Oct 2026: {url} answers 422 (execution: ")
    assert [row[2:] for row in stored(warehouse) if row[1] == "wrong"] == [("", None, 0.0)] * 3
    assert [row for row in stored(warehouse) if row[:2] == (date(2026, 10, 3), "logins")] == [
        on(3, '{"app":"shop"}', 600, 5 / 24)
    ]
    mended = run(warehouse, source(LOGINS), now)
    assert (mended.outcome, mended.error) == ("loaded", "")
    assert {row[1] for row in stored(warehouse)} == {"logins"}


def test_what_is_stored_whole_is_not_replaced_where_a_measure_is_refused(
    source: Callable[..., Promql], warehouse: Warehouse
) -> None:
    run(warehouse, source(), FIRST + DAY)
    before = stored(warehouse)
    done = run(warehouse, source(LOGINS, WRONG), FIRST + DAY + HOUR)
    assert done.outcome == "failed"
    assert [row for row in stored(warehouse) if row[0].day == 1] == before


def test_queries_that_are_all_refused_are_told_and_nothing_is_stored(source: Callable[..., Promql]) -> None:
    with pytest.raises(SourceError) as raised:
        batches(source(WRONG, {**WRONG, "name": "too"}), FIRST + DAY)
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == [
        " measure 'wrong'",
        " measure 'too'",
    ]


def test_too_many_labels_are_refused_by_the_name_of_the_measure(
    source: Callable[..., Promql], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours_module, "MOST_LABEL_SETS", 1)
    both = {"name": "both", "query": 'sum({__name__=~"one|two"})'}
    done = run(warehouse, source(LOGINS, both), FIRST + DAY)
    assert done.error == (
        "shared: measure 'logins', 1 Oct 2026: has 2 sets of labels, more than 1; sum by fewer labels"
    )
    assert [row[1:4] for row in stored(warehouse)] == [("both", "", 72.0), ("logins", "", None)]


def test_a_server_that_goes_down_on_the_way_says_so_once_and_what_was_read_stays(
    source: Callable[..., Promql], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(ask: Asking, *question: Any) -> Answer:
        if question[2].start == FIRST + DAY:
            raise SourceError("shared: the server is gone; start it")
        return ask(*question)

    with monkeypatch.context() as patch:
        instead(patch, failing)
        done = run(warehouse, source(), FIRST + 3 * DAY)
    assert (done.outcome, done.error) == ("failed", "shared: the server is gone; start it")
    assert {row[0].day for row in stored(warehouse)} == {1}
    assert run(warehouse, source(), FIRST + 3 * DAY).outcome == "loaded"
    assert {row[0].day for row in stored(warehouse)} == {1, 2, 3}


def test_a_server_that_lacks_something_makes_a_day_partial_until_it_is_whole(
    source: Callable[..., Promql], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(ask: Asking, *question: Any) -> Answer:
        return Answer(ask(*question).series, ("a store is down",))

    now = FIRST + DAY + 4 * HOUR
    with monkeypatch.context() as patch:
        instead(patch, lacking)
        assert (
            "calls 2 of its answers for table 'measure_days' incomplete" in run(warehouse, source(), now).note
        )
    later = run(warehouse, source(), now + 3 * DAY)
    assert "from 2026-10-01" not in later.note
    with monkeypatch.context() as patch:
        instead(patch, lacking)
        run(warehouse, source(edition=2), now, Window(FIRST, FIRST + DAY))
    assert on(1, '{"app":"shop"}', 1440, 0.5) in stored(warehouse)


def test_a_server_that_knows_none_of_it_is_said_to(source: Callable[..., Promql]) -> None:
    with pytest.raises(SourceError, match=r"shared: the server has nothing of logins in this time; look at"):
        batches(source({**LOGINS, "match": {"cluster": "other"}}), FIRST + 3 * DAY)
