"""Receiver kind webhook: Alertmanager's own words, signed, and known again when they come twice."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from costwatch.errors import NotifyError
from costwatch.model import Reason, Receipt
from costwatch.notify.webhook import Webhook
from tests.doubles.web_server import WebServer, web_server
from tests.made.messages import OVER, SPEND, STALE, group

RECEIVED = Path(__file__).parents[3] / "shared/data/alertmanager/webhook_received.jsonl"
SECRET = "canary-shared-secret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with web_server() as running:
        yield running


def hook(server: WebServer, **settings: object) -> Webhook:
    return Webhook.model_validate({"name": "hook", "url": server.url, **settings})


def test_the_body_is_alertmanagers(server: WebServer) -> None:
    message = group(SPEND, OVER, reason=Reason.SOME_RESOLVED, remarks={SPEND.fingerprint: ("seen by ann",)})
    assert hook(server).notify(message, None) == Receipt({})
    body = server.requests[0].json
    assert (body["status"], body["version"], body["groupKey"]) == ("firing", "4", "k")
    assert body["groupLabels"] == {"rule": "TeamDailySpend", "team": "ml-platform"}
    assert body["commonLabels"]["alertname"] == "TeamDailySpend"
    assert body["notification_reason"] == "some alerts resolved"
    assert body["externalURL"] == "http://127.0.0.1:8501"
    firing, over = body["alerts"]
    assert (firing["status"], firing["startsAt"], firing["endsAt"]) == (
        "firing",
        "2026-11-19T06:00:00.000Z",
        "0001-01-01T00:00:00Z",
    )
    assert firing["annotations"] == {
        "remarks": "seen by ann",
        "runbook_url": SPEND.runbook,
        "summary": SPEND.summary,
    }
    assert (over["status"], over["endsAt"]) == ("resolved", "2026-11-20T06:00:00.000Z")


def test_its_schema_is_documented(server: WebServer) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="comes with Streamlit")
    schema = json.loads((Path(__file__).parents[2] / "docs/webhook.schema.json").read_text())
    for reason in Reason:
        hook(server).notify(group(SPEND, OVER, reason=reason), None)
    for request in server.requests:
        jsonschema.Draft202012Validator(schema).validate(request.json)


@pytest.mark.skipif(not RECEIVED.exists(), reason="what an Alertmanager sent is not here")
def test_its_keys_are_those_that_an_alertmanager_sent(server: WebServer) -> None:
    hook(server).notify(group(), None)
    body, real = server.requests[0].json, json.loads(RECEIVED.read_text().splitlines()[0])
    assert body.keys() - real.keys() == {"notification_reason"}, "which came with 0.34"
    assert real.keys() <= body.keys()
    assert real["alerts"][0].keys() == body["alerts"][0].keys()


def test_what_is_signed_can_be_checked_and_grows_old(server: WebServer) -> None:
    hook(server, secret="${env:HOOK_SECRET}").notify(group(), None)
    (request,) = server.requests
    at = request.headers["x-costwatch-timestamp"]
    mac = hmac.new(SECRET.encode(), f"{at}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-costwatch-signature"] == f"sha256={mac}"
    assert abs(time.time() - int(at)) < 60


def test_a_message_sent_again_has_the_same_key_and_another_one_another(server: WebServer) -> None:
    for message in (group(), group(attempt=2), group(STALE), group(id="m-2")):
        hook(server).notify(message, None)
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert keys[0] == keys[1]
    assert len({*keys}) == 3


def test_alerts_are_cut_and_counted(server: WebServer) -> None:
    hook(server, max_alerts=2).notify(group(*[SPEND] * 5), None)
    body = server.requests[0].json
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (2, 3)


def test_what_is_over_is_told_only_where_it_is_wanted(server: WebServer) -> None:
    quiet = hook(server, send_resolved=False)
    quiet.notify(group(OVER, reason=Reason.RESOLVED), None)
    assert server.requests == []
    quiet.notify(group(SPEND, OVER, reason=Reason.SOME_RESOLVED), None)
    assert [alert["status"] for alert in server.requests[0].json["alerts"]] == ["firing"]


@pytest.mark.parametrize(
    ("answer", "permanent", "wait"),
    [(429, False, 7), (503, False, 7), (500, False, 7), (408, False, 7), ("drop", False, None)]
    + [(code, True, None) for code in (301, 302, 400, 401, 403, 404, 410, 422)],
)
def test_failures_say_whether_trying_again_helps(
    server: WebServer, answer: int | str, permanent: bool, wait: int | None
) -> None:
    server.answers = [answer]
    with pytest.raises(NotifyError) as raised:
        hook(server, secret="${env:HOOK_SECRET}").notify(group(), None)
    assert (raised.value.permanent, raised.value.retry_after_seconds) == (permanent, wait)
    assert len(server.requests) == 1, "a redirect is not followed"
    for shown in (server.url, SECRET):
        assert shown not in str(raised.value)


def test_the_address_may_itself_be_a_secret(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_URL", f"{server.url}canary")
    hook(server, url="${env:HOOK_URL}").notify(group(), None)
    assert server.requests[0].path == "/canary"
    monkeypatch.setenv("HOOK_URL", "canary://nowhere")
    with pytest.raises(NotifyError) as raised:
        hook(server, url="${env:HOOK_URL}").notify(group(), None)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "https://user:pw@x.example", "x", "https://", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Webhook(name="hook", url=url)
    assert "must be" in str(raised.value)


def test_labels_keep_their_names_and_lose_what_cannot_be_shown(server: WebServer) -> None:
    labels = (("label:model", "a\x1b[2J\u202eb"), ("team.name", "ml\nX: y"), ("empty", ""))
    hook(server).notify(group(replace(SPEND, labels=labels)), None)
    (alert,) = server.requests[0].json["alerts"]
    assert alert["labels"] == {
        "alertname": "TeamDailySpend",
        "label:model": r"a\x1b[2J\u202eb",
        "team.name": r"ml\nX: y",
    }
