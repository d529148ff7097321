"""For how long rules have found no breach, and silences no alert: dead ones look like good news."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.alerts.matchers import parsed
from costwatch.model import Labels, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text

_DAY = timedelta(days=1)


def _of_rules(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if not _is_today(reader, window):
        return {}
    found = {}
    for row in _rows(reader, "quiet_rules"):
        since = reader.now if row["since"] is None else from_text(row["since"])
        found[labels(rule=row["rule"])] = _days(reader, since)
    return found


def _of_silences(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if not _is_today(reader, window):
        return {}
    silences = [*_rows(reader, "silences_at")]
    alerts = [
        (row["fingerprint"], json.loads(row["labels"]), row["at"])
        for row in (_rows(reader, "alerts_since") if silences else ())
    ]
    found: dict[Labels, tuple[Point, ...]] = {}
    for row in silences:
        matched = _matched(row, alerts)
        since = from_text(max([row["starts_at"], *matched]))
        named = labels(silence=row["id"], matchers=_named(row), who=row["who"])
        found[named] = _days(reader, since)
    return found


def _matched(silence: Any, alerts: Sequence[tuple[str, dict[str, str], str]]) -> Iterable[str]:
    """When the alerts that it matches were last in breach."""
    try:
        matchers = parsed(json.loads(silence["matchers"]))
    except ValueError:  # an older version took it: it matches nothing now
        return
    for fingerprint, of, at in alerts:
        is_its = silence["fingerprint"] in ("", fingerprint)
        if is_its and all(matcher.matches(of) for matcher in matchers):
            yield at


def _named(silence: Any) -> str:
    return ", ".join(json.loads(silence["matchers"])) or f"alert {silence['fingerprint']}"


def _rows(reader: Reader, query: str) -> Iterable[Any]:
    return reader.rows(queries.text(query), {"now": to_text(reader.now)})


def _days(reader: Reader, since: datetime) -> tuple[Point, ...]:
    quiet = max(timedelta(), reader.now - since)
    days = round(Decimal(quiet // timedelta(seconds=1)) / 86_400, 6)
    return (Point(midnight(reader.now.date()), days, State.CLOSED),)


def _is_today(reader: Reader, window: Window) -> bool:
    first, after = window.days
    return first <= reader.now.date() < after


RULE_QUIET_DAYS = FactQuery(
    name="rule_quiet_days",
    labels=("rule",),
    unit="days",
    step=_DAY,
    page="overview",
    ask=_of_rules,
    summary="Days since each rule last found a breach, or was first evaluated: one point, today.",
)
SILENCE_QUIET_DAYS = FactQuery(
    name="silence_quiet_days",
    labels=("silence", "matchers", "who"),
    unit="days",
    step=_DAY,
    page="overview",
    ask=_of_silences,
    summary="Days since each silence that is on last matched an alert, by all labels: one point, today.",
)
