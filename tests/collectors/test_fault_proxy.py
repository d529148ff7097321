"""The proxy's own faults, as a plain client of the standard library meets them."""

import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.doubles.fault_proxy import (
    Answer,
    Change,
    Drip,
    Fault,
    FaultProxy,
    Meanwhile,
    Reset,
    Stall,
    Truncate,
    fault_proxy,
)

BODY = b"0123456789" * 10


class Upstream(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Kept", "yes")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(BODY)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    with fault_proxy(f"http://127.0.0.1:{server.server_port}") as running:
        yield running
    server.shutdown()
    server.server_close()
    thread.join()


def ask(proxy: FaultProxy, path: str = "/a", method: str = "GET", body: bytes | None = None) -> bytes:
    connection = HTTPConnection(proxy.url.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return b"%d " % answer.status + answer.read()
    finally:
        connection.close()


def test_without_a_plan_everything_goes_through(proxy: FaultProxy) -> None:
    assert ask(proxy) == b"200 " + BODY
    assert ask(proxy, "/b?c=d", "POST", b"sent") == b"201 sent"
    assert ask(proxy, method="HEAD") == b"200 "
    assert proxy.requests == ["GET /a", "POST /b?c=d", "HEAD /a"]
    assert (proxy.count("/a"), proxy.count()) == (2, 3)


def test_headers_and_a_kept_connection_go_through(proxy: FaultProxy) -> None:
    connection = HTTPConnection(proxy.url.removeprefix("http://"), timeout=5)
    for _ in range(3):
        connection.request("GET", "/a")
        answer = connection.getresponse()
        assert (answer.headers["X-Kept"], answer.read()) == ("yes", BODY)
    connection.close()


def test_a_plan_is_for_the_requests_it_names_and_for_so_many(proxy: FaultProxy) -> None:
    proxy.plan("GET /a", Answer(503, b"slow down", {"Retry-After": "1"}), times=2)
    assert [ask(proxy)[:3], ask(proxy, "/b")[:3], ask(proxy)[:3], ask(proxy)[:3]] == [
        b"503",
        b"200",
        b"503",
        b"200",
    ]


BROKEN: dict[str, tuple[Fault, type[Exception]]] = {
    "a reset before the server is asked": (Reset(), ConnectionResetError),
    "a reset after the server was asked": (Reset(after_forwarding=True), ConnectionResetError),
    "a body that ends early": (Truncate(30), IncompleteRead),
    "no answer at all": (Stall(0.05), RemoteDisconnected),
}


@pytest.mark.parametrize(("fault", "error"), BROKEN.values(), ids=BROKEN)
def test_a_client_meets(fault: Fault, error: type[Exception], proxy: FaultProxy) -> None:
    proxy.plan("GET", fault, times=1)
    with pytest.raises(error):
        ask(proxy)
    assert ask(proxy) == b"200 " + BODY


def test_a_slow_body_comes_whole_and_late(proxy: FaultProxy) -> None:
    proxy.plan("GET", Drip(10, 0.01), times=1)
    before = time.monotonic()
    assert ask(proxy) == b"200 " + BODY
    assert time.monotonic() - before >= 0.1


def test_a_body_can_be_changed(proxy: FaultProxy) -> None:
    proxy.plan("GET", Change(lambda body: body[:5]))
    assert ask(proxy) == b"200 01234"


def test_something_can_happen_between_two_requests(proxy: FaultProxy) -> None:
    seen: list[str] = []
    proxy.plan("/b", Meanwhile(lambda: seen.append("meanwhile")), times=1)
    assert ask(proxy) == ask(proxy, "/b") == b"200 " + BODY
    assert seen == ["meanwhile"]


def test_a_stall_ends_with_the_proxy(proxy: FaultProxy) -> None:
    proxy.plan("GET", Stall(600))
    connection = HTTPConnection(proxy.url.removeprefix("http://"), timeout=0.05)
    connection.request("GET", "/a")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
