"""What no HTTP server does on its own: drips, bombs, TLS that fails, names that lead astray."""

import gzip
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path

import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from costwatch.errors import SourceError
from tests.doubles.promql_api import PromqlApi, promql_api

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\n"
RESULT = b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'
BOMB = gzip.compress(bytes(300_000_000), compresslevel=1)
PACKED = b"Content-Encoding: gzip\r\n"


@contextmanager
def raw_server(pieces: Iterable[bytes], pause_seconds: float = 0) -> Iterator[str]:
    """The url of a server that sends pieces with a pause after each to whoever asks first, then hangs up."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        connected, _ = listener.accept()
        with connected:
            connected.recv(65_536)
            try:
                for piece in pieces:
                    connected.sendall(piece)
                    if ended.wait(pause_seconds):
                        break
            except ConnectionError:  # who asked has lost patience
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def drip(head: bytes, text: bytes) -> Iterator[bytes]:
    return chain([head], (bytes([letter]) for letter in text), repeat(b" ", 600))


DRIPS = {
    "headers": drip(OK + b"X: ", b"x"),
    "a body of a known length": drip(OK + b"Content-Length: 500\r\n\r\n", RESULT),
    "a body that ends with the connection": drip(OK + b"\r\n", RESULT),
    "a body in chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n500\r\n", RESULT),
    "an error": drip(b"HTTP/1.1 500 Oh\r\n\r\n", b"oh"),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS)
def test_what_drips_in_is_cut(pieces: Iterable[bytes]) -> None:
    with (
        raw_server(pieces, 0.05) as url,
        pytest.raises(SourceError, match=r"^prom: http\S+ has not answered whole in 1 s; look at its load"),
    ):
        ask(url, timeout_seconds=1)


BOMBS = {
    "of a known length": (
        [OK, PACKED, b"Content-Length: %d\r\n\r\n" % len(BOMB), BOMB],
        r"answers more than max_bytes \(1,000,000\); ask for fewer series, or raise the limit",
    ),
    "in chunks": (
        [OK, PACKED, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BOMB), BOMB, b"\r\n0\r\n\r\n"],
        r"answers more than max_bytes",
    ),
    "without packing, and without an end": (
        chain([OK, b"\r\n"], repeat(bytes(65_536), 10_000)),
        r"answers more than max_bytes",
    ),
    "in an error": (
        [b"HTTP/1.1 500 Oh\r\n", PACKED, b"Content-Length: %d\r\n\r\n" % len(BOMB), BOMB],
        r"answers 500; correct what it names",
    ),
    "in a redirect": (
        [b"HTTP/1.1 302 Found\r\nLocation: /login\r\n", PACKED, b"\r\n", BOMB],
        r"answers with a redirect to /login; write the address that answers itself",
    ),
}


@pytest.mark.parametrize(("pieces", "said"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_fills_no_memory(pieces: Iterable[bytes], said: str) -> None:
    ask_once = pytest.raises(SourceError, match=said)
    tracemalloc.start()
    try:
        with raw_server(pieces) as url, ask_once:
            ask(url, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_name_that_leads_to_a_metadata_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(SourceError, match="is a link-local or metadata address; write another url"):
        ask("http://metadata.example")


def test_a_name_that_comes_to_mean_a_metadata_address_is_sent_nothing(
    api: PromqlApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback stands for it: taken when it is looked up, refused once it is connected to."""
    refused = iter([False, True])
    monkeypatch.setattr("collectors.prometheus.connection.is_refused", lambda _: next(refused))
    with pytest.raises(SourceError, match="is a link-local or metadata address"):
        ask(api.url)
    assert api.asked == []


def test_a_connection_is_used_again(api: PromqlApi) -> None:
    with Prometheus(PrometheusSettings(name="prom", url=api.url)) as prometheus:
        for _ in range(5):
            prometheus.query("seconds", NOW)
    assert (api.connections, len(api.asked)) == (1, 5)


# ---- TLS


@pytest.fixture(params=[False, True], ids=["anybody", "those with a certificate"])
def guarded(
    certificate: Mapping[str, str], request: pytest.FixtureRequest
) -> Iterator[tuple[PromqlApi, bool]]:
    """A server with TLS, and whether it asks for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate["cert_file"], certificate["key_file"])
    if request.param:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate["cert_file"])
    with promql_api(context) as running:
        yield running, request.param


@pytest.mark.usefixtures("api")
def test_a_server_is_trusted_by_ca_file(
    guarded: tuple[PromqlApi, bool], certificate: Mapping[str, str]
) -> None:
    double, asks_for_ours = guarded
    with pytest.raises(SourceError, match=r"speaks TLS that fails \(.*\); check ca_file, cert_file and key"):
        ask(double.url)
    trusting = {"ca_file": certificate["cert_file"]}
    if asks_for_ours:
        with pytest.raises(SourceError, match=r"TLS|cannot be reached|broke off"):
            ask(double.url, **trusting)
    ask(double.url, **trusting, **(certificate if asks_for_ours else {}))
    assert len(double.asked) == 1


@pytest.mark.parametrize("key", ["ca_file", "cert_file"])
def test_a_certificate_that_is_not_there_is_named(key: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    with pytest.raises(SourceError, match=rf"^prom: {key}: {missing} cannot be read; check the path"):
        ask("https://127.0.0.1:1", **{key: missing})


def ask(url: str, **more: object) -> None:
    with Prometheus(PrometheusSettings.model_validate({"name": "prom", "url": url, **more})) as prometheus:
        prometheus.query("1", NOW)
