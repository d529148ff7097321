"""How long that somebody sees to an alert keeps it from being repeated. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from costwatch.model import Alert, Severity
from costwatch.wording import at_instant

ACK_TIMEOUT: Mapping[Severity, timedelta] = {
    Severity.PAGE: timedelta(hours=4),
    Severity.TICKET: timedelta(days=7),
    Severity.INFO: timedelta(days=7),
}


def holds(alert: Alert, at: datetime, others: Iterable[Alert], now: datetime) -> bool:
    """Whether an acknowledgement of that time still does, in a group with these ``others``.

    It does until it is too old, or something began to fire beside the alert that its author did not know.
    """
    is_recent = now - at < ACK_TIMEOUT[alert.severity]
    return is_recent and not any(each.is_firing and each.fired_at and each.fired_at > at for each in others)


def text(who: str, at: datetime) -> str:
    """Who sees to it, for people; not escaped."""
    return f"Ack by {who}, {at_instant(at)}"
