"""Slack on a loopback port: keeps channels and threads, has Slack's limits, misbehaves on demand."""

from tests.doubles.slack.server import slack_double
from tests.doubles.slack.signing import SIGNING_SECRET, is_signed, signed
from tests.doubles.slack.socket_mode import APP_TOKEN, socket_mode
from tests.doubles.slack.workspace import TOKEN, Call, SlackDouble, settled

__all__ = [
    "APP_TOKEN",
    "SIGNING_SECRET",
    "TOKEN",
    "Call",
    "SlackDouble",
    "is_signed",
    "settled",
    "signed",
    "slack_double",
    "socket_mode",
]
