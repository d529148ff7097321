"""One request, limited in time and size, tried again where that may help, and refused in our words."""

import os
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
import stamina
from requests import exceptions

from collectors.prometheus.answers import Part, StatusError, parsed
from collectors.prometheus.connection import LimitedAdapter, RefusedAddressError
from collectors.prometheus.credentials import Credentials
from collectors.prometheus.errors import AskError
from collectors.prometheus.refusals import SMALLER, Refusals
from collectors.prometheus.settings import PrometheusSettings
from costwatch.errors import SourceError

_ATTEMPTS = 4
_PAUSE_SECONDS = {"wait_initial": 0.5, "wait_max": 10.0, "wait_jitter": 1.0}
_CONNECT_SECONDS = 10
_PIECE_BYTES = 64 * 1024
_ERROR_BYTES = 64 * 1024  # of an answer that is an error, no more is read


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
        self.auth = credentials = Credentials(settings)
        self.refusals = Refusals(settings, credentials)
        self.headers.update(
            {"Accept-Encoding": "gzip" if settings.gzip else "identity", "User-Agent": "costwatch"}
        )
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        _check_files(settings)
        self.verify = settings.ca_file or True
        if settings.cert_file:
            self.cert = (settings.cert_file, settings.key_file) if settings.key_file else settings.cert_file

    def get_adapter(self, url: str) -> LimitedAdapter:
        """Ours, whatever PrometheusConnect mounts."""
        return self._adapter

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests reads the whole body of what leads elsewhere, even where it does not go there."""

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
        try:
            response, body = self._answered(url, params)
        except RefusedAddressError:
            raise self.refusals.error("is a link-local or metadata address", "write another url") from None
        except (exceptions.RequestException, OSError) as error:
            raise self.refusals.broken(error) from None
        if response.status_code == 405 and self._method == "POST":
            self._method = "GET"
            return self._asked(url, params)
        if response.status_code != 200:
            raise self.refusals.answered(response, body)
        try:
            return parsed(body)
        except StatusError as error:
            raise self.refusals.said(200, error.kind, error.text) from None
        except ValueError:
            kind = self.refusals.quoted(response.headers.get("Content-Type", "")) or "something"
            raise self.refusals.error(
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
            verify=self.verify,  # left out, the environment's certificates would take the place of ca_file
            cert=self.cert,
        )
        watch = cast(Any, response.raw).watch
        try:
            body = self._body(response)
        except exceptions.RequestException:
            if watch.is_over:
                raise exceptions.ReadTimeout from None
            raise
        finally:
            watch.cancel()
            response.close()
        if watch.is_over:  # where nothing says how long an answer is, a cut looks like its end
            raise exceptions.ReadTimeout
        return response, body

    def _body(self, response: requests.Response) -> bytes:
        """All of it, unpacked: of an error no more than its beginning."""
        packing = response.headers.get("Content-Encoding", "")
        if packing not in ("", "identity", "gzip"):
            raise self.refusals.error(
                f"answers packed by {self.refusals.quoted(packing)}", "have it answer plainly or by gzip"
            )
        is_result = response.status_code == 200
        most = self._settings.max_bytes if is_result else _ERROR_BYTES
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > most and is_result:
                raise self.refusals.too_much(
                    f"answers more than max_bytes ({most:,})", SMALLER, is_of_query=True
                )
            if size > most:
                break
        return b"".join(pieces)


def _check_files(settings: PrometheusSettings) -> None:
    for key in ("ca_file", "cert_file", "key_file"):
        path = getattr(settings, key)
        if path and not os.access(path, os.R_OK):
            raise SourceError(f"{settings.name}: {key}: {path} cannot be read; check the path and its rights")
