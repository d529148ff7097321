"""``costwatch alerts``: steps 3 and 4, what fires, and what people do about it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from costwatch.commands import (
    alerts_acts,
    alerts_explain,
    alerts_import,
    alerts_list,
    alerts_routes,
    alerts_show,
    alerts_silences,
    alerts_test,
)
from costwatch.commands.context import Context, pass_context
from costwatch.commands.last_good import after
from costwatch.commands.options import Subject
from costwatch.commands.output import complain, line, print_table
from costwatch.commands.pings import pinged
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.config.alert_rules import AlertRules
    from costwatch.deliver import Delivery
    from costwatch.model import Alert, Group
    from costwatch.warehouse.facts.snapshot import Live


@click.group("alerts", cls=Subject)
def command() -> None:
    """Evaluate the rules (step 3), deliver, list and silence alerts (step 4)."""


@command.command("eval")
@click.option("--dry-run", is_flag=True, help="Show what would be pending or firing, store nothing.")
@pass_context
@pinged("evaluate")
def evaluate_rules(context: Context, dry_run: bool) -> int:
    """Evaluate every rule once, and keep what became of its alerts (step 3).

    Sends nothing: that is `costwatch alerts deliver`. Names the rules that nothing there is can fit, unless
    -q is given. Exits 0 when alerts fire, 1 if a rule could not be evaluated; its alerts stay as they are.
    While a file has mistakes an alert tells them, the last version without any goes on, and it exits 2.

    \b
    Example: costwatch alerts eval --dry-run
    """
    from costwatch.alerts.built_in import UNWATCHED
    from costwatch.evaluate import evaluate

    rules, mistakes = (context.alerts, {}) if dry_run else context.last_good_alerts()
    live = {} if dry_run else _sources_to_ask(context)
    found = evaluate(
        context.warehouse,
        rules.rules,
        context.now,
        dry_run=dry_run,
        live=live,
        watches_itself=True,
        mistakes=mistakes,
    )
    if dry_run:
        _print_now(found.alerts)
    firing = sum(alert.state == "firing" for alert in found.alerts)
    context.say(f"{firing} firing, {len(found.alerts) - firing} pending, {len(found.changes)} changed")
    for rule, reason in found.unmatched.items() if not context.quiet else ():
        complain(f"rule {rule}: {reason}")
    if not found.is_watched:
        context.say(UNWATCHED)
    for rule, error in found.errors.items():
        complain(f"rule {rule}: {error}")
    if found.errors:
        return after(context, mistakes) or 1
    if not dry_run:
        context.note_worked("evaluate")
    return after(context, mistakes)


def _sources_to_ask(context: Context) -> "dict[str, Live]":
    """Who is asked about an alert that begins to fire; files of SLOs are read when somebody is."""
    from functools import cache

    @cache
    def breakdown() -> "Live":
        from collectors.slo.breakdown import Breakdown
        from collectors.slo.source import Slo

        return Breakdown([source for source in context.config.asked_sources if isinstance(source, Slo)])

    return {"sli_bad_events": lambda by, window, where: breakdown()(by, window, where)}


@command.command("deliver")
@click.option("--receiver", help="Send to this receiver alone; the others' messages wait.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing.")
@pass_context
@pinged("deliver")
def deliver_messages(context: Context, receiver: str | None, dry_run: bool) -> int:
    """Tell the receivers what changed (step 4).

    Pages go first, no faster than a receiver takes messages, for ten minutes at most. What cannot be sent
    now is tried again by the next run; a message that was sent is corrected, not repeated. Exits 1 if
    a receiver did not take its message.

    \b
    Example: costwatch alerts eval; costwatch alerts deliver
    """
    rules, mistakes = (context.alerts, {}) if dry_run else context.last_good_alerts()
    known = [each.name for each in rules.receivers]
    if receiver is not None and receiver not in known:
        raise UsageError(
            f"alerts: no receiver is named '{receiver}'; there are: {', '.join(known) or 'none'}"
        )
    done = deliver_all(context, rules, receiver=receiver, dry_run=dry_run)
    if dry_run:
        for attempt in done.waiting:
            line(f"would send to {_about(attempt.group)}")
        for name, count in done.forwarded.items():
            line(f"would forward to {name}: {count} firing")
        return 0
    for group in done.sent:
        context.say(f"sent to {_about(group)}")
    for name, count in done.forwarded.items():
        context.say(f"forwarded to {name}: {count} firing")
    troubles = [attempt for attempt in (*done.failed, *done.waiting) if attempt.error]
    for attempt in troubles:
        complain(f"{_about(attempt.group)}: {attempt.error}")
    for name, error in done.not_forwarded.items():
        complain(f"{name} (forwarding): {error}")
    if troubles or done.not_forwarded:
        return after(context, mistakes) or 1
    context.note_worked("deliver")
    return after(context, mistakes)


def deliver_all(
    context: Context, rules: "AlertRules", *, receiver: str | None = None, dry_run: bool = False
) -> "Delivery":
    """Step 4, with what the configuration says of it."""
    from costwatch.alerts.built_in import with_own_routes
    from costwatch.alerts.routing import resolve
    from costwatch.deliver import deliver
    from costwatch.plugins import queries_of

    tree = resolve(rules.route, rules.time_intervals)
    contacts = {team.name: team.contact for team in context.config.allocation.teams}
    return deliver(
        context.warehouse,
        with_own_routes(rules.route, tree, rules.receivers, rules.fallback),
        rules.receivers,
        contacts,
        context.config.ui.public_url,
        context.now,
        inhibit_rules=rules.inhibit_rules,
        time_intervals=rules.time_intervals,
        fallback=rules.fallback,
        queries=queries_of(rules.rules),
        dry_run=dry_run,
        only=receiver,
    )


def _print_now(alerts: Iterable["Alert"]) -> None:
    columns = ("active_at", "severity", "state", "rule", "summary")
    rows = [[getattr(alert, name) for name in columns] for alert in alerts]
    if rows:
        print_table(columns, rows)
    else:
        click.echo("no alerts")


def _about(group: "Group") -> str:
    labels = ", ".join(f"{name}={value}" for name, value in group.labels)
    return f"{group.receiver} ({group.reason}): {labels or 'all alerts'}"


_PARTS = (alerts_list, alerts_show, alerts_silences, alerts_acts, alerts_routes, alerts_explain)
for _command in (
    *(command for part in _PARTS for command in part.COMMANDS),
    alerts_test.run_tests,
    alerts_import.import_file,
):
    command.add_command(_command)
