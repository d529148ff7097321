"""How old each source is: its last new delivery (``freshness``), and the newest day of it (``data_age``)."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import CONFIGURED, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int, to_text
from costwatch.warehouse.history import table_as_of


def sources(
    db: sqlite3.Connection, as_of: datetime | None = None, now: datetime | None = None
) -> list[sqlite3.Row]:
    """Each configured source and how its last run went, as ``sources.sql.tpl`` has it, now or ``as_of``.

    Runs that a wrong clock has dated after ``now`` are none.
    """
    at = as_of or now
    return list(db.execute(_sql(as_of), {"as_of": None if at is None else to_text(at)}))


def _sql(as_of: datetime | None) -> str:
    return queries.filled("sources", source=table_as_of("source", as_of))


def _newest_days(reader: Reader) -> Iterable[Any]:
    """Each source of the bill: its newest day that has lines, and how many days ago it may be."""
    states = table_as_of("day_state", reader.as_of)
    sql = queries.filled("newest_days", source=table_as_of("source", reader.as_of), day_state=states)
    return reader.rows(sql)


def _newest_windows(reader: Reader) -> Iterable[Any]:
    """Each source of anything else: the newest day that it delivered."""
    sql = queries.filled("newest_windows", source=table_as_of("source", reader.as_of))
    return reader.rows(sql, {"today": to_int(reader.now.date())})


def _is_today(reader: Reader, window: Window) -> bool:
    first, after = window.days
    return first <= reader.now.date() < after


def _today(reader: Reader, values: Iterable[tuple[str, Decimal]]) -> SeriesByLabels:
    at = midnight(reader.now.date())
    return {labels(source=source): (Point(at, value, State.CLOSED),) for source, value in values}


def _age(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if not _is_today(reader, window):
        return {}
    today = reader.now.date()
    newest = {row["source"]: row["day"] for row in (*_newest_windows(reader), *_newest_days(reader))}
    ages = ((source, (today - from_int(day)).days) for source, day in sorted(newest.items()))
    return _today(reader, ((source, Decimal(days)) for source, days in ages))


def _age_limit(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if not _is_today(reader, window):
        return {}
    rows = ((row["source"], row["late_after_days"]) for row in _newest_days(reader))
    return _today(reader, ((source, Decimal(str(days))) for source, days in rows if days is not None))


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """A source that was never tried has no series; one that never delivered counts from its first try."""
    if not _is_today(reader, window):
        return {}
    # What a wrong clock dated later than now has made nothing fresh.
    known = {"as_of": to_text(reader.as_of or reader.now)}
    rows: Iterable[Any] = reader.rows(_sql(reader.as_of), known)
    # What the configuration says, it says at once: it is never late.
    since = (
        (row["source"], from_text(row["last_load_at"] or row["first_tried_at"]))
        for row in rows
        if row["source"] != CONFIGURED
    )
    seconds = ((source, (reader.now - at) // timedelta(seconds=1)) for source, at in since)
    return _today(reader, ((source, Decimal(age) / 3600) for source, age in seconds))


FRESHNESS = FactQuery(
    name="freshness",
    labels=("source",),
    unit="hours",
    step=timedelta(days=1),
    page="data",
    ask=_ask,
    summary="Hours since each source last delivered something new: one point, today.",
)
DATA_AGE = FactQuery(
    name="data_age",
    labels=("source",),
    unit="days",
    step=timedelta(days=1),
    page="data",
    ask=_age,
    summary="Days since the newest day of each source, in its published bill or delivered: one point, today.",
)
DATA_AGE_LIMIT = FactQuery(
    name="data_age_limit",
    labels=("source",),
    unit="days",
    step=timedelta(days=1),
    page="data",
    ask=_age_limit,
    summary="Days after which that is late: settle.at_most_days and its usual silence.",
)
