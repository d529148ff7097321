"""What systems that many share did, as sources measured it: the query ``measure``, and volumes by day."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import Point, Series, SeriesByLabels, State, Window, labels, midnight
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.facts.usage import unread_days
from costwatch.warehouse.history import table_as_of
from costwatch.warehouse.intake.runs import window_columns

TABLE = "measure_days"
LABEL = "label"
_DAY = timedelta(days=1)
_LEAST_COVERAGE = 0.9  # what was measured for less of a day may not be taken for the whole of it

Key = tuple[str, ...]  # the values of the labels asked for


@dataclass(slots=True)
class Measured:
    """One measure on one UTC day, of all its sources together.

    values: by the labels asked for, in the unit of the measure; None: a part of it is not known. coverage:
    the share of the day for which it was measured, 0 where a source that brings it did not deliver the day,
    or where two tell it in different units. is_read: the day is over, and read as it will stay.
    """

    values: dict[Key, Decimal | None] = field(default_factory=dict)
    coverage: float = 1.0
    is_read: bool = True
    unit: str | None = None

    def add(self, row: Mapping[str, Any], key: Key) -> None:
        """What one source says of it."""
        so_far = self.values.get(key, Decimal())
        is_known = so_far is not None and row["value"] is not None and not row["unknown"]
        self.values[key] = (so_far or Decimal()) + round(Decimal(row["value"]), 6) if is_known else None
        self.unit = row["unit"] if self.unit is None else self.unit
        is_one_unit = self.unit == row["unit"] == row["other_unit"]
        self.coverage = min(self.coverage, row["coverage"] or 0.0) if is_one_unit else 0.0


def measured(
    reader: Reader, by: Sequence[str], window: Window, measure: str = ""
) -> Mapping[str, Mapping[date, Measured]]:
    """Measures (or one alone) by day, inside ``window``; a day of which nobody says anything is left out.

    by: ``source``, ``label:KEY``. What has no such label has '' of it. As of an earlier instant it is what
    is known now of the days that had begun.
    """
    if not reader.has_table(TABLE):
        return {}
    days = Window.of_days(*window.days)
    if reader.as_of is not None:
        days = Window(days.start, max(days.start, min(days.end, reader.as_of)))
    deliveries = _deliveries(reader, days)
    first = days.start.date()
    since = min([first, *(last for of in deliveries.values() if (last := _last_before(of, first)))])
    found: dict[str, dict[date, Measured]] = defaultdict(lambda: defaultdict(Measured))
    brought: dict[str, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for row in _rows(reader, by, Window(midnight(since), days.end), measure):
        day = from_int(row["day"])
        brought[row["measure"]][row["source"]].add(day)
        if day >= first:
            found[row["measure"]][day].add(row, tuple(row[f"label{number}"] for number in range(len(by))))
    unread = unread_days(reader, TABLE, days)
    for name, by_day in found.items():
        silent = {*_silent(deliveries, brought[name], by_day)}
        for day, of in by_day.items():
            of.is_read = to_int(day) not in unread
            of.coverage = 0.0 if day in silent else of.coverage
    return found


def _rows(reader: Reader, by: Sequence[str], window: Window, measure: str) -> Iterable[Any]:
    read = [_column(label, number) for number, label in enumerate(by)]
    keys = {f"path{number}": f'$."{label.partition(":")[2]}"' for number, label in enumerate(by)}
    sql = queries.filled(
        "measured",
        labels="".join(f", {column} AS label{number}" for number, column in enumerate(read)),
        grouped="".join(f", {column}" for column in read),
        condition="m.measure = :measure" if measure else "1",
    )
    return reader.rows(sql, {**window_columns(window), **keys, "measure": measure})


def _column(label: str, number: int) -> str:
    """A label's value as SQL; SQLite's paths into JSON cannot quote every key, and then nothing has it."""
    if label == "source":
        return "m.source"
    if {*label} & {*'"\\'}:
        return "''"
    return f"coalesce(CASE WHEN json_valid(m.labels) THEN json_extract(m.labels, :path{number}) END, '')"


def _deliveries(reader: Reader, window: Window) -> Mapping[str, Sequence[date]]:
    """Each configured source of measures: the days that it has delivered, ascending."""
    sql = queries.filled("measure_deliveries", source=table_as_of("source", reader.as_of))
    found: dict[str, list[date]] = defaultdict(list)
    for row in reader.rows(sql, window_columns(window)):
        found[row["source"]].append(from_text(row["window_start"]).date())
    return found


def _last_before(days: Sequence[date], day: date) -> date | None:
    at = bisect_left(days, day)
    return days[at - 1] if at else None


def _silent(
    deliveries: Mapping[str, Sequence[date]], brought: Mapping[str, set[date]], days: Iterable[date]
) -> Iterator[date]:
    """The days that a source did not deliver which brought the measure when it last delivered one."""
    for source, its in deliveries.items():
        delivered = {*its}
        for day in days:
            if day not in delivered and _last_before(its, day) in brought.get(source, ()):
                yield day


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    grouped = tuple(label for label in by if label != "measure")
    found: dict[tuple[str, Key], list[Point]] = defaultdict(list)
    for name, by_day in measured(reader, grouped, window).items():
        for day, of in by_day.items():
            is_settled = of.is_read and of.coverage >= _LEAST_COVERAGE
            for key, value in of.values.items():
                if value is not None:
                    state = State.SETTLED if is_settled else State.ESTIMATED
                    found[name, key].append(Point(midnight(day), value, state))
    return {
        labels(measure=name, **dict(zip(grouped, key, strict=True))): _series(points)
        for (name, key), points in found.items()
    }


def _series(points: Iterable[Point]) -> Series:
    return tuple(sorted(points, key=lambda point: point.at))


MEASURE = FactQuery(
    name="measure",
    labels=("measure", "source"),
    keyed=(LABEL,),
    unit="units",
    step=_DAY,
    page="data",
    ask=_ask,
    summary="What sources measured a day, always by measure; estimated where a part of the day is not known.",
    tables=(TABLE,),
)
