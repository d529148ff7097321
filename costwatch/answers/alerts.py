"""Which alerts fire or fired, as people were told of them."""

from datetime import date, datetime

from costwatch.model import Alert, midnight
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.alerts import alert_of
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def firing(facts: WarehouseSnapshot) -> list[Alert]:
    """Those that fire, newest first."""
    return [alert for alert in fired_since(facts, facts.now) if alert.is_firing]


def fired_since(facts: WarehouseSnapshot, resolved_since: datetime) -> list[Alert]:
    """Those that fire, then those resolved no earlier than ``resolved_since`` (UTC); newest first."""
    return [
        alert_of(row) for row in queries.rows(facts.db, "alerts", {"resolved_since": to_text(resolved_since)})
    ]


def of_week(facts: WarehouseSnapshot, first: date, after: date, team: str | None) -> tuple[Alert, ...]:
    """Those that fired in [first, after), or were still firing then, or rest on the cost of those days.

    team: only alerts with that label; None: all.
    """
    week = {"since": to_text(midnight(first)), "until": to_text(midnight(after))}
    found = map(alert_of, queries.rows(facts.db, "alerts_of_week", week))
    return tuple(alert for alert in found if team in (None, alert.label("team")))
