"""``costwatch alerts ack``, ``snooze``, ``feedback``: what a person does about one alert."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Span, comment_option, who_option

if TYPE_CHECKING:
    from costwatch.model import Act


@click.command("ack", cls=Command)
@click.argument("fingerprint")
@comment_option
@who_option
@pass_context
def acknowledge_alert(context: Context, fingerprint: str, comment: str, who: str) -> None:
    """Say that someone sees to an alert: it is not repeated until it fires anew.

    What is new in its group, and that it is over, is told as ever. For fingerprints see
    `costwatch alerts list`.

    \b
    Example: costwatch alerts ack 0123456789abcdef --comment "on it"
    """
    from costwatch.model import Acknowledge

    _perform(context, Acknowledge(fingerprint, who, comment))


@click.command("snooze", cls=Command)
@click.argument("fingerprint")
@click.option("--for", "span", type=Span(), required=True, metavar="DURATION", help="How long; at most 90d.")
@comment_option
@who_option
@pass_context
def snooze_alert(context: Context, fingerprint: str, span: timedelta, comment: str, who: str) -> None:
    """Keep one alert out of messages for a while; it is told again after that if it fires on.

    \b
    Example: costwatch alerts snooze 0123456789abcdef --for 4h
    """
    from costwatch.model import Snooze

    _perform(context, Snooze(fingerprint, span, who, comment))


@click.command("feedback", cls=Command)
@click.argument("fingerprint")
@click.argument("worth", type=click.Choice(("useful", "noise", "expected")))
@comment_option
@who_option
@pass_context
def answer_alert(context: Context, fingerprint: str, worth: str, comment: str, who: str) -> None:
    """Say whether an alert was worth it, also when it is over. Your last answer counts.

    \b
    Example: costwatch alerts feedback 0123456789abcdef noise --comment "the nightly job"
    """
    from costwatch.model import Feedback, Worth

    _perform(context, Feedback(fingerprint, Worth(worth), who, comment))


def _perform(context: Context, act: "Act") -> None:
    from costwatch.act import perform

    context.say(perform(context.warehouse, act, context.now))


COMMANDS = (acknowledge_alert, snooze_alert, answer_alert)
