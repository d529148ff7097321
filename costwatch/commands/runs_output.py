"""What ``costwatch cost runs`` prints: runs, what is of none, what failed ones cost whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import click

from costwatch.answers.runs import RunRow, RunsAnswer
from costwatch.commands.cost_output import settled
from costwatch.commands.output import line, print_table
from costwatch.money import exact, units
from costwatch.wording import amount, at_instant

_NANO = 10**9
_DAY = timedelta(days=1)


def as_json(row: RunRow) -> Mapping[str, Any]:
    """A run, or what is of none (``run`` null); null is unknown. Days are UTC, costs exact in ...Nano."""
    return {
        "run": row.name or None,
        "kind": row.kind or None,
        "cluster": row.cluster,
        "namespace": row.namespace,
        "workload": row.workload,
        "started_at": _instant(row.started_at),
        "ended_at": _instant(row.ended_at),
        "first_day": row.first.isoformat() if row.first else None,
        "last_day": row.last.isoformat() if row.last else None,
        "gpu_hours": row.gpu_hours,
        "cpu_core_hours": row.cpu_core_hours,
        "BillingCurrency": row.currency or None,
        "EffectiveCost": row.nano / _NANO,
        "EffectiveCostNano": row.nano,
        "estimated": row.estimated_nano / _NANO,
        "estimatedNano": row.estimated_nano,
        "outcome": row.outcome or None,
        "teams": {
            team: {
                "EffectiveCostNano": row.teams.get(team, 0),
                "estimatedNano": row.estimated_teams.get(team, 0),
            }
            for team in sorted({*row.teams, *row.estimated_teams})
        },
    }


def print_runs(answer: RunsAnswer, limit: int) -> None:
    """A table with its totals, and below it what failed runs cost each team."""
    click.echo(f"Runs, EffectiveCost, {answer.first} to {answer.after - _DAY} (UTC days)")
    newest = max(answer.states, default=answer.first)
    click.echo(f"{settled(answer.states, newest if newest + _DAY < answer.after else None)}\n")
    runs = [row for row in answer.rows if row.is_run]
    lines = [_cells(row) for row in runs[:limit]]
    for currency in sorted({row.currency for row in runs[limit:]}):
        more = [row for row in runs[limit:] if row.currency == currency]
        lines.append(_summed(f"({len(more):,} more)", more, currency))
    lines += [_cells(row) for row in answer.rows if not row.is_run]
    for currency in sorted(answer.totals):
        lines.append(
            _summed(f"Total {currency}", [row for row in answer.rows if row.currency == currency], currency)
        )
    right = ["GPU-hours", "CPU core-hours", "Cost", "Estimated"]
    print_table(["Run", "Of", "Start", "End", *right, "Outcome", "Owner"], lines, right=right)
    if answer.failed_told:
        click.echo()
        line(f"failed runs: {answer.failed_told}")


def _cells(row: RunRow) -> list[object]:
    where = "/".join(filter(None, (row.cluster, row.namespace, row.workload)))
    cost = (
        exact(units(row.nano), row.currency) if row.teams else "not billed yet" if row.currency else "unknown"
    )
    return [
        row.shown_name,
        where,
        *(_times(row) if row.is_run else ("", "")),
        _hours(row.gpu_hours),
        _hours(row.cpu_core_hours),
        cost,
        exact(units(row.estimated_nano), row.currency) if row.estimated_nano else "",
        row.outcome,
        row.owner,
    ]


def _times(row: RunRow) -> tuple[str, str]:
    """To the minute; where nobody told, the days on which it cost or held anything."""
    start = at_instant(row.started_at) if row.started_at else f"{row.first or 'unknown'}"
    if row.outcome == "running":
        return start, ""
    return start, at_instant(row.ended_at) if row.ended_at else f"{row.last or 'unknown'}"


def _hours(hours: float | None) -> str:
    return "unknown" if hours is None else amount(round(Decimal(hours), 2))


def _summed(name: str, rows: Sequence[RunRow], currency: str) -> list[object]:
    cost, estimated = (sum(getattr(row, each) for row in rows) for each in ("nano", "estimated_nano"))
    told = exact(units(estimated), currency) if estimated else ""
    return [name, "", "", "", "", "", exact(units(cost), currency) if currency else "", told, "", ""]


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
