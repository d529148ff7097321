"""An alert of each rule kind in Slack, in a mail and as text; no number stands there twice."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from costwatch.alerts.message import compose, plain
from costwatch.model import AlertState, Reason
from costwatch.notify.email.html import page
from costwatch.notify.slack.content import content
from tests.alerts.test_messages import golden, shown_by_slack
from tests.made.rule_alerts import alert_of, group_of
from tests.plugins.test_conformance import RULES

_NUMBER = re.compile(r"[$€£]?\d[\d,]*(?:\.\d+)?[kM]?")
_OF_TIME = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d|\d{1,2} [A-Z][a-z]{2}(?: \d{4})?|\d\d:\d\d|\d+ (?:h|d|min|days|runs)\b"
)


@pytest.mark.parametrize("kind", RULES)
def test_an_alert_of_each_kind(kind: str) -> None:
    message = compose(group_of(alert_of(*RULES[kind])))
    golden(f"message-{kind}.txt", plain(message))
    golden(f"message-{kind}.html", page(message))
    slack = json.dumps(content(message, "m-1"), indent=1, ensure_ascii=False)
    golden(f"message-{kind}.slack.json", slack + "\n")


@pytest.mark.parametrize("kind", RULES)
def test_no_number_stands_twice_in_a_message(kind: str) -> None:
    alert = alert_of(*RULES[kind])
    message = compose(group_of(alert))
    (line,) = message.lines
    said = _OF_TIME.sub("", " ".join((message.headline, line.summary, line.detail)))
    numbers = [number for number in _NUMBER.findall(said) if len(number) > 1]
    assert {number for number in numbers if numbers.count(number) > 1} == set()


@pytest.mark.parametrize("kind", RULES)
def test_what_fires_and_what_is_over_are_told_apart_without_colour(kind: str) -> None:
    alert = alert_of(*RULES[kind])
    at = alert.active_at + timedelta(hours=1)
    over = replace(alert, state=AlertState.RESOLVED, resolved_at=at)
    for state, reason, word, symbol in (
        (alert, Reason.FIRST, "FIRING", "🔶"),
        (over, Reason.RESOLVED, "RESOLVED", "✅"),
    ):
        message = compose(group_of(state, reason=reason))
        shown = [text for _, text in shown_by_slack(content(message, "m")["blocks"])]
        assert any(text.startswith(f"{symbol} {word}") for text in shown)
        assert plain(message).startswith(word)
        assert f">{word}" in page(message)
