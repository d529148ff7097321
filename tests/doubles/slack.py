"""Slack's Web API on a loopback port: keeps channels and threads, and misbehaves on demand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest

TOKEN = "xoxb-canary-token"


def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is where it should be, and no proxy stands between."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)


@dataclass(frozen=True)
class Call:
    """One request: the method's name, its arguments, and the Authorization header."""

    method: str
    arguments: dict[str, Any]
    authorization: str


@dataclass
class SlackDouble:
    """``answers`` are what the next calls of a method get instead of being served, in order.

    An answer is a status (``429``, ``500``, ``404``), an error code (``channel_not_found``), ``drop``
    (served, but the connection closes before the answer), ``garbage`` (no JSON), ``elsewhere`` (a redirect
    to ``other``), ``drip`` and ``drip headers`` (a byte now and then, without end), ``endless`` (as fast as
    can be) or ``serve``.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    retry_after: str = "30"
    other: str = ""
    page_size: int = 2
    first_ts: int = 1_800_000_000
    paced_by: Callable[[], float] | None = None  # a clock's seconds: 1 message a second, after a burst of 5
    told_at: list[float] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    @property
    def parents(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "thread_ts" not in message]

    def is_too_fast(self, method: str) -> bool:
        """Whether a post comes before Slack's limit lets it through."""
        if self.paced_by is None or method != "chat.postMessage":
            return False
        now = self.paced_by()
        left = 5.0
        for before, after in pairwise([*self.told_at, now]):
            left = min(5.0, left - 1 + after - before)
        if self.told_at and left < 1:
            return True
        self.told_at.append(now)
        return False

    def serve(self, call: Call) -> dict[str, Any]:
        arguments = call.arguments
        if call.method == "chat.postMessage":
            message = {"ts": f"{self.first_ts + len(self.messages)}.000100", **arguments}
            self.messages.append(message)
            return {"ok": True, "channel": arguments["channel"], "ts": message["ts"]}
        if call.method == "chat.update":
            for message in self.messages:
                if message["ts"] == arguments["ts"]:
                    message |= {"text": arguments["text"], "blocks": arguments["blocks"], "edited": True}
                    return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}
            return {"ok": False, "error": "message_not_found"}
        if call.method in ("conversations.history", "conversations.replies"):
            return self._page(call)
        return {"ok": False, "error": "unknown_method"}

    def _page(self, call: Call) -> dict[str, Any]:
        thread = call.arguments.get("ts")
        since = float(call.arguments.get("oldest", 0))
        if thread:  # its parent first, then the oldest
            found = [each for each in self.messages if thread == each["ts"]]
            found += [
                each
                for each in self.messages
                if each.get("thread_ts") == thread and float(each["ts"]) > since
            ]
        else:
            found = [each for each in reversed(self.messages) if "thread_ts" not in each]
            found = [each for each in found if float(each["ts"]) > since]
        start = int(call.arguments.get("cursor", 0))
        more = start + self.page_size < len(found)
        knows = call.arguments.get("include_all_metadata") in ("1", "true")
        page = found[start : start + self.page_size]
        return {
            "ok": True,
            "messages": page if knows else [{**each, "metadata": None} for each in page],
            "response_metadata": {"next_cursor": str(start + self.page_size) if more else ""},
        }


@contextmanager
def slack_double() -> Iterator[SlackDouble]:
    """A double that serves until the block ends."""
    double = SlackDouble()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """What no client of Slack's sends: it comes by a redirect."""
            double.calls.append(Call(self.path, {}, self.headers["Authorization"] or ""))
            self._answer(200, '{"ok": true, "channel": "C0123", "ts": "1.1"}')

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            is_json = self.headers["Content-Type"].startswith("application/json")
            arguments = (
                json.loads(text) if is_json else {key: value[0] for key, value in parse_qs(text).items()}
            )
            call = Call(self.path.removeprefix("/api/"), arguments, self.headers["Authorization"] or "")
            double.calls.append(call)
            planned = double.answers.get(call.method) or ["serve"]
            answer = "429" if double.is_too_fast(call.method) else planned.pop(0)
            if answer == "serve":
                self._answer(200, json.dumps(double.serve(call)))
            elif answer == "drop":
                double.serve(call)
                self.close_connection = True
            elif answer == "elsewhere":
                self.send_response(302)
                self.send_header("Location", double.other + call.method)
                self.end_headers()
            elif answer in ("drip", "drip headers", "endless"):
                with suppress(OSError):
                    self._answer_without_end(answer)
            elif answer == "garbage":
                self._answer(200, "<html>a proxy's login page</html>")
            elif answer.isdigit():
                self._answer(
                    int(answer), json.dumps({"ok": False, "error": "ratelimited" if answer == "429" else ""})
                )
            else:
                self._answer(200, json.dumps({"ok": False, "error": answer}))

        def _answer_without_end(self, how: str) -> None:
            self.close_connection = True
            if how != "drip headers":
                self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not double.is_over.is_set():
                self.wfile.write(b"x" * 65_536 if how == "endless" else b"x")
                if how != "endless":
                    double.is_over.wait(0.05)

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if status == 429:
                self.send_header("Retry-After", double.retry_after)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
