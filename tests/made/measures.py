"""Rows of what sources measured, made by hand, in the table that split ``driver`` reads."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from costwatch.model import Window
from costwatch.plugins import tags_text
from costwatch.testing import FakeBatches

DAY = date(2026, 10, 1)
Row = Mapping[str, Any]


def value(number: float | None, day: int = 1, coverage: float = 1, **labels: str) -> dict[str, Any]:
    """What ``requests`` was on a day of October 2026, of these labels."""
    return {
        "day": DAY + timedelta(days=day - 1),
        "measure": "requests",
        "unit": "calls",
        "labels": tags_text(labels),
        "value": number,
        "coverage": coverage,
    }


def unknown(day: int = 1) -> dict[str, Any]:
    """A day on which it could not be told."""
    return value(None, day, 0)


def batches(**sources: list[Row]) -> Mapping[tuple[str, Window], list[Row]]:
    """What each source brought, a batch for each day."""
    found: dict[tuple[str, Window], list[Row]] = defaultdict(list)
    for source, rows in sources.items():
        for row in rows:
            found[source, Window.of_days(row["day"], row["day"] + timedelta(days=1))].append(row)
    return found


def measured(*rows: Row, **sources: list[Row]) -> FakeBatches:
    """Batches of source ``mesh``, and of others by name."""
    return FakeBatches({"measure_days": batches(**({"mesh": [*rows]} if rows else {}), **sources)})
