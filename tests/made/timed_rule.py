"""A rule of which only its settings matter, and what it finds hour by hour."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from costwatch.alerts.lifecycle import advance, without_breach
from costwatch.model import About, Alert, Finding, Severity, Verdict, Window, labels

START = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEAM = labels(team="ml-platform")


@dataclass(frozen=True)
class Timed:
    """A rule of which only its settings matter."""

    name: str = "Spend"
    severity: Severity = Severity.TICKET
    for_: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()
    labels: dict[str, str] = field(default_factory=dict)
    runbook: str = "https://runbooks.example/spend"
    annotations: dict[str, str] = field(default_factory=dict)
    no_data: Literal["keep", "ok", "alert"] = "keep"
    on_error: Literal["keep", "alert"] = "keep"
    min_impact: Decimal | None = None

    def evaluate(self, facts: object, now: datetime) -> tuple[Finding, ...]:
        return ()


def days(first: str, last: str = "") -> Window:
    return Window.of_days(date.fromisoformat(first), date.fromisoformat(last or first) + timedelta(days=1))


def finding(
    verdict: Verdict = Verdict.BREACH, value: object = 5000, day: str = "2026-11-18", **changes: Any
) -> Finding:
    amount = Decimal(str(value))
    about = About("EffectiveCost", ("team",), window=days(day), value=amount)
    said = f"ml-platform: ${value} on {day}"
    return replace(Finding(TEAM, verdict, amount, Decimal(3000), "USD", said, about), **changes)


def run(script: str, rule: Timed) -> tuple[str, str]:
    """Hourly evaluations: b breach, o ok, u unknown, - not reported. States after each, and logged events:
    f firing, n firing for want of data, p pending, r resolved, . nothing.
    """
    held: Alert | None = None
    states, events = "", ""
    verdicts = {"b": Verdict.BREACH, "o": Verdict.OK, "u": Verdict.UNKNOWN}
    for hour, letter in enumerate(script):
        now = START + hour * HOUR
        if letter == "-":
            step = without_breach(held, rule.keep_firing_for, now, "no longer reported")
        else:
            step = advance(held, finding(verdicts[letter]), rule, now)
        held = step.alert
        states += _letter(held)
        events += _letter(step.event).strip(".")
    return states, events


def _letter(alert: Alert | None) -> str:
    if alert is None:
        return "."
    return "n" if alert.is_firing and alert.verdict is Verdict.UNKNOWN else str(alert.state)[0]
