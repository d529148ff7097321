"""Which billing periods a file may be of that cannot be read: from its first rows, or from its name."""

import csv
import re
import zlib
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb

from costwatch.ledger import parquet_check
from costwatch.ledger.engines.duckdb import bound, literal
from costwatch.ledger.files import is_parquet
from costwatch.model import DeliveredFile

_BYTES = 1 << 17
_ROWS = 1000
_MEMORY_LIMIT = "256MB"
_PERIOD_COLUMNS = ("billingperiodstart", "billbillingperiodstartdate")
_DAY = re.compile(r"([12]\d{3})-(\d\d)-01(?!\d)")
_IN_NAMES = re.compile(r"(?<!\d)(20\d\d)[-_/]?(0[1-9]|1[0-2])(?!\d{3})")


def periods_of(file: DeliveredFile) -> set[date]:
    """The first days of billing periods, as months; empty where nothing tells them."""
    try:
        told = _from_parquet(file.path) if is_parquet(file.path) else _from_csv(file.path)
    except (OSError, ValueError, csv.Error, zlib.error, duckdb.Error, RuntimeError):
        told = []
    found = [match for value in told if (match := _DAY.match(value))]
    found = found or [*_IN_NAMES.finditer(file.name)]
    return {date(int(match[1]), int(match[2]), 1) for match in found if 1 <= int(match[2]) <= 12}


def _from_csv(path: Path) -> list[str]:
    rows = csv.reader(_beginning(path).splitlines()[:_ROWS])
    wanted = [number for number, column in enumerate(next(rows, [])) if _letters(column) in _PERIOD_COLUMNS]
    return [row[number] for row in rows for number in wanted if number < len(row)]


def _beginning(path: Path) -> str:
    """As much of the text as is whole, plain or out of gzip."""
    with path.open("rb") as file:
        start = file.read(_BYTES)
    if start.startswith(b"\x1f\x8b"):
        start = zlib.decompressobj(wbits=31).decompress(start, _BYTES)
    return start.decode("utf-8", errors="replace")


def _from_parquet(path: Path) -> list[str]:
    if parquet_check.too_much(path):
        return []
    with closing(duckdb.connect()) as con:
        bound(con, _MEMORY_LIMIT)
        columns = con.execute("SELECT name FROM parquet_schema(?)", [literal(path)]).fetchall()
        (column,) = [name for (name,) in columns if _letters(name) in _PERIOD_COLUMNS][:1]
        quoted = '"' + column.replace('"', '""') + '"'
        found = con.execute(
            f"SELECT DISTINCT {quoted}::VARCHAR FROM read_parquet(?) LIMIT 9", [literal(path)]
        )
        return [str(value) for (value,) in found.fetchall()]


def _letters(column: str) -> str:
    return re.sub(r"[^a-z]", "", column.lower())
