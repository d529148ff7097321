"""The client against Debian's Prometheus: what was written comes back, however it is cut."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from collectors.prometheus import Answer, Prometheus, PrometheusSettings
from collectors.prometheus import client as client_module
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.prometheus_server import exposition_server, real_prometheus

pytestmark = pytest.mark.prometheus

CAPTURES = Path(__file__).parents[3] / "shared" / "data" / "kubernetes"
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = Window(FIRST, FIRST + timedelta(days=3))
STEP, LAST = timedelta(minutes=5), timedelta(seconds=299.999)
PODS, POINTS = 20, 3 * 288
ODD = 'quote " backslash \\ brackets ]] ,"values":[[ snow ☃'


@dataclass(frozen=True)
class Written:
    """values: by pod and step. url: of the server that has them, each at the beginning of its step."""

    url: str
    values: np.ndarray

    def client(self, **more: object) -> Prometheus:
        return Prometheus(PrometheusSettings.model_validate({"name": "prom", "url": self.url, **more}))


def written() -> np.ndarray:
    random = np.random.default_rng(12)
    values = np.round(random.normal(size=(PODS, POINTS)) * 10.0 ** random.integers(-9, 12, (PODS, 1)), 12)
    values[3, 100:130] = np.nan
    values[4, 7:9] = np.inf, -np.inf
    return values


def openmetrics(values: np.ndarray) -> str:
    start = FIRST.timestamp()
    odd = ODD.replace("\\", "\\\\").replace('"', '\\"')
    lines = ["# TYPE usage gauge"]
    for pod, row in enumerate(values):
        lines += [
            f'usage{{pod="{pod}",odd="{odd}"}} {text(value)} {start + 300 * step:.0f}'
            for step, value in enumerate(row)
            if not (pod == 5 and 200 <= step < 300)  # where nothing is known at all
        ]
    return "\n".join([*lines, "# EOF", ""])


def text(value: float) -> str:
    return {np.inf: "+Inf", -np.inf: "-Inf"}.get(value, "NaN" if np.isnan(value) else repr(float(value)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    values = written()
    with real_prometheus(tmp_path_factory.mktemp("prometheus"), openmetrics(values)) as url:
        yield Written(url, values)


def as_arrays(answer: Answer) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    return {int(series.labels["pod"]): (series.times, series.values) for series in answer.series}


def assert_equal(one: Answer, other: Answer) -> None:
    left, right = as_arrays(one), as_arrays(other)
    assert left.keys() == right.keys()
    for pod in left:
        assert np.array_equal(left[pod][0], right[pod][0])
        assert np.array_equal(left[pod][1], right[pod][1], equal_nan=True)


def test_a_range_is_what_was_written(server: Written) -> None:
    with server.client() as prometheus:
        answer = prometheus.query_range("usage", DAYS, STEP, LAST)
    assert {series.labels["odd"] for series in answer.series} == {ODD}
    found = as_arrays(answer)
    instants = np.round(FIRST.timestamp() + 299.999 + 300 * np.arange(POINTS), 3)
    known = np.where(np.isfinite(server.values), server.values, np.nan)
    assert found.keys() == set(range(PODS))
    for pod, (times, values) in found.items():
        there = np.ones(POINTS, dtype=bool)
        there[200:300] = pod != 5
        assert np.array_equal(times, instants[there])
        assert np.array_equal(values, known[pod, there], equal_nan=True)


@pytest.mark.parametrize("most_samples", [20, 777, 5_000, 10_000_000])
def test_chunks_are_one_large_question(
    most_samples: int, server: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = server.client()
    whole._points["usage"] = 11_000
    with whole, server.client() as cut:
        expected = whole.query_range("usage", DAYS, STEP, LAST)
        monkeypatch.setattr(client_module, "_MOST_SAMPLES", most_samples)
        assert_equal(cut.query_range("usage", DAYS, STEP, LAST), expected)


def test_raw_samples_of_a_day_come_by_one_question(server: Written) -> None:
    with server.client() as prometheus:
        answer = prometheus.query('usage{pod="0"}[1d]', FIRST + timedelta(seconds=86_399.999))
    (series,) = answer.series
    assert np.array_equal(series.times, FIRST.timestamp() + 300 * np.arange(288))
    assert np.array_equal(series.values, server.values[0, :288])


def test_packed_answers_are_the_same(server: Written) -> None:
    with server.client() as plain, server.client(gzip=True) as packed:
        assert_equal(
            packed.query_range("usage", DAYS, STEP, LAST), plain.query_range("usage", DAYS, STEP, LAST)
        )


def test_the_server_explains_what_it_refuses(server: Written) -> None:
    with server.client() as prometheus:
        with pytest.raises(
            SourceError, match=r"answers 400 \(bad_data: .*parse error.*\); correct the query"
        ):
            prometheus.query("usage{", FIRST)
        with pytest.raises(
            SourceError, match=r"answers 422 \(execution: found duplicate series.*; correct the query"
        ):
            prometheus.query("usage + on(odd) usage", FIRST)
        assert prometheus.query("nothing_there", FIRST).series == []
        assert prometheus.query("1", FIRST).series[0].values == [1]


def test_a_limit_of_samples_is_met_by_smaller_questions(tmp_path: Path) -> None:
    """The server's own limit, not the double's."""
    values = written()
    few = ("--query.max-samples=100",)
    with real_prometheus(tmp_path / "prometheus", openmetrics(values), flags=few) as url:
        with Written(url, values).client() as prometheus:
            found = as_arrays(prometheus.query_range("usage", DAYS, STEP, LAST))
            assert sum(len(times) for times, _ in found.values()) == PODS * POINTS - 100
        tight = Written(url, values).client()
        with tight, pytest.raises(SourceError, match=r"too many samples into memory.*; ask for fewer series"):
            tight.query("usage[1d]", FIRST + timedelta(days=1))


def test_a_captured_exposition_is_scraped(tmp_path: Path) -> None:
    capture = CAPTURES / "nr-1_31-ksm.txt"
    if not capture.exists():
        pytest.skip(f"the captures are not at hand: no {capture}")
    with (
        exposition_server(capture) as (target,),
        real_prometheus(tmp_path / "prometheus", targets={"ksm": target}) as url,
        Prometheus(PrometheusSettings(name="prom", url=url)) as prometheus,
    ):
        (series,) = prometheus.query(
            "sum(max by (namespace, pod, uid, container)"
            ' (kube_pod_container_resource_requests{resource="cpu"}))',
            datetime.now(UTC),
        ).series
    assert series.values[0] == pytest.approx(1.395)
