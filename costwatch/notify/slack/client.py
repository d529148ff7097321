"""Slack's client over our own transport."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from costwatch.plugins.transport import post

if TYPE_CHECKING:
    from slack_sdk import WebClient


def client(token: str, api_url: str, timeout_seconds: int) -> "WebClient":
    """Its methods raise TransportError, too. Its own transport follows redirects, with the token."""
    from slack_sdk import WebClient
    from slack_sdk.web import SlackResponse

    class Client(WebClient):
        def api_call(
            self, api_method: str, *, json: Any = None, params: Any = None, **_: Any
        ) -> SlackResponse:
            url, kind = self.base_url + api_method, "json" if params is None else "x-www-form-urlencoded"
            headers = {"Authorization": f"Bearer {token}", "Content-Type": f"application/{kind}"}
            answer = post(url, _encoded(json, params), headers, timeout_seconds)
            found = SlackResponse(
                client=self,
                http_verb="POST",
                api_url=url,
                req_args={},
                data=_object(answer.body),
                headers=dict(answer.headers),
                status_code=answer.status,
            )
            found.validate()  # type: ignore[no-untyped-call]
            return found

    return Client(token, base_url=api_url)


def _encoded(fields: Any, params: Any) -> bytes:
    if fields is not None:
        return json.dumps(fields).encode()
    told = {key: int(value) if value is True else value for key, value in params.items() if value is not None}
    return urlencode(told).encode()


def _object(body: bytes) -> dict[str, Any]:
    """An answer's JSON object; empty: it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
