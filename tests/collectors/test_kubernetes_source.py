"""The source against a real Prometheus: which days it reads, when again, and what becomes of trouble."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from collectors.kubernetes import Kubernetes
from collectors.kubernetes.answered import Server
from collectors.kubernetes.questions import Question
from collectors.kubernetes.tables import TABLES
from collectors.prometheus import Answer
from costwatch.collect import Collected, collect
from costwatch.errors import SourceError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Batch, Window
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import capacity, phase, request, written

pytestmark = pytest.mark.prometheus

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVER = datetime(1, 1, 1, tzinfo=UTC)
THIRD = 2 * 86_400


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An hour of the first of October, nothing of the second, five hours of the third."""
    later = [request("2x60", since=THIRD), phase("Running", "1x60", since=THIRD)]
    series = [capacity("4x12"), request("1x12"), phase("Running", "1x12"), *later]
    merged: dict[tuple[str, str], dict[float, float]] = {}
    labels_of = {}
    for name, labels, samples in series:
        key = (name, repr(sorted(labels.items())))
        labels_of[key] = labels
        merged.setdefault(key, {}).update(samples)
    told = [(key[0], labels_of[key], samples) for key, samples in merged.items()]
    with real_prometheus(tmp_path_factory.mktemp("prometheus") / "server", written(told)) as running:
        yield running


@pytest.fixture
def source(url: str) -> Kubernetes:
    return Kubernetes(name="k8s", url=url)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "costwatch.db")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The day of each question that is asked about a day."""
    seen: list[datetime] = []
    ask = Server.ask

    def noted(self: Server, question: Question, window: Window) -> Answer:
        seen.append(window.start)
        return ask(self, question, window)

    monkeypatch.setattr(Server, "ask", noted)
    return seen


def run(warehouse: Warehouse, source: Kubernetes, now: datetime, window: Window | None = None) -> Collected:
    (done,) = collect(warehouse, warehouse.path.parent / "ledger", [source], now, window=window)
    return done


def batches(source: Kubernetes, now: datetime, start: datetime = EVER) -> list[Batch]:
    return list(source.collect_as_of(Window(start, now), now))


def days_of(found: Sequence[Batch]) -> list[int]:
    return sorted({batch.window.start.day for batch in found if batch.window})


def test_it_begins_with_the_first_day_that_there_is_and_leaves_none_out(source: Kubernetes) -> None:
    found = batches(source, FIRST + 3 * DAY)
    assert days_of(found) == [1, 2, 3]
    assert len(found) == 3 * len(TABLES)
    rows = {
        day: sum(part.num_rows for part in batch.read())
        for day, batch in zip((1, 2, 3), found[:: len(TABLES)], strict=True)
    }
    assert rows == {1: 1, 2: 0, 3: 5}


def test_a_day_that_only_its_pods_tell_of_is_found(source: Kubernetes) -> None:
    assert days_of(batches(source, FIRST + 3 * DAY, FIRST + 2 * DAY + HOUR)) == [3]


def test_a_whole_day_keeps_its_version_and_the_running_one_has_that_of_its_last_hour(
    source: Kubernetes,
) -> None:
    def versions(now: datetime) -> list[str]:
        return [batch.version.split()[-1] for batch in batches(source, now)[:: len(TABLES)]]

    start = FIRST + 2 * DAY
    assert versions(start + 4 * HOUR) == ["2026-10-02T02Z", "2026-10-03T02Z", "2026-10-03T04Z"]
    assert versions(start + 5 * HOUR - timedelta(seconds=1)) == versions(start + 4 * HOUR)
    assert versions(start + HOUR) == ["2026-10-02T02Z", "2026-10-03T01Z", "2026-10-03T01Z"]


def test_other_settings_are_another_version(source: Kubernetes) -> None:
    other = source.model_copy(update={"pod_labels": ("app",)})
    moved = source.model_copy(update={"timeout_seconds": 7})
    now = FIRST + HOUR
    assert batches(other, now)[0].version != batches(source, now)[0].version
    assert batches(moved, now)[0].version == batches(source, now)[0].version


def test_what_is_stored_is_not_asked_again(
    source: Kubernetes, warehouse: Warehouse, asked: list[datetime]
) -> None:
    now = FIRST + 4 * HOUR
    first = run(warehouse, source, now)
    assert (first.outcome, first.rows["pod_hours"], first.rows["node_days"]) == ("loaded", 1, 1)
    asked.clear()
    assert run(warehouse, source, now + timedelta(minutes=40)).outcome == "unchanged"
    assert asked == []
    assert run(warehouse, source, FIRST + DAY + 2 * HOUR + timedelta(minutes=1)).rows["pod_hours"] == 1
    asked.clear()
    late = FIRST + DAY + 7 * HOUR
    assert run(warehouse, source, late, Window(FIRST, FIRST + DAY)).outcome == "unchanged"
    assert asked == []
    again = source.model_copy(update={"edition": 2})
    assert run(warehouse, again, late, Window(FIRST, FIRST + DAY)).rows["pod_hours"] == 1
    assert {*asked} == {FIRST}


def test_a_day_of_which_nothing_is_known_is_incomplete_while_it_may_still_come(
    source: Kubernetes, warehouse: Warehouse
) -> None:
    run(warehouse, source, FIRST + 6 * HOUR)
    lost = run(warehouse, source, FIRST + DAY + 6 * HOUR)
    assert "incomplete, the first from 2026-10-02" in lost.note
    assert run(warehouse, source, FIRST + 2 * DAY + 5 * HOUR).partial_count == len(TABLES)
    assert run(warehouse, source, FIRST + 3 * DAY + HOUR).partial_count == len(TABLES)  # the fourth
    assert days_of(batches(source, FIRST + 3 * DAY, FIRST + DAY)) == [2, 3]
    assert days_of(batches(source, FIRST + 3 * DAY, FIRST - 9 * DAY)) == [1, 2, 3]


def test_a_source_that_is_killed_goes_on_where_it_was(
    source: Kubernetes, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = FIRST + 3 * DAY
    ask = Server.ask

    def killed(self: Server, question: Question, window: Window) -> Answer:
        if window.start.day == 3:
            raise KeyboardInterrupt
        return ask(self, question, window)

    with monkeypatch.context() as patch:
        patch.setattr(Server, "ask", killed)
        with pytest.raises(KeyboardInterrupt):
            run(warehouse, source, now)
    again = run(warehouse, source, now)
    assert again.rows["pod_hours"] == 5
    whole = Warehouse(tmp_path / "whole" / "costwatch.db")
    whole.path.parent.mkdir()
    run(whole, source, now)
    assert stored(warehouse) == stored(whole)


def stored(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """The small tables' rows, and the digests of the files."""
    with warehouse.read() as db:
        small = ("node_days", "workload_days", "volume_days", "service_days")
        found = {
            table: [tuple(row) for row in db.execute(f"SELECT * FROM x_{table} ORDER BY day")]
            for table in small
        }
    folder = LedgerFiles(warehouse.path.parent / "ledger")
    return {**found, "files": sorted((file.name,) for file in folder.folder.rglob("*.parquet"))}


