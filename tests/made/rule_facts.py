"""Facts for the rule kinds to look at."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from costwatch.model import Finding, Labels, Series, Verdict, labels
from costwatch.plugins import Rule
from costwatch.testing import FakeSnapshot, daily

NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)
THROUGH = date(2026, 11, 17)
BREACH, OK, UNKNOWN = Verdict.BREACH, Verdict.OK, Verdict.UNKNOWN


def facts(*series: tuple[Labels, Series], **other: Mapping[Labels, Series]) -> dict[str, Any]:
    return {"EffectiveCost": dict(series), **other}


def spend(
    team: str, *values: object, service: str = "Amazon EC2", currency: str = "USD"
) -> tuple[Labels, Series]:
    """Values of the days up to ``THROUGH``; older days cost 100."""
    older = (100,) * (45 - len(values))
    key = labels(team=team, service=service, currency=currency)
    return key, daily(THROUGH - timedelta(days=44), *older, *values)


def found(rule: Rule, given: Mapping[str, Any], now: datetime = NOW) -> dict[Labels, Finding]:
    return {finding.labels: finding for finding in rule.evaluate(FakeSnapshot(given), now)}


def only(rule: Rule, given: Mapping[str, Any], now: datetime = NOW) -> Finding:
    (finding,) = found(rule, given, now).values()
    return finding
