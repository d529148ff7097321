"""Alerts and groups to make messages of."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from costwatch.model import (
    About,
    Alert,
    AlertState,
    Driver,
    Group,
    Impact,
    Reason,
    Severity,
    Window,
    labels,
)

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
_RISE = Window.of_days(date(2026, 11, 26), date(2026, 11, 27))
LEAK = replace(
    SPEND,
    fingerprint="f02",
    rule="NatGatewaySpend",
    severity=Severity.TICKET,
    labels=labels(rule="NatGatewaySpend", severity="ticket", team="feature-store"),
    value=Decimal("650.62"),
    threshold=Decimal(300),
    summary="feature-store · Amazon Virtual Private Cloud: $650.62 on 26 Nov 2026, above $300.00",
    annotations={"do": "look for cross-AZ or S3 traffic without a gateway endpoint"},
    evidence={
        "series": [[f"2026-11-{day}", "92.4" if day < 23 else "650.62"] for day in range(13, 27)],
    },
    fired_at=datetime(2026, 11, 27, tzinfo=UTC),
    about=About("EffectiveCost", ("team",), {}, _RISE, Decimal("650.62")),
    impact=Impact(Decimal("16990.5"), "USD"),
    change=Decimal("558.22"),
    drivers=(
        Driver(labels(usage_type="NatGateway-Bytes", resource="nat-9778d99895d526273"), Decimal("340.1")),
        Driver(labels(usage_type="NatGateway-Bytes", resource="nat-e894654b2f25a2b4c"), Decimal("214.02")),
        Driver(labels(usage_type="NatGateway-Hours"), Decimal("4.1")),
        Driver(labels(usage_type="DataTransfer"), Decimal("0.05")),
        Driver(labels(usage_type="PublicIPv4"), Decimal("-0.05")),
    ),
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
