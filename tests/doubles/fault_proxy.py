"""A proxy on loopback that goes wrong on demand: it stands before any HTTP server and forwards.

Faults are planned for requests by a pattern over ``METHOD /path?query``; the first that fits and is not
used up yet is what happens. Everything else goes through as it is.

    with fault_proxy(server.url) as proxy:
        proxy.plan("GET .*csv", Truncate(100), times=2)
"""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass(frozen=True)
class Answer:
    """Answered by the proxy itself; the server never hears of it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reset:
    """The connection is torn down (RST), before or after the server has been asked."""

    after_forwarding: bool = False


@dataclass(frozen=True)
class Truncate:
    """The server's answer, whose body ends after some bytes although its length says more."""

    after_bytes: int


@dataclass(frozen=True)
class Drip:
    """The server's answer, whose body comes in small pieces with a pause before each."""

    piece_bytes: int
    pause_seconds: float


@dataclass(frozen=True)
class Stall:
    """Nothing at all comes back, for that long or until the proxy closes; then the connection ends."""

    seconds: float


@dataclass(frozen=True)
class Change:
    """The server's answer with another body of any length."""

    body: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Meanwhile:
    """Something else happens first; then the request goes through."""

    action: Callable[[], object]


Fault = Answer | Reset | Truncate | Drip | Stall | Change | Meanwhile


@dataclass
class _Plan:
    pattern: re.Pattern[str]
    fault: Fault
    left: float


@dataclass
class FaultProxy:
    """``requests`` are those that came, in order; ``url`` is where the proxy listens."""

    upstream: str
    url: str = ""
    requests: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, pattern: str, fault: Fault, *, times: float = float("inf")) -> None:
        """What happens to the next ``times`` requests that ``pattern`` is found in."""
        self._plans.append(_Plan(re.compile(pattern), fault, times))

    def count(self, pattern: str = "") -> int:
        """How many requests came that ``pattern`` is found in."""
        return sum(re.search(pattern, request) is not None for request in self.requests)

    def next_fault(self, request: str) -> Fault | None:
        """Note a request and say what becomes of it; None: it goes through."""
        with self._lock:
            self.requests.append(request)
            for plan in self._plans:
                if plan.left > 0 and plan.pattern.search(request):
                    plan.left -= 1
                    return plan.fault
        return None


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy before ``http://host:port`` that serves until the block ends."""
    proxy = FaultProxy(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault(f"{self.command} {self.path}")
        if isinstance(fault, Answer):
            self._send(fault.status, fault.headers, fault.body)
        elif isinstance(fault, Stall):
            self.proxy.closing.wait(fault.seconds)
            self.close_connection = True
        elif isinstance(fault, Reset) and not fault.after_forwarding:
            self._reset()
        else:
            if isinstance(fault, Meanwhile):
                fault.action()
            status, headers, answer = self._forward(body)
            if isinstance(fault, Reset):
                self._reset()
            else:
                self._send(status, dict(headers.items()), answer, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _forward(self, body: bytes) -> tuple[int, HTTPMessage, bytes]:
        connection = HTTPConnection(urlsplit(self.proxy.upstream).netloc, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, fault: Fault | None = None) -> None:
        if isinstance(fault, Change):
            body = fault.body(body)
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        if isinstance(fault, Truncate):
            body, self.close_connection = body[: fault.after_bytes], True
        if not isinstance(fault, Drip):
            self.wfile.write(body)
            return
        for start in range(0, len(body), fault.piece_bytes):
            if self.proxy.closing.wait(fault.pause_seconds):
                break
            try:
                self.wfile.write(body[start : start + fault.piece_bytes])
            except ConnectionError:  # who asked has lost patience
                break
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
