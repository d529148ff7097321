"""How receivers hand something to a web server, and what its answer means."""

import json
import re
from collections.abc import Mapping
from typing import Any

from costwatch.errors import CostwatchError, NotifyError
from costwatch.plugins.transport import Answer, TransportError, post
from costwatch.secret import resolve

_SECONDS = re.compile(r"[0-9]{1,9}")
_TEMPORARY = {408, 425, 429}


def post_json(
    receiver: str,
    whom: str,
    url: str,
    body: bytes,
    timeout_seconds: float,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Post a JSON text to ``url``, and its answer, if that says that all is well.

    whom: what is told of the address, which may be a secret. Raises NotifyError: permanent, unless trying
    again may help.
    """
    where = f"receiver '{receiver}': {whom}"
    try:
        answer = post(url, body, {"Content-Type": "application/json", **(headers or {})}, timeout_seconds)
    except TransportError as error:
        raise NotifyError(
            f"{where} cannot be reached ({error}); it is tried again", permanent=False
        ) from None
    if 200 <= answer.status < 300:
        return answer
    temporary = answer.status in _TEMPORARY or answer.status >= 500
    advice = "it is tried again" if temporary else "check its url and the secrets it is given"
    raise NotifyError(
        f"{where} answered {answer.status}; {advice}",
        permanent=not temporary,
        retry_after_seconds=retry_after(answer.headers) if temporary else None,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait; None: it does not, or says no number."""
    said = str(headers.get("retry-after", ""))
    return float(said) if _SECONDS.fullmatch(said) else None


def secret(receiver: str, reference: str) -> str:
    """What is behind a reference. Raises NotifyError, which never shows it."""
    try:
        return resolve(reference)
    except CostwatchError as error:
        raise NotifyError(f"receiver '{receiver}': {error}", permanent=True) from None


def json_text(fields: Any) -> bytes:
    """Equal fields give equal bytes; half a character, which no text may hold, is written as JSON can."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
