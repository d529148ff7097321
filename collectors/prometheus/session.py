"""One request, limited in time and size, tried again where that may help, and refused in our words."""

import re
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import stamina
from requests import exceptions

from collectors.prometheus.answers import Part, StatusError, parsed
from collectors.prometheus.connection import LimitedAdapter, RefusedAddressError, reason
from collectors.prometheus.credentials import Credentials
from collectors.prometheus.settings import PrometheusSettings
from costwatch.errors import SourceError
from costwatch.wording import printable

_ATTEMPTS = 4
_PAUSE_SECONDS = {"wait_initial": 0.5, "wait_max": 10.0, "wait_jitter": 1.0}
_CONNECT_SECONDS = 10
_PIECE_BYTES = 64 * 1024
_ERROR_BYTES = 64 * 1024  # of an answer that is an error, no more is read
_QUOTED = 300  # characters of what a server says
_PASSING = (429, 502, 503, 504)
_TOO_MUCH = re.compile(
    r"too many (samples|points|series|chunks)|maximum resolution|exceed|too large|larger than max"
    "|ResourceExhausted",
    re.IGNORECASE,
)
_SMALLER = "ask for fewer series, or raise the limit"
_ADVICE = {
    400: "correct the query",
    401: "check username, password, token and headers",
    403: "check username, password, token and headers, and what they may read",
    404: "check the path of url, such as /prometheus for Mimir",
} | dict.fromkeys(_PASSING, "look at its load, and run it again")


