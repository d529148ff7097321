"""The one client of Prometheus: what it asks, what it takes, and what goes wrong between here and there."""

import gzip
import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from collectors.prometheus import client as client_module
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.fault_proxy import Answer, Drip, Fault, FaultProxy, Reset, Stall, Truncate, fault_proxy
from tests.doubles.promql_api import PromqlApi, promql_api

DAY = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
STEP = timedelta(minutes=5)
LAST = timedelta(seconds=299.999)
CANARY = "canary-of-a-secret"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.prometheus.session._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    monkeypatch.setenv("CANARY", CANARY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def api() -> Iterator[PromqlApi]:
    with promql_api() as running:
        yield running


@pytest.fixture
def proxy(api: PromqlApi) -> Iterator[FaultProxy]:
    with fault_proxy(api.url) as running:
        yield running


@pytest.fixture
def client(proxy: FaultProxy) -> Callable[..., Prometheus]:
    """A client of what stands behind the proxy, with further settings."""
    return lambda **more: Prometheus(settings(proxy.url, **more))


def settings(url: str, **more: Any) -> PrometheusSettings:
    return PrometheusSettings(name="prom", url=url, **more)


def says(status: int, document: object) -> Answer:
    return Answer(status, json.dumps(document, separators=(",", ":")).encode(), JSON)


def matrix(*values: tuple[float, str], **more: object) -> Answer:
    series = {"metric": {"a": "b"}, "values": [list(pair) for pair in values]}
    return says(200, {"status": "success", "data": {"resultType": "matrix", "result": [series]}, **more})


def error(kind: str, text: str) -> dict[str, str]:
    return {"status": "error", "errorType": kind, "error": text}


# ---- what is asked


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
    with Prometheus(settings(f"{api.url}/prometheus/")) as prometheus:
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
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login netrc password netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Prometheus(settings(api.url, **keys)) as prometheus:
        prometheus.query("seconds", DAY.start)
    assert {name: api.asked[0].headers.get(name, "") for name in headers} == headers


# ---- what is taken


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


# ---- what goes wrong


LABELLESS = {"metric": ["a"], "value": [1, "2"]}
HTML = Answer(200, b"<html>log in</html>", {"Content-Type": "text/html"})
PASSES: dict[str, Fault] = {
    "a connection reset before": Reset(),
    "a connection reset after": Reset(after_forwarding=True),
    "half an answer": Truncate(100),
    "too many requests": Answer(429),
    "a proxy without a server": Answer(502, b"<html>"),
    "a server that starts": Answer(503, b"Service Unavailable"),
    "a proxy that waited too long": Answer(504),
}


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES)
def test_what_may_pass_is_tried_again(
    fault: Fault, proxy: FaultProxy, client: Callable[..., Prometheus]
) -> None:
    proxy.plan("", fault, times=3)
    assert len(client().query("seconds", DAY.start).series) == 2
    assert proxy.count() == 4


