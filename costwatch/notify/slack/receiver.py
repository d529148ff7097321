"""Receiver kind ``slack``: one message per group, corrected as things change, its thread for the rest."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn

from pydantic import AfterValidator, Field

from costwatch.alerts.message import AlertLine, Message, compose
from costwatch.errors import CostwatchError, NotifyError
from costwatch.model import AlertState, Group, Reason, Receipt, Severity
from costwatch.notify.slack.client import client
from costwatch.plugins import Settings
from costwatch.plugins.transport import TransportError
from costwatch.secret import SecretReference, resolve

if TYPE_CHECKING:
    from slack_sdk import WebClient

# Slack's own limits: https://docs.slack.dev/reference/block-kit/blocks. All blocks together fail near
# 13,200 characters (https://github.com/slackapi/bolt-js/issues/2509), which no page documents.
_SECTION_AT_MOST = 2_900
_TOTAL_AT_MOST = 10_000
_LINES_AT_MOST = 40
_URL_AT_MOST = 500

_ALOUD = (Reason.FIRST, Reason.NEW, Reason.REPEAT)
_EVENT = "costwatch_alert"
_PAGE_MESSAGES = 200
_PAGES_SEARCHED = 40  # of a minute's 50; what more than 8,000 messages came after is posted again
_CLOCKS_DIFFER = timedelta(seconds=60)
_MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|#C[A-Z0-9]+|!here|!channel)>")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]+")
_SECONDS = re.compile(r"[0-9]{1,9}")
_CODE = re.compile(r"[a-z0-9_]+")
_TEMPORARY = {"ratelimited", "rate_limited", "internal_error", "fatal_error"}
_TEMPORARY |= {"service_unavailable", "request_timeout"}
_CLOSED_TO_EDITS = {"edit_window_closed", "cant_update_message"}
_ADVICE = {
    "channel_not_found": "check the channel's id, and invite the bot to it",
    "not_in_channel": "invite the bot to the channel",
    "is_archived": "name a channel that is not archived",
    "missing_scope": "give the bot the scope chat:write",
    "msg_too_long": "group by more labels, so that a message holds fewer alerts",
    "msg_blocks_too_long": "group by more labels, so that a message holds fewer alerts",
} | dict.fromkeys(
    ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"),
    "the token is not accepted; put a valid one where 'token' points",
)


class _Refused(Exception):
    """Slack answered ``ok: false`` with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _is_id(channel: str) -> str:
    if not _CHANNEL.fullmatch(channel):
        # Messages can be found again and corrected by id only; a name can change.
        raise ValueError("must be the channel's id, such as C0123 (shown at the end of its details in Slack)")
    return channel


