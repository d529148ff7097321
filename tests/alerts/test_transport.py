"""The transport of receivers: over TLS too, and to web servers alone."""

import socket
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

import pytest

from costwatch.plugins.transport import TransportError, post
from tests.doubles.promql_api import promql_api
from tests.doubles.slack import SlackDouble


def test_headers_are_found_whatever_their_case(double: SlackDouble) -> None:
    double.answers = {"auth.test": ["429"]}
    answer = post(f"{double.url}auth.test", b"{}", {"Content-Type": "application/json"}, 5)
    assert (answer.status, answer.headers["retry-after"]) == (429, "30")


def test_only_web_servers_are_spoken_to(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    with pytest.raises(TransportError, match="no web address"):
        post(f"file://{tmp_path}/secret", b"", {}, 5)


def test_a_header_that_cannot_be_sent_is_not_shown(double: SlackDouble) -> None:
    with pytest.raises(TransportError) as raised:
        post(double.url, b"", {"Authorization": "Bearer canary\nX: y"}, 5)
    assert "canary" not in str(raised.value)


def test_a_server_that_never_finishes_its_handshake_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB follows
                while not is_over.wait(0.05):
                    try:
                        accepted.sendall(b"\x00")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = monotonic()
        with pytest.raises(TransportError, match="TimeoutError"):
            post(f"https://127.0.0.1:{server.getsockname()[1]}/", b"", {}, 1)
        assert monotonic() - began < 5
        is_over.set()
        thread.join()


def test_tls_is_checked_and_its_answer_read(
    certificate: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate["cert_file"], certificate["key_file"])
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with promql_api(context) as server:
        with pytest.raises(TransportError, match="SSLCertVerificationError"):
            post(server.url, b"query=1", {}, 5)
        monkeypatch.setenv("SSL_CERT_FILE", certificate["cert_file"])
        assert post(server.url, b"query=1", {}, 5).body == b"{}"
