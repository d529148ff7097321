"""``costwatch alerts silence``, ``silences``, ``unsilence``: what is kept out of messages."""

from datetime import timedelta
from typing import Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Span, json_option, who_option
from costwatch.commands.output import complain, line, print_json, print_table


@click.command("silence", cls=Command)
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "span", type=Span(), required=True, metavar="DURATION", help="How long; at most 90d.")
@click.option("--comment", required=True, help="Why, for those who miss the messages.")
@who_option
@pass_context
def silence_alerts(
    context: Context, matchers: tuple[str, ...], span: timedelta, comment: str, who: str
) -> None:
    """Keep alerts with these labels out of messages for a while, and print the silence's id.

    They fire on, and are told when the silence ends. An alert that was told before is still told as over.
    Matchers are written as in routes; all must match.

    \b
    Example: costwatch alerts silence team=ml 'service=~"Amazon.*"' --for 2h --comment "load test"
    """
    from costwatch.act import silence
    from costwatch.wording import at_instant

    done = silence(context.warehouse, matchers, span, who, comment, context.now)
    line(done.silence.id)
    until = at_instant(done.silence.ends_at)
    if done.alerts:
        context.say(f"until {until}; alerts it is about now: {len(done.alerts)}")
    else:
        complain(f"silence {done.silence.id}: made, until {until}, but it matches no alert that fires now")


@click.command("silences", cls=Command)
@json_option
@pass_context
def list_silences(context: Context, as_json: bool) -> None:
    """Show the silences and snoozes that are not over, and how many alerts each is about now.

    \b
    Example: costwatch alerts silences --json
    """
    from costwatch.act import active_silences
    from costwatch.warehouse.encoding import from_text, to_text

    rows: list[dict[str, Any]] = [
        {
            "id": each.silence.id,
            "matchers": list(each.silence.matchers),
            "fingerprint": each.silence.fingerprint,
            "starts_at": to_text(each.silence.starts_at),
            "ends_at": to_text(each.silence.ends_at),
            "who": each.silence.who,
            "comment": each.silence.comment,
            "alerts": [alert.fingerprint for alert in each.alerts],
        }
        for each in active_silences(context.warehouse, context.now)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("id", "ends_at", "who", "alerts", "of", "comment")
        table = [
            {**row, "ends_at": from_text(row["ends_at"]), "alerts": len(row["alerts"]), "of": _of(row)}
            for row in rows
        ]
        print_table(columns, [[row[name] for name in columns] for row in table], right=("alerts",))
    else:
        click.echo("no silences")


@click.command("unsilence", cls=Command)
@click.argument("id")
@who_option
@pass_context
def end_silence(context: Context, id: str, who: str) -> None:
    """End a silence or a snooze now.

    \b
    Example: costwatch alerts unsilence 5f0c1d2e3a4b
    """
    from costwatch.act import expire_silence
    from costwatch.wording import at_instant

    ended = expire_silence(context.warehouse, id, who, context.now)
    context.say(f"silence {ended.id} ended {at_instant(ended.ends_at)}")


def _of(row: dict[str, Any]) -> str:
    return f"alert {row['fingerprint']}" if row["fingerprint"] else " ".join(row["matchers"])


COMMANDS = (silence_alerts, list_silences, end_silence)
