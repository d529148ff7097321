"""Receiver kind ``slack``: one message per group, corrected as things change, its thread for the rest."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from costwatch.alerts.message import compose
from costwatch.errors import NotifyError
from costwatch.model import AlertState, Group, Reason, Receipt, Severity
from costwatch.notify.slack.client import client
from costwatch.notify.slack.content import content, without_chart
from costwatch.notify.slack.refusals import Refused, Unclear, meaning, refusal
from costwatch.notify.web.addresses import ClosedAddress
from costwatch.notify.web.posting import secret
from costwatch.plugins import Settings
from costwatch.plugins.transport import TransportError
from costwatch.secret import SecretReference

_CALLING = (Reason.FIRST, Reason.NEW)  # a repeat is shown in the channel, and calls nobody
_ALOUD = (*_CALLING, Reason.REPEAT)
_EVENT = "costwatch_alert"
_PAGE_MESSAGES = 200
_PAGES_SEARCHED = 40  # of a minute's 50; what more than 8,000 messages came after is posted again
_OF_OTHERS_APPS = 15  # messages a page, and one page a minute: an app that its team did not make itself
_CLOCKS_DIFFER = timedelta(seconds=60)
_CHANNEL = re.compile(r"[CGD][A-Z0-9]+")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_CLOSED_TO_EDITS = {"edit_window_closed", "cant_update_message"}


def _is_id(channel: str) -> str:
    if not _CHANNEL.fullmatch(channel):
        # Messages can be found again and corrected by id only; a name can change.
        raise ValueError("must be the channel's id, such as C0123 (shown at the end of its details in Slack)")
    return channel


class Slack(Settings):
    """A Slack channel, by a bot token (scopes chat:write and, to recognise lost answers, channels:history).

    A group begins with a message, which is corrected silently when its alerts change or are resolved. New
    alerts and repeats are replies in its thread that the channel sees too; what is over after them is told
    there as well. `costwatch slack manifest` prints the app to make.

    name: as routes call it. channel: the channel's id, such as C0123. token: where the bot token is:
    ``${env:NAME}``, ``${file:/path}`` or ``${aws-sm:name#key}``. mention: severity -> whom a first message
    or a new alert calls, as Slack writes it. timeout_seconds: how long a call may take,
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
    api_url: ClosedAddress = "https://slack.com/api/"
    timeout_seconds: int = Field(default=10, ge=1, le=120)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``. The receipt: the group's message, and whether it has a thread."""
        reference = dict(previous.reference) if previous else {}
        if not {"channel", "ts"} <= reference.keys():
            return self._begun(group)
        parent = {"channel": reference["channel"], "ts": reference["ts"]}
        is_closed = False
        try:
            message = compose(group, with_reason=False)
            self._sent("chat_update", content(message, _block_id(group)), **parent)
        except Refused as refused:
            if refused.code == "message_not_found":
                return self._begun(group)
            if refused.code not in _CLOSED_TO_EDITS:
                raise refusal(self.name, self.channel, refused.code) from None
            is_closed = True
        if is_closed or _is_history(group, has_thread="thread" in reference):
            self._reply(group, parent)
            reference["thread"] = "begun"
        return Receipt(reference)

    def _begun(self, group: Group) -> Receipt:
        where = {"channel": self.channel}
        found = self._arrived(group, "conversations_history", **where)
        if not found:
            answer = self._posted(group, with_reason=False, may_look=found is not None, **where)
            found = str(answer.get("ts"))
        # What Slack took without saying where cannot be corrected later: the next message begins anew.
        return Receipt({**where, "ts": found} if _TS.fullmatch(found) else {})

    def _reply(self, group: Group, parent: Mapping[str, str]) -> None:
        found = self._arrived(group, "conversations_replies", **parent)
        if not found:
            thread = {"channel": parent["channel"], "thread_ts": parent["ts"]}
            may_look, is_aloud = found is not None, _is_aloud(group)
            self._posted(group, with_reason=True, may_look=may_look, reply_broadcast=is_aloud, **thread)

    def _posted(self, group: Group, *, with_reason: bool, may_look: bool, **where: Any) -> Mapping[str, Any]:
        """The answer to a message that Slack took."""
        mention = self._mention(group)
        message = compose(group, with_reason=with_reason)
        fields = content(message, _block_id(group), mention, is_quiet=not _is_calling(group))
        try:
            answer = self._sent(
                "chat_postMessage",
                fields,
                **where,
                metadata={"event_type": _EVENT, "event_payload": {"id": group.id}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except Refused as refused:
            raise refusal(self.name, self.channel, refused.code) from None
        except Unclear as error:
            if may_look:
                raise
            # Each further try may be one more message of the same.
            what = (
                f"receiver '{self.name}': its message may be in {self.channel}, but no answer said so twice"
            )
            raise NotifyError(
                f"{what} ({error}); give the bot channels:history, by which it sees that", permanent=True
            ) from None
        return _fields(answer.data)

    def _mention(self, group: Group) -> str:
        firing = [alert.severity for alert in group.alerts if alert.state is AlertState.FIRING]
        called = [self.mention[each] for each in Severity if each in firing and each in self.mention]
        return called[0] if called and _is_calling(group) else ""

    def _arrived(self, group: Group, method: str, **where: str) -> str | None:
        """The ts of this very message, where an earlier try may have posted it.

        Empty: it is not there. None: nobody can tell, as the bot may not look, or not far enough.
        """
        if group.attempt <= 1:
            return ""
        oldest = f"{(group.queued_at - _CLOCKS_DIFFER).timestamp():.6f}" if group.queued_at else None
        asked = {**where, "oldest": oldest, "include_all_metadata": True, "limit": _PAGE_MESSAGES}
        cursor, before = None, _PAGE_MESSAGES
        for _ in range(_PAGES_SEARCHED):
            try:
                page = _fields(self.asked(method, **asked, cursor=cursor).data)
            except Refused:  # may not look: rather a message twice than not at all
                return None
            except NotifyError:
                if cursor and before <= _OF_OTHERS_APPS:  # looking on would take longer than anyone waits
                    return None
                raise
            messages = page.get("messages")
            messages = messages if isinstance(messages, list) else []
            if found := next(filter(None, (_ts_of(group.id, message) for message in messages)), ""):
                return found
            cursor, before = _fields(page.get("response_metadata")).get("next_cursor"), len(messages)
            if not cursor or not isinstance(cursor, str):
                break
        return ""

    def _sent(self, method: str, fields: Mapping[str, Any], **others: Any) -> Any:
        """The answer to a message; where Slack takes no charts yet, to the same without one."""
        try:
            return self.asked(method, **fields, **others)
        except Refused as refused:
            blocks = without_chart(fields["blocks"])
            if refused.code != "invalid_blocks" or len(blocks) == len(fields["blocks"]):
                raise
            return self.asked(method, **{**fields, "blocks": blocks}, **others)

    def asked(self, method: str, **arguments: Any) -> Any:
        """The answer of a method of slack_sdk's client. Raises Refused, or NotifyError."""
        from slack_sdk.errors import SlackApiError

        web = client(secret(self.name, self.token), self.api_url, self.timeout_seconds)
        try:
            call: Callable[..., Any] = getattr(web, method)
            return call(**arguments)
        except SlackApiError as error:
            raise meaning(self.name, error.response) from None
        except TransportError as error:
            what = f"receiver '{self.name}': Slack cannot be reached ({error})"
            raise Unclear(f"{what}; it is tried again") from None


def _is_calling(group: Group) -> bool:
    return group.is_aloud and group.reason in _CALLING


def _is_aloud(group: Group) -> bool:
    return group.is_aloud and group.reason in _ALOUD


def _is_history(group: Group, *, has_thread: bool) -> bool:
    """Whether a message belongs into the thread: what is over tells the group's own message, too."""
    return _is_aloud(group) or (has_thread and group.reason in (Reason.SOME_RESOLVED, Reason.RESOLVED))


def _block_id(group: Group) -> str:
    """How ids of blocks begin: new ones at each edit, by which Slack's clients see that there is one."""
    return f"{group.id[:200]}.{group.attempt}"


def _ts_of(message_id: str, message: Any) -> str:
    """The ts of what was found in a channel, if it is the message of that id."""
    metadata = _fields(_fields(message).get("metadata"))
    payload = _fields(metadata.get("event_payload"))
    ts = str(_fields(message).get("ts"))
    is_it = metadata.get("event_type") == _EVENT and payload.get("id") == message_id
    return ts if is_it and _TS.fullmatch(ts) else ""


def _fields(of: Any) -> Mapping[str, Any]:
    """Of an object in an answer; none: it is something else."""
    return of if isinstance(of, dict) else {}
