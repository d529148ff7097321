"""Which alerts fire or fired, as people were told of them."""

from datetime import date, datetime

from costwatch.errors import UsageError
from costwatch.model import Alert, midnight
from costwatch.warehouse import queries
from costwatch.warehouse.alerts import acts
from costwatch.warehouse.alerts.alerts import alert_of
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Transaction


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


def alert_called(db: Transaction, fingerprint: str) -> Alert:
    """The alert with this fingerprint, or one that begins so. Raises UsageError for none, or several."""
    found = acts.alerts_like(db, fingerprint)
    if len(found) > 1:
        raise UsageError(f"alert '{fingerprint}': several begin so; write more of the fingerprint")
    if not found:
        raise UsageError(f"alert '{fingerprint}': there is none; see: costwatch alerts list --resolved 14d")
    return found[0]


def label_values(db: Transaction) -> dict[str, set[str]]:
    """What the labels of the alerts that are known say, by label."""
    found: dict[str, set[str]] = {}
    for row in queries.rows(db, "alert_labels"):
        found.setdefault(row["label"], set()).add(row["value"])
    return found