class AskError(SourceError):
    """A request that failed. ``may_pass``: the same may succeed a little later."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class TooMuchError(AskError):
    """The answer would be, or is, too large: a smaller question may do."""


class _Reply:
    """What PrometheusConnect takes for a response: it passes ``result`` on, which here is a Part."""

    status_code = 200

    def __init__(self, part: Part) -> None:
        self._part = part

    def json(self) -> dict[str, dict[str, Part]]:
        return {"data": {"result": self._part}}


class LimitedSession(requests.Session):
    """The session that PrometheusConnect is given. Questions go out as POST, as GET where that is refused.

    Raises AskError. Follows no redirect; keeps no cookie and reads no netrc.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        super().__init__()
        self._settings, self._method = settings, "POST"
        self._adapter = LimitedAdapter()
        self._credentials = self.auth = Credentials(settings)
        self.headers.update({"Accept-Encoding": "gzip", "User-Agent": "costwatch"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.verify = settings.ca_file or True
        if settings.cert_file:
            self.cert = (settings.cert_file, settings.key_file) if settings.key_file else settings.cert_file

    def get_adapter(self, url: str) -> LimitedAdapter:
        """Ours, whatever PrometheusConnect mounts."""
        return self._adapter

    def close(self) -> None:
        """Close the connection; another question opens it anew."""
        self._adapter.close()

    def request(self, method: Any, url: Any, *_: Any, **asked: Any) -> Any:
        """The Part that the server answers ``asked["params"]`` with, as PrometheusConnect takes it."""
        stamina.instrumentation.set_on_retry_hooks([])  # what a try ran into is said if the last one fails
        for attempt in stamina.retry_context(
            lambda error: isinstance(error, AskError) and error.may_pass,
            attempts=_ATTEMPTS,
            timeout=self._settings.timeout_seconds,
            **_PAUSE_SECONDS,
        ):
            with attempt:
                return _Reply(self._asked(url, asked["params"]))
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, url: str, params: Mapping[str, str]) -> Part:
        began = time.monotonic()
        try:
            response, body = self._answered(url, params)
        except RefusedAddressError:
            raise self._error("is a link-local or metadata address", "write another url") from None
        except (exceptions.RequestException, OSError) as error:
            is_late = time.monotonic() - began >= self._settings.timeout_seconds
            raise self._broken(exceptions.ReadTimeout() if is_late else error) from None
        if response.status_code == 405 and self._method == "POST":
            self._method = "GET"
            return self._asked(url, params)
        if response.status_code != 200:
            raise self._refused(response, body)
        try:
            return parsed(body)
        except StatusError as error:
            raise self._said(200, error.kind, error.text) from None
        except ValueError:
            kind = self._quoted(response.headers.get("Content-Type", "")) or "something"
            raise self._error(
                f"answers {kind} that is no result of a query", "check that url leads to Prometheus itself"
            ) from None

    def _answered(self, url: str, params: Mapping[str, str]) -> tuple[requests.Response, bytes]:
        limit = self._settings.timeout_seconds
        is_post = self._method == "POST"
        response = super().request(
            self._method,
            url,
            data=params if is_post else None,
            params=None if is_post else params,
            timeout=(min(limit, _CONNECT_SECONDS), limit),
            allow_redirects=False,
            stream=True,
        )
        raw: Any = response.raw  # as LimitedAdapter's connections give it
        try:
            return response, self._body(response)
        finally:
            raw.watch.cancel()
            response.close()

    def _body(self, response: requests.Response) -> bytes:
        """All of it, unpacked: of an error no more than its beginning."""
        packing = response.headers.get("Content-Encoding", "")
        if packing not in ("", "identity", "gzip"):
            raise self._error(
                f"answers packed by {self._quoted(packing)}", "have it answer plainly or by gzip"
            )
        is_result = response.status_code == 200
        most = self._settings.max_bytes if is_result else _ERROR_BYTES
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > most and is_result:
                raise self._error(f"answers more than max_bytes ({most:,})", _SMALLER, TooMuchError)
            if size > most:
                break
        return b"".join(pieces)

    def _refused(self, response: requests.Response, body: bytes) -> "AskError":
        status = response.status_code
        if response.is_redirect:
            target = self._quoted(
                urlsplit(response.headers["Location"])._replace(query="", fragment="").geturl()
            )
            return self._error(
                f"answers with a redirect to {target}", "write the address that answers itself"
            )
        try:
            parsed(body)
        except StatusError as error:
            return self._said(status, error.kind, error.text)
        except ValueError:
            pass
        return self._said(status, "", "")

    def _said(self, status: int, kind: str, text: str) -> "AskError":
        """The server's own refusal."""
        said = ": ".join(self._quoted(each) for each in (kind, text) if each)
        what = f"answers {status}{f' ({said})' if said else ''}"
        if status == 422 or kind == "timeout" or _TOO_MUCH.search(text):
            return self._error(what, _SMALLER, TooMuchError)
        error = self._error(what, _ADVICE.get(status, "correct what it names"))
        error.may_pass = status in _PASSING
        return error

    def _broken(self, error: Exception) -> "AskError":
        """What breaks on the way."""
        match error:
            case exceptions.ReadTimeout():
                limit = self._settings.timeout_seconds
                return self._error(
                    f"has not answered whole in {limit} s", "look at its load, or raise timeout_seconds"
                )
            case exceptions.SSLError():
                return self._error(
                    f"speaks TLS that fails ({reason(error)})", "check ca_file, cert_file and key_file"
                )
            case exceptions.ChunkedEncodingError() | exceptions.ContentDecodingError():
                broken = self._error("broke off its answer", "look whether it is restarted, and run it again")
            case exceptions.ConnectionError():
                broken = self._error(f"cannot be reached ({reason(error)})", "check url, and that it runs")
            case _:
                return self._error(
                    f"cannot be asked ({reason(error)})", "check url, ca_file, cert_file and key_file"
                )
        broken.may_pass = True
        return broken

    def _error(self, what: str, to_do: str, kind: "type[AskError]" = AskError) -> "AskError":
        return kind(f"{self._settings.name}: {self._settings.url} {what}; {to_do}")

    def _quoted(self, text: str) -> str:
        """What a server says, short, in one line and without a secret of ours."""
        return printable(self._credentials.hidden(text))[:_QUOTED]
