"""Receiver kind alertmanager: all that fires, to every Alertmanager, as they want it."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest
from pydantic import ValidationError

from costwatch.errors import NotifyError
from costwatch.notify.alertmanager import Alertmanager
from tests.doubles.alertmanager_server import BINARY, alerts_at, real_alertmanager
from tests.doubles.web_server import WebServer, web_server
from tests.made.messages import SPEND, STALE

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("AM_SECRET", "canary-secret")
    with without_proxies(monkeypatch), web_server() as running:
        yield running


@contextmanager
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield


def receiver(*urls: str, **settings: object) -> Alertmanager:
    return Alertmanager.model_validate({"name": "am", "urls": urls, **settings})


def test_all_that_fires_is_handed_on_with_an_end(server: WebServer) -> None:
    receiver(server.url).forward((SPEND, STALE), NOW)
    (request,) = server.requests
    assert request.path == "/api/v2/alerts"
    first, second = request.json
    assert first == {
        "labels": {"alertname": "TeamDailySpend", **dict(SPEND.labels)},
        "annotations": {"runbook_url": SPEND.runbook, "summary": SPEND.summary},
        "startsAt": "2026-11-19T06:00:00.000Z",
        "endsAt": "2026-11-20T06:04:00.000Z",
        "generatorURL": "",
    }  # fmt: skip
    assert second["labels"]["alertname"] == "StaleData"


def test_nothing_is_sent_where_nothing_fires(server: WebServer) -> None:
    receiver(server.url).forward((), NOW)
    assert server.requests == []


def test_many_go_in_parts(server: WebServer) -> None:
    receiver(server.url).forward([replace(SPEND, fingerprint=str(number)) for number in range(5_000)], NOW)
    assert [len(request.json) for request in server.requests] == [1_000] * 5


def test_each_of_a_cluster_is_handed_all_and_one_that_is_away_keeps_none_back(server: WebServer) -> None:
    with pytest.raises(NotifyError, match=r"Alertmanager 1 of 2 cannot be reached") as raised:
        receiver("http://127.0.0.1:9", server.url, timeout_seconds=1).forward((SPEND,), NOW)
    assert not raised.value.permanent
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "permanent"), [(503, False), (429, False), (400, True), (401, True), (302, True)]
)
def test_failures_say_whether_trying_again_helps(server: WebServer, answer: int, permanent: bool) -> None:
    server.answers = [answer]
    with pytest.raises(NotifyError) as raised:
        receiver(server.url, token="${env:AM_SECRET}").forward((SPEND,), NOW)
    assert raised.value.permanent is permanent
    assert "canary" not in str(raised.value)


def test_it_logs_in_by_password_or_token(server: WebServer) -> None:
    receiver(server.url, user="u", password="${env:AM_SECRET}").forward((SPEND,), NOW)
    receiver(server.url, token="${env:AM_SECRET}").forward((SPEND,), NOW)
    basic = base64.b64encode(b"u:canary-secret").decode()
    given = [request.headers["authorization"] for request in server.requests]
    assert given == [f"Basic {basic}", "Bearer canary-secret"]


def test_label_names_are_such_as_older_ones_take_unless_told_otherwise(server: WebServer) -> None:
    alert = replace(SPEND, labels=(("1st", "a"), ("label:model", "b"), ("label_model", "c"), ("team.ü", "d")))
    receiver(server.url).forward((alert,), NOW)
    receiver(server.url, label_names="utf8").forward((alert,), NOW)
    classic, utf8 = (request.json[0]["labels"] for request in server.requests)
    assert classic == {
        "_1st": "a", "alertname": "TeamDailySpend", "label_model": "b", "label_model2": "c", "team__": "d",
    }  # fmt: skip
    assert utf8.keys() == {"1st", "alertname", "label:model", "label_model", "team.ü"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"urls": []}, "at least 1 item"),
        ({"urls": ["http://am.example:9093"], "token": "${env:X}"}, "must be https"),
        ({"user": "u"}, "go together"),
        ({"user": "u", "password": "${env:X}", "token": "${env:X}"}, "not both"),
        ({"urls": ["https://u:p@am.example"]}, "without a user or password"),
        ({"ends_after": "1s"}, "greater than or equal to"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], said: str) -> None:
    given = {"name": "am", "urls": ["https://am.example"], **settings}
    with pytest.raises(ValidationError, match=said):
        Alertmanager.model_validate(given)


@pytest.mark.alertmanager
@pytest.mark.skipif(not BINARY, reason="no Alertmanager is installed")
def test_an_alertmanager_takes_it_shows_it_and_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = replace(
        SPEND,
        fingerprint="f9",
        labels=(("label:model", "a\x00\ud800\n<!channel>"), ("empty", ""), ("team", "ml")),
        summary="x" * 20_000,
    )
    with without_proxies(monkeypatch), real_alertmanager(tmp_path) as url:
        am, now = receiver(url), datetime.now(UTC)
        am.forward((SPEND, STALE, odd), now)
        shown = {alert["labels"]["alertname"]: alert for alert in alerts_at(url)}
        assert shown.keys() == {"TeamDailySpend", "StaleData"}
        assert len(alerts_at(url)) == 3
        assert shown["StaleData"]["status"]["state"] in ("active", "unprocessed")
        assert shown["StaleData"]["startsAt"] == "2026-11-19T06:00:00.000Z"
        am.forward([replace(SPEND, labels=(("n", str(n)),)) for n in range(2_500)], now)
        assert len(alerts_at(url)) == 2_503
        # What is no longer handed on is over when its time is.
        brief = am.model_copy(update={"ends_after": timedelta(seconds=1)})
        brief.forward((replace(STALE, labels=(("n", "brief"),)),), datetime.now(UTC))
        assert len(alerts_at(url)) == 2_504
        sleep(1.2)
        assert len(alerts_at(url)) == 2_503
