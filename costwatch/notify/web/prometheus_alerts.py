"""Alerts as Prometheus and Alertmanager write them: https://prometheus.io/docs/alerting/latest/alerts_api/."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from costwatch.alerts.line import texts
from costwatch.alerts.message import sentence
from costwatch.model import Alert
from costwatch.wording import printable, shortened

LabelNames = Literal["classic", "utf8"]
NEVER = "0001-01-01T00:00:00Z"  # an alert that is not over ends then
_LABEL_AT_MOST = 1_000
_TEXT_AT_MOST = 5_000
_NO_CLASSIC = re.compile(r"[^a-zA-Z0-9_]")


def label_set(alert: Alert, names: LabelNames = "classic") -> dict[str, str]:
    """An alert's labels, with its rule as ``alertname``; those without a value are left out, as there.

    names: ``classic`` writes ``_`` for what Alertmanagers before 0.27 refuse in a name
    (``label:model``); of two names that would be one, the later gets a number.
    """
    found: dict[str, str] = {}
    for name, value in alert.labels:
        written = _classic(name) if names == "classic" else printable(name)
        number = 2
        while written in found:
            written = f"{written.rstrip('0123456789')}{number}"
            number += 1
        found[written] = shortened(printable(value), _LABEL_AT_MOST)
    found["alertname"] = printable(alert.rule)
    return {name: value for name, value in sorted(found.items()) if value}


def annotations(alert: Alert, remarks: Iterable[str] = (), note: str = "") -> dict[str, str]:
    """What is said of an alert; ``remarks``: what is done about it; ``note``: why it comes here."""
    found = {"summary": sentence(alert), "runbook_url": alert.runbook, "note": note}
    found["remarks"] = "; ".join(remarks)
    written = {_classic(name): text for name, text in texts(alert)} | {
        name: text for name, text in found.items() if text
    }
    return {name: shortened(printable(text), _TEXT_AT_MOST) for name, text in sorted(written.items())}


def instant(at: datetime) -> str:
    """RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def starts_at(alert: Alert) -> datetime:
    """When it fired, as Prometheus counts it."""
    return alert.fired_at or alert.active_at


def common(sets: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What stands in all of them alike."""
    first, *others = [dict(each) for each in sets] or [{}]
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}


def _classic(name: str) -> str:
    written = _NO_CLASSIC.sub("_", name) or "_"
    return f"_{written}" if written[0].isdigit() else written
