"""Rows of a table that is no bill yet, as lines of FOCUS: every mistake by file, line and column."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from collectors.layouts.focus_lines import AMOUNTS, INSTANTS, completed
from costwatch.errors import RefusedError
from costwatch.wording import printable, shortened

_MOST_MISTAKES = 12  # of each file
_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY = timedelta(days=1)
_TAG = "tag:"
_SIGN_AND_SYMBOL = re.compile(r"^(-?)\s*[$€£]?\s*(-?)")
_GROUPED = {
    ".": re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"\d{1,3}([. ]\d{3})+(,\d*)?"),
}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read: their columns and what they become, what every line says, how values are written.

    source: whose name stands where nothing says who the provider is.
    """

    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    date_format: str
    decimal: str
    delimiter: str
    source: str


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'this'?``, or nothing."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower()[:60], names, 1, 0.5)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def rows_of(name: str, path: Path, reading: Reading) -> Iterator[dict[str, str]]:
    """The lines of one file. Raises RefusedError with all its mistakes, the first dozen told one by one."""
    mistakes: list[str] = []
    try:
        for where, row in _parquet(name, path, reading) if _is_parquet(path) else _csv(name, path, reading):
            try:
                line = _line(row, reading)
            except ValueError as error:
                mistakes.append(f"{where}: {error}")
            else:
                if not mistakes:
                    yield line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error})"
        raise RefusedError([f"{name}: {why}; save it again"]) from None
    if mistakes:
        more = len(mistakes) - _MOST_MISTAKES
        raise RefusedError(
            [*mistakes[:_MOST_MISTAKES], *([f"{name}: and {more} more like these"] if more > 0 else [])]
        )


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _csv(name: str, path: Path, reading: Reading) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=reading.delimiter, strict=True)
        header = [column.strip() for column in next(lines, [])]
        _require(name, header, reading)
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"{name}:{lines.line_num}"
            if len(cells) != len(header):
                raise RefusedError(
                    [f"{where}: has {len(cells)} values under {len(header)} columns; correct it"]
                )
            yield where, dict(zip(header, cells, strict=True))


def _parquet(name: str, path: Path, reading: Reading) -> Iterator[tuple[str, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _require(name, file.schema_arrow.names, reading)
            number = 0
            for batch in file.iter_batches(batch_size=10_000, columns=[*reading.columns]):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{name}: row {number}", {column: _text(value) for column, value in row.items()}
    except pa.ArrowException as error:
        reason = shortened(printable(str(error)), 200)
        raise RefusedError([f"{name}: cannot be read ({reason}); deliver the file again"]) from None


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _require(name: str, header: Sequence[str], reading: Reading) -> None:
    twice = sorted({column for column in reading.columns if header.count(column) > 1})
    missing = [column for column in reading.columns if column not in header]
    told = [f"{name}:1: has no column {_shown(column)}{nearest(column, header)}" for column in missing]
    if missing and header:
        columns = ", ".join(printable(column) for column in header)
        told.append(f"{name}:1: its columns are {shortened(columns, 300)}; correct 'columns' or 'delimiter'")
    told += [f"{name}:1: has the column {_shown(column)} twice; rename one" for column in twice]
    if not header:
        told = [f"{name}: is empty; deliver it again"]
    if told:
        raise RefusedError(told)


def _line(row: Row, reading: Reading) -> dict[str, str]:
    """One line of FOCUS. Raises ValueError naming column and value."""
    found, tags = dict(reading.constants), {}
    for column, targets in reading.columns.items():
        value = row[column].strip()
        for target in targets:
            if target.startswith(_TAG):
                tags[target.removeprefix(_TAG)] = value
            else:
                found[target] = value
    ends: dict[str, str] = {}
    for target, column in _sources(reading).items():
        value = found[target]
        try:
            if target in AMOUNTS and value:
                found[target] = amount(value, reading.decimal)
            elif target in INSTANTS and value:
                found[target], ends[target] = instants(value, reading.date_format)
        except ValueError as error:
            raise ValueError(f"column {_shown(column)}: {_shown(value)} {error}") from None
        if not value and target in ("ChargePeriodStart", "BillingCurrency"):
            raise ValueError(f"column {_shown(column)} is empty, which becomes {target}; fill it in")
    if not (found.get("BilledCost") or found.get("EffectiveCost")):
        raise ValueError("has no cost; fill it in, or take the line out")
    tags |= {key.removeprefix(_TAG): found.pop(key) for key in [*found] if key.startswith(_TAG)}
    if tags:
        found["Tags"] = json.dumps({key: value for key, value in tags.items() if value})
    start = datetime.fromisoformat(found["ChargePeriodStart"])
    month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    known = {
        "ChargePeriodEnd": ends["ChargePeriodStart"],
        "BillingPeriodStart": month.isoformat(),
        "BillingPeriodEnd": _after_month(month).isoformat(),
    }
    found = {target: value for target, value in found.items() if value}
    return completed({**known, **found}, reading.source)


def _sources(reading: Reading) -> dict[str, str]:
    """What becomes amounts and instants, and from where."""
    named = {target: column for column, targets in reading.columns.items() for target in targets}
    named |= {target: f"{target} of 'constants'" for target in reading.constants}
    return {target: column for target, column in named.items() if not target.startswith(_TAG)}


def amount(text: str, decimal: str) -> str:
    """A number as plain digits: ``$1,234.50``, ``-3``, ``1e-7``. Raises ValueError."""
    bare = _SIGN_AND_SYMBOL.sub(r"\1\2", text).strip()
    size = bare.removeprefix("-")
    if _GROUPED[decimal].fullmatch(size):
        bare = re.sub(r"[. ]" if decimal == "," else ",", "", bare)
    elif decimal == "," and "." in bare:
        raise ValueError("is no amount with a decimal comma; correct 'decimal', or the value")
    try:
        value = Decimal(bare.replace(",", ".") if decimal == "," else bare)
    except InvalidOperation:
        raise ValueError("is no amount; write it like 1234.50") from None
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise ValueError("is no amount; write it like 1234.50")
    return f"{value:f}"


def instants(text: str, date_format: str) -> tuple[str, str]:
    """A day, a month or an instant, in UTC, and the end of its day or month. Raises ValueError."""
    is_month = not date_format and _MONTH.fullmatch(text) is not None
    try:
        start = (
            datetime.strptime(text, date_format)  # noqa: DTZ007 (UTC, as all that names no zone)
            if date_format
            else datetime.fromisoformat(f"{text}-01" if is_month else text)
        )
    except ValueError:
        how = f"like {date_format}" if date_format else "like 2026-10-31, or 2026-10, or name a date_format"
        raise ValueError(f"is no day; write it {how}") from None
    start = start.astimezone(UTC).replace(tzinfo=None) if start.tzinfo else start
    if not 1990 <= start.year < 2200:
        raise ValueError("is of no year that a bill is of; correct it")
    is_month = is_month or (bool(date_format) and not re.search(r"%[dDjxcFeuUWV]", date_format))
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return start.isoformat(), (_after_month(start) if is_month else midnight + _DAY).isoformat()


def _after_month(month: datetime) -> datetime:
    return (month.replace(day=1) + 31 * _DAY).replace(day=1)


def _shown(text: str) -> str:
    return f"'{shortened(printable(text), 60)}'"
