"""The one way by which receivers speak HTTP: bounded in time and in size, and led nowhere else."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

ANSWER_BYTES = 16 * 1024 * 1024


class TransportError(Exception):
    """No whole answer came. The text says why in a word or two, with nothing of what was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
    answer_bytes: int = ANSWER_BYTES,
) -> Answer:
    """Send ``body`` to ``url``, which begins with http or https, and read the whole answer.

    timeout_seconds: for all of it, however slowly it drips in; only a resolver of names may take longer.
    answer_bytes: how long an answer's body may be. A redirect is an answer like any other, as what goes
    with a request (a token) is for its address alone. Proxies are those of the environment. Raises
    TransportError; the request may have arrived then.
    """
    if not url.startswith(("https://", "http://")):
        raise TransportError("no web address")
    watch = Watch(timeout_seconds)
    # Nothing here acts on an answer: no redirects, no cookies, no passwords.
    opener = OpenerDirector()
    for handler in (ProxyHandler(), _HTTPHandler(watch), _HTTPSHandler(watch)):
        opener.add_handler(handler)
    watch.start()
    try:
        request = Request(url, body, dict(headers) | {"User-Agent": "costwatch"})  # noqa: S310 checked above
        with opener.open(request, timeout=timeout_seconds) as response:
            read: bytes = response.read(answer_bytes + 1)
            named = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status, named, read)
    except (OSError, HTTPException, ValueError) as error:
        if watch.is_over:
            raise TransportError("TimeoutError") from None
        inner = error.reason if isinstance(error, URLError) else error
        raise TransportError(type(inner).__name__ if isinstance(inner, Exception) else str(inner)) from None
    finally:
        watch.end()
    if watch.is_over:  # what was cut looks like what has ended
        raise TransportError("TimeoutError")
    if len(answer.body) > answer_bytes:
        raise TransportError(f"more than {answer_bytes:,} bytes")
    return answer


class Watch(Timer):
    """Cuts a connection when its time is over: whoever reads from it finds its end.

    For whoever speaks something else than HTTP, too: ``start``, ``hold`` what is connected, ``end``.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds, self._cut)
        self.daemon = True
        self.is_over = False
        self._held: socket.socket | None = None

    def hold(self, connected: socket.socket) -> None:
        """Watch this one. What wraps it for TLS takes it over, so that a copy is kept."""
        self._held = connected.dup()
        if self.is_over:
            self._cut()

    def end(self) -> None:
        """All has been read."""
        self.cancel()
        if self._held is not None:
            self._held.close()

    def _cut(self) -> None:
        self.is_over = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """Without TLS."""

    watch: Watch

    def connect(self) -> None:
        """See ``HTTPConnection``."""
        super().connect()
        self.watch.hold(self.sock)


class _TLSConnection(HTTPSConnection, _Connection):
    """With TLS, which begins once ``_Connection`` is connected."""


class _HTTPHandler(HTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: Request) -> Any:
        return self.do_open(_watched(_Connection, self._watch), req)


class _HTTPSHandler(HTTPSHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def https_open(self, req: Request) -> Any:
        return self.do_open(_watched(_TLSConnection, self._watch), req)


def _watched(kind: type[_Connection], watch: Watch) -> Callable[..., _Connection]:
    def connection(host: str, **options: Any) -> _Connection:
        made = kind(host, **options)
        made.watch = watch
        return made

    return connection
