"""``costwatch alerts show`` and ``history``: all of one alert, and what became of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts_list import as_json_alert, as_json_quiet, routing_of
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Span, json_option
from costwatch.commands.output import line, print_json, print_table
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.answers.alert_details import AlertDetails
    from costwatch.answers.alert_history import Entry
    from costwatch.model import Alert

_MESSAGES_SHOWN = 5


@click.command("show", cls=Command)
@click.argument("fingerprint")
@json_option
@pass_context
def show_alert(context: Context, fingerprint: str, as_json: bool) -> None:
    """Show all of one alert: what its rule says, since when, why, what keeps it quiet, and who was told.

    The fingerprint, or how it begins, stands in `costwatch alerts list`. Times are UTC.

    \b
    Example: costwatch alerts show 0123456789abcdef
    """
    from costwatch.answers.alert_details import alert_details
    from costwatch.answers.alerts import alert_called

    with context.warehouse.read() as db:
        alert = alert_called(db, fingerprint)
        details = alert_details(db, alert, routing_of(context), context.now)
    if as_json:
        print_json(_as_json(details, context))
        return
    for text in _lines(details, context):
        line(text)


@click.command("history", cls=Command)
@click.argument("wanted", required=False, metavar="[FINGERPRINT|RULE]")
@click.option(
    "--last", type=Span(), default="14d", show_default=True, metavar="DURATION", help="How far back."
)
@json_option
@pass_context
def show_history(context: Context, wanted: str | None, last: timedelta, as_json: bool) -> None:
    """Show what became of an alert, of those of a rule, or of all: in one time line, the newest last.

    When it was pending, fired, was restated and over; who was told, when and where; who did what about it.

    \b
    Example: costwatch alerts history 0123456789abcdef
             costwatch alerts history StaleData --last 90d --json
    """
    from costwatch.answers.alert_history import alert_history

    try:
        since = context.now - last
    except OverflowError:
        raise UsageError("--last: begins before all dates; name a shorter time") from None
    with context.warehouse.read() as db:
        entries = alert_history(db, since, **(_meant(context, db, wanted) if wanted else {}))
    if as_json:
        print_json([_as_json_entry(entry) for entry in entries])
    elif entries:
        columns = ("at", "what", "who", "rule", "fingerprint", "text")
        print_table(columns, [[getattr(entry, name) for name in columns] for entry in entries])
    else:
        click.echo(f"nothing happened in the last {last.days} d" if last.days else "nothing happened")


def _meant(context: Context, db: Any, wanted: str) -> dict[str, str]:
    """Whether a rule is meant or an alert. Raises UsageError for neither, with the nearest rule."""
    from costwatch.answers.alerts import alert_called, label_values
    from costwatch.config.quote import instead, quoted

    rules = context.rules_as_far_as_known()
    known = {rule.name for rule in rules.rules} if rules else set()
    known |= label_values(db).get("rule", set())
    if wanted in known:
        return {"rule": wanted}
    try:
        return {"fingerprint": alert_called(db, wanted).fingerprint}
    except UsageError:
        what = f"alerts history: no rule is called {quoted(wanted)}, and no alert has this fingerprint"
        raise UsageError(what + instead(wanted, known)) from None


def _lines(details: "AlertDetails", context: Context) -> Iterator[str]:
    from costwatch.wording import at_instant

    alert, now = details.alert, context.now
    yield f"{alert.rule} · {alert.severity} · {_state(alert)} · {alert.fingerprint}"
    yield f"  {alert.summary}"
    for name, text in (*_facts(alert), *alert.annotations.items(), ("runbook", alert.runbook)):
        if text:
            yield f"  {name}: {text}"
    for text in details.quiet.remarks(now):
        yield f"  {text}"
    if details.receivers is not None:
        yield f"  goes to: {', '.join(details.receivers)}"
    for entry in details.messages[-_MESSAGES_SHOWN:]:
        yield f"  {at_instant(entry.at)}: {entry.who}: {entry.what}" + (
            f": {entry.text}" if entry.text else ""
        )
    if not details.messages:
        yield "  nobody has been told yet" if alert.fired_at else "  nobody is told before it fires"
    for answer in details.feedback:
        said = f": {answer.comment}" if answer.comment else ""
        yield f"  {answer.worth} by {answer.who}, {at_instant(answer.at)}{said}"
    yield "Next:"
    for text in _next(alert):
        yield f"  {text}"


def _state(alert: "Alert") -> str:
    from costwatch.wording import at_instant

    if alert.state == "pending":
        return f"pending since {at_instant(alert.active_at)}"
    since = at_instant(alert.fired_at) if alert.fired_at else ""
    if alert.state == "firing" or alert.resolved_at is None:
        return f"firing since {since}"
    return f"over since {at_instant(alert.resolved_at)}, fired {since}"


def _facts(alert: "Alert") -> Iterator[tuple[str, str]]:
    from costwatch.alerts.lifecycle import EXPLAINED
    from costwatch.money import exact
    from costwatch.wording import quantity

    if alert.verdict == "unknown":
        yield "value", "no data"
    if alert.value is not None:
        against = f" against {quantity(alert.threshold, alert.unit)}" if alert.threshold is not None else ""
        yield "value", f"{quantity(alert.value, alert.unit)}{against}"
    if alert.impact is not None:
        yield "if it stays", f"{exact(alert.impact.amount, alert.impact.currency)} a month"
    yield "labels", ", ".join(f"{name}={value}" for name, value in alert.labels)
    for driver in alert.drivers:
        where = ", ".join(value for _, value in driver.labels)
        yield "driver", f"{where}: {quantity(driver.amount, alert.unit)}"
    explained = alert.evidence.get(EXPLAINED)
    if isinstance(explained, dict):
        yield from ((str(name), str(text)) for name, text in explained.items())


def _next(alert: "Alert") -> Iterator[str]:
    begin, name = "costwatch alerts", alert.fingerprint
    if alert.is_firing:
        yield f"{begin} ack {name} --comment 'on it'"
        if alert.value is not None:
            yield f"{begin} expect {name} --until 3d --reason '…'"
        yield f"{begin} silence {name} --for 4h --comment '…'"
    if alert.fired_at is not None:
        yield f"{begin} feedback {name} useful   (or noise)"
    yield f"{begin} history {name}"


def _as_json(details: "AlertDetails", context: Context) -> dict[str, Any]:
    from costwatch.warehouse.encoding import to_text
    from costwatch.wording import digits

    alert = details.alert
    impact = alert.impact
    return {
        **as_json_alert(alert),
        "impact": None if impact is None else {"amount": digits(impact.amount), "currency": impact.currency},
        "change": None if alert.change is None else digits(alert.change),
        "drivers": [
            {"labels": dict(driver.labels), "amount": digits(driver.amount)} for driver in alert.drivers
        ],
        "annotations": dict(alert.annotations),
        **as_json_quiet(details.quiet, context.now),
        "receivers": None if details.receivers is None else list(details.receivers),
        "messages": [_as_json_entry(entry) for entry in details.messages],
        "feedback": [
            {
                "worth": str(answer.worth),
                "who": answer.who,
                "at": to_text(answer.at),
                "comment": answer.comment,
            }
            for answer in details.feedback
        ],
        "next": list(_next(alert)),
    }


def _as_json_entry(entry: "Entry") -> dict[str, Any]:
    from costwatch.warehouse.encoding import to_text

    return {
        "at": to_text(entry.at),
        "what": entry.what,
        "who": entry.who,
        "rule": entry.rule,
        "fingerprint": entry.fingerprint,
        "text": entry.text,
    }


COMMANDS = (show_alert, show_history)
