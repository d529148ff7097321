"""PagerDuty's Events API v2 on loopback: https://developer.pagerduty.com/docs/events-api-v2-overview."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.web_server import Answer, Request, WebServer, web_server

ROUTING_KEY = "canary0123456789canary0123456789"
_SEVERITIES = {"critical", "error", "warning", "info"}


@dataclass
class Events:
    """``open``: dedup_key -> the payload it was last triggered with; ``events``: action and key, in order."""

    web: WebServer
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.web.url}v2/enqueue"

    def serve(self, request: Request) -> Answer:
        if len(request.body) > 512 * 1024:
            return 413, {}, ""
        event = request.json
        wrong = list(_mistakes(event))
        if wrong:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            return 400, {}, json.dumps(body)
        action, key = event["event_action"], event["dedup_key"]
        self.events.append((action, key))
        if action == "trigger":
            self.open[key] = event["payload"]
        elif action == "resolve":
            self.open.pop(key, None)
        return 202, {}, json.dumps({"status": "success", "message": "Event processed", "dedup_key": key})


@contextmanager
def pagerduty_events() -> Iterator[Events]:
    """A service that takes events until the block ends."""
    with web_server() as web:
        events = Events(web)
        web.serve = events.serve
        yield events


def _mistakes(event: dict[str, Any]) -> Iterator[str]:
    if len(event.get("routing_key", "")) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is invalid"
    if not 0 < len(event.get("dedup_key", "")) <= 255:
        yield "'dedup_key' is invalid"
    if event.get("event_action") != "trigger":
        return
    payload = event.get("payload", {})
    if not 0 < len(payload.get("summary", "")) <= 1_024:
        yield "'payload.summary' is missing or too long"
    if not payload.get("source"):
        yield "'payload.source' is missing or blank"
    if payload.get("severity") not in _SEVERITIES:
        yield "'payload.severity' is invalid"
    for link in event.get("links", ()):
        if not link.get("href", "").startswith(("http://", "https://")):
            yield "'links.href' is invalid"
