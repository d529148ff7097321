"""The one client of Prometheus: what it asks, and what it takes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from collectors.prometheus import client as client_module
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.fault_proxy import FaultProxy
from tests.doubles.promql_api import PromqlApi, matrix, says

DAY = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
STEP = timedelta(minutes=5)
LAST = timedelta(seconds=299.999)
CANARY = "canary-of-a-secret"


def test_a_day_comes_whole_from_the_instants_that_were_asked_for(client: Callable[..., Prometheus]) -> None:
    answer = client().query_range("seconds", DAY, STEP, LAST)
    instants = DAY.start.timestamp() + 299.999 + 300 * np.arange(288)
    assert [series.labels for series in answer.series] == [{"n": "0"}, {"n": "1"}]
    for number, series in enumerate(answer.series):
        assert np.array_equal(series.times, np.round(instants, 3))
        assert np.allclose(series.values, instants + number, rtol=0, atol=1e-6)
    assert answer.warnings == ()


def test_chunks_follow_the_number_of_series(
    api: PromqlApi, client: Callable[..., Prometheus], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_MOST_SAMPLES", 1_000)
    api.series = 10
    prometheus = client()
    prometheus.query_range("seconds", DAY, STEP)
    assert [asked.points for asked in api.asked] == [36, 100, 100, 52]
    prometheus.query_range("seconds", DAY, STEP)  # what is known stays known
    assert [asked.points for asked in api.asked[4:]] == [100, 100, 88]


def test_no_series_is_asked_for_more_than_11_000_points(
    api: PromqlApi, client: Callable[..., Prometheus]
) -> None:
    api.series = 1
    window = Window(DAY.start, DAY.start + timedelta(seconds=30_000))
    (series,) = client().query_range("seconds", window, timedelta(seconds=1)).series
    assert [asked.points for asked in api.asked] == [36, 11_000, 11_000, 7_964]
    assert np.array_equal(np.diff(series.times), np.ones(29_999))


def test_a_part_of_a_step_at_the_end_of_a_window_is_asked_for(client: Callable[..., Prometheus]) -> None:
    window = Window(DAY.start, DAY.start + timedelta(minutes=11))
    assert len(client().query_range("seconds", window, STEP).series[0].times) == 3
    assert client().query_range("seconds", Window(DAY.start, DAY.start), STEP).series == []


REFUSALS_OF_SIZE = {
    "too many samples (422)": {"most_samples": 20},
    "too many points (400)": {"most_points": 10},
}


@pytest.mark.parametrize("limits", REFUSALS_OF_SIZE.values(), ids=REFUSALS_OF_SIZE)
def test_a_question_that_is_too_large_is_halved_until_it_is_answered(
    limits: dict[str, int], api: PromqlApi, client: Callable[..., Prometheus]
) -> None:
    for name, limit in limits.items():
        setattr(api, name, limit)
    answer = client().query_range("seconds", DAY, STEP)
    assert [asked.points for asked in api.asked][:4] == [36, 18, 9, 9]
    assert [len(series.times) for series in answer.series] == [288, 288]


def test_an_answer_over_the_cap_is_halved_until_it_fits(
    api: PromqlApi, client: Callable[..., Prometheus]
) -> None:
    answer = client(max_bytes=1_000).query_range("seconds", DAY, STEP)
    assert [asked.points for asked in api.asked][:3] == [36, 18, 9]
    assert [len(series.times) for series in answer.series] == [288, 288]


def test_the_smallest_question_that_is_still_too_large_is_an_error(
    api: PromqlApi, client: Callable[..., Prometheus]
) -> None:
    api.most_samples = 1
    with pytest.raises(SourceError, match=r"answers 422 .*too many samples.*; ask for fewer series"):
        client().query_range("seconds", DAY, STEP)
    assert [asked.points for asked in api.asked] == [36, 18, 9, 4, 2, 1]


def test_questions_are_posted_and_got_where_posts_are_refused(
    api: PromqlApi, client: Callable[..., Prometheus]
) -> None:
    with client() as prometheus:
        prometheus.query("seconds", DAY.start)
        api.by_get_only = True
        prometheus.query("seconds", DAY.start)
        prometheus.query("seconds", DAY.start)
    assert [asked.method for asked in api.asked] == ["POST", "POST", "GET", "GET"]
    assert len({json.dumps(asked.parameters) for asked in api.asked}) == 1
    assert api.asked[0].path == "/api/v1/query"


def test_a_path_in_the_url_stays(api: PromqlApi) -> None:
    with Prometheus(PrometheusSettings(name="prom", url=f"{api.url}/prometheus/")) as prometheus:
        prometheus.query("seconds", DAY.start)
    assert api.asked[0].path == "/prometheus/api/v1/query"


LETS_IN: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a token": ({"token": "${env:CANARY}"}, {"Authorization": f"Bearer {CANARY}"}),
    "a name and a password": (
        {"username": "me", "password": "${env:CANARY}"},
        {"Authorization": "Basic bWU6Y2FuYXJ5LW9mLWEtc2VjcmV0"},
    ),
    "a tenant": ({"headers": {"X-Scope-OrgID": "risk"}}, {"X-Scope-OrgID": "risk"}),
    "a secret header": ({"headers": {"X-Api-Key": "${env:CANARY}"}}, {"X-Api-Key": CANARY}),
    "nothing, though a netrc would": ({}, {"Authorization": ""}),
}


@pytest.mark.parametrize(("keys", "headers"), LETS_IN.values(), ids=LETS_IN)
def test_what_lets_in_is_sent(
    keys: dict[str, Any],
    headers: dict[str, str],
    api: PromqlApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login netrc password netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Prometheus(PrometheusSettings(name="prom", url=api.url, **keys)) as prometheus:
        prometheus.query("seconds", DAY.start)
    assert {name: api.asked[0].headers.get(name, "") for name in headers} == headers


def test_what_is_no_number_is_unknown(proxy: FaultProxy, client: Callable[..., Prometheus]) -> None:
    proxy.plan("", matrix((1, "1"), (2, "NaN"), (3, "+Inf"), (4, "-Inf"), (5.5, "-1.5e-09")))
    (series,) = client().query("x[1h]", DAY.start).series
    assert np.array_equal(series.times, [1, 2, 3, 4, 5.5])
    assert np.array_equal(series.values, [1, np.nan, np.nan, np.nan, -1.5e-9], equal_nan=True)


def test_a_scalar_is_a_series_without_labels(proxy: FaultProxy, client: Callable[..., Prometheus]) -> None:
    proxy.plan("", says(200, {"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}}))
    (series,) = client().query("2", DAY.start).series
    assert (series.labels, list(series.times), list(series.values)) == ({}, [1], [2])


PARTIAL = {
    "warnings": ({"warnings": ["store-2: no route"], "infos": ["slow"]}, ("store-2: no route",)),
    "VictoriaMetrics' own field": ({"isPartial": True}, ("the answer is partial",)),
    "infos alone are none": ({"infos": ["metric might not be a counter"]}, ()),
}


@pytest.mark.parametrize(("more", "warnings"), PARTIAL.values(), ids=PARTIAL)
def test_a_partial_answer_says_so(
    more: dict[str, object],
    warnings: tuple[str, ...],
    proxy: FaultProxy,
    client: Callable[..., Prometheus],
) -> None:
    proxy.plan("", matrix((1, "1"), **more))
    assert client().query_range("x", DAY, STEP).warnings == warnings
