"""``costwatch status``: is the data fresh, does anything fire, did the last runs go well."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts_list import as_json_alert, print_alerts
from costwatch.commands.context import Context, pass_context
from costwatch.commands.last_good import after, last_good
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import line, print_json, print_table

if TYPE_CHECKING:
    from costwatch.alerts.built_in import Failure
    from costwatch.answers.estimates import LiveEstimates
    from costwatch.answers.steps import Workings
    from costwatch.proof.restatement import Restatement

_FINDINGS = 3
_RUNS = 10


@click.command("status", cls=Command)
@json_option
@pass_context
def command(context: Context, as_json: bool) -> int:
    """Show freshness, firing alerts and the last runs.

    Exits 3 if a source failed, was never collected, has delivered nothing new, or no new cost day, for
    longer than a rule of kind freshness allows, if a delivery took settled days, or much of their lines or
    cost, away, or if live estimates were far off the bill; firing alerts alone are no reason. So it does
    where alerts have not been evaluated or delivered for twice as long as usual (at least 2 hours; 26 where
    that is not known), a rule cannot be evaluated, or a receiver takes nothing. While a file has mistakes
    these are told, its last good version goes on, and it exits 2. Times are UTC.

    \b
    Example: costwatch status --json | jq .sources
    """
    from costwatch.answers.alerts import firing
    from costwatch.answers.deliveries import not_allocated
    from costwatch.answers.estimates import live_estimates
    from costwatch.answers.restatements import doubted
    from costwatch.answers.sources import sources
    from costwatch.answers.steps import workings
    from costwatch.warehouse import queries
    from costwatch.warehouse.encoding import to_text
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    rules, mistakes = last_good(context, keep=False)
    configured = [source.name for source in context.config.sources]
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        fare = workings(facts)
        through, estimated = facts.data_through, live_estimates(facts)
        answer: dict[str, Any] = {
            "now": to_text(context.now),
            "data_through": through.isoformat() if through else None,
            "sources": sources(facts, configured, rules.rules),
            "not_allocated": not_allocated(facts),
            "restatements": [as_json_restatement(one) for one in doubted(facts)],
            "live_estimates": _as_json_estimates(estimated),
            **_as_json_workings(fare),
            "alerts": [as_json_alert(alert) for alert in firing(facts)],
            "runs": [
                {**row, "files": json.loads(row["files"])}
                for row in map(dict, queries.rows(db, "collections", {"limit": _RUNS}))
            ],
        }
    if as_json:
        print_json(answer)
    else:
        _print(answer)
    if code := after(context, mistakes):
        return code
    is_ok = all(source["state"] == "ok" for source in answer["sources"]) and not answer["problems"]
    return 0 if is_ok and not answer["restatements"] and not estimated.finding else _FINDINGS


def as_json_restatement(of: "Restatement") -> dict[str, Any]:
    """What is doubted of a delivery."""
    from costwatch.warehouse.encoding import to_text

    return {
        "source": of.source,
        "period": of.period.isoformat(),
        "known_at": to_text(of.known_at),
        "is_held": of.is_held,
        "lost_days": [day.isoformat() for day in of.lost_days],
        "losses": list(of.losses),
        "additions": list(of.additions),
        "text": of.text,
    }


def _as_json_workings(of: "Workings") -> dict[str, Any]:
    """How alerts are evaluated and delivered."""
    from costwatch.warehouse.encoding import to_text

    def failures(found: "Mapping[str, Failure]") -> dict[str, Any]:
        return {
            name: {"count": one.count, "since": to_text(one.since), "error": one.error}
            for name, one in found.items()
        }

    unsent = of.oldest_unsent
    return {
        "steps": [
            {
                "step": one.step,
                "worked_at": to_text(one.worked_at) if one.worked_at else None,
                "limit_seconds": int(one.limit.total_seconds()),
            }
            for one in of.steps
        ],
        "evaluated_at": {rule: to_text(at) for rule, at in of.evaluated.items()},
        "failing_rules": failures(of.failing_rules),
        "failing_receivers": failures(of.failing_receivers),
        "oldest_unsent": unsent
        and {"receiver": unsent.receiver, "queued_at": to_text(unsent.since), "error": unsent.error},
        "ahead": {what: to_text(at) for what, at in of.ahead.items()},
        "clock_went_back_at": to_text(of.clock.noticed_at) if of.clock else None,
        "last_good_configuration_since": to_text(of.configuration_since) if of.configuration_since else None,
        "problems": [f"{what}: {sentence}" for what, sentence in of.problems()],
        "remarks": list(of.remarks),
    }


def _as_json_estimates(of: "LiveEstimates") -> dict[str, Any]:
    """What live estimates rest on, and how far off they were."""
    known = of.accuracy
    return {
        "today": {currency: str(amount) for currency, amount in of.today.items()},
        "median_error": None if known is None else str(known.median),
        "p90_error": None if known is None else str(known.p90),
        "workload_days": 0 if known is None else known.count,
        "text": of.finding or of.sentence,
        "unpriced": list(of.unpriced),
    }


def _print(answer: Mapping[str, Any]) -> None:
    through = answer["data_through"]
    click.echo(f"settled through {through}" if through else "no day is settled yet")
    if answer["not_allocated"]:
        line(answer["not_allocated"])
    for one in answer["restatements"]:
        line(one["text"])
    for text in (answer["live_estimates"]["text"], *answer["live_estimates"]["unpriced"]):
        if text:
            line(text)
    for text in (*answer["problems"], *answer["remarks"]):
        line(text)
    click.echo()
    columns = ("source", "state", "last_answer_at", "last_load_at")
    print_table(columns, [[_cell(row, name) for name in columns] for row in answer["sources"]])
    for row in answer["sources"]:
        for reason in row["reason"].splitlines():
            said = reason.startswith(f"{row['source']}:")
            line(f"  {reason}" if said else f"  {row['source']}: {reason}")
        if row["state"] != "ok":
            line(f"  then run: costwatch collect {row['source']}")
        if row["incomplete"]:
            line(f"  {row['source']}: {row['incomplete']}")
    click.echo()
    print_alerts(answer["alerts"])
    click.echo()
    shown = ("started_at", "source", "outcome", "row_count", "partial_count")
    print_table(shown, [[_cell(row, name) for name in shown] for row in answer["runs"]], right=shown[3:])


def _cell(row: Mapping[str, Any], name: str) -> Any:
    from costwatch.warehouse.encoding import from_text

    value = row.get(name)
    return from_text(value) if value and name.endswith("_at") else value
