"""Receiver kind ``slack``."""

from costwatch.notify.slack.receiver import Slack, escape

__all__ = ["Slack", "escape"]
