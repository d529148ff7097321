"""Receiver kind pagerduty: an incident for each alert, opened once and closed with it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from costwatch.errors import NotifyError
from costwatch.model import Reason, Receipt, Severity
from costwatch.notify.pagerduty import PagerDuty
from tests.doubles.pagerduty_events import ROUTING_KEY, Events, pagerduty_events
from tests.made.messages import OVER, SPEND, STALE, group

GONE = replace(STALE, state=OVER.state, resolved_at=OVER.resolved_at)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[Events]:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", ROUTING_KEY)
    with pagerduty_events() as running:
        yield running


def pager(events: Events, **settings: object) -> PagerDuty:
    given = {"name": "pager", "routing_key": "${env:PAGERDUTY_ROUTING_KEY}", "url": events.url}
    return PagerDuty.model_validate({**given, **settings})


def test_each_alert_is_triggered_and_resolved_by_its_fingerprint(events: Events) -> None:
    pagerduty = pager(events)
    first = pagerduty.notify(group(SPEND, STALE), None)
    assert {key: payload["severity"] for key, payload in events.open.items()} == {
        "f00": "critical",
        "f01": "warning",
    }
    second = pagerduty.notify(group(SPEND, GONE, reason=Reason.SOME_RESOLVED), first)
    assert events.open.keys() == {"f00"}
    third = pagerduty.notify(group(OVER, GONE, reason=Reason.RESOLVED), second)
    assert (events.open, third) == ({}, Receipt({"open": ""}))


def test_an_event_says_what_is_known_of_an_alert(events: Events) -> None:
    alert = replace(SPEND, annotations={"hint": "ask"}, labels=(*SPEND.labels, ("service", "ec2")))
    pager(events).notify(group(alert, remarks={"f00": ("acknowledged by ann",)}), None)
    body = events.web.requests[0].json
    payload = body["payload"]
    assert payload["summary"] == SPEND.summary
    assert (payload["source"], payload["component"], payload["group"]) == ("ec2", "ec2", "ml-platform")
    assert (payload["class"], payload["timestamp"]) == ("TeamDailySpend", "2026-11-19T06:00:00.000Z")
    assert payload["custom_details"] == {
        "value": "$9,412.33",
        "threshold": "$6,000.00",
        "owner": "S777 in Slack, ml@example.com",
        "remarks": "acknowledged by ann",
        "hint": "ask",
        "rule": "TeamDailySpend",
        "severity": "page",
        "team": "ml-platform",
        "service": "ec2",
    }
    assert [link["text"] for link in body["links"]] == ["Open in costwatch", "Runbook"]


def test_what_has_left_its_group_is_resolved(events: Events) -> None:
    first = pager(events).notify(group(SPEND, STALE), None)
    pager(events).notify(group(SPEND, reason=Reason.SOME_RESOLVED), first)
    assert events.open.keys() == {"f00"}


def test_what_was_over_before_it_could_be_told_is_known_there_and_wakes_nobody(events: Events) -> None:
    pager(events).notify(group(OVER), None)
    assert events.events == [("trigger", "f00"), ("resolve", "f00")]
    assert events.web.requests[0].json["payload"]["severity"] == "info"


def test_a_try_that_failed_halfway_leaves_nothing_open(events: Events) -> None:
    events.web.answers = [202, 429]
    with pytest.raises(NotifyError) as raised:
        pager(events).notify(group(SPEND, STALE), None)
    assert raised.value.retry_after_seconds == 7
    events.open["f00"] = {}
    receipt = pager(events).notify(group(OVER, STALE, attempt=2), None)
    assert (events.open.keys(), receipt) == ({"f01"}, Receipt({"open": "f01"}))


def test_what_is_to_interrupt_nobody_triggers_nothing_new(events: Events) -> None:
    first = pager(events).notify(group(SPEND), None)
    second = pager(events).notify(group(SPEND, STALE, is_aloud=False), first)
    assert events.open.keys() == {"f00"}
    pager(events).notify(group(SPEND, STALE, reason=Reason.REPEAT), second)
    assert events.open.keys() == {"f00", "f01"}


def test_a_storm_is_bounded_and_all_of_it_ends(events: Events) -> None:
    storm = [replace(SPEND, fingerprint=f"s{number:03}") for number in range(120)]
    receipt = pager(events, max_alerts=10).notify(group(*storm), None)
    assert len(events.open) == 11
    assert any("110 more alerts" in payload["summary"] for payload in events.open.values())
    over = [replace(OVER, fingerprint=alert.fingerprint) for alert in storm]
    pager(events, max_alerts=10).notify(group(*over, reason=Reason.RESOLVED), receipt)
    assert events.open == {}


@pytest.mark.parametrize(
    ("answer", "permanent"), [(429, False), (500, False), (503, False), (400, True), (413, True)]
)
def test_failures_say_whether_trying_again_helps(events: Events, answer: int, permanent: bool) -> None:
    events.web.answers = [answer]
    with pytest.raises(NotifyError) as raised:
        pager(events).notify(group(), None)
    assert raised.value.permanent is permanent
    assert ROUTING_KEY not in str(raised.value)


def test_a_key_of_the_wrong_length_is_refused_for_good(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", "short")
    with pytest.raises(NotifyError, match="PagerDuty answered 400") as raised:
        pager(events).notify(group(), None)
    assert raised.value.permanent


def test_an_event_stays_within_what_pagerduty_takes(events: Events) -> None:
    texts = {f"name {number}" + "n" * 900: "👩" * 90_000 for number in range(300)}
    labels = tuple((f"l{number}", "\ud800" * 5_000) for number in range(300))
    alert = replace(SPEND, summary="s" * 90_000, annotations=texts, labels=labels, severity=Severity.INFO)
    pager(events).notify(group(alert, owners=("o" * 90_000,)), None)
    assert len(events.open) == 1


def test_a_key_goes_nowhere_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="must be https"):
        PagerDuty(name="p", routing_key="${env:X}", url="http://events.example/v2/enqueue")
