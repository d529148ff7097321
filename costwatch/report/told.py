"""The alerts of a week, as people were told of them."""

import json
from datetime import date
from decimal import Decimal

from costwatch.attention import ToldAlert
from costwatch.model import AlertState, Severity, midnight
from costwatch.warehouse import queries
from costwatch.warehouse.clock import from_text, to_text
from costwatch.warehouse.snapshot import WarehouseSnapshot


def told_alerts(
    facts: WarehouseSnapshot, first: date, after: date, team: str | None
) -> tuple[ToldAlert, ...]:
    """Those that fired in [first, after), or were still firing then, or rest on the cost of those days."""
    week = {
        "since": to_text(midnight(first)),
        "until": to_text(midnight(after)),
        "first": first.isoformat(),
        "after": after.isoformat(),
    }
    found = []
    for row in queries.rows(facts.db, "alerts_of_week", week):
        labels = json.loads(row["labels"])
        if team in (None, labels.get("team")):
            found.append(
                ToldAlert(
                    rule=row["rule"],
                    severity=Severity(row["severity"]),
                    state=AlertState(row["state"]),
                    labels=labels,
                    value=None if row["value"] is None else Decimal(row["value"]),
                    threshold=None if row["threshold"] is None else Decimal(row["threshold"]),
                    unit=row["unit"],
                    summary=row["summary"],
                    runbook=row["runbook"],
                    fired_at=from_text(row["fired_at"]),
                    resolved_at=None if row["resolved_at"] is None else from_text(row["resolved_at"]),
                )
            )
    return tuple(found)
