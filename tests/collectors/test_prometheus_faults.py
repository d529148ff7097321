"""What goes wrong between here and Prometheus: one clear error each, without a secret."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from costwatch.errors import SourceError
from tests.doubles.fault_proxy import Answer, Drip, Fault, FaultProxy, Reset, Stall, Truncate
from tests.doubles.promql_api import PromqlApi, error, matrix, says

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CANARY = "canary-of-a-secret"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", CANARY)


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
    assert len(client().query("seconds", NOW).series) == 2
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
    "a query that takes too long": (
        says(503, error("timeout", "query timed out in expression evaluation")),
        1,
        "(timeout: query timed out in expression evaluation); ask for fewer series, or raise the limit",
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
        client(timeout_seconds=1, token="${env:CANARY}").query("seconds", NOW)
    text = str(caught.value)
    assert text.startswith(f"prom: {proxy.url} ")
    assert said in text
    assert CANARY not in text
    assert "\n" not in text
    assert proxy.count() == times


def test_nobody_listens(api: PromqlApi) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(
        SourceError, match=rf"^prom: {url} cannot be reached \(Connection refused\); check url"
    ):
        Prometheus(PrometheusSettings(name="prom", url=url)).query("1", NOW)


def test_a_secret_that_is_not_there_is_named_by_its_place(api: PromqlApi) -> None:
    with pytest.raises(SourceError, match=r"^prom: secret \$\{env:NOWHERE\}: the variable is not set"):
        Prometheus(PrometheusSettings(name="prom", url=api.url, token="${env:NOWHERE}")).query("1", NOW)


def test_a_secret_no_header_can_carry_is_not_repeated(
    api: PromqlApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", f"{CANARY}\nX: y")
    with pytest.raises(SourceError, match="has characters that no header may have") as caught:
        Prometheus(PrometheusSettings(name="prom", url=api.url, token="${env:CANARY}")).query("1", NOW)
    assert CANARY not in str(caught.value)
