"""Whatever stands in a tag, through every receiver: it mentions, links, formats and breaks nothing."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.alerts.message import compose
from costwatch.model import Alert, Group, Reason, labels
from costwatch.notify.alertmanager import Alertmanager
from costwatch.notify.email import Email
from costwatch.notify.email.html import page
from costwatch.notify.pagerduty import PagerDuty
from costwatch.notify.slack import Slack
from costwatch.notify.slack.content import content
from costwatch.notify.stdout import Stdout
from costwatch.notify.webhook import Webhook
from tests.alerts.test_messages import shown_by_slack
from tests.doubles.pagerduty_events import ROUTING_KEY, pagerduty_events
from tests.doubles.slack import SlackDouble
from tests.doubles.slack.blocks import refusal
from tests.doubles.smtp_server import mail_server
from tests.doubles.web_server import web_server
from tests.made.hostile_texts import hostile_texts
from tests.made.messages import SPEND, group

TEXTS = hostile_texts()
_OURS = re.compile(
    r"(?:<!subteam\^S123>|<http://127\.0\.0\.1:8501/\|Open>"
    r"|<https?://[^<>|\s]+\|(?:Runbook|Query)(?: \d+)?>| · )+"
)
_TAGS = {"html", "body", "h2", "p", "a", "br", "strong", "em", "span"}
_HARMLESS = "\u200d\u00a0\u202f"


def alert_of(text: str, number: int = 0) -> Alert:
    return replace(
        SPEND,
        fingerprint=f"{number:016x}",
        rule=text or "Rule",
        labels=labels(team=text, **{f"label:{text}": text}),
        summary=text,
        runbook=text,
        annotations={text: text},
        evidence={"now": text, "explained": {"query": text, text: text}},
    )


def group_of(texts: list[str], **changes: Any) -> Group:
    text = texts[0]
    told = {"labels": labels(rule=text, team=text), "links": {"Open": "http://127.0.0.1:8501/"}, "note": text}
    alerts = [alert_of(each, number) for number, each in enumerate(texts)]
    remarks = {alert.fingerprint: (alert.summary,) for alert in alerts}
    is_mention = re.fullmatch(r"<[@!#][^>]*>", text)  # which only a contact that was configured may be
    owners = () if is_mention else (text,)
    return group(*alerts, **{**told, "remarks": remarks, "owners": owners, **changes})


def one_by_one_and_together() -> Iterator[Group]:
    for number, text in enumerate(TEXTS):
        yield group_of([text], id=f"m-{number}")
    for first in range(0, len(TEXTS), 25):
        yield group_of(TEXTS[first : first + 25], id=f"all-{first}", reason=Reason.NEW)


GROUPS = list(one_by_one_and_together())


def inert_in_slack(sent: dict[str, Any]) -> None:
    assert refusal(sent["text"], sent["blocks"]) == ""
    assert sum(len(text) for _, text in shown_by_slack(sent["blocks"])) <= 10_000
    for kind, text in shown_by_slack(sent["blocks"]):
        if kind == "mrkdwn":
            assert _OURS.fullmatch(text), text
        else:
            assert not set("<>") & set(text)
            assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert only_shows(text)
    assert not re.search(r"[<>*~`]|(?<![^\W_])_|_(?![^\W_])", sent["text"])


def only_shows(text: str) -> bool:
    return all(letter.isprintable() or letter in f"\n{_HARMLESS}" for letter in text)


def inert_in_html(html: str) -> None:
    assert {tag.lower() for tag in re.findall(r"</?([a-zA-Z!][\w-]*)", html)} <= {*_TAGS, "!doctype"}
    assert all(url.startswith(("http://", "https://")) for url in re.findall(r'href="([^"]*)"', html))
    tags = "".join(re.findall(r"<[a-z][^>]*>", html))
    assert {*re.findall(r'(\w+)="', tags)} <= {"style", "href"}
    assert only_shows(html.replace("\r\n", "\n"))


def test_there_are_many() -> None:
    assert len({*TEXTS}) >= 300


def test_in_slack(slack: Slack) -> None:
    for each in GROUPS:
        for is_quiet in (False, True):
            message = compose(each, with_reason=is_quiet)
            inert_in_slack(content(message, "m", "<!subteam^S123>", is_quiet=is_quiet))


@given(st.text(max_size=60) | st.lists(st.sampled_from(TEXTS), max_size=6).map("".join))
def test_any_text_in_slack_and_in_html(text: str) -> None:
    message = compose(group_of([text]))
    inert_in_slack(content(message, "m"))
    inert_in_html(page(message))


def test_slack_takes_it(slack: Slack, double: SlackDouble) -> None:
    for each in GROUPS[-13:]:
        slack.notify(each, None)
    assert len(double.messages) == 13


def test_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for each in GROUPS:
        Stdout(name="default").notify(each, None)
        printed = capsys.readouterr().out
        assert only_shows(printed)
        lines = printed.splitlines()
        assert lines[0].startswith(("FIRING", "NEW"))
        assert all(line.startswith("  ") or not line for line in lines[1:])


def test_in_a_mail() -> None:
    with mail_server() as server:
        settings = {"name": "mail", "host": "127.0.0.1", "port": server.port, "tls": "none"}
        mail = Email.model_validate({**settings, "from": "c@example.com", "to": ["a@example.com"]})
        for each in GROUPS[:: max(1, len(GROUPS) // 60)]:
            mail.notify(each, None)
    for delivered in server.delivered:
        assert delivered.to == ["a@example.com"]
        assert {*delivered.mail.keys()} == {
            "Message-ID", "Date", "Subject", "From", "To", "Auto-Submitted", "MIME-Version", "Content-Type",
        }  # fmt: skip
        _, html = delivered.mail.iter_parts()
        inert_in_html(html.get_content())


def test_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", ROUTING_KEY)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        web, events = stack.enter_context(web_server()), stack.enter_context(pagerduty_events())
        pager = PagerDuty(name="p", routing_key="${env:PAGERDUTY_ROUTING_KEY}", url=events.url)
        hook, am = Webhook(name="h", url=web.url), Alertmanager(name="a", urls=(web.url,))
        for each in GROUPS[-13:]:
            pager.notify(each, None)
            hook.notify(each, None)
            am.forward(each.alerts, datetime(2026, 11, 20, tzinfo=UTC))
        assert len(events.open) == 25, "as many as a group has, under their own keys"
        for request in (*web.requests, *events.web.requests):
            for text in _texts(request.json):
                assert only_shows(text)
                assert "\n" not in text
        for posted in web.requests:
            alerts = posted.json["alerts"] if isinstance(posted.json, dict) else posted.json
            assert all(alert["labels"] and alert["labels"]["alertname"] for alert in alerts)


def _texts(of: Any) -> Iterator[str]:
    if isinstance(of, str):
        yield of
    elif isinstance(of, dict):
        for name, value in of.items():
            yield name
            yield from _texts(value)
    elif isinstance(of, list):
        for each in of:
            yield from _texts(each)
