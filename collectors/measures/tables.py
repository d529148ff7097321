"""The table that sources of measures bring, and how what they measured becomes its rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from costwatch.plugins import Table, tags_text

if TYPE_CHECKING:
    import pyarrow as pa

# Of each measure that a source has, a day that is stored has one row at least. Where the measure could not be
# told, or nothing answered, that row has no labels, no value and a coverage of 0: unknown is not 0.
MEASURE_DAYS = Table(
    "measure_days",
    {
        "day": "day",
        "measure": "text",
        "unit": "text",
        "labels": "text",  # JSON as plugins.tags_text writes it, '' where there are none
        "value": "real",  # of the whole day, as far as it was measured
        "coverage": "real",  # for which share of the day, up to now, the measure was measured: 0 to 1
    },
)

MEASURE_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
MOST_LABEL_SETS = 10_000  # of a measure and day: each is a row of the warehouse


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure on one UTC day. values: what it was, by ``tags_text`` of its labels; none: unknown."""

    day: date
    measure: str
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)
    coverage: float = 0.0


def rows_of(found: Iterable[Measured]) -> "Iterator[pa.RecordBatch]":
    """All of it as rows of ``MEASURE_DAYS``, in one order."""
    import pyarrow as pa

    unknown: list[tuple[str, float | None]] = [(tags_text({}), None)]
    rows = [
        {
            "day": one.day,
            "measure": one.measure,
            "unit": one.unit,
            "labels": labels,
            "value": value,
            "coverage": one.coverage,
        }
        for one in sorted(found, key=lambda one: (one.day, one.measure))
        for labels, value in (sorted(one.values.items()) or unknown)
    ]
    yield pa.RecordBatch.from_pylist(rows, schema=MEASURE_DAYS.schema())