class Slack(Settings):
    """A Slack channel, by a bot token (scopes chat:write and, to recognise lost answers, channels:history).

    A group begins with a message, which is corrected silently when its alerts change or are resolved;
    new alerts and repeats are replies in its thread that the channel sees too.

    name: as routes call it. channel: the channel's id, such as C0123. token: where the bot token is:
    ``${env:NAME}``, ``${file:/path}`` or ``${aws-sm:name#key}``. mention: severity -> whom a first
    message, a new alert or a repeat calls, as Slack writes it. timeout_seconds: how long a call may take,
    its answer read. api_url: where Slack's Web API is.

    Example::

        - {name: oncall, kind: slack, channel: C0123, token: "${env:SLACK_BOT_TOKEN}",
           mention: {page: "<!subteam^S123>"}}
    """

    messages_per_second: ClassVar[float] = 1  # https://docs.slack.dev/apis/web-api/rate-limits
    edits_per_second: ClassVar[float] = 50 / 60  # chat.update, in the same place: tier 3

    name: str = Field(min_length=1)
    channel: Annotated[str, AfterValidator(_is_id)]
    token: SecretReference
    mention: Mapping[Severity, str] = Field(default_factory=dict)
    api_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://")
    timeout_seconds: int = Field(default=10, ge=1, le=120)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``. The receipt is the group's first message: channel and ts."""
        reference = previous.reference if previous else {}
        if not {"channel", "ts"} <= reference.keys():
            return self._begun(group)
        parent = {"channel": reference["channel"], "ts": reference["ts"]}
        try:
            self._call("chat_update", **parent, **_content(compose(group, with_reason=False)))
        except _Refused as refused:
            if refused.code == "message_not_found":
                return self._begun(group)
            if refused.code not in _CLOSED_TO_EDITS:
                self._fail(refused.code)
            if not _is_aloud(group):
                self._reply(group, parent, aloud=False)
        if _is_aloud(group):
            self._reply(group, parent, aloud=True)
        return Receipt(parent)

    def _begun(self, group: Group) -> Receipt:
        found = self._arrived(group, "conversations_history", channel=self.channel)
        if found is not None:
            return Receipt({"channel": self.channel, "ts": found})
        message, aloud = compose(group, with_reason=False), _is_aloud(group)
        answer = self._posted(group, message, channel=self.channel, aloud=aloud)
        return Receipt({"channel": str(answer["channel"]), "ts": str(answer["ts"])})

    def _reply(self, group: Group, parent: Mapping[str, str], *, aloud: bool) -> None:
        if self._arrived(group, "conversations_replies", **parent) is None:
            thread = {"channel": parent["channel"], "thread_ts": parent["ts"], "reply_broadcast": aloud}
            self._posted(group, compose(group), aloud=aloud, **thread)

    def _posted(self, group: Group, message: Message, *, aloud: bool, **where: Any) -> Any:
        firing = [alert.severity for alert in group.alerts if alert.state is AlertState.FIRING]
        calling = [self.mention[each] for each in Severity if each in firing and each in self.mention]
        try:
            return self._call(
                "chat_postMessage",
                **where,
                **_content(message, calling[0] if aloud and calling else ""),
                metadata={"event_type": _EVENT, "event_payload": {"id": group.id}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except _Refused as refused:
            self._fail(refused.code)

    def _arrived(self, group: Group, method: str, **where: str) -> str | None:
        """The ts of this very message, where an earlier try may have posted it."""
        if group.attempt <= 1:
            return None
        oldest = f"{(group.queued_at - _CLOCKS_DIFFER).timestamp():.6f}" if group.queued_at else None
        asked = {**where, "oldest": oldest, "include_all_metadata": True, "limit": _PAGE_MESSAGES}
        cursor = None
        for _ in range(_PAGES_SEARCHED):
            try:
                page = self._call(method, **asked, cursor=cursor)
            except _Refused:  # may not look: rather a message twice than not at all
                return None
            messages = page.get("messages")
            for message in messages if isinstance(messages, list) else ():
                metadata = _fields(_fields(message).get("metadata"))
                payload = _fields(metadata.get("event_payload"))
                if metadata.get("event_type") == _EVENT and payload.get("id") == group.id:
                    return str(message["ts"])
            cursor = _fields(page.get("response_metadata")).get("next_cursor")
            if not cursor:
                break
        return None

    def _call(self, method: str, **arguments: Any) -> Any:
        from slack_sdk.errors import SlackApiError

        try:
            call: Callable[..., Any] = getattr(self._client(), method)
            return call(**arguments)
        except SlackApiError as error:
            raise self._meant(error) from None
        except TransportError as error:
            what = f"receiver '{self.name}': Slack cannot be reached ({error})"
            raise NotifyError(f"{what}; it is tried again", permanent=False) from None

    def _client(self) -> "WebClient":
        try:
            return client(resolve(self.token), self.api_url, self.timeout_seconds)
        except CostwatchError as error:
            raise NotifyError(f"receiver '{self.name}': {error}", permanent=True) from None

    def _meant(self, error: Any) -> Exception:
        """What an answer other than ok means."""
        response = error.response
        code = str(response.data.get("error", "")) if isinstance(response.data, dict) else ""
        known = code if _CODE.fullmatch(code) else ""
        status = response.status_code
        if status == 200 and known and known not in _TEMPORARY:
            return _Refused(known)
        temporary = status in (200, 408, 429) or status >= 500 or known in _TEMPORARY
        what = f"receiver '{self.name}': Slack answered {status} {known}".rstrip()
        after = str(response.headers.get("retry-after", ""))
        return NotifyError(
            f"{what}; {'it is tried again' if temporary else 'check api_url'}",
            permanent=not temporary,
            retry_after_seconds=float(after) if temporary and _SECONDS.fullmatch(after) else None,
        )

    def _fail(self, code: str) -> NoReturn:
        advice = _ADVICE.get(code, "see https://docs.slack.dev/reference/methods/chat.postMessage")
        what = f"receiver '{self.name}': Slack refused the message for {self.channel} ({code})"
        raise NotifyError(f"{what}; {advice}", permanent=True) from None


def _is_aloud(group: Group) -> bool:
    return group.is_aloud and group.reason in _ALOUD


def _fields(of: Any) -> Mapping[str, Any]:
    """Of an object in an answer; none: it is something else."""
    return of if isinstance(of, dict) else {}


def _content(message: Message, mention: str = "") -> dict[str, Any]:
    text = " · ".join([message.headline, *(line.summary for line in message.lines[:3])])
    return {"text": _fitting(text), "blocks": list(_blocks(message, mention))}


def _blocks(message: Message, mention: str) -> Iterator[dict[str, Any]]:
    head = f"{'🔴' if message.is_firing else '🟢'} *{_fitting(message.headline)}*"
    foot = " · ".join(_facts(message))
    note = _fitting(message.note)
    left = _TOTAL_AT_MOST - len(head) - len(note) - len(foot)
    yield _section(f"{mention} {head}".lstrip())
    if note:
        yield _section(note)
    for number, line in enumerate(message.lines):
        text = _text(line)
        left -= len(text)
        if number == _LINES_AT_MOST or left < 0:
            yield _section(f"… and {len(message.lines) - number} more")
            break
        yield _section(text)
    if foot:  # Slack refuses an empty text
        yield {"type": "context", "elements": [_mrkdwn(foot)]}


def _text(line: AlertLine) -> str:
    text = "\n".join((line.summary, line.detail, *line.annotations))
    return f"{'🔴' if line.is_firing else '🟢'} {_fitting(text)}"


def _facts(message: Message) -> Iterator[str]:
    if message.owners:
        # What Slack would act on is only let through in the form of a mention.
        owners = message.owners[:10]
        named = (owner if _MENTION.fullmatch(owner) else _fitting(owner, 100) for owner in owners)
        yield f"Owner: {', '.join(named)}"
    for text, url in list(message.links.items())[:5]:
        is_link = url.startswith(("https://", "http://")) and len(url) <= _URL_AT_MOST
        address = escape(url).replace("|", "%7C").replace(" ", "%20")
        yield f"<{address}|{escape(text)}>" if is_link else f"{escape(text)}: {_fitting(url, 200)}"
    if message.data_through:
        yield escape(message.data_through)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: names of channels and addresses inside foreign text do not become links.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fitting(text: str, at_most: int = _SECTION_AT_MOST) -> str:
    """Escaped text of at most so many characters, cut between characters as Slack shows them."""
    escaped = escape(text)
    if len(escaped) <= at_most:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: at_most - 1]) + "…"


def escape(text: str) -> str:
    """Text that Slack shows as it is (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
