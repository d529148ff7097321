"""Receiver kind ``slack``."""

from costwatch.notify.slack.content import escape
from costwatch.notify.slack.receiver import Slack

__all__ = ["Slack", "escape"]
