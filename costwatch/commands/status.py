"""``costwatch status``: is the data fresh, does anything fire, did the last runs go well."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts_list import as_json_alert, print_alerts
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import line, print_json, print_table

if TYPE_CHECKING:
    from costwatch.answers.estimates import LiveEstimates
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
    cost, away, or if live estimates were far off the bill; firing alerts alone are no reason. Times are UTC.

    \b
    Example: costwatch status --json | jq .sources
    """
    from costwatch.answers.alerts import firing
    from costwatch.answers.deliveries import not_allocated
    from costwatch.answers.estimates import live_estimates
    from costwatch.answers.restatements import doubted
    from costwatch.answers.sources import sources
    from costwatch.warehouse import queries
    from costwatch.warehouse.encoding import to_text
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    configured = [source.name for source in context.config.sources]
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        through, estimated = facts.data_through, live_estimates(facts)
        answer: dict[str, Any] = {
            "now": to_text(context.now),
            "data_through": through.isoformat() if through else None,
            "sources": sources(facts, configured, context.alerts.rules),
            "not_allocated": not_allocated(facts),
            "restatements": [as_json_restatement(one) for one in doubted(facts)],
            "live_estimates": _as_json_estimates(estimated),
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
    is_ok = all(source["state"] == "ok" for source in answer["sources"])
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
