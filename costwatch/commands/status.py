"""``costwatch status``: is the data fresh, does anything fire, did the last runs go well."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts import print_alerts, told
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import line, print_json, print_table
from costwatch.commands.run import Run, pass_run

if TYPE_CHECKING:
    from costwatch.warehouse.snapshot import WarehouseSnapshot

_FINDINGS = 3
_RUNS = 10


@click.command("status", cls=Command)
@json_option
@pass_run
def command(run: Run, as_json: bool) -> int:
    """Show freshness, firing alerts and the last runs.

    Exits 3 if a source failed, was never collected, or has delivered nothing new for longer than a rule
    of kind freshness allows; firing alerts alone are no reason. Times are UTC.

    \b
    Example: costwatch status --json | jq .sources
    """
    from costwatch.warehouse import queries
    from costwatch.warehouse.clock import to_text
    from costwatch.warehouse.snapshot import WarehouseSnapshot

    with run.warehouse.read() as db:
        facts = WarehouseSnapshot(db, run.now)
        through = facts.data_through
        answer: dict[str, Any] = {
            "now": to_text(run.now),
            "data_through": through.isoformat() if through else None,
            "sources": _sources(run, facts),
            "alerts": told(facts),
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


def _sources(run: Run, facts: "WarehouseSnapshot") -> list[dict[str, Any]]:
    """Every source that is configured or was ever collected, with its state and the reason for it."""
    from costwatch.rules.freshness import Freshness
    from costwatch.warehouse import queries
    from costwatch.warehouse.days import from_int
    from costwatch.warehouse.lateness import late

    configured = [source.name for source in run.config.sources]
    found = late(facts, configured, [rule for rule in run.alerts.rules if isinstance(rule, Freshness)])
    rows: dict[str, dict[str, Any]] = {name: {"source": name} for name in configured}
    rows |= {row["source"]: dict(row) for row in queries.rows(facts.db, "sources")}
    for name, row in rows.items():
        if row.get("data_through"):
            row["data_through"] = from_int(row["data_through"]).isoformat()
        row["state"] = found[name].state if name in found else "ok"
        row["reason"] = found[name].reason if name in found else ""
    return [rows[name] for name in sorted(rows)]


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
    click.echo()
    print_alerts(answer["alerts"])
    click.echo()
    columns = ("started_at", "source", "outcome", "line_count")
    print_table(columns, [[row[name] for name in columns] for row in answer["runs"]], right={"line_count"})