# fault -> how often it is asked, and what is said
FAULTS: dict[str, tuple[Fault, int, str]] = {
    "reset each time": (Reset(), 4, "cannot be reached (Connection reset by peer); check url"),
    "half answering": (Truncate(100), 4, "broke off its answer; look whether it is restarted"),
    "overloaded": (Answer(503, b"busy"), 4, "answers 503; look at its load, and run it again"),
    "a slow server": (Stall(30), 1, "has not answered whole in 1 s; look at its load, or raise timeout"),
    "a slow drip": (Drip(1, 0.2), 1, "has not answered whole in 1 s; look at its load, or raise timeout"),
    "a login page": (HTML, 1, "answers text/html that is no result of a query; check that url leads to"),
    "JSON of something else": (says(200, {"ok": True}), 1, "application/json that is no result of a query"),
    "a list": (says(200, []), 1, "no result of a query"),
    "nothing": (Answer(200), 1, "answers something that is no result of a query"),
    "values that are no numbers": (matrix((1, "one")), 1, "no result of a query"),
    "values that are not there": (matrix((1, "")), 1, "no result of a query"),
    "series without labels": (
        says(200, {"status": "success", "data": {"resultType": "vector", "result": [LABELLESS]}}),
        1,
        "answers series without labels; check that url leads to it",
    ),
    "an error in a 200": (
        says(200, error("execution", "out of luck")),
        1,
        "answers 200 (execution: out of luck); correct what it names",
    ),
    "a query that cannot be read": (
        says(400, error("bad_data", "parse error")),
        1,
        "answers 400 (bad_data: parse error); correct the query",
    ),
    "a query that cannot be evaluated": (
        says(422, error("execution", "many-to-many matching not allowed")),
        1,
        "(execution: many-to-many matching not allowed); correct the query, or ask for fewer series",
    ),
    "no credentials": (Answer(401, b"Unauthorized"), 1, "answers 401; check username, password, token and"),
    "no rights": (Answer(403), 1, "answers 403; check username, password, token and headers, and what they"),
    "another path": (Answer(404, b"404 page not found"), 1, "answers 404; check the path of url, such as"),
    "a redirect": (
        Answer(302, b"", {"Location": f"https://sso.example/login?next={CANARY}"}),
        1,
        "answers with a redirect to https://sso.example/login; write the address that answers itself",
    ),
    "an unknown packing": (
        Answer(200, b"x", {"Content-Encoding": "gzip, gzip"}),
        1,
        "answers packed by gzip, gzip; have it answer plainly or by gzip",
    ),
    "a damaged packing": (
        Answer(200, b"damaged " * 9, {"Content-Encoding": "gzip"}),
        4,
        "broke off its answer; look",
    ),
    "a secret said back": (
        says(400, error("bad_data", f"bad token Bearer {CANARY}\x1b[2J")),
        1,
        r"(bad_data: bad token Bearer …\x1b[2J); correct the query",
    ),
}


@pytest.mark.parametrize(("fault", "times", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_clear_error(
    fault: Fault, times: int, said: str, proxy: FaultProxy, client: Callable[..., Prometheus]
) -> None:
    proxy.plan("", fault)
    with pytest.raises(SourceError) as caught:
        client(timeout_seconds=1, token="${env:CANARY}").query("seconds", DAY.start)
    text = str(caught.value)
    assert text.startswith(f"prom: {proxy.url} ")
    assert said in text
    assert CANARY not in text
    assert "\n" not in text
    assert proxy.count() == times


def test_nobody_listens() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(
        SourceError, match=rf"^prom: {url} cannot be reached \(Connection refused\); check url"
    ):
        Prometheus(settings(url)).query("1", DAY.start)


def test_headers_that_drip_in_are_cut() -> None:
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        connected, _ = listener.accept()
        with connected:
            try:
                for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600:
                    if ended.wait(0.1):
                        return
                    connected.sendall(bytes([letter]))
            except ConnectionError:  # who asked has lost patience
                pass

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with pytest.raises(SourceError, match="has not answered whole in 1 s"):
                Prometheus(settings(url, timeout_seconds=1)).query("1", DAY.start)
        finally:
            ended.set()
            thread.join()


def test_a_gzip_bomb_fills_no_memory(proxy: FaultProxy, client: Callable[..., Prometheus]) -> None:
    bomb = gzip.compress(bytes(300_000_000), compresslevel=1)
    proxy.plan("", Answer(200, bomb, {"Content-Encoding": "gzip"}))
    prometheus = client(max_bytes=1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(
            SourceError, match=r"answers more than max_bytes \(1,000,000\); ask for fewer series"
        ):
            prometheus.query("seconds", DAY.start)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_name_that_leads_to_a_metadata_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(SourceError, match="is a link-local or metadata address; write another url"):
        Prometheus(settings("http://metadata.example")).query("1", DAY.start)


def test_a_secret_that_is_not_there_is_named_by_its_place(api: PromqlApi) -> None:
    with pytest.raises(SourceError, match=r"^prom: secret \$\{env:NOWHERE\}: the variable is not set"):
        Prometheus(settings(api.url, token="${env:NOWHERE}")).query("1", DAY.start)


def test_a_secret_no_header_can_carry_is_not_repeated(
    api: PromqlApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", f"{CANARY}\nX: y")
    with pytest.raises(SourceError, match="has characters that no header may have") as caught:
        Prometheus(settings(api.url, token="${env:CANARY}")).query("1", DAY.start)
    assert CANARY not in str(caught.value)
