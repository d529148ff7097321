"""``costwatch status``: is the data fresh, does anything fire, did the last runs go well."""

import json
from collections.abc import Mapping
from typing import Any

import click

from costwatch.commands.alerts import as_json_alert, print_alerts
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import line, print_json, print_table

_FINDINGS = 3
_RUNS = 10


@click.command("status", cls=Command)
@json_option
@pass_context
def command(context: Context, as_json: bool) -> int:
    """Show freshness, firing alerts and the last runs.

    Exits 3 if a source failed, was never collected, or has delivered nothing new for longer than a rule
    of kind freshness allows; firing alerts alone are no reason. Times are UTC.

    \b
    Example: costwatch status --json | jq .sources
    """
    from costwatch.answers.alerts import firing
    from costwatch.answers.sources import sources
    from costwatch.warehouse import queries
    from costwatch.warehouse.encoding import to_text
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    configured = [source.name for source in context.config.sources]
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        through = facts.data_through
        answer: dict[str, Any] = {
            "now": to_text(context.now),
            "data_through": through.isoformat() if through else None,
            "sources": sources(facts, configured, context.alerts.rules),
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
    return 0 if all(source["state"] == "ok" for source in answer["sources"]) else _FINDINGS


def _print(answer: Mapping[str, Any]) -> None:
    through = answer["data_through"]
    click.echo(f"settled through {through}\n" if through else "no day is settled yet\n")
    columns = ("source", "state", "last_answer_at", "last_load_at")
    print_table(columns, [[row.get(name) for name in columns] for row in answer["sources"]])
    for row in answer["sources"]:
        for reason in row["reason"].splitlines():
            line(f"  {row['source']}: {reason}")
        if row["state"] != "ok":
            line(f"  then run: costwatch collect {row['source']}")
        if row["incomplete"]:
            line(f"  {row['source']}: {row['incomplete']}")
    click.echo()
    print_alerts(answer["alerts"])
    click.echo()
    shown = ("started_at", "source", "outcome", "row_count", "partial_count")
    print_table(shown, [[row[name] for name in shown] for row in answer["runs"]], right=shown[3:])
