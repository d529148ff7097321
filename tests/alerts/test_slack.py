"""The Slack receiver against a double that answers, refuses, stalls and loses its answers."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

import pytest
from pydantic import ValidationError

from costwatch.errors import NotifyError
from costwatch.model import Reason, Receipt
from costwatch.notify.slack import Slack
from costwatch.testing import a_group, an_alert
from tests.doubles.slack import TOKEN, SlackDouble, slack_double
from tests.made.delivery_world import FakeTime
from tests.made.messages import OVER, RESTATED, SPEND, STALE, group

# --- the life of a message ---------------------------------------------------------------------


def test_one_message_is_corrected_and_its_thread_tells_the_rest(slack: Slack, double: SlackDouble) -> None:
    first = slack.notify(group(), None)
    second = slack.notify(group(SPEND, STALE, id="m-2", reason=Reason.NEW), first)
    third = slack.notify(group(SPEND, id="m-3", reason=Reason.REPEAT), second)
    fourth = slack.notify(group(RESTATED, id="m-4", reason=Reason.CHANGED), third)
    fifth = slack.notify(group(SPEND, replace(OVER, fingerprint="f2"), reason=Reason.SOME_RESOLVED), fourth)
    slack.notify(group(OVER, id="m-5", reason=Reason.RESOLVED), fifth)
    assert double.methods == [
        "chat.postMessage",
        *("chat.update", "chat.postMessage") * 2,
        "chat.update",
        *("chat.update", "chat.postMessage") * 2,
    ]
    (parent,) = double.parents
    assert "RESOLVED" in parent["text"]
    replies = [message for message in double.messages if message is not parent]
    assert {reply["thread_ts"] for reply in replies} == {parent["ts"]}
    told = [(reply["text"].split(" · ")[0], reply["reply_broadcast"]) for reply in replies]
    assert told == [("NEW (2 firing)", True), ("STILL FIRING", True), ("UPDATED", False), ("RESOLVED", False)]
    assert {call.authorization for call in double.calls} == {f"Bearer {TOKEN}"}


def test_only_what_is_new_and_to_interrupt_mentions_people(slack: Slack, double: SlackDouble) -> None:
    receipt = slack.notify(group(), None)
    slack.notify(group(STALE, reason=Reason.NEW), receipt)
    slack.notify(group(SPEND, reason=Reason.NEW), receipt)
    slack.notify(group(SPEND, reason=Reason.REPEAT), receipt)
    slack.notify(group(OVER, reason=Reason.RESOLVED), receipt)
    slack.notify(group(SPEND, id="m-9", is_aloud=False), None)
    slack.notify(group(SPEND, reason=Reason.NEW, is_aloud=False), receipt)
    called = [
        (call.method.removeprefix("chat."), "<!subteam^S123>" in str(call.arguments["blocks"]))
        for call in double.calls
    ]
    assert called == [
        ("postMessage", True),
        *[("update", False), ("postMessage", False)],  # a ticket, of which nobody is called
        *[("update", False), ("postMessage", True)],
        *[("update", False), ("postMessage", False)],
        ("update", False),
        ("postMessage", False),
        ("update", False),
    ]
    quiet = [call for call in double.calls if call.method == "chat.postMessage"][3:]
    assert not any("<!" in str(call.arguments["blocks"]) for call in quiet), "not even its owners"


def test_a_message_someone_deleted_is_begun_anew(slack: Slack, double: SlackDouble) -> None:
    receipt = slack.notify(group(), None)
    double.messages.clear()
    anew = slack.notify(group(RESTATED, id="m-2", reason=Reason.CHANGED), receipt)
    assert anew.reference["channel"] == "C0123"
    assert len(double.parents) == 1


def test_a_message_that_can_no_longer_be_edited_is_corrected_in_its_thread(
    slack: Slack, double: SlackDouble
) -> None:
    receipt = slack.notify(group(), None)
    double.answers = {"chat.update": ["edit_window_closed"]}
    after = slack.notify(group(OVER, id="m-2", reason=Reason.RESOLVED), receipt)
    assert after.reference == {**receipt.reference, "thread": "begun"}
    assert double.messages[1]["thread_ts"] == receipt.reference["ts"]
    assert double.messages[1]["reply_broadcast"] is False


# --- what can go wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "permanent", "said"),
    [
        pytest.param(
            "429", False, "Slack answered 429 ratelimited; it is tried again", id="too many messages"
        ),
        pytest.param("500", False, "Slack answered 500; it is tried again", id="a server error"),
        pytest.param("503", False, "Slack answered 503; it is tried again", id="away"),
        pytest.param("drop", False, "Slack cannot be reached (RemoteDisconnected)", id="no answer"),
        pytest.param("garbage", False, "Slack answered 200; it is tried again", id="someone else answered"),
        pytest.param("internal_error", False, "Slack answered 200 internal_error", id="an error of its own"),
        pytest.param("404", True, "Slack answered 404; check api_url", id="another server"),
        pytest.param("channel_not_found", True, "invite the bot", id="no such channel"),
        pytest.param("not_in_channel", True, "invite the bot to the channel", id="not invited"),
        pytest.param("invalid_auth", True, "put a valid one where 'token' points", id="a wrong token"),
        pytest.param("token_revoked", True, "put a valid one where 'token' points", id="a revoked token"),
        pytest.param("msg_too_long", True, "group by more labels", id="too long"),
        pytest.param("something_new", True, "docs.slack.dev", id="an unknown refusal"),
    ],
)
def test_failures_say_whether_trying_again_helps(
    slack: Slack, double: SlackDouble, answer: str, permanent: bool, said: str
) -> None:
    double.answers = {"chat.postMessage": [answer]}
    with pytest.raises(NotifyError, match=re.escape(said)) as raised:
        slack.notify(group(), None)
    assert raised.value.permanent is permanent
    assert raised.value.retry_after_seconds == (30 if answer == "429" else None)
    assert double.methods == ["chat.postMessage"], "the client itself tries once"
    assert TOKEN not in str(raised.value)
    assert str(raised.value).startswith("receiver 'oncall': ")


def test_a_redirect_is_not_followed_as_it_would_carry_the_token_away(
    slack: Slack, double: SlackDouble
) -> None:
    with slack_double() as other:
        double.other, double.answers = other.url, {"chat.postMessage": ["elsewhere"]}
        with pytest.raises(NotifyError, match="Slack answered 302; check api_url") as raised:
            slack.notify(group(), None)
    assert raised.value.permanent
    assert other.calls == []


@pytest.mark.parametrize("answer", ["drip", "drip headers"])
def test_an_answer_that_drips_in_is_given_up_when_its_time_is_over(
    slack: Slack, double: SlackDouble, answer: str
) -> None:
    double.answers = {"chat.postMessage": [answer]}
    began = monotonic()
    with pytest.raises(NotifyError, match=re.escape("cannot be reached (TimeoutError)")) as raised:
        slack.model_copy(update={"timeout_seconds": 1}).notify(group(), None)
    assert 0.9 < monotonic() - began < 5
    assert not raised.value.permanent
    assert TOKEN not in str(raised.value)


def test_an_answer_without_end_is_not_read_to_the_end_of_memory(slack: Slack, double: SlackDouble) -> None:
    double.answers = {"chat.postMessage": ["endless"]}
    with pytest.raises(NotifyError, match="more than 16,777,216 bytes") as raised:
        slack.notify(group(), None)
    assert not raised.value.permanent


@pytest.mark.parametrize("said", ["²", "soon", "-1", "9" * 400])
def test_a_time_to_wait_that_is_none_is_not_heeded(slack: Slack, double: SlackDouble, said: str) -> None:
    double.answers, double.retry_after = {"chat.postMessage": ["429"]}, said
    with pytest.raises(NotifyError) as raised:
        slack.notify(group(), None)
    assert raised.value.retry_after_seconds is None


def test_nobody_listening_is_temporary(slack: Slack) -> None:
    with slack_double() as gone:
        pass
    with pytest.raises(NotifyError, match="cannot be reached") as raised:
        slack.model_copy(update={"api_url": gone.url}).notify(group(), None)
    assert not raised.value.permanent


def test_a_token_that_is_nowhere_is_named_never_shown(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    with pytest.raises(NotifyError, match="export SLACK_BOT_TOKEN") as raised:
        slack.notify(group(), None)
    assert raised.value.permanent


def test_a_failure_prints_and_logs_nothing_of_its_own(
    slack: Slack, double: SlackDouble, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    double.answers = {"chat.postMessage": ["drop"]}
    with pytest.raises(NotifyError):
        slack.notify(group(), None)
    assert capsys.readouterr() == ("", "")
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("others", [0, 5])
def test_a_message_whose_answer_was_lost_is_found_and_not_posted_again(
    slack: Slack, double: SlackDouble, others: int
) -> None:
    double.page_size = 2
    double.answers = {"chat.postMessage": ["drop"]}
    with pytest.raises(NotifyError):
        slack.notify(group(), None)
    for number in range(others):
        slack.notify(group(id=f"other-{number}"), None)
    receipt = slack.notify(group(attempt=2), None)
    assert receipt == Receipt({"channel": "C0123", "ts": double.messages[0]["ts"]})
    assert len(double.messages) == 1 + others


def test_a_reply_whose_answer_was_lost_is_found_too(slack: Slack, double: SlackDouble) -> None:
    receipt = slack.notify(group(), None)
    double.answers = {"chat.postMessage": ["drop"]}
    repeat = group(id="m-2", reason=Reason.REPEAT)
    with pytest.raises(NotifyError):
        slack.notify(repeat, receipt)
    slack.notify(replace(repeat, attempt=2), receipt)
    assert len(double.messages) == 2


def test_a_message_whose_answer_was_lost_is_found_behind_all_that_was_posted_since(
    slack: Slack, double: SlackDouble
) -> None:
    double.page_size = 200
    queued_at = datetime.fromtimestamp(double.first_ts + 1_000, tz=UTC)
    for number in range(1_000):
        double.messages.append({"ts": f"{double.first_ts + number}.000100", "text": "before"})
    double.answers = {"chat.postMessage": ["drop"]}
    with pytest.raises(NotifyError):
        slack.notify(group(queued_at=queued_at), None)
    lost = double.messages[-1]
    for number in range(1_100):
        double.messages.append({"ts": f"{double.first_ts + 2_000 + number}.000100", "text": "after"})
    assert slack.notify(group(attempt=2, queued_at=queued_at), None).reference["ts"] == lost["ts"]
    assert {call.arguments["oldest"] for call in double.calls[1:]} == {f"{double.first_ts + 940}.000000"}
    assert len(double.calls) == 1 + 6


def test_what_was_posted_before_it_was_queued_is_not_looked_through(
    slack: Slack, double: SlackDouble
) -> None:
    for number in range(100):
        double.messages.append({"ts": f"{double.first_ts + number}.000100", "text": "before"})
    queued_at = datetime.fromtimestamp(double.first_ts + 1_000, tz=UTC)
    slack.notify(group(attempt=2, queued_at=queued_at), None)
    assert double.methods == ["conversations.history", "chat.postMessage"]


@pytest.mark.parametrize(
    "messages", ["none", [1], [{"metadata": "x"}], [{"metadata": {"event_payload": []}}]]
)
def test_an_answer_that_tells_no_messages_is_none(
    slack: Slack, double: SlackDouble, monkeypatch: pytest.MonkeyPatch, messages: object
) -> None:
    monkeypatch.setattr(
        double, "_page", lambda call: {"ok": True, "messages": messages, "response_metadata": 1}
    )
    slack.notify(group(attempt=2), None)
    assert len(double.messages) == 1


def test_a_bot_that_may_not_look_posts_rather_twice_than_never(slack: Slack, double: SlackDouble) -> None:
    double.scopes = ("chat:write",)
    slack.notify(group(attempt=2), None)
    assert len(double.messages) == 1


def test_a_bot_that_may_not_look_does_not_post_for_ever(slack: Slack, double: SlackDouble) -> None:
    double.scopes, double.answers = ("chat:write",), {"chat.postMessage": ["drop", "drop"]}
    with pytest.raises(NotifyError) as first:
        slack.notify(group(), None)
    with pytest.raises(NotifyError, match="give the bot channels:history") as second:
        slack.notify(group(attempt=2), None)
    assert (first.value.permanent, second.value.permanent) == (False, True)


def test_an_app_of_others_that_would_look_for_an_hour_posts_again(slack: Slack, double: SlackDouble) -> None:
    time = FakeTime()
    double.paced_by, double.is_distributed = time.monotonic, True
    for number in range(40):
        double.messages.append({"ts": f"{double.first_ts + number}.000100", "text": "of others"})
    slack.notify(group(attempt=2), None)
    assert double.methods == ["conversations.history"] * 2 + ["chat.postMessage"]
    with pytest.raises(NotifyError) as raised:
        slack.notify(group(attempt=2), None)
    assert raised.value.retry_after_seconds == 60, "at the first page it is waited for"


def test_what_was_taken_without_saying_where_is_not_posted_again(slack: Slack, double: SlackDouble) -> None:
    for said in ('{"ok": true}', '{"ok": true, "ts": {"a": []}, "channel": 1}'):
        double.answers = {"chat.postMessage": [f"raw:{said}"]}
        assert slack.notify(group(), None) == Receipt({})


def test_a_workspace_that_takes_no_charts_gets_the_same_without(slack: Slack, double: SlackDouble) -> None:
    days = [[f"2026-11-{day:02}", "92.5" if day < 14 else "650"] for day in range(4, 18)]
    message = group(replace(SPEND, evidence={"series": days}))
    receipt = slack.notify(message, None)
    chart = next(block for block in double.messages[0]["blocks"] if block["type"] == "data_visualization")
    assert chart["chart"]["axis_config"]["categories"][0] == "4 Nov"
    assert chart["chart"]["series"][0]["data"][-1] == {"label": "17 Nov", "value": 650.0}
    double.answers = {"chat.postMessage": ["invalid_blocks"], "chat.update": ["invalid_blocks"]}
    slack.notify(replace(message, id="m-2"), None)
    slack.notify(replace(message, reason=Reason.CHANGED), receipt)
    for sent in (double.messages[0], double.messages[1]):
        assert "data_visualization" not in {block["type"] for block in sent["blocks"]}
    double.answers = {"chat.postMessage": ["invalid_blocks", "invalid_blocks"]}
    with pytest.raises(NotifyError, match="invalid_blocks") as raised:
        slack.notify(replace(message, id="m-3"), None)
    assert raised.value.permanent
    double.answers = {"chat.postMessage": ["invalid_blocks"]}
    with pytest.raises(NotifyError):
        slack.notify(group(id="m-4"), None)
    assert double.methods.count("chat.postMessage") == 6, "without a chart it is tried once"


def test_each_edit_gives_blocks_new_ids(slack: Slack, double: SlackDouble) -> None:
    receipt = slack.notify(group(), None)
    slack.notify(group(STALE, id="m-2", reason=Reason.CHANGED), receipt)
    slack.notify(group(STALE, id="m-2", reason=Reason.CHANGED, attempt=2), receipt)
    ids = [block["block_id"] for call in double.calls for block in call.arguments["blocks"]]
    assert len({*ids}) == len(ids)


def test_a_channel_is_given_by_id() -> None:
    with pytest.raises(ValidationError, match="must be the channel's id, such as C0123"):
        Slack(name="oncall", channel="#costs", token="${env:SLACK_BOT_TOKEN}")


def test_the_contracts_example_is_posted_too(slack: Slack, double: SlackDouble) -> None:
    slack.notify(a_group(alerts=(an_alert(),)), None)
    assert double.parents[0]["metadata"] == {
        "event_type": "costwatch_alert",
        "event_payload": {"id": "message-1"},
    }
