"""CSV, plain or packed, becomes Parquet once: values stay text, tag columns become maps."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from costwatch.errors import RefusedError
from costwatch.ledger import unpack
from costwatch.ledger.engines.duckdb import bound
from costwatch.ledger.formats.recognition import recognise

# Columns that bills deliver as JSON objects, in lower case: FOCUS, and AWS's CUR 2.0.
_FOCUS_MAPS = ("tags", "x_costcategories", "allocatedtags")
_CUR2_MAPS = ("resource_tags", "cost_category", "product", "discount", "tags")
# AWS tells tags apart by case, which column names do not.
_MAY_REPEAT = ("resourcetags/", "costcategory/")
MAX_LINE_BYTES = 16 << 20
# Small row groups, and room for one to be written while the next is read: half the time for less memory.
_AS_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 30720"
_MEMORY_LIMIT = "1GB"
csv.field_size_limit(MAX_LINE_BYTES)


def to_parquet(name: str, source: Path, target: Path) -> None:
    """Write ``source`` as Parquet to ``target``, in order, every column text but the tags.

    The text NULL and empty fields become null. Raises RefusedError, naming ``name`` and the line.
    """
    columns = header(name, source)
    con = duckdb.connect()
    bound(con, _MEMORY_LIMIT)
    con.execute("SET preserve_insertion_order=true")
    maps = _maps(columns)
    kept = ", ".join(_as_map(column) if column in maps else _quoted(column) for column in columns)
    try:
        with unpack.plain(name, source, target.with_name(f"csv-{target.name}")) as unpacked:
            recognise(name, columns)  # what is not read need not be turned into Parquet first
            _create_view(con, unpacked, columns)
            try:
                con.execute(f"COPY (SELECT {kept} FROM delivered) TO '{_path(target)}' ({_AS_PARQUET})")
            except duckdb.InvalidInputException:
                _refuse_unreadable_maps(con, name, source, maps)
                raise
    except duckdb.Error as error:
        raise RefusedError([_explained(name, error)]) from None
    finally:
        con.close()


def header(name: str, source: Path) -> list[str]:
    """The column names of the first line. Raises RefusedError for none, for blanks and for doubles."""
    with opened(name, source) as text:
        columns = [column.strip() for column in next(csv.reader(text), [])]
    seen: set[str] = set()
    reasons = []
    for number, column in enumerate(columns, start=1):
        if not column:
            reasons.append(f"{name}:1: column {number} has no name; export the file again")
        elif column.lower() in seen and column.lower().startswith(_MAY_REPEAT):
            columns[number - 1] = f"{column}#{number}"  # a character that no tag key has
        elif column.lower() in seen:
            reasons.append(f"{name}:1: column {column} is there twice; export the file again")
        seen.add(column.lower())
    if len(columns) == 1 and ";" in columns[0]:
        reasons.append(f"{name}:1: the columns are separated by ';'; export with commas")
    if not columns:
        reasons.append(f"{name}:1: the file is empty; export it again")
    if reasons:
        raise RefusedError(reasons)
    return columns


def _maps(columns: list[str]) -> list[str]:
    known = _CUR2_MAPS if any(column.startswith("line_item_") for column in columns) else _FOCUS_MAPS
    return [column for column in columns if column.lower() in known]


def line_of_record(name: str, source: Path, record: int) -> int:
    """The line in which the ``record``-th record (from 0, header not counted) starts.

    They differ from record numbers where quoted values hold line breaks.
    """
    with opened(name, source) as text:
        reader = csv.reader(text)
        next(reader, None)
        for number in range(record):
            if next(reader, None) is None:
                return number + 2
        return reader.line_num + 1


@contextmanager
def opened(name: str, source: Path) -> Iterator[io.TextIOBase]:
    """The file's text, unpacked, without a byte-order mark. Raises RefusedError where it is neither."""
    try:
        with (
            unpack.opened(name, source) as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        ):
            yield text
    except (UnicodeDecodeError, csv.Error) as error:
        raise RefusedError([f"{name}: not a UTF-8 CSV file ({error}); export it again"]) from None


def _create_view(con: duckdb.DuckDBPyConnection, source: Path, columns: list[str]) -> None:
    types = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in columns)
    con.execute(
        f"""CREATE VIEW delivered AS SELECT * FROM read_csv('{_path(source)}', auto_detect=false, header=true,
        delim=',', quote='"', escape='"', nullstr=['', 'NULL'], compression='none',
        max_line_size={MAX_LINE_BYTES}, buffer_size={MAX_LINE_BYTES}, columns={{{types}}})"""
    )


def _refuse_unreadable_maps(con: duckdb.DuckDBPyConnection, name: str, source: Path, maps: list[str]) -> None:
    """Name the first one of each column, if that is why the file could not be read."""
    reasons = []
    for column in maps:
        found = con.execute(
            f"""SELECT record FROM (SELECT {_quoted(column)} AS raw, row_number() OVER () - 1 AS record
            FROM delivered) WHERE raw IS NOT NULL AND TRY({_map("raw")}) IS NULL ORDER BY record LIMIT 1"""
        ).fetchone()
        if found:
            line = line_of_record(name, source, int(found[0]))
            reasons.append(f"{name}:{line}: column {column}: not a JSON object; export the file again")
    if reasons:
        raise RefusedError(reasons)


def _as_map(column: str) -> str:
    """Text that is no JSON object must not silently count as untagged: the whole answer fails then."""
    quoted = _quoted(column)
    refused = f"CASE WHEN {quoted} IS NOT NULL THEN error('no JSON object') END"
    return f"coalesce({_map(quoted)}, {refused}) AS {quoted}"


def _map(quoted: str) -> str:
    # Azure's native exports leave the braces out, and what is made of them does, too.
    whole = f"""CASE WHEN {quoted} LIKE '"%' THEN '{{' || {quoted} || '}}' ELSE {quoted} END"""
    return f"json_transform_strict({whole}, '\"MAP(VARCHAR, VARCHAR)\"')"


def _explained(name: str, error: duckdb.Error) -> str:
    text = str(error)
    line = re.search(r"Line: (\d+)", text)
    told = [part.strip() for part in text.splitlines()]
    # The line itself may be long, and may hold what is nobody's business in a log.
    what = next((part for part in told[1:] if part and not part.startswith("Original Line")), told[0])
    return f"{name}{f':{line.group(1)}' if line else ''}: {what[:200]}; export the file again"


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _path(path: Path) -> str:
    return str(path).replace("'", "''")
