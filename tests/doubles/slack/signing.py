"""How Slack signs what it sends: https://docs.slack.dev/authentication/verifying-requests-from-slack."""

import hashlib
import hmac
from collections.abc import Mapping

SIGNING_SECRET = "canary-signing-secret"
_SKEW_SECONDS = 300


def signed(body: bytes, now: float, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers of a request that Slack sends at ``now``, in seconds since 1970."""
    at = str(int(now))
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": _v0(body, at, secret)}


def is_signed(headers: Mapping[str, str], body: bytes, now: float, secret: str = SIGNING_SECRET) -> bool:
    """Whether a request is Slack's, and new: no older, or newer, than five minutes."""
    at = headers.get("X-Slack-Request-Timestamp", "")
    if not at.isdecimal() or abs(now - int(at)) > _SKEW_SECONDS:
        return False
    return hmac.compare_digest(headers.get("X-Slack-Signature", ""), _v0(body, at, secret))


def _v0(body: bytes, at: str, secret: str) -> str:
    mac = hmac.new(secret.encode(), b":".join((b"v0", at.encode(), body)), hashlib.sha256)
    return f"v0={mac.hexdigest()}"
