"""The query ``freshness``: how long ago each source delivered something new."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import CONFIGURED, Labels, Point, Series, SeriesByLabels, State, Window, labels, midnight
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text
from costwatch.warehouse.history import table_as_of


def sources(db: sqlite3.Connection, as_of: datetime | None = None) -> list[sqlite3.Row]:
    """Each configured source and how its last run went, as ``sources.sql.tpl`` has it, now or ``as_of``."""
    return list(db.execute(_sql(as_of), {"as_of": None if as_of is None else to_text(as_of)}))


def _sql(as_of: datetime | None) -> str:
    return queries.filled("sources", source=table_as_of("source", as_of))


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """A source that was never tried has no series; one that never delivered counts from its first try."""
    first, after = window.days
    if not first <= reader.now.date() < after:
        return {}
    found: Iterable[Any] = reader.rows(_sql(reader.as_of))
    answer: dict[Labels, Series] = {}
    for row in found:
        if row["source"] == CONFIGURED:  # it says all it ever will at once, and is never late
            continue
        since = from_text(row["last_load_at"] or row["first_tried_at"])
        hours = Decimal((reader.now - since) // timedelta(seconds=1)) / 3600
        answer[labels(source=row["source"])] = (Point(midnight(reader.now.date()), hours, State.CLOSED),)
    return answer


FRESHNESS = FactQuery(
    name="freshness",
    labels=("source",),
    unit="hours",
    step=timedelta(days=1),
    page="data",
    ask=_ask,
    summary="Hours since each source last delivered something new: one point, today.",
)
