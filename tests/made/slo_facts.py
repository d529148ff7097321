"""Facts of objectives as rules see them, without a store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import Labels, SeriesByLabels, labels
from costwatch.plugins import duration_text, tags_text
from costwatch.slo.burn import lengths
from costwatch.testing import points

STEP = timedelta(minutes=5)
RATIO = """(sum(rate(http_requests_total{route!="",code=~"5.."}[{{.window}}])))
/
(sum(rate(http_requests_total[{{.window}}])))"""


def slo_facts(
    now: datetime,
    slo: str = "checkout",
    *,
    burns: Mapping[str, object] | object = 0,
    events: object = 100_000,
    left: object = "0.9",
    used: object = 60,
    allowed: object = 600,
    hours_left: Mapping[str, object] | None = None,
    age: object = "0.05",
    target: str = "0.999",
    service: str = "shop",
    team: str = "payments",
    period: str = "30d",
    unit: str = "events",
    alerts: str = "page,ticket",
    instance: Mapping[str, str] | None = None,
) -> dict[str, SeriesByLabels]:
    """Of one instance; None: unknown. burns: by window such as ``1h``, or one for all of them."""
    of = {"slo": slo, "service": service, "team": team, "system": "", "instance": tags_text(instance or {})}

    def told(value: object, **more: str) -> dict[Labels, Any]:
        return {} if value is None else {labels(**of, **more): points(now, STEP, value)}

    windows = list(map(duration_text, lengths()))
    rates = burns if isinstance(burns, Mapping) else dict.fromkeys(windows, burns)
    return {
        "slo_objective": told(target, unit=unit, period=period, alerts=alerts, promql=RATIO),
        "slo_budget_left": told(left),
        "slo_errors_used": told(used),
        "slo_errors_allowed": told(allowed),
        "slo_coverage": told(1),
        "slo_data_age": told(age),
        "slo_burn_rate": _all(told(rate, window=window) for window, rate in rates.items()),
        "slo_window_events": _all(told(events, window=window) for window in windows),
        "slo_hours_left": _all(told(hours, window=window) for window, hours in (hours_left or {}).items()),
    }


def _all(parts: Any) -> dict[Labels, Any]:
    return {key: series for part in parts for key, series in part.items()}


def together(*parts: Mapping[str, SeriesByLabels]) -> dict[str, SeriesByLabels]:
    """Of several instances."""
    return {query: _all(part.get(query, {}) for part in parts) for query in {*parts[0]}}


def bad(
    route: str, code: str, count: object, now: datetime, slo: str = "checkout", instance: str = ""
) -> Any:
    """What Prometheus answers of one route and code."""
    key = {"slo": slo, "instance": instance, "label:route": route, "label:code": code}
    return {tuple(sorted(key.items())): points(now - STEP, STEP, Decimal(str(count)))}
