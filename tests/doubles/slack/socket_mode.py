"""Socket Mode: what people click comes to the app by a web socket that it opened itself.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

APP_TOKEN = "xapp-canary-token"


@dataclass
class SocketMode:
    """ack_seconds: after so long an envelope that nobody acknowledged is sent again; Slack's are 3.

    ``acks``: what the app answered, in order. ``sent``: the envelopes, those sent again too.
    """

    url: str = ""
    ack_seconds: float = 3
    acks: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _open: list[ServerConnection] = field(default_factory=list)
    _acked: dict[str, threading.Event] = field(default_factory=dict)

    def opened(self, authorization: str) -> dict[str, Any]:
        """The answer of ``apps.connections.open``: an address that can be used once."""
        if not authorization.startswith("Bearer xapp-"):
            return {"ok": False, "error": "not_allowed_token_type"}
        ticket = uuid4().hex
        self._tickets.add(ticket)
        return {"ok": True, "url": f"{self.url}/link/?ticket={ticket}"}

    def click(self, payload: dict[str, Any], tries: int = 3) -> bool:
        """Send what a button sends to one connection, again until it is acknowledged; whether it was."""
        id = str(uuid4())
        acked = self._acked[id] = threading.Event()
        for attempt in range(tries):
            envelope = {"envelope_id": id, "type": "interactive", "accepts_response_payload": True}
            envelope |= {"payload": payload}
            if attempt:
                envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            self.sent.append(envelope)
            self._tell(envelope)
            if acked.wait(self.ack_seconds):
                return True
        return False

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the newest connection to be opened anew, and close it."""
        connection = self._open[-1]
        connection.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))
        connection.close()

    def _tell(self, envelope: dict[str, Any]) -> None:
        with suppress(IndexError, ConnectionClosed):
            self._open[-1].send(json.dumps(envelope))

    def attend(self, connection: ServerConnection) -> None:
        """Greet an app that came by an address it was given, and keep what it acknowledges."""
        ticket = connection.request.path.rpartition("=")[2] if connection.request else ""
        if ticket not in self._tickets:
            connection.close(1008, "the address was used")
            return
        self._tickets.remove(ticket)
        self._open.append(connection)
        info = {"app_id": "A0APP"}
        hello = {"type": "hello", "num_connections": len(self._open), "connection_info": info}
        with suppress(ConnectionClosed):
            connection.send(json.dumps(hello))
            for text in connection:
                self._heard(json.loads(text))
        self._open.remove(connection)

    def _heard(self, message: dict[str, Any]) -> None:
        self.acks.append(message)
        if found := self._acked.get(str(message.get("envelope_id"))):
            found.set()


@contextmanager
def socket_mode() -> Iterator[SocketMode]:
    """One that serves until the block ends."""
    mode = SocketMode()
    server: Server = serve(mode.attend, "127.0.0.1", 0)
    mode.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield mode
    finally:
        server.shutdown()
        thread.join()
