"""What messages say, in Slack and in a terminal, and that nothing in a tag can make them say more."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from costwatch.alerts.message import rests_on_cost
from costwatch.model import About, Alert, Reason, Receipt, labels
from costwatch.notify.slack import Slack, escape
from costwatch.notify.stdout import Stdout
from costwatch.testing import check_notifier
from tests.doubles.slack import SlackDouble, slack_double
from tests.made.messages import HOSTILE, LEAK, OVER, RESTATED, SPEND, STALE, group
from tests.made.slo_alerts import burning, low
from tests.made.usage_alerts import runaway, unmeasured, wasted

GOLDEN = Path(__file__).parents[1] / "golden"


MESSAGES = {
    "first": group(),
    "new": group(
        SPEND, replace(STALE, fired_at=datetime(2026, 11, 20, 6, tzinfo=UTC)), reason=Reason.NEW, labels=()
    ),
    "restated": group(RESTATED, reason=Reason.CHANGED),
    "resolved": group(OVER, reason=Reason.RESOLVED),
    "repeat": group(reason=Reason.REPEAT),
    "hostile": group(HOSTILE, labels=HOSTILE.labels, owners=("<!channel|x> & co",)),
    "runaway": group(runaway("etl"), labels=labels(rule="Runaway", team="ml-platform")),
    "usage": group(wasted(), unmeasured(), labels=(), owners=()),
    "hostile-usage": group(
        runaway("<!here>; rm -rf / `id`", "*bold* <https://evil.example|x>", "a&b", "<!channel>\x1b[2J"),
        wasted("<@U1> & \u202egnp\n<!here>"),
        unmeasured("_k8s_ ~x~ <!subteam^S1>"),
        labels=(),
        owners=(),
    ),
    "slo": group(burning(), low(), labels=labels(team="payments"), data_through=None),
    "slo-hostile": group(
        burning(
            "<!here> *x*", "<https://evil.example|/pay>", "`v42` <@U1>\n&", host="\u202e<!channel>\x1b[2J"
        ),
        labels=(),
        owners=(),
        data_through=None,
    ),
    "leak": group(
        LEAK,
        labels=labels(rule="NatGatewaySpend", team="feature-store"),
        data_through=date(2026, 11, 26),
        remarks={"f02": ("acknowledged by ann at 2026-11-27 08:12 UTC",)},
    ),
    "bare": group(replace(STALE, value=None, threshold=None), data_through=None, links={}, owners=()),
}


def golden(name: str, text: str) -> None:
    """Compare with a golden file; COSTWATCH_GOLDEN=write writes it anew."""
    file = GOLDEN / name
    if os.environ.get("COSTWATCH_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", MESSAGES)
def test_printed_messages(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Stdout(name="default").notify(MESSAGES[name], None) == Receipt({})
    golden(f"stdout-{name}.txt", capsys.readouterr().out)


@pytest.mark.parametrize("name", MESSAGES)
def test_posted_messages(name: str, slack: Slack, double: SlackDouble) -> None:
    slack.notify(MESSAGES[name], None)
    (call,) = double.calls
    golden(f"slack-{name}.json", json.dumps(call.arguments, indent=1, ensure_ascii=False) + "\n")


LATE = replace(STALE, about=About("freshness"))


def test_how_far_costs_are_settled_is_only_said_of_costs(
    slack: Slack, double: SlackDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    message = group(LATE, data_through=None, links={}, owners=())
    assert (rests_on_cost(SPEND), rests_on_cost(LATE)) == (True, False)
    Stdout(name="default").notify(message, None)
    assert "settled" not in capsys.readouterr().out
    slack.notify(message, None)
    assert "settled" not in json.dumps(double.calls[0].arguments)


def test_why_a_message_comes_to_a_fallback_stands_below_its_headline(
    slack: Slack, double: SlackDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    message = group(note="This was for <!here>\n" + "x" * 9_000)
    Stdout(name="default").notify(message, None)
    assert capsys.readouterr().out.splitlines()[1].startswith(r"  This was for <!here>\nxxx")
    slack.notify(message, None)
    within_slacks_limits(double.calls[0].arguments)
    assert double.calls[0].arguments["blocks"][2]["text"]["text"].startswith("This was for &lt;!here&gt;")


def test_both_receivers_keep_the_contract(slack: Slack, double: SlackDouble) -> None:
    check_notifier(Stdout(name="default"))
    with slack_double() as away, slack_double() as closed:
        away.answers = {"chat.postMessage": ["503"]}
        closed.answers = {"chat.postMessage": ["token_revoked"]}
        check_notifier(
            slack,
            unavailable=slack.model_copy(update={"api_url": away.url}),
            refusing=slack.model_copy(update={"api_url": closed.url}),
        )
    for call in double.calls:
        within_slacks_limits(call.arguments)


def test_annotations_stand_below_what_an_alert_says(
    slack: Slack, double: SlackDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    message = group(replace(SPEND, annotations={"hint": "ask <ml>", "seen": "twice"}))
    Stdout(name="default").notify(message, None)
    printed = capsys.readouterr().out.splitlines()
    assert printed[1:4] == ["  firing since 2026-11-19 06:00 UTC", "  hint: ask <ml>", "  seen: twice"]
    slack.notify(message, None)
    shown = double.calls[0].arguments["blocks"][2]["text"]["text"].splitlines()
    assert shown == [printed[1].strip(), "hint: ask &lt;ml&gt;", "seen: twice"]


def shown_by_slack(of: Any) -> Iterator[tuple[str, str]]:
    """Each text of blocks, with its kind."""
    if isinstance(of, dict) and of.get("type") in ("plain_text", "mrkdwn"):
        yield of["type"], of["text"]
    elif isinstance(of, dict | list):
        for each in of.values() if isinstance(of, dict) else of:
            yield from shown_by_slack(each)


def within_slacks_limits(arguments: dict[str, Any]) -> None:
    blocks = arguments["blocks"]
    texts = [block["text"]["text"] for block in blocks if block["type"] in ("section", "header")]
    texts += [
        element["text"] for block in blocks if block["type"] == "context" for element in block["elements"]
    ]
    assert len(blocks) <= 50
    assert all(0 < len(text) <= 3_000 for text in texts)
    assert sum(map(len, texts)) <= 10_000
    assert 0 < len(arguments["text"]) <= 3_000


@pytest.mark.parametrize(
    "alerts",
    [
        pytest.param([replace(SPEND, summary="&" * 100_000)] * 3, id="very long texts"),
        pytest.param([SPEND] * 5_000, id="very many alerts"),
        pytest.param(
            [replace(SPEND, summary="<>" * 400, runbook="https://r.example/" + "x" * 9_000)] * 200, id="both"
        ),
        pytest.param(
            [replace(SPEND, annotations={str(number): "&" * 900 for number in range(50)})] * 200,
            id="very many annotations",
        ),
    ],
)
def test_an_alert_storm_fits_one_message(slack: Slack, double: SlackDouble, alerts: list[Alert]) -> None:
    long = {"team": "t" * 10_000, "rule": "r" * 10_000}
    slack.notify(group(*alerts, labels=labels(**long), owners=("o" * 5_000,) * 300), None)
    (call,) = double.calls
    within_slacks_limits(call.arguments)
    sections = [block for block in call.arguments["blocks"] if block["type"] == "section"]
    more = re.fullmatch(r"… and (\d+) more", sections[-1]["text"]["text"])
    head = next(block["type"] for block in call.arguments["blocks"][1:]) == "header"
    told = len(sections) - 1 - (not head) - bool(more)  # without whom it calls, and a long headline
    assert told + (int(more[1]) if more else 0) == len(alerts)


CORPUS = (
    "<!channel>",
    "<!here|x>",
    "<@U0123>",
    "<!subteam^S1>",
    "<https://evil.example|Open in costwatch>",
    "&lt;!channel&gt;",
    "@everyone #general https://evil.example",
    "a\nb\rc\x00d\x1b[2Je\u2028f",
    "\u202eltr\u2066\u200f",
    "=cmd|' /C calc'!A0",
    "{{7*7}} ${env:HOME} %s {0}",
    "'; DROP TABLE alert; --",
    "</b><script>alert(1)</script>",
    "*bold* _it_ ~no~ `code` ```block```",
    "\ud800",
    "👩\u200d🚀 ünïcödé \u00a0",
)


@pytest.mark.parametrize("text", CORPUS)
def test_text_from_tags_is_inert_in_slack_and_in_a_terminal(
    text: str, slack: Slack, double: SlackDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = replace(SPEND, summary=text, labels=labels(team=text), runbook=text, annotations={text: text})
    message = group(alert, labels=labels(team=text), owners=(), links={"Open": "http://127.0.0.1:8501/"})
    slack.notify(message, None)
    sent = double.calls[0].arguments
    for kind, written in shown_by_slack(sent["blocks"]):
        assert not set("<>") & set(written) or kind == "mrkdwn"
        assert not re.search(r"&(?!amp;|lt;|gt;)", written)
        if kind == "mrkdwn":
            assert written in ("<!subteam^S123>", "<http://127.0.0.1:8501/|Open>")
    assert not set("<>*~`") & set(sent["text"])
    Stdout(name="default").notify(message, None)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 7, "text from a tag does not begin a line of its own"
    assert all(letter.isprintable() or letter in "\n\u200d\u00a0" for letter in printed)


def test_escaping_is_what_slack_asks_for() -> None:
    assert escape("a & b <c> &amp;") == "a &amp; b &lt;c&gt; &amp;amp;"
