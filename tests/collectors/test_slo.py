"""SLOs from a real Prometheus: what counts, instances, what is missing, what is refused."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.prometheus import Answer, Prometheus
from collectors.slo import Slo
from costwatch.collect import Collected, collect
from costwatch.errors import SourceError
from costwatch.model import Labels, Window, labels
from costwatch.slo.objectives import Form, Indicator, Method, Objective, Query
from costwatch.slo.standing import Health
from costwatch.warehouse.slo.buckets import Sums, series, short_windows, sums
from costwatch.warehouse.slo.definitions import instances, objectives
from costwatch.warehouse.slo.standings import standings
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import MIDNIGHT, Told, told, written
from tests.made.slo_history import counter
from tests.made.slo_history import objective as availability

pytestmark = pytest.mark.prometheus

FIRST = datetime.fromtimestamp(MIDNIGHT, UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
END = FIRST + 4 * HOUR
STEADY, BIRTH, OLD = ({"job": job, "instance": "i1"} for job in ("steady", "birth", "old"))


def up(of: Mapping[str, str], values: str = "1x48", **at: float) -> Told:
    return told("up", of, values, **at)


def told_company() -> list[Told]:
    """Four hours, scraped at each five minutes unless it says otherwise."""
    return [
        # the first failures come in a burst of five
        told("requests_total", {**BIRTH, "code": "200"}, "0+1000x5 5995+1000x42"),
        told("requests_total", {**BIRTH, "code": "500"}, "5x42", since=7 * 300),
        up(BIRTH),
        # an old target, scraped from the second hour on
        told("requests_total", {**OLD, "code": "200"}, "5000000+100x35", since=3600),
        told("requests_total", {**OLD, "code": "500"}, "1000000x36", since=3600),
        up(OLD, "1x36", since=3600),
        # an hour in which nothing happens, and one of which nothing is known
        told("requests_total", {**STEADY, "code": "200"}, "0+1000x12 12000x11 12000+1000x25"),
        told("absent_total", {**STEADY}, "0+1000x12 _x11 24000+1000x24"),
        told("flaky_total", {**STEADY}, "1000000+1x12 _x11 1000024+1x24"),  # while its target is scraped
        up(STEADY),
        # one of two targets cannot be scraped for half an hour, and goes on
        told("pair_total", {"job": "pair", "instance": "a"}, "0+100x48"),
        told("pair_total", {"job": "pair", "instance": "b"}, "0+100x20 _x5 2600+100x22"),
        up({"job": "pair", "instance": "a"}),
        up({"job": "pair", "instance": "b"}, "1x20 0x6 1x22"),
        # one budget for each host
        told("hosts_total", {"host": "a", "code": "200"}, "0+900x48"),
        told("hosts_total", {"host": "b", "code": "200"}, "0+50x48"),
        told("hosts_total", {"host": "b", "code": "500"}, "0+50x48"),
        # scrapes of each minute that count themselves
        told("probe_success", {"job": "probe"}, "1x59 0x3 1x179", every=60),
        told("ratio", {}, "0.25x48"),
        told("odd", {}, "nanx24 infx24"),
        *(told("pods_total", {"pod": f"p{n}"}, "0+10x11", since=3600 * n) for n in range(4)),
        # a minute of errors, then none
        told("fast_total", {"code": "200"}, "0+60x240", every=60),
        told("fast_total", {"code": "500"}, "0x30 30x211", every=60),
    ]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with real_prometheus(tmp_path_factory.mktemp("slo") / "server", written(told_company())) as running:
        yield running


Run = Callable[..., Collected]
EVER = Window(FIRST, END)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "costwatch.db")


@pytest.fixture
def run(url: str, warehouse: Warehouse) -> Run:
    def collected(
        *wanted: Objective, now: datetime = END, window: Window | None = None, **more: object
    ) -> Collected:
        source = Slo.model_validate({"name": "slos", "url": url, **more}).with_objectives(wanted)
        (done,) = collect(warehouse, warehouse.path.parent / "ledger", [source], now, window=window)
        return done

    return collected


def slo(name: str, total: str, bad: str = "", good: str = "", **more: object) -> Objective:
    query = more.pop("query", counter)
    sides = {
        side: query(promql) for side, promql in (("total", total), ("bad", bad), ("good", good)) if promql
    }  # type: ignore[operator]
    return availability(name, "0.99", indicator=Indicator(**sides), **more)


def of_job(job: str, name: str = "requests_total") -> Objective:
    selected = f'{name}{{job="{job}"'
    return slo(
        job,
        f"sum(rate({selected}}}[{{{{.window}}}}]))",
        f'sum(rate({selected},code="500"}}[{{{{.window}}}}]))',
    )


def known(warehouse: Warehouse, name: str, window: Window = EVER) -> dict[Labels, Sums]:
    with warehouse.read() as db:
        found = sums(db, window)
        return {
            each.labels: found[each.id] for each in instances(db) if each.slo == name and each.id in found
        }


def short(warehouse: Warehouse, name: str) -> dict[int, tuple[float, float]]:
    with warehouse.read() as db:
        (number,) = (each.id for each in instances(db) if each.slo == name)
        found = short_windows(db)
    return {seconds: (of.good, of.total) for (instance, seconds), of in found.items() if instance == number}


def events(of: Sums) -> tuple[float, float, int]:
    return round(of.total - of.good, 3), round(of.total, 3), of.known_seconds


def test_the_first_errors_of_a_series_count(run: Run, warehouse: Warehouse) -> None:
    run(of_job("birth"))
    hour = known(warehouse, "birth", Window(FIRST, FIRST + HOUR))
    assert events(hour[()]) == (5, 12_000, 3600)


def test_what_an_old_target_counted_before_it_was_scraped_does_not(run: Run, warehouse: Warehouse) -> None:
    run(of_job("old"))
    assert events(known(warehouse, "old")[()]) == (0, 3500, 35 * 300)


def test_an_hour_in_which_nothing_happens_is_known(run: Run, warehouse: Warehouse) -> None:
    run(of_job("steady"))
    quiet = known(warehouse, "steady", Window(FIRST + HOUR, FIRST + 2 * HOUR))
    assert events(quiet[()]) == (0, 0, 3600)


def test_one_that_is_asked_for_where_it_is_above_0_is_known_where_nothing_happens(
    run: Run, warehouse: Warehouse
) -> None:
    """As where no ratio must divide by 0."""
    run(slo("steady", 'sum(rate(requests_total{job="steady"}[{{.window}}])) > 0'))
    quiet = known(warehouse, "steady", Window(FIRST + HOUR, FIRST + 2 * HOUR))
    assert events(quiet[()]) == (0, 0, 3600)


def test_a_gap_is_bridged_by_what_counters_grew_by(run: Run, warehouse: Warehouse) -> None:
    run(of_job("steady", "absent_total"))
    (gap,) = known(warehouse, "steady", Window(FIRST + HOUR, FIRST + 2 * HOUR)).values()
    assert (events(gap), gap.bridged_seconds) == ((0, 12_000, 3600), 3600)
    (whole,) = known(warehouse, "steady").values()
    assert events(whole) == (0, 48_000, 4 * 3600)
    assert run(of_job("steady", "absent_total")).outcome == "unchanged"


def test_a_gap_is_one_where_a_query_says_or_0(run: Run, warehouse: Warehouse) -> None:
    run(slo("steady", 'sum(rate(absent_total{job="steady"}[{{.window}}])) or vector(0)'))
    (whole,) = known(warehouse, "steady").values()
    assert (events(whole), whole.bridged_seconds) == ((0, 48_000, 4 * 3600), 3600)


def test_a_series_that_comes_back_is_not_new(run: Run, warehouse: Warehouse) -> None:
    """Though its target was scraped all the time."""
    run(of_job("steady", "flaky_total"))
    (whole,) = known(warehouse, "steady").values()
    assert events(whole) == (0, 48, 4 * 3600)


def test_what_one_of_two_targets_counted_unseen_counts_when_it_is_back(
    run: Run, warehouse: Warehouse
) -> None:
    run(slo("pair", 'sum(rate(pair_total{job="pair"}[{{.window}}]))'))
    (whole,) = known(warehouse, "pair").values()
    assert events(whole) == (0, 9600, 4 * 3600)


def test_each_label_set_has_a_budget_of_its_own(run: Run, warehouse: Warehouse) -> None:
    by_host = slo(
        "hosts",
        "sum by (host) (rate(hosts_total[{{.window}}]))",
        'sum by (host) (rate(hosts_total{code="500"}[{{.window}}]))',
    )
    run(by_host)
    found = known(warehouse, "hosts", Window(FIRST, FIRST + HOUR))
    assert {labels: events(of) for labels, of in found.items()} == {
        labels(host="a"): (0, 10_800, 3600),
        labels(host="b"): (600, 1200, 3600),
    }
    refused = run(by_host, most_instances=1)
    assert refused.outcome == "failed"
    assert "SLO 'hosts': its queries return 2 label sets, more than 1; group by fewer labels" in refused.error


def gauge(promql: str) -> Query:
    return Query(promql, Form.GAUGE)


def test_a_sample_on_the_edge_of_two_buckets_counts_once(run: Run, warehouse: Warehouse) -> None:
    run(
        slo(
            "probe",
            "sum(count_over_time(probe_success[{{.window}}]))",
            good="sum(sum_over_time(probe_success[{{.window}}]))",
            query=gauge,
        )
    )
    assert events(known(warehouse, "probe")[()]) == (3, 240, 4 * 3600)
    assert short(warehouse, "probe")[3600] == (60, 60)


def test_other_queries_weigh_their_seconds(run: Run, warehouse: Warehouse) -> None:
    other = slo(
        "other", "count(probe_success)", good="sum(probe_success)", query=lambda text: Query(text, Form.OTHER)
    )
    ratio = availability("ratio", indicator=Indicator(bad=Query("ratio", Form.RATIO)))
    run(other, ratio)
    assert events(known(warehouse, "other")[()]) == (300, 4 * 3600, 4 * 3600)  # as of the end of each bucket
    assert events(known(warehouse, "ratio")[()]) == (3600, 4 * 3600, 4 * 3600)
    assert short(warehouse, "ratio")[300] == (225, 300)


def test_what_is_no_number_is_unknown(run: Run, warehouse: Warehouse) -> None:
    odd = slo("odd", "sum(odd)", "sum(odd)", query=lambda text: Query(text, Form.OTHER))
    assert run(odd).error == ""
    assert known(warehouse, "odd") == {}


@pytest.mark.parametrize(
    ("method", "good"), [(Method.TIMESLICES, 239), (Method.RATIO_TIMESLICES, 239 + 2 / 3)]
)
def test_slices_of_a_minute(method: Method, good: float, run: Run, warehouse: Warehouse) -> None:
    fast = slo(
        "fast",
        "sum(rate(fast_total[{{.window}}]))",
        'sum(rate(fast_total{code="500"}[{{.window}}]))',
        method=method,
        slice_seconds=60,
        slice_target=Decimal("0.95"),
    )
    run(fast)
    (found,) = known(warehouse, "fast").values()
    assert (found.good, found.total) == (pytest.approx(good, abs=1e-4), 240)
    assert short(warehouse, "fast")[300] == (5, 5)


def test_more_good_than_all_is_told_and_kept(run: Run, warehouse: Warehouse) -> None:
    done = run(
        slo(
            "odd",
            'sum(rate(hosts_total{code="500"}[{{.window}}]))',
            good="sum(rate(hosts_total[{{.window}}]))",
        )
    )
    assert done.outcome == "loaded"
    assert done.note.startswith(
        "slos: SLO 'odd': inconsistent: good or bad events are more than all events in 48"
    )
    (found,) = known(warehouse, "odd").values()
    assert found.good > found.total


def test_errors_without_a_total_of_their_labels_are_told(run: Run, warehouse: Warehouse) -> None:
    done = run(
        slo(
            "hosts",
            "sum(rate(hosts_total[{{.window}}]))",
            'sum by (host) (rate(hosts_total{code="500"}[{{.window}}]))',
        )
    )
    assert done.note == (
        "slos: SLO 'hosts' (host=b): its bad events have no total of these labels, and do not count; "
        "group both queries by the same labels"
    )
    assert events(known(warehouse, "hosts")[()])[0] == 0


def test_label_sets_that_follow_each_other_are_not_many(url: str, run: Run, warehouse: Warehouse) -> None:
    """Such as pods that are replaced."""
    pods = slo("pods", "sum by (pod) (rate(pods_total[{{.window}}]))")
    assert run(pods, most_instances=1).error == ""
    assert len(known(warehouse, "pods")) == 4


def test_what_a_server_calls_incomplete_is_not_stored(
    run: Run, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Prometheus.query_range
    lacking = ("store 'a' is gone",)
    with monkeypatch.context() as patch:
        patch.setattr(
            Prometheus, "query_range", lambda *asked: Answer(ask(*asked).series, lacking) if asked else None
        )
        done = run(of_job("steady"))
    assert done.outcome == "failed"
    assert "SLO 'steady': http://127.0.0.1:" in done.error
    assert done.error.endswith("its answer is not whole (store 'a' is gone); look at what it lacks")
    assert known(warehouse, "steady") == {}
    run(of_job("steady"))  # which reads it from the beginning
    assert events(known(warehouse, "steady")[()])[2] == 4 * 3600


def test_a_server_that_is_gone_is_told_once(tmp_path: Path) -> None:
    source = Slo(name="slos", url="http://127.0.0.1:9").with_objectives(
        [availability(str(n)) for n in range(9)]
    )
    (done,) = collect(Warehouse(tmp_path / "costwatch.db"), tmp_path / "ledger", [source], END)
    assert done.error.startswith("slos: http://127.0.0.1:9 cannot be reached (")
    assert len(done.error.splitlines()) == 1


def test_objectives_of_a_server_that_never_answered_are_unknown(warehouse: Warehouse) -> None:
    source = Slo(name="slos", url="http://127.0.0.1:9").with_objectives([availability("new")])
    (done,) = collect(warehouse, warehouse.path.parent / "ledger", [source], END)
    assert done.outcome == "failed"
    with warehouse.read() as db:
        (state,) = standings(db, END)
    assert (state.objective.id, state.health) == ("new", Health.UNKNOWN)


def test_one_that_the_server_refuses_leaves_the_others(run: Run, warehouse: Warehouse) -> None:
    wrong = slo("wrong", "sum(rate(requests_total[{{.window}}])) * on() hosts_total", "vector(0)")
    broken = slo("broken", "sum(rate(requests_total[{{.window}}])", "vector(0)")
    done = run(wrong, broken, of_job("steady"))
    assert done.outcome == "failed"
    first, second = done.error.splitlines()
    assert first.startswith("slos: SLO 'wrong': http://127.0.0.1:")
    assert second.startswith("slos: SLO 'broken': its query is no PromQL (")
    assert known(warehouse, "steady")
    with warehouse.read() as db:
        assert [one.id for one in objectives(db)] == ["broken", "steady", "wrong"]


def test_one_that_is_new_is_read_from_the_beginning_and_others_go_on(run: Run, warehouse: Warehouse) -> None:
    run(of_job("steady"), now=FIRST + HOUR)
    run(of_job("steady"), of_job("birth"))
    assert {name: events(known(warehouse, name)[()])[2] for name in ("steady", "birth")} == {
        "steady": 4 * 3600,
        "birth": 4 * 3600,
    }


def test_any_range_is_read_when_it_is_named(run: Run, warehouse: Warehouse) -> None:
    run(of_job("steady"), window=Window(FIRST + HOUR, FIRST + 2 * HOUR))
    assert events(known(warehouse, "steady")[()])[2] == 3600
    run(of_job("steady"))  # which leaves no hole
    assert events(known(warehouse, "steady")[()])[2] == 4 * 3600


def test_only_buckets_that_have_ended_are_kept(run: Run, warehouse: Warehouse) -> None:
    run(of_job("steady"), now=FIRST + HOUR + 4 * MINUTE)
    with warehouse.read() as db:
        found = series(db, [1], Window(FIRST, END))[1]
    assert found[-1].start == FIRST + 55 * MINUTE
    with warehouse.read() as db:
        assert {of.at for of in short_windows(db).values()} == {FIRST + HOUR + 4 * MINUTE}


def test_a_source_takes_those_it_names(url: str) -> None:
    source = Slo.model_validate({"name": "slos", "url": url, "slos": ["steady"]})
    assert [one.id for one in source.with_objectives([of_job("steady"), of_job("birth")]).objectives] == [
        "steady"
    ]


def test_one_that_no_file_has_is_told_and_the_others_are_read(url: str, run: Run) -> None:
    source = Slo.model_validate({"name": "slos", "url": url, "slos": ["steady", "staedy"]})
    asked = source.with_objectives([of_job("steady")])
    batches = asked.collect_as_of(Window(FIRST, END), END)
    assert next(batches).table == "sli"
    with pytest.raises(SourceError, match=r"slos: no SLO is called 'staedy' in the files"):
        next(batches)


def test_without_an_slo_it_says_so(run: Run) -> None:
    assert run().error == "slos: there is no SLO to ask for; name their files in 'slos'"
