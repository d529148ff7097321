"""What ``costwatch cost trail`` prints."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import click

from costwatch.answers.cost_answer import NANO
from costwatch.commands.output import line, print_table
from costwatch.cost.trail import MeasuredShare, Residue, Trail, TrailRow
from costwatch.money import exact, nanos
from costwatch.wording import share


def as_json(of: Trail, row: TrailRow) -> Mapping[str, Any]:
    """Costs in the metric's name, exact in ``...Nano`` (1e-9 of the currency); of the whole, as ``whole``."""
    return {
        "x_Team": of.team,
        "x_Pool": row.pool,
        "BillingCurrency": row.currency,
        **_amount(of.metric, row.amount),
        **_amount("whole", row.whole),
        "share": None if row.share is None else float(row.share),
        "steps": [
            {
                "x_Pool": step.pool,
                "split": step.split,
                "weighed_by": step.weighed_by,
                "carried_by": step.carried_by or None,
                **_amount("whole", step.whole),
                **({"measured": [*map(_measured, step.measured)]} if step.measured else {}),
            }
            for step in row.steps
        ],
        "parts": [
            {
                "cluster": part.cluster or None,
                "namespace": part.namespace or None,
                "workload": part.workload or None,
                **_amount(of.metric, part.amount),
            }
            for part in row.parts
        ],
        **(_residue(row.residue) if row.residue else {}),
        "next": row.next_question,
    }


def _measured(of: MeasuredShare) -> Mapping[str, Any]:
    return {
        "measure": of.measure,
        "unit": of.unit,
        "value": of.value,
        "whole": of.whole,
        "share": of.share,
    }


def _residue(of: Residue) -> Mapping[str, Any]:
    return {**_amount("idle", of.idle), **_amount("unmeasured", of.unmeasured), "coverage": of.coverage}


def _amount(name: str, amount: Decimal) -> Mapping[str, float | int]:
    """Divided once: the number printed is the shortest that means the nearest double."""
    return {name: nanos(amount) / 10**9, f"{name}{NANO}": nanos(amount)}


def print_trail(of: Trail, limit: int) -> None:
    """A table whose rows add up; the steps and workloads of a row stand below it, without a share."""
    line(f"{of.metric} of {of.team}, {of.first} to {of.after - timedelta(days=1)} (UTC days)")
    click.echo()
    rows = [cells for row in of.rows for cells in _row(row, limit)]
    rows += [
        [f"Total {currency}", exact(total, currency), "", "", ""]
        for currency, total in sorted(of.totals.items())
    ]
    print_table(["Pool", of.metric, "Share", "Of", "Split by"], rows, right={of.metric, "Share", "Of"})
    click.echo()
    for text in of.left_over:
        line(text)
    click.echo("Ask next:")
    for pool, question in of.next_questions:
        line(f"  {pool}: {question}")


def _row(row: TrailRow, limit: int) -> list[list[str]]:
    of_whole = "" if row.share is None else share(row.share)
    whole = exact(row.whole, row.currency)
    rows = [[row.pool, exact(row.amount, row.currency), of_whole, whole, row.steps[-1].split_by]]
    if len(row.steps) > 1:
        for number, step in enumerate(row.steps, 1):
            words = [f"  {number}. {step.pool}", "", "", exact(step.whole, row.currency)]
            rows.append([*words, step.in_words])
    for part in row.parts[:limit]:
        rows.append([f"  {part.name}", exact(part.amount, row.currency), "", "", ""])
    if rest := row.parts[limit:]:
        others = sum((part.amount for part in rest), Decimal())
        rows.append([f"  ({len(rest):,} more)", exact(others, row.currency), "", "", ""])
    return rows
