"""``costwatch alerts list``: which alerts there are, the most urgent first."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Span, json_option
from costwatch.commands.output import complain, print_json, print_table

if TYPE_CHECKING:
    from costwatch.answers.alert_details import Quiet, Routing
    from costwatch.model import Alert

_STATES = ("firing", "pending", "resolved")


@click.command("list", cls=Command)
@click.argument("matchers", nargs=-1, metavar="[MATCHER...]")
@click.option("--resolved", type=Span(), metavar="DURATION", help="And those resolved so long ago at most.")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="By default firing.")
@click.option(
    "--severity",
    "severities",
    type=click.Choice(("page", "ticket", "info")),
    multiple=True,
    help="By default any.",
)
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Those of this rule.")
@click.option("--team", "teams", multiple=True, metavar="NAME", help="Those of this team.")
@click.option("--muted/--not-muted", "is_muted", default=None, help="Those that are kept quiet, or the rest.")
@json_option
@pass_context
def list_alerts(
    context: Context,
    matchers: tuple[str, ...],
    resolved: timedelta | None,
    states: tuple[str, ...],
    severities: tuple[str, ...],
    rules: tuple[str, ...],
    teams: tuple[str, ...],
    is_muted: bool | None,
    as_json: bool,
) -> None:
    """Show the alerts that fire: pages first, then what costs most a month if it stays. Times are UTC.

    Matchers are written as in routes. What is over comes last. An option given twice takes either.

    \b
    Example: costwatch alerts list --resolved 7d --json
             costwatch alerts list --severity page --not-muted 'service=~"Amazon.*"'
    """
    from costwatch.alerts.silencing import matchers_in
    from costwatch.answers.alert_details import kept_quiet, ranked
    from costwatch.warehouse.alerts.alerts import current_alerts

    wanted = [matcher for text in matchers for matcher in matchers_in(text)]
    shown = {*(states or ("firing",)), *(("resolved",) if resolved else ())}
    since = context.now - (resolved or timedelta(days=14))
    with context.warehouse.read() as db:
        known = [*current_alerts(db, since).values()]
        alerts = [
            alert
            for alert in known
            if alert.state in shown
            and (alert.fired_at or alert.state == "pending")
            and (not severities or alert.severity in severities)
            and (not rules or alert.rule in rules)
            and (not teams or alert.label("team") in teams)
            and all(matcher.matches(dict(alert.labels)) for matcher in wanted)
        ]
        quiet = kept_quiet(db, alerts, routing_of(context), context.now)
    if is_muted is not None:
        alerts = [alert for alert in alerts if quiet[alert.fingerprint].is_muted is is_muted]
    alerts = ranked(alerts)
    if as_json:
        told = ((alert, quiet[alert.fingerprint]) for alert in alerts)
        print_json([as_json_alert(alert) | as_json_quiet(kept, context.now) for alert, kept in told])
        return
    print_alerts(
        [as_json_alert(alert) for alert in alerts], {key: _short(kept) for key, kept in quiet.items()}
    )
    if not alerts:
        _tell_misspelt(context, "rule", rules, {alert.rule for alert in known})
        _tell_misspelt(context, "team", teams, {alert.label("team") for alert in known})


def routing_of(context: Context) -> "Routing | None":
    """Where alerts go, by the rules file; None where there is none without mistakes."""
    from costwatch.alerts.routing import resolve
    from costwatch.answers.alert_details import Routing

    rules = context.rules_as_far_as_known()
    if rules is None:
        return None
    return Routing(resolve(rules.route, rules.time_intervals), tuple(rules.inhibit_rules))


def as_json_alert(alert: "Alert") -> dict[str, Any]:
    """An alert for programs: amounts as exact text, labels as a mapping, instants in UTC."""
    from costwatch.warehouse.encoding import to_text
    from costwatch.wording import digits

    def instant(of: "datetime | None") -> str | None:
        return None if of is None else to_text(of)

    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "severity": alert.severity,
        "labels": dict(alert.labels),
        "state": alert.state,
        "value": None if alert.value is None else digits(alert.value),
        "threshold": None if alert.threshold is None else digits(alert.threshold),
        "unit": alert.unit,
        "summary": alert.summary,
        "runbook": alert.runbook,
        "active_at": to_text(alert.active_at),
        "fired_at": instant(alert.fired_at),
        "resolved_at": instant(alert.resolved_at),
    }


def as_json_quiet(quiet: "Quiet", now: datetime) -> dict[str, Any]:
    """For programs: what mutes an alert (on its way to ``receiver``, or everywhere), and who sees to it."""
    from costwatch.warehouse.encoding import to_text

    muted = [(None, quiet.muted)] if quiet.muted else []
    ack = quiet.ack
    return {
        "muted_by": [
            {"by": str(why.by), "name": why.name, "receiver": receiver}
            for receiver, why in (*muted, *quiet.muted_on.items())
        ],
        "ack": None if ack is None else {"who": ack.who, "at": to_text(ack.at), "comment": ack.comment},
        "remarks": list(quiet.remarks(now)),
    }


def print_alerts(alerts: Iterable[dict[str, Any]], remarks: "dict[str, str] | None" = None) -> None:
    """Alerts as a table, or that there are none; ``remarks``: fingerprint -> what keeps it quiet."""
    from costwatch.warehouse.encoding import from_text

    columns: tuple[str, ...] = ("fingerprint", "fired_at", "severity", "state", "rule", "summary")
    rows = [
        {
            **row,
            "fired_at": row["fired_at"] and from_text(row["fired_at"]),
            "quiet": (remarks or {}).get(row["fingerprint"], ""),
        }
        for row in alerts
    ]
    if any(row["quiet"] for row in rows):
        columns = (*columns[:-1], "quiet", "summary")
    if rows:
        print_table(columns, [[row[name] for name in columns] for row in rows])
    else:
        click.echo("no alerts")


def _short(quiet: "Quiet") -> str:
    """``silenced``, ``inhibited``, ``ack ann``: what a column can hold; ``show`` says it whole."""
    parts = [quiet.muted.text.partition(" ")[0]] if quiet.muted else []
    parts += [f"muted for {receiver}" for receiver in quiet.muted_on]
    return ", ".join([*parts, *([f"ack {quiet.ack.who}"] if quiet.ack else [])])


def _tell_misspelt(context: Context, what: str, given: Iterable[str], there: Collection[str]) -> None:
    from costwatch.config.quote import instead, quoted

    rules, names = context.rules_as_far_as_known(), context.names_as_far_as_known()
    known = {rule.name for rule in rules.rules} if rules and what == "rule" else {*names.teams}
    for name in given:
        if name not in {*known, *there}:
            complain(f"alerts list: no {what} is called {quoted(name)}{instead(name, {*known, *there})}")


COMMANDS = (list_alerts,)
