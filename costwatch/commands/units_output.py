"""What ``costwatch cost units`` prints: what one unit costs, and of how many days that is not known."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import click

from costwatch.answers.unit_costs import UNKNOWN, UnitCostAnswer, UnitCostRow
from costwatch.commands.cost_output import settled
from costwatch.commands.output import print_table
from costwatch.money import exact, nanos
from costwatch.wording import amount, at_instant, signed_share

_DAY = timedelta(days=1)


def as_json(row: UnitCostRow, answer: UnitCostAnswer) -> Mapping[str, Any]:
    """Every number of a row; null is unknown."""
    of, found = row.of, row.found
    return {
        **({"day": row.day.isoformat()} if row.day else {}),
        "unit_cost": of.name,
        "by": dict(row.group),
        "value": _number(row.value),
        "unit": of.unit,
        "BillingCurrency": of.currency,
        "metric": of.metric,
        "cost": float(found.cost),
        "costNano": nanos(found.cost),
        "volume": _number(found.volume if found.known_days else None),
        "volume_of": of.volume,
        "per": float(of.per),
        **(
            {} if row.before is None else {"before": _number(row.value_before), "change": _number(row.change)}
        ),
        "known_days": found.known_days,
        "unknown_days": found.unknown_days,
        "unknown_cost": float(found.unknown_cost),
        "unknown_costNano": nanos(found.unknown_cost),
        "x_State": found.state,
        **({"x_AsOf": answer.as_of.isoformat().replace("+00:00", "Z")} if answer.as_of else {}),
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def print_units(answer: UnitCostAnswer) -> None:
    """A table; what a unit costs stands with what it is told per."""
    per_day = any(row.day for row in answer.rows)
    click.echo(f"What one unit costs, {answer.first} to {answer.after - _DAY} (UTC days)")
    if not per_day:
        back = answer.before + (answer.after - answer.first) - _DAY
        click.echo(f"change: against the same weekdays, {answer.before} to {back}")
    if answer.as_of:
        click.echo(f"as known on {at_instant(answer.as_of)}")
    click.echo(f"{settled(answer.states)}\n")
    right = ["Cost", "Volume", "Change", "Days unknown"]
    columns = [*(["Day"] if per_day else []), "Name", "Of", "Cost", "Volume", "A unit costs"]
    columns += ["State"] if per_day else ["Change", "Days unknown"]
    print_table(columns, [_cells(row, per_day=per_day) for row in answer.rows], right=right)


def _cells(row: UnitCostRow, *, per_day: bool) -> list[object]:
    of, found = row.of, row.found
    volume = amount(found.volume) if found.known_days else UNKNOWN
    if per_day:  # one of both is nothing
        cost = exact(found.cost + found.unknown_cost, of.currency)
        return [row.day, of.name, row.group_name, cost, volume, row.told, found.state]
    change = UNKNOWN if row.change is None else signed_share(row.change)
    unknown = f"{found.unknown_days} ({exact(found.unknown_cost, of.currency)})"
    left_out = unknown if found.unknown_days else ""
    cost = exact(found.cost, of.currency) if found.known_days else "–"
    return [of.name, row.group_name, cost, volume, row.told, change, left_out]
