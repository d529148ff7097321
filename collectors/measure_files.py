"""Measures from files: what shared systems did by label and day, written by whatever knows."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.layouts.day_files import DayFiles, parquet_parts
from collectors.measures import MEASURE_DAYS
from collectors.measures.tables import MEASURE_NAME, MOST_LABEL_SETS
from costwatch.plugins import Table, tags_text

if TYPE_CHECKING:
    import pyarrow as pa


class MeasureFiles(DayFiles):
    """What shared systems did by label and day, from one CSV or Parquet file for each UTC day.

    For volumes and drivers that another tool knows: a warehouse's query, a batch job, a spreadsheet. The
    columns are exactly ``day``, ``measure``, ``unit``, ``labels`` (JSON such as ``{"model": "fraud"}``, or
    nothing), ``value`` (nothing: unknown) and ``coverage`` (the share of the day that it was measured, 0
    to 1); a row for each measure and set of labels.

    location: a folder, or ``s3://bucket/prefix``, with files such as ``2026-11-21.csv`` or
    ``2026-11-21.parquet``. A day is read again when its file changes in the last 35 days (older ones by
    ``costwatch collect --from --to``). It is refused whole, the others are read, where the file cannot be
    read, has other columns, holds another day, or tells something twice. The running day counts as
    incomplete.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: volumes, kind: measure_files, location: "s3://acme-volumes/daily"}
    """

    tables: ClassVar[tuple[Table, ...]] = (MEASURE_DAYS,)
    forms: ClassVar[tuple[str, ...]] = ("<day>.csv", "<day>.parquet")

    def parts(self, path: Path, table: Table) -> "Iterable[pa.RecordBatch]":
        """See ``DayFiles``. Labels are written anew, as ``tags_text`` has them."""
        import pyarrow as pa

        with path.open("rb") as file:  # what was brought from S3 has no ending
            is_parquet = file.read(4) == b"PAR1"
        found = parquet_parts(path) if is_parquet else _csv_parts(path, table)
        rows = [row for part in map(table.fitted, found) for row in part.to_pylist()]
        _check(rows)
        return [pa.RecordBatch.from_pylist(rows, schema=table.schema())]


def _csv_parts(path: Path, table: Table) -> "Iterator[pa.RecordBatch]":
    """Those of a CSV file, and before them one without rows."""
    import pyarrow as pa
    from pyarrow import csv

    types = {field.name: field.type for field in table.schema()}
    with csv.open_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=types),
    ) as reader:
        yield pa.RecordBatch.from_pylist([], reader.schema)
        yield from reader


def _check(rows: list[dict[str, Any]]) -> None:
    """Raises ValueError with the first row that means nothing, and puts labels into their one form."""
    seen: dict[str, set[str]] = defaultdict(set)  # measure -> its labels
    units: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        measure, unit = row["measure"] or "", row["unit"] or ""
        if not re.fullmatch(MEASURE_NAME, measure):
            raise ValueError(f"row {number}: 'measure' must be made of letters, digits and _")
        if units.setdefault(measure, unit) != unit:
            raise ValueError(f"row {number}: {measure} has another unit than before")
        if row["coverage"] is None or not 0 <= row["coverage"] <= 1:
            raise ValueError(f"row {number}: 'coverage' must be 0 to 1")
        row["unit"], row["labels"] = unit, _labels(row["labels"], number)
        if row["labels"] in seen[measure]:
            raise ValueError(f"row {number}: {measure} is told twice with these labels")
        seen[measure].add(row["labels"])
        if len(seen[measure]) > MOST_LABEL_SETS:
            raise ValueError(f"row {number}: {measure} has more than {MOST_LABEL_SETS:,} sets of labels")


def _labels(text: str | None, number: int) -> str:
    """As ``tags_text`` writes them."""
    try:
        labels = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        labels = None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError(f'row {number}: \'labels\' must be JSON such as {{"model": "fraud"}}, or nothing')
    return tags_text(labels)