def test_warnings_of_the_server_make_a_day_partial_until_it_is_whole(
    source: Kubernetes, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = FIRST + DAY + 4 * HOUR
    ask = Server.ask

    def lacking(self: Server, question: Question, window: Window) -> Answer:
        answer = ask(self, question, window)
        return Answer(answer.series, ("a store is down",) if window.start == FIRST else ())

    with monkeypatch.context() as patch:
        patch.setattr(Server, "ask", lacking)
        done = run(warehouse, source, now)
    assert (done.outcome, done.rows["pod_hours"]) == ("loaded", 1)
    assert (
        "calls 2 of its answers for table 'pod_hours' incomplete" in done.note
    )  # of the second is nothing yet
    later = run(warehouse, source, now + 3 * DAY)
    assert "pod_hours" in later.rows
    assert "from 2026-10-01" not in later.note
    assert "from 2026-10-02" not in later.note


def test_a_server_that_fails_on_the_way_says_so_once_and_what_was_read_stays(
    source: Kubernetes, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = FIRST + 3 * DAY
    ask = Server.ask
    tries = []

    def failing(self: Server, question: Question, window: Window) -> Answer:
        if window.start.day == 3:
            tries.append(question)
            raise SourceError("k8s: the server is gone; start it")
        return ask(self, question, window)

    with monkeypatch.context() as patch:
        patch.setattr(Server, "ask", failing)
        done = run(warehouse, source, now)
    assert (done.outcome, done.error, len(tries)) == ("failed", "k8s: the server is gone; start it", 1)
    assert done.rows["pod_hours"] == 1
    assert run(warehouse, source, now).rows["pod_hours"] == 5


@pytest.mark.parametrize(
    "settings",
    [
        {"match": {"cluster": "other"}},
        {"metrics": dict.fromkeys(("node_info", "requests", "phase", "capacity"), "no")},
    ],
    ids=["no cluster of that name", "no metrics of that name"],
)
def test_a_server_that_knows_no_cluster_is_said_to(settings: dict[str, object], url: str) -> None:
    source = Kubernetes.model_validate({"name": "k8s", "url": url, **settings})
    with pytest.raises(
        SourceError, match=r"k8s: the server has nothing of kube-state-metrics .* match and metrics"
    ):
        batches(source, FIRST + 3 * DAY)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cluster_label": 'a"}'}, "must be a label of Prometheus"),
        ({"match": {"a b": "c"}}, "must be a label of Prometheus"),
        ({"metrics": {"nothing": "x"}}, "nothing is none of requests"),
        ({"metrics": {"requests": "a{}"}}, "must be the name of a metric"),
        ({"role": "bill"}, "role"),
    ],
    ids=["a label", "a matcher", "an unknown metric", "an expression", "a role"],
)
def test_what_is_written_wrong_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Kubernetes.model_validate({"name": "k8s", "url": "http://prometheus:9090", **settings})


def test_labels_with_quotes_are_asked_for_as_they_are(url: str) -> None:
    source = Kubernetes.model_validate({"name": "k8s", "url": url, "match": {"node": 'n"\\1\n'}})
    with pytest.raises(SourceError, match="nothing of kube-state-metrics"):
        batches(source, FIRST + DAY)
