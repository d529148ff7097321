"""Alerts and groups to make messages of."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from costwatch.model import Alert, AlertState, Group, Reason, Severity, labels

SPEND = Alert(
    fingerprint="f00",
    rule="TeamDailySpend",
    severity=Severity.PAGE,
    labels=labels(rule="TeamDailySpend", severity="page", team="ml-platform"),
    state=AlertState.FIRING,
    value=Decimal("9412.33"),
    threshold=Decimal(6000),
    unit="USD",
    summary="ml-platform: $9,412.33 on 17 Nov 2026, above $6,000.00",
    runbook="https://runbooks.example/spend?a=1&b=2",
    evidence={},
    active_at=datetime(2026, 11, 19, 5, tzinfo=UTC),
    fired_at=datetime(2026, 11, 19, 6, tzinfo=UTC),
    resolved_at=None,
)
STALE = replace(
    SPEND,
    fingerprint="f01",
    rule="StaleData",
    severity=Severity.TICKET,
    labels=labels(rule="StaleData", severity="ticket", source="aws"),
    value=Decimal("31.52"),
    threshold=Decimal(30),
    unit="hours",
    summary="aws: nothing new for 31 h 31 min, over 30 h",
    runbook="",
)
OVER = replace(SPEND, state=AlertState.RESOLVED, resolved_at=datetime(2026, 11, 20, 6, tzinfo=UTC))
RESTATED = replace(
    OVER,
    value=Decimal(2100),
    summary=f"{SPEND.summary} · 17 Nov is $2,100.00 now (was $9,412.33)",
)
HOSTILE = replace(
    SPEND,
    labels=labels(rule="TeamDailySpend", severity="page", team="<!channel> & <b>\x1b[31m\n*Owner*: eve"),
    summary="<!here> <@U1|boss> <https://evil.example|click> & \u202egnp.exe \x07 \ud800 ünï 👩\u200d🚀",
    runbook="javascript:alert(1)|<x>",
)


def group(*alerts: Alert, **changes: Any) -> Group:
    return Group(
        **{
            "id": "m-1",
            "key": "k",
            "receiver": "oncall",
            "labels": labels(rule="TeamDailySpend", team="ml-platform"),
            "alerts": alerts or (SPEND,),
            "reason": Reason.FIRST,
            "data_through": date(2026, 11, 17),
            "links": {"Open in costwatch": "http://127.0.0.1:8501/costs?team=ml-platform"},
            "owners": ("<!subteam^S777>", "ml@example.com"),
            **changes,
        }
    )
