"""A third party's collector with an hourly table of its own, in one file: power drawn by racks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import PrivateAttr

from costwatch.model import Batch, Window
from costwatch.plugins import CollectorSettings, Table

HOUR = timedelta(hours=1)
NINE = datetime(2026, 11, 3, 9, tzinfo=UTC)
TEN, ELEVEN, NOON = NINE + HOUR, NINE + 2 * HOUR, NINE + 3 * HOUR
POWER = Table("power", {"rack": "text", "at": "instant", "joules": "integer", "price": "decimal"})


class Meter(CollectorSettings):
    """Power drawn by racks, by the hour. first: the hour it begins with."""

    role: None = None
    tables: ClassVar[tuple[Table, ...]] = (POWER,)

    first: datetime

    # What a real one would ask for: hour -> rack -> joules, and what the answer for an hour is like.
    _drawn: dict[datetime, Mapping[str, int]] = PrivateAttr(default_factory=dict)
    _partial: set[datetime] = PrivateAttr(default_factory=set)
    _read: list[datetime] = PrivateAttr(default_factory=list)

    @property
    def lookback(self) -> timedelta:
        """Readings arrive up to an hour late."""
        return HOUR

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch for each whole hour that overlaps ``window``."""
        hour = max(self.first, window.start.replace(minute=0, second=0, microsecond=0))
        while hour + HOUR <= window.end:
            drawn = self._drawn.get(hour, {"r1": 3600})
            span = Window(hour, hour + HOUR)
            yield Batch("power", span, repr(drawn), partial(self._rows, hour, drawn), hour in self._partial)
            hour += HOUR

    def _rows(self, hour: datetime, drawn: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        self._read.append(hour)
        for rack, joules in drawn.items():
            price = pa.array([joules], pa.int64()).cast(pa.decimal128(38, 9))
            yield pa.record_batch(
                [[rack], pa.array([hour], pa.timestamp("s", "UTC")), [joules], price],
                names=["rack", "at", "joules", "price"],
            )


class LargeMeter(Meter):
    """The same, with more rows than SQLite is for."""

    tables: ClassVar[tuple[Table, ...]] = (Table(POWER.name, POWER.columns, "ledger"),)
