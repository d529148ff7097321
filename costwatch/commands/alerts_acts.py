"""``costwatch alerts ack``, ``expect``, ``feedback``: what a person does about one alert."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import (
    Command,
    comment_option,
    reason_option,
    span_to,
    until_option,
    who_option,
)
from costwatch.commands.output import line
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.model import Act


@click.command("ack", cls=Command)
@click.argument("fingerprint")
@comment_option
@who_option
@pass_context
def acknowledge_alert(context: Context, fingerprint: str, comment: str, who: str) -> None:
    """Say that someone sees to an alert: it is not repeated until it fires anew, or for a while.

    What is new in its group, and that it is over, is told as ever. A page is repeated after 4 h, others after
    7 d, unless you say so again. For fingerprints, or how they begin, see `costwatch alerts list`.

    \b
    Example: costwatch alerts ack 0123456789abcdef --comment "on it"
    """
    from costwatch.model import Acknowledge

    _perform(context, Acknowledge(fingerprint, who, comment))


@click.command("expect", cls=Command)
@click.argument("fingerprint")
@until_option
@reason_option
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1000),
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="By how much of what it is now its value may change.",
)
@who_option
@pass_context
def expect_alert(
    context: Context,
    fingerprint: str,
    end: timedelta | datetime | None,
    comment: str,
    tolerance: float,
    who: str,
) -> None:
    """Silence an alert for as long as it stays about as it is, and print the id to end that by.

    It is told again when its value leaves that band, by `costwatch alerts eval`, or when the time is over.

    \b
    Example: costwatch alerts expect 0123456789abcdef --until 2026-12-05 --reason "a backfill runs"
    """
    from decimal import Decimal

    from costwatch.act import LIMITS, expect
    from costwatch.alerts.silencing import described

    if end is None:
        raise UsageError("expect: until when? Give --until 2026-12-05, or --for 3d")
    span = span_to(end, context.now)
    share = Decimal(str(tolerance)) / 100
    rules = context.rules_as_far_as_known()
    limits = rules.silences if rules else LIMITS
    words = (fingerprint, span, who, comment, context.now)
    done = expect(context.warehouse, *words, tolerance=share, limits=limits)
    line(done.silence.id)
    context.say(described(done.silence))


@click.command("feedback", cls=Command)
@click.argument("fingerprint")
@click.argument("worth", type=click.Choice(("useful", "noise")))
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


COMMANDS = (acknowledge_alert, expect_alert, answer_alert)
