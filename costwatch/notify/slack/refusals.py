"""What Slack's answers mean when they are not ok, and what to do about each."""

import re
from typing import Any

from costwatch.errors import NotifyError
from costwatch.notify.web.posting import retry_after

_CODE = re.compile(r"[a-z0-9_]+")
_TEMPORARY = {"ratelimited", "rate_limited", "internal_error", "fatal_error"}
_TEMPORARY |= {"service_unavailable", "request_timeout"}
_ADVICE = {
    "channel_not_found": "check the channel's id, and invite the bot to it",
    "not_in_channel": "invite the bot to the channel",
    "is_archived": "name a channel that is not archived",
    "missing_scope": "give the bot the scope chat:write (`costwatch slack manifest` has all)",
    "msg_too_long": "group by more labels, so that a message holds fewer alerts",
    "msg_blocks_too_long": "group by more labels, so that a message holds fewer alerts",
} | dict.fromkeys(
    ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"),
    "the token is not accepted; put a valid one where 'token' points",
)


class Refused(Exception):
    """Slack answered ``ok: false`` with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unclear(NotifyError):
    """What was sent may have been taken: no answer came, or none that can be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)


def meaning(receiver: str, answer: Any) -> Exception:
    """What an answer of slack_sdk that is not ok means: Refused, Unclear, or another NotifyError."""
    code = answer.data.get("error", "") if isinstance(answer.data, dict) else ""
    known = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    status = answer.status_code
    if status == 200 and known and known not in _TEMPORARY:
        return Refused(known)
    what = f"receiver '{receiver}': Slack answered {status} {known}".rstrip()
    if 200 <= status < 300 and not known:
        return Unclear(f"{what}; it is tried again")
    temporary = status in (200, 408, 429) or status >= 500 or known in _TEMPORARY
    return NotifyError(
        f"{what}; {'it is tried again' if temporary else 'check api_url'}",
        permanent=not temporary,
        retry_after_seconds=retry_after(answer.headers) if temporary else None,
    )


def refusal(receiver: str, channel: str, code: str) -> NotifyError:
    """What to tell of a message that Slack will not take."""
    advice = _ADVICE.get(code, "see https://docs.slack.dev/reference/methods/chat.postMessage")
    what = f"receiver '{receiver}': Slack refused the message for {channel} ({code})"
    return NotifyError(f"{what}; {advice}", permanent=True)
