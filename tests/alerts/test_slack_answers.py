"""The Slack receiver against answers that make no sense."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.errors import NotifyError
from costwatch.notify.slack import Slack
from tests.doubles.slack import SlackDouble
from tests.made.messages import group
from tests.made.soak import in_soak

KEYS = st.sampled_from(("ok", "ts", "error", "messages", "metadata", "x"))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
ANSWER = st.dictionaries(
    st.sampled_from(("ok", "ts", "channel", "error", "messages", "response_metadata", "message")), ODD
)
TEXTS = st.sampled_from(
    [
        "",
        "\xff\xfe",
        "[" * 100_000,
        '{"ok":' * 60_000,
        "null",
        "[]",
        '"ok"',
        '{"ok": NaN}',
        '{"ok": 1e999}',
        "{}",
    ]
)


@pytest.mark.soak
@settings(max_examples=in_soak(5_000, else_=150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(("chat.postMessage", "chat.update", "conversations.history")),
    text=ANSWER.map(lambda answer: json.dumps({"ok": True, **answer})) | ANSWER.map(json.dumps) | TEXTS,
    attempt=st.integers(1, 2),
)
def test_whatever_is_answered_is_a_receipt_or_a_failure_that_says_so(
    slack: Slack, double: SlackDouble, method: str, text: str, attempt: int
) -> None:
    double.messages.clear()
    double.calls.clear()
    receipt = slack.notify(group(), None)
    double.answers = {method: [f"raw:{text}"]}
    previous = receipt if method == "chat.update" else None
    try:
        given_back = slack.notify(group(id="m-2", attempt=attempt), previous)
    except NotifyError as error:
        told = str(error)
    else:
        assert all(isinstance(value, str) for value in given_back.reference.values())
        told = "receiver 'oncall': "
    double.answers.clear()
    assert told.startswith("receiver 'oncall': ")
