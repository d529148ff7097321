"""Which billing periods a file may be of that cannot be read: from its first rows, or from its name."""

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator
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
_OTHER_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](20\d\d)(?!\d)")
_UNREADABLE = (
    *(OSError, ValueError, LookupError, RuntimeError),
    *(csv.Error, zlib.error, zipfile.BadZipFile, duckdb.Error),
)
_SEPARATORS = ",;\t|"
_IN_NAMES = re.compile(r"(?<!\d)(20\d\d)[-_/]?(0[1-9]|1[0-2])(?!\d{3})")


def periods_of(file: DeliveredFile) -> set[date]:
    """The first days of billing periods, as months; empty where nothing tells them."""
    try:
        told = _from_parquet(file.path) if is_parquet(file.path) else _from_csv(file.path)
    except _UNREADABLE:
        told = []
    found = {month for value in told for month in _months(value)}
    found = found or {(int(match[1]), int(match[2])) for match in _IN_NAMES.finditer(file.name)}
    return {date(year, month, 1) for year, month in found if 1 <= month <= 12}


def _months(value: str) -> Iterator[tuple[int, int]]:
    """Years and months whose first day it may be: 01/10/2026 is of October, or of January."""
    if match := _DAY.match(value):
        yield int(match[1]), int(match[2])
    elif match := _OTHER_DAY.match(value):
        one, other, year = map(int, match.groups())
        yield from ((year, month) for day, month in ((one, other), (other, one)) if day == 1)


def _from_csv(path: Path) -> list[str]:
    lines = _beginning(path).splitlines()[:_ROWS]
    separator = max(_SEPARATORS, key=lines[0].count) if lines else ","
    rows = csv.reader(lines, delimiter=separator)
    wanted = [number for number, column in enumerate(next(rows, [])) if _letters(column) in _PERIOD_COLUMNS]
    return [row[number] for row in rows for number in wanted if number < len(row)]


def _beginning(path: Path) -> str:
    """As much of the text as is whole, plain or out of gzip or the first file of a zip."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as member:
            return _decoded(member.read(_BYTES))
    with path.open("rb") as file:
        start = file.read(_BYTES)
    if start.startswith(b"\x1f\x8b"):
        start = zlib.decompressobj(wbits=31).decompress(start, _BYTES)
    return _decoded(start)


def _decoded(start: bytes) -> str:
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return start.decode("utf-16" if marked else "utf-8-sig", errors="replace")


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
