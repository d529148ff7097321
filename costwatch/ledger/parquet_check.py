"""Whether a Parquet file is whole, as far as it can tell.

Its footer says where its pages lie; a file that is cut has none. The pages themselves may carry CRC-32
checksums (those of parquet-mr do, and so what Spark writes), which DuckDB passes over: without them a
flipped bit is a wrong number. Sources: https://parquet.apache.org/docs/file-format/data-pages/checksumming/,
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader),
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

import os
import zlib
from contextlib import closing
from mmap import ACCESS_READ, mmap
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from costwatch.ledger.engines.duckdb import literal

MOST_COLUMNS = 5_000
_LARGEST_FOOTER_BYTES = 16 << 20
_COMPRESSED_SIZE, _CRC = 3, 4  # fields of a PageHeader
_BOOLS, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, 12  # kinds of values


def damage(path: Path) -> str:
    """What is wrong with a Parquet file; empty where nothing is to be seen.

    Reads the whole file where its pages carry checksums, else its footer and one page's header.
    """
    try:
        if trouble := too_much(path) or _too_wide(path):
            return trouble
        columns = _columns(path)
    except (OSError, pa.ArrowException, UnicodeDecodeError, duckdb.Error) as error:
        return str(error).replace(literal(path), "it").splitlines()[0][:200]
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        for column, start, size in columns:
            try:
                has_checksums = _check(data, start, start + size)
            except (TypeError, ValueError, LookupError, RecursionError):
                return f"column {column}: a page is damaged"
            if not has_checksums:
                return ""
    return ""


def too_much(path: Path) -> str:
    """Whether, and why, its footer is not to be read: readers hold it in memory, ten times as large."""
    with path.open("rb") as file:
        file.seek(-min(8, path.stat().st_size), os.SEEK_END)
        size = int.from_bytes(file.read(4), "little")
    if size > _LARGEST_FOOTER_BYTES and size < path.stat().st_size:
        return (
            f"its footer is over {_LARGEST_FOOTER_BYTES >> 20} MB; write larger row groups or smaller files"
        )
    return ""


def _too_wide(path: Path) -> str:
    """Raises OSError, ArrowException, UnicodeDecodeError where there is no schema to be read."""
    columns = len(pq.read_schema(path).names)
    return f"{columns:,} columns, over {MOST_COLUMNS:,}" if columns > MOST_COLUMNS else ""


def _columns(path: Path) -> list[tuple[str, int, int]]:
    """Name, place and size of each column of each row group that holds any row.

    DuckDB is asked: pyarrow ends the process over some damaged footers when it is asked for their columns.
    """
    with closing(duckdb.connect()) as con:
        con.execute("SET enable_progress_bar=false")
        return con.execute(
            "SELECT path_in_schema, least(data_page_offset, nullif(dictionary_page_offset, 0)),"
            " total_compressed_size FROM parquet_metadata(?) WHERE row_group_num_rows > 0",
            [literal(path)],
        ).fetchall()


def _check(data: mmap, start: int, end: int) -> bool:
    """Compare the pages of one column with their checksums, up to the first that has none.

    Raises ValueError, LookupError or RecursionError for damage.
    """
    while start < end:
        header, body = _struct(data, start)
        if _CRC not in header:
            return False
        start = body + header[_COMPRESSED_SIZE]
        if start < body or zlib.crc32(data[body:start]) != header[_CRC] & 0xFFFFFFFF:
            raise ValueError("checksum")
    return True


def _struct(data: mmap, at: int) -> tuple[dict[int, int], int]:
    """A struct in Thrift's compact protocol: its integers by field, and where it ends."""
    field, numbers = 0, {}
    while head := data[at]:
        at += 1
        kind, step = head & 15, head >> 4
        if step:
            field += step
        else:
            field, at = _integer(data, at)
        if kind in _INTEGERS:
            numbers[field], at = _integer(data, at)
        else:
            at = _after(data, at, kind)
    return numbers, at + 1


def _after(data: mmap, at: int, kind: int) -> int:
    """Where a value of a struct ends that is no integer; booleans are part of their field's head."""
    if kind in _BOOLS:
        return at
    if kind == _BYTE:
        return at + 1
    if kind == _DOUBLE:
        return at + 8
    if kind == _BINARY:
        size, at = _varint(data, at)
        return at + size
    if kind == _STRUCT:
        return _struct(data, at)[1]
    raise ValueError(f"kind {kind}: no page header has lists or maps")


def _integer(data: mmap, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _varint(data: mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while (byte := data[at]) >= 0x80:
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | byte << shift, at + 1
