"""What the double keeps: channels, threads, files; and how each method of the Web API answers."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.doubles.slack.blocks import refusal
from tests.doubles.slack.files import Files
from tests.doubles.slack.history import page
from tests.doubles.slack.limits import Limits
from tests.doubles.slack.socket_mode import SocketMode

TOKEN = "xoxb-canary-token"
BOT = "B0BOT"
SCOPES = ("chat:write", "channels:history", "groups:history")
_NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}


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

    An answer is a status (``429``, ``500``, ``503``), an error code (``channel_not_found``), ``drop``
    (served, but the connection closes before the answer), ``reset`` (the same, by a reset), ``garbage`` (no
    JSON), ``elsewhere`` (a redirect to ``other``), ``drip`` and ``drip headers`` (a byte now and then,
    without end), ``endless`` (as fast as can be), ``raw:`` and the body of an answer, or ``serve``.

    paced_by: a clock's seconds; with it Slack's limits hold, for each method and channel. is_distributed:
    history is given 15 messages and one call a minute. scopes: of the token. seen_after_calls: how many
    calls after a message was posted it is seen by those that look for it. channels: what is wrong with one
    (``is_archived``); those not named are fine. page_size: messages that a look gives at most, whatever is
    asked for. is_edit_window_over: messages can no longer be edited.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    retry_after: str = "30"
    other: str = ""
    page_size: int = 999
    first_ts: int = 1_800_000_000
    paced_by: Callable[[], float] | None = None
    is_distributed: bool = False
    scopes: tuple[str, ...] = SCOPES
    seen_after_calls: int = 0
    channels: dict[str, str] = field(default_factory=dict)
    is_edit_window_over: bool = False
    is_checking_tokens: bool = False
    files: Files = field(default_factory=Files)
    is_over: threading.Event = field(default_factory=threading.Event)
    limits: Limits = field(default_factory=Limits)
    socket_mode: SocketMode = field(default_factory=SocketMode)
    _posted_at_call: dict[str, int] = field(default_factory=dict)

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    @property
    def parents(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "thread_ts" not in message]

    def wait_seconds(self, call: Call) -> int:
        """How long Slack's limits keep a call waiting; 0: not at all."""
        if self.paced_by is None:
            return 0
        self.limits.is_distributed = self.is_distributed
        return self.limits.wait_seconds(call.method, str(call.arguments.get("channel", "")), self.paced_by)

    def serve(self, call: Call) -> dict[str, Any]:
        """The answer's JSON."""
        if call.method == "apps.connections.open":  # by the app's own token, not the bot's
            return self.socket_mode.opened(call.authorization)
        if self.is_checking_tokens and call.authorization != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth" if call.authorization else "not_authed"}
        needed = _NEEDED.get(call.method)
        if needed and needed not in self.scopes:
            provided = ",".join(self.scopes)
            return {"ok": False, "error": "missing_scope", "needed": needed, "provided": provided}
        methods: dict[str, Callable[[Call], dict[str, Any]]] = {
            "auth.test": self._auth,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._page,
            "conversations.replies": self._page,
            "files.getUploadURLExternal": self._upload,
            "files.completeUploadExternal": self._complete,
        }
        method = methods.get(call.method)
        channel = str(call.arguments.get("channel", ""))
        if method is None:
            return {"ok": False, "error": "unknown_method"}
        if code := self.channels.get(channel):
            return {"ok": False, "error": code}
        return method(call)

    def _auth(self, call: Call) -> dict[str, Any]:
        return {"ok": True, "url": "https://acme.slack.example/", "team": "Acme", "bot_id": BOT}

    def _post(self, call: Call) -> dict[str, Any]:
        arguments = call.arguments
        if code := refusal(arguments.get("text", ""), _decoded(arguments.get("blocks"))):
            return {"ok": False, "error": code}
        message = {"ts": self._next_ts(), "bot_id": BOT, **arguments}
        self.messages.append(message)
        self._posted_at_call[message["ts"]] = len(self.calls)
        return {"ok": True, "channel": arguments["channel"], "ts": message["ts"], "message": _public(message)}

    def _next_ts(self) -> str:
        """Unique in all channels."""
        number = self.first_ts + len(self.messages)
        while any(message["ts"] == f"{number}.000100" for message in self.messages[-2_000:]):
            number += 1
        return f"{number}.000100"

    def _update(self, call: Call) -> dict[str, Any]:
        """An edit without ``blocks`` but with ``text`` takes the blocks away."""
        arguments = call.arguments
        where = (arguments.get("channel"), arguments.get("ts"))
        found = next(
            (each for each in self.messages if (_channel(each, where[0]), each["ts"]) == where), None
        )
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        if found.get("bot_id", BOT) != BOT or "user" in found:
            return {"ok": False, "error": "cant_update_message"}
        if self.is_edit_window_over:
            return {"ok": False, "error": "edit_window_closed"}
        if code := refusal(arguments.get("text", ""), _decoded(arguments.get("blocks"))):
            return {"ok": False, "error": code}
        found.pop("blocks", None)
        found |= {key: arguments[key] for key in ("text", "blocks", "metadata") if key in arguments}
        found["edited"] = {"user": "U0BOT", "ts": self._next_ts()}
        return {"ok": True, "channel": where[0], "ts": where[1], "text": found.get("text", "")}

    def _page(self, call: Call) -> dict[str, Any]:
        calls = len(self.calls)
        seen = [
            each
            for each in self.messages
            if calls - self._posted_at_call.get(each["ts"], 0) > self.seen_after_calls
            or not self.seen_after_calls
        ]
        at_most = min(15, self.page_size) if self.is_distributed else self.page_size
        return page(seen, call.arguments, at_most)

    def _upload(self, call: Call) -> dict[str, Any]:
        return self.files.begun(call.arguments, self.url)

    def _complete(self, call: Call) -> dict[str, Any]:
        return self.files.completed(call.arguments)


def _decoded(blocks: Any) -> Any:
    """In a form, blocks are a JSON text."""
    try:
        return json.loads(blocks) if isinstance(blocks, str) else blocks
    except ValueError:
        return blocks


def _public(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in ("channel", "metadata")}


def _channel(message: dict[str, Any], asked: Any) -> Any:
    """Where a message stands; one that a test laid down without saying stands anywhere."""
    return message.get("channel", asked)
