"""``costwatch alerts silence`` and ``expire``: what is kept out of messages."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import (
    Command,
    Instant,
    json_option,
    reason_option,
    span_to,
    until_option,
    who_option,
)
from costwatch.commands.output import complain, line, print_json, print_table
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.act import Silenced
    from costwatch.alerts.silencing import SilenceLimits

_FINGERPRINT = re.compile(r"[0-9a-f]{4,16}")


@click.command("silence", cls=Command)
@click.argument("wanted", nargs=-1, metavar="[MATCHER... | FINGERPRINT]")
@until_option
@reason_option
@click.option("--from", "start", type=Instant(), metavar="TIME", help="When it begins; else now.")
@click.option("--id", metavar="ID", help="Change this silence: what is given of it.")
@click.option("--list", "is_list", is_flag=True, help="Show the silences there are, and what is expected.")
@click.option("--expired", is_flag=True, help="With --list: and those that ended lately.")
@json_option
@who_option
@pass_context
def silence_alerts(
    context: Context,
    wanted: tuple[str, ...],
    end: timedelta | datetime | None,
    comment: str,
    start: datetime | None,
    id: str | None,
    is_list: bool,
    expired: bool,
    as_json: bool,
    who: str,
) -> None:
    """Keep alerts with these labels, or one alert, out of messages for a while; print the silence's id.

    They fire on, and are told when the silence ends. An alert that was told before is still told as over.
    Matchers are written as in routes; all must match. A silence that is over is made anew by --id.

    \b
    Example: costwatch alerts silence team=ml 'service=~"Amazon.*"' --for 2h --comment "load test"
             costwatch alerts silence 0123456789abcdef --until 2026-12-05 --comment "moving out"
             costwatch alerts silence --list
    """
    if is_list:
        _list(context, with_over=expired, as_json=as_json)
        return
    done = _edited(context, id, wanted, end, start, comment, who) if id else None
    if done is None:
        if not wanted:
            raise UsageError(
                "silence: of what? Give matchers such as team=ml, or a fingerprint; --list shows all"
            )
        if end is None:
            raise UsageError("silence: how long? Give --for 4h, or --until 2026-12-05")
        done = _made(context, wanted, span_to(end, start or context.now), start, comment, who)
    if as_json:
        print_json(as_json_silence(done))
    else:
        line(done.silence.id)
    _tell(context, done)


def _made(
    context: Context,
    wanted: tuple[str, ...],
    span: timedelta,
    start: datetime | None,
    comment: str,
    who: str,
) -> "Silenced":
    from costwatch.act import silence, silence_alert

    more: dict[str, Any] = {"starts_at": start, "limits": _limits(context)}
    if len(wanted) == 1 and _FINGERPRINT.fullmatch(wanted[0]):
        return silence_alert(context.warehouse, wanted[0], span, who, comment, context.now, **more)
    return silence(context.warehouse, wanted, span, who, comment, context.now, **more)


def _edited(
    context: Context,
    id: str,
    wanted: tuple[str, ...],
    end: timedelta | datetime | None,
    start: datetime | None,
    comment: str,
    who: str,
) -> "Silenced":
    from costwatch.act import edit_silence

    if start is not None:
        raise UsageError("silence: --id keeps when it begins; leave out --from")
    return edit_silence(
        context.warehouse,
        id,
        who,
        context.now,
        matchers=wanted,
        until=_until(end, context.now),
        comment=comment,
        limits=_limits(context),
    )


def _until(end: timedelta | datetime | None, now: datetime) -> datetime | None:
    if not isinstance(end, timedelta):
        return end
    return now + min(end, timedelta(days=3660))  # more is refused anyway, and may have no date


def _tell(context: Context, done: "Silenced") -> None:
    """What it is about now; what it is about never, or not yet."""
    from costwatch.wording import at_instant

    silence = done.silence
    if done.alerts:
        context.say(f"until {at_instant(silence.ends_at)}; alerts it is about now: {len(done.alerts)}")
        return
    complain(f"silence {silence.id}: made, until {at_instant(silence.ends_at)}, but it matches nothing now")
    for sentence in _never_matched(context, silence.matchers):
        complain(f"silence {silence.id}: {sentence}")


def _never_matched(context: Context, matchers: tuple[str, ...]) -> list[str]:
    """What nothing can have, as far as the files and the alerts so far tell."""
    from costwatch.answers.alerts import label_values
    from costwatch.config.silenced_names import never_matched

    with context.warehouse.read() as db:
        there = label_values(db)
    rules = context.rules_as_far_as_known()
    return never_matched(matchers, rules.rules if rules else (), context.names_as_far_as_known(), there)


def _limits(context: Context) -> "SilenceLimits":
    from costwatch.act import LIMITS

    rules = context.rules_as_far_as_known()
    return rules.silences if rules else LIMITS


def _list(context: Context, *, with_over: bool, as_json: bool) -> None:
    from costwatch.act import kept_silences
    from costwatch.alerts.silencing import is_active
    from costwatch.wording import quantity

    found = kept_silences(context.warehouse, context.now, with_over=with_over)
    if as_json:
        print_json([as_json_silence(each) for each in found])
        return
    if not found:
        click.echo("no silences")
        return
    rows = []
    for each in found:
        one, band = each.silence, each.silence.band
        what = f"alert {one.fingerprint}" if one.fingerprint else " ".join(one.matchers)
        if band is not None:
            low, high = quantity(band.low, band.unit), quantity(band.high, band.unit)
            what += f" expected at {low} to {high}"
        is_over = one.ends_at <= context.now
        state = "active" if is_active(one, context.now) else "over" if is_over else "pending"
        alerts = 0 if is_over else len(each.alerts)
        rows.append((one.id, state, one.starts_at, one.ends_at, one.who, alerts, what, one.comment))
    columns = ("id", "state", "starts_at", "ends_at", "who", "alerts", "of", "comment")
    print_table(columns, rows, right=("alerts",))


@click.command("expire", cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@who_option
@pass_context
def expire_silences(context: Context, ids: tuple[str, ...], who: str) -> None:
    """End silences, or what is expected, now; their alerts are told again if they fire on.

    \b
    Example: costwatch alerts expire 5f0c1d2e3a4b
    """
    from costwatch.act import expire_silence
    from costwatch.wording import at_instant

    for id in ids:
        ended = expire_silence(context.warehouse, id, who, context.now)
        context.say(f"silence {ended.id} ended {at_instant(ended.ends_at)}")


def as_json_silence(each: "Silenced") -> dict[str, Any]:
    """A silence for programs: instants in UTC, amounts as exact text; ``alerts``: fingerprints."""
    from costwatch.warehouse.encoding import to_text
    from costwatch.wording import digits

    silence, band = each.silence, each.silence.band
    return {
        "id": silence.id,
        "matchers": list(silence.matchers),
        "fingerprint": silence.fingerprint,
        "starts_at": to_text(silence.starts_at),
        "ends_at": to_text(silence.ends_at),
        "who": silence.who,
        "comment": silence.comment,
        "expired_by": silence.expired_by,
        "expected": None
        if band is None
        else {"low": digits(band.low), "high": digits(band.high), "unit": band.unit},
        "alerts": [alert.fingerprint for alert in each.alerts],
    }


COMMANDS = (silence_alerts, expire_silences)
