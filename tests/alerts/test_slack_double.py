"""Slack's double does what Slack does, so that what is tested against it holds."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from costwatch.plugins.transport import Answer, TransportError, post
from tests.doubles.slack import TOKEN, SlackDouble, is_signed, signed
from tests.made.delivery_world import FakeTime


def asked(double: SlackDouble, method: str, *, as_form: bool = False, **arguments: Any) -> Answer:
    body = urlencode(arguments) if as_form else json.dumps(arguments)
    kind = "application/x-www-form-urlencoded" if as_form else "application/json; charset=utf-8"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    return post(f"{double.url}{method}", body.encode(), headers, 5)


def told(double: SlackDouble, method: str, **arguments: Any) -> dict[str, Any]:
    return dict(json.loads(asked(double, method, **arguments).body))


def posted(double: SlackDouble, text: str = "hello", channel: str = "C1", **more: Any) -> str:
    answer = told(double, "chat.postMessage", channel=channel, text=text, **more)
    assert answer["ok"], answer
    return str(answer["ts"])


def section(text: str = "x", kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": "section", "text": {"type": kind, "text": text}}


def test_a_post_gives_back_what_was_posted_under_a_ts_of_its_own(double: SlackDouble) -> None:
    answers = [told(double, "chat.postMessage", channel="C1", text=f"m{number}") for number in range(3)]
    assert len({answer["ts"] for answer in answers}) == 3
    assert [answer["message"]["text"] for answer in answers] == ["m0", "m1", "m2"]
    as_form = json.loads(asked(double, "chat.postMessage", as_form=True, channel="C1", text="f").body)
    assert as_form["message"]["text"] == "f"


def test_an_edit_without_blocks_takes_the_blocks_away(double: SlackDouble) -> None:
    ts = posted(double, blocks=[section()])
    assert told(double, "chat.update", channel="C1", ts=ts, text="new")["ok"]
    assert "blocks" not in double.messages[0]
    assert double.messages[0]["text"] == "new"


def test_an_edit_needs_the_bots_own_message_in_that_channel_and_in_time(double: SlackDouble) -> None:
    ts = posted(double)
    double.messages.append({"ts": "1.1", "text": "by a person", "user": "U1"})

    def code(channel: str, ts: str) -> str:
        return str(told(double, "chat.update", channel=channel, ts=ts, text="x").get("error", ""))

    assert code("C2", ts) == "message_not_found"
    assert code("C1", "9.9") == "message_not_found"
    assert code("C1", "1.1") == "cant_update_message"
    double.is_edit_window_over = True
    assert code("C1", ts) == "edit_window_closed"


def test_metadata_is_given_back_where_it_is_asked_for(double: SlackDouble) -> None:
    metadata = {"event_type": "e", "event_payload": {"id": "1"}}
    posted(double, metadata=metadata)
    (without,) = told(double, "conversations.history", channel="C1")["messages"]
    (with_it,) = told(double, "conversations.history", channel="C1", include_all_metadata=True)["messages"]
    assert ("metadata" in without, with_it["metadata"]) == (False, metadata)


def test_history_is_newest_first_between_oldest_and_latest_page_by_page(double: SlackDouble) -> None:
    stamps = [posted(double, f"m{number}") for number in range(5)]
    posted(double, channel="C2")
    within = {"channel": "C1", "oldest": stamps[1], "latest": stamps[3]}

    def found(**more: Any) -> list[str]:
        return [each["text"] for each in told(double, "conversations.history", **within, **more)["messages"]]

    assert found() == ["m2"]
    assert found(inclusive=True) == ["m3", "m2", "m1"]
    first = told(double, "conversations.history", channel="C1", limit=3)
    assert [each["text"] for each in first["messages"]] == ["m4", "m3", "m2"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = told(double, "conversations.history", channel="C1", limit=3, cursor=cursor)
    assert [each["text"] for each in rest["messages"]] == ["m1", "m0"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert told(double, "conversations.history", channel="C1", limit=1_000)["error"] == "invalid_limit"


def test_history_gives_a_hundred_where_no_limit_is_asked_for(double: SlackDouble) -> None:
    double.messages += [{"ts": f"{1_800_000_000 + number}.1", "text": "x"} for number in range(150)]
    assert len(told(double, "conversations.history", channel="C1")["messages"]) == 100


def test_replies_are_the_parent_and_then_the_oldest_first(double: SlackDouble) -> None:
    parent = posted(double, "parent")
    for number in range(3):
        posted(double, f"r{number}", thread_ts=parent, reply_broadcast=number == 1)
    answer = told(double, "conversations.replies", channel="C1", ts=parent)
    assert [each["text"] for each in answer["messages"]] == ["parent", "r0", "r1", "r2"]
    shown = told(double, "conversations.history", channel="C1")["messages"]
    assert [each["text"] for each in shown] == ["r1", "parent"], "a reply that is broadcast is in the channel"
    assert told(double, "conversations.replies", channel="C1", ts="1.1")["error"] == "thread_not_found"


def test_an_app_that_others_install_too_may_hardly_look(double: SlackDouble) -> None:
    time = FakeTime()
    double.paced_by, double.is_distributed = time.monotonic, True
    double.messages += [{"ts": f"{1_800_000_000 + number}.1", "text": "x"} for number in range(50)]
    assert len(told(double, "conversations.history", channel="C1", limit=200)["messages"]) == 15
    again = asked(double, "conversations.history", channel="C1")
    assert (again.status, again.headers["retry-after"]) == (429, "60")
    time.sleep(60)
    assert asked(double, "conversations.history", channel="C1").status == 200


def test_posts_have_one_a_second_and_channel_after_a_burst(double: SlackDouble) -> None:
    time = FakeTime()
    double.paced_by = time.monotonic
    statuses = [asked(double, "chat.postMessage", channel="C1", text="x").status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert asked(double, "chat.postMessage", channel="C2", text="x").status == 200
    refused = asked(double, "chat.postMessage", channel="C1", text="x")
    assert refused.headers["retry-after"] == "1"
    time.sleep(1)
    assert asked(double, "chat.postMessage", channel="C1", text="x").status == 200


def test_edits_have_fifty_a_minute_of_their_own(double: SlackDouble) -> None:
    time = FakeTime()
    ts = posted(double)
    double.paced_by = time.monotonic
    for _ in range(50):
        time.sleep(0.5)
        assert asked(double, "chat.update", channel="C1", ts=ts, text="x").status == 200
    refused = asked(double, "chat.update", channel="C1", ts=ts, text="x")
    assert (refused.status, refused.headers["retry-after"]) == (429, "36")
    assert asked(double, "chat.postMessage", channel="C1", text="x").status == 200


CHART = {
    "type": "data_visualization",
    "title": "Cost",
    "chart": {
        "type": "line",
        "series": [{"name": "a", "data": [{"label": "1", "value": 2.5}]}],
        "axis_config": {"categories": ["1"]},
    },
}


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        pytest.param([section()] * 50, "", id="fifty blocks"),
        pytest.param([section()] * 51, "invalid_blocks", id="a 51st block"),
        pytest.param([section("x" * 3_000)], "", id="a section of 3,000"),
        pytest.param([section("x" * 3_001)], "invalid_blocks", id="a longer section"),
        pytest.param([section("")], "invalid_blocks", id="an empty section"),
        pytest.param(
            [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}], "", id="a header"
        ),
        pytest.param(
            [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
            "invalid_blocks",
            id="a longer header",
        ),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "invalid_blocks",
            id="a marked header",
        ),
        pytest.param(
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
            "invalid_blocks",
            id="an 11th field",
        ),
        pytest.param(
            [
                {
                    "type": "actions",
                    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}}] * 26,
                }
            ],
            "invalid_blocks",
            id="a 26th button",
        ),
        pytest.param(
            [
                {
                    "type": "actions",
                    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}],
                }
            ],
            "invalid_blocks",
            id="a long button",
        ),
        pytest.param(
            [
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": {"type": "plain_text", "text": "x"}, "value": "v" * 2_001}
                    ],
                }
            ],
            "invalid_blocks",
            id="a long value",
        ),
        pytest.param([{**section(), "block_id": "same"}] * 2, "invalid_blocks", id="one id twice"),
        pytest.param([{"type": "video"}], "invalid_blocks", id="an unknown block"),
        pytest.param([CHART, CHART], "", id="two charts"),
        pytest.param([CHART] * 3, "invalid_blocks", id="a third chart"),
        pytest.param([{**CHART, "title": "x" * 51}], "invalid_blocks", id="a chart's long title"),
        pytest.param([section("x" * 2_900)] * 4, "", id="11,600 characters"),
        pytest.param([section("x" * 2_900)] * 5, "msg_blocks_too_long", id="14,500 characters"),
    ],
)
def test_blocks_have_limits(double: SlackDouble, blocks: list[dict[str, Any]], code: str) -> None:
    answer = told(double, "chat.postMessage", channel="C1", text="x", blocks=blocks)
    assert answer.get("error", "") == code
    ts = posted(double)
    assert told(double, "chat.update", channel="C1", ts=ts, text="x", blocks=blocks).get("error", "") == code


def test_texts_have_limits(double: SlackDouble) -> None:
    posted(double, "x" * 40_000)
    assert told(double, "chat.postMessage", channel="C1", text="x" * 40_001)["error"] == "msg_too_long"
    assert told(double, "chat.postMessage", channel="C1", text="")["error"] == "no_text"


def test_what_is_wrong_with_a_channel_or_a_token_is_told_with_status_200(double: SlackDouble) -> None:
    double.channels = {"C3": "is_archived", "C4": "not_in_channel", "C5": "channel_not_found"}
    codes = [
        told(double, "chat.postMessage", channel=f"C{number}", text="x")["error"] for number in (3, 4, 5)
    ]
    assert codes == ["is_archived", "not_in_channel", "channel_not_found"]
    double.is_checking_tokens = True
    body, kind = b'{"channel": "C1", "text": "x"}', {"Content-Type": "application/json"}
    wrong = post(f"{double.url}chat.postMessage", body, {**kind, "Authorization": "Bearer other"}, 5)
    none = post(f"{double.url}chat.postMessage", body, kind, 5)
    assert [json.loads(each.body)["error"] for each in (wrong, none)] == ["invalid_auth", "not_authed"]
    assert wrong.status == 200


def test_scopes_are_in_a_header_and_a_missing_one_is_named(double: SlackDouble) -> None:
    answer = asked(double, "auth.test")
    assert answer.headers["x-oauth-scopes"] == "chat:write,channels:history,groups:history"
    double.scopes = ("chat:write",)
    refused = told(double, "conversations.history", channel="C1")
    assert refused == {
        "ok": False, "error": "missing_scope", "needed": "channels:history", "provided": "chat:write",
    }  # fmt: skip


def test_a_message_may_be_seen_only_later(double: SlackDouble) -> None:
    double.seen_after_calls = 2
    posted(double)
    seen = [len(told(double, "conversations.history", channel="C1")["messages"]) for _ in range(3)]
    assert seen == [0, 0, 1]


@pytest.mark.parametrize("answer", ["drop", "reset"])
def test_what_is_taken_can_lose_its_answer(double: SlackDouble, answer: str) -> None:
    double.answers = {"chat.postMessage": [answer]}
    with pytest.raises(TransportError):
        asked(double, "chat.postMessage", channel="C1", text="x")
    assert len(double.messages) == 1


def test_being_down_is_told_in_html(double: SlackDouble) -> None:
    double.answers = {"chat.postMessage": ["503", "500"]}
    answers = [asked(double, "chat.postMessage", channel="C1", text="x") for _ in range(2)]
    assert [each.status for each in answers] == [503, 500]
    assert answers[0].headers["content-type"] == "text/html"


def test_a_file_goes_up_in_three_steps(double: SlackDouble) -> None:
    scope = told(double, "files.getUploadURLExternal", filename="a.png", length=3)
    assert (scope["error"], scope["needed"]) == ("missing_scope", "files:write")
    double.scopes += ("files:write",)
    refused = told(double, "files.getUploadURLExternal", filename="a.png", length=3, alt_txt="x" * 1_001)
    assert refused["error"] == "alt_txt_too_long"
    begun = told(double, "files.getUploadURLExternal", filename="a.png", length=3)
    assert "/api/" not in begun["upload_url"]
    files = json.dumps([{"id": begun["file_id"]}])
    assert told(double, "files.completeUploadExternal", files=files)["error"] == "file_not_found"
    assert post(begun["upload_url"], b"1234", {}, 5).status == 400
    assert post(begun["upload_url"], b"123", {}, 5).status == 200
    assert told(double, "files.completeUploadExternal", files=files, channel_id="C1", thread_ts="1.1")["ok"]
    assert double.files.shared == [(begun["file_id"], "C1", "1.1")]


def test_what_slack_sends_is_signed_and_soon_too_old() -> None:
    body, now = b"payload=%7B%7D", 1_800_000_000.0
    headers = signed(body, now)
    assert is_signed(headers, body, now + 299)
    assert not is_signed(headers, body, now + 301)
    assert not is_signed(headers, body + b"x", now)
    assert not is_signed({}, body, now)
