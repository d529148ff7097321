"""Deploys, flags and whatever else may explain a change: the query ``marker``."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.model import Labels, Point, SeriesByLabels, State, Window
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """One point at each instant at which something changed: how much did."""
    found: dict[Labels, Counter[datetime]] = {}
    span = {"start": to_text(window.start), "end": to_text(window.end)}
    for row in reader.rows(queries.text("markers"), span):
        key = tuple((name, row[name]) for name in sorted(by))
        found.setdefault(key, Counter())[from_text(row["at"])] += 1
    return {
        key: tuple(Point(at, Decimal(count), State.CLOSED) for at, count in sorted(counts.items()))
        for key, counts in found.items()
    }


MARKER = FactQuery(
    name="marker",
    labels=("kind", "title", "service", "team", "url", "author"),
    unit="changes",
    step=timedelta(seconds=1),
    page="reliability",
    ask=_ask,
    summary="Deploys, flags that were switched and other changes, at their instants.",
)
