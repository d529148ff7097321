"""The double's web server."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.doubles.slack.workspace import Call, SlackDouble

_DOWN = "<!doctype html><html><body><h1>503 Service Unavailable</h1></body></html>"


@contextmanager
def slack_double() -> Iterator[SlackDouble]:
    """A double that serves until the block ends."""
    double = SlackDouble()

    class Handler(_Handler):
        pass

    Handler.double = double
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


class _Handler(BaseHTTPRequestHandler):
    double: SlackDouble

    def do_GET(self) -> None:
        """What no client of Slack's sends: it comes by a redirect."""
        self.double.calls.append(Call(self.path, {}, self.headers["Authorization"] or ""))
        self._answer(200, '{"ok": true, "channel": "C0123", "ts": "1.1"}')

    def do_POST(self) -> None:
        double = self.double
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.startswith("/upload/v1/"):
            status = double.files.taken(self.path.rpartition("/")[2], body)
            self._answer(status, "OK", "text/plain")
            return
        call = Call(
            self.path.removeprefix("/api/"),
            _arguments(body.decode(), self.headers["Content-Type"] or ""),
            self.headers["Authorization"] or "",
        )
        double.calls.append(call)
        if seconds := double.wait_seconds(call):
            self._refuse(429, str(seconds))
            return
        planned = double.answers.get(call.method) or ["serve"]
        self._give(planned.pop(0), call)

    def _give(self, answer: str, call: Call) -> None:
        double = self.double
        if answer == "serve":
            self._answer(200, json.dumps(double.serve(call)))
        elif answer in ("drop", "reset"):
            double.serve(call)
            self._hang_up(with_reset=answer == "reset")
        elif answer == "elsewhere":
            self.send_response(302)
            self.send_header("Location", double.other + call.method)
            self.end_headers()
        elif answer in ("drip", "drip headers", "endless"):
            with suppress(OSError):
                self._answer_without_end(answer)
        elif answer == "garbage":
            self._answer(200, "<html>a proxy's login page</html>")
        elif answer == "503":
            self._answer(503, _DOWN, "text/html")
        elif answer.isdigit():
            self._refuse(int(answer), double.retry_after)
        elif answer.startswith("raw:"):
            self._answer(200, answer.removeprefix("raw:"))
        else:
            self._answer(200, json.dumps({"ok": False, "error": answer}))

    def _hang_up(self, *, with_reset: bool) -> None:
        if with_reset:  # closing at once what is to linger for no time resets it
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        self.close_connection = True

    def _answer_without_end(self, how: str) -> None:
        self.close_connection = True
        if how != "drip headers":
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not self.double.is_over.is_set():
            self.wfile.write(b"x" * 65_536 if how == "endless" else b"x")
            if how != "endless":
                self.double.is_over.wait(0.05)

    def _refuse(self, status: int, retry_after: str) -> None:
        self._retry_after = retry_after
        self._answer(status, json.dumps({"ok": False, "error": "ratelimited" if status == 429 else ""}))

    def _answer(self, status: int, text: str, kind: str = "application/json") -> None:
        body = text.encode("utf-8", "surrogateescape")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-OAuth-Scopes", ",".join(self.double.scopes))
        if status == 429:
            self.send_header("Retry-After", self._retry_after)
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        with suppress(OSError, ValueError):  # what was reset has nothing left to flush
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


def _arguments(text: str, kind: str) -> dict[str, Any]:
    """Of a form or of JSON, as Slack takes both."""
    if kind.startswith("application/json"):
        return dict(json.loads(text or "{}"))
    return {key: value[0] for key, value in parse_qs(text).items()}
