"""CSV, plain or packed, becomes Parquet once: values stay text, tag columns become maps."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from costwatch.errors import RefusedError
from costwatch.ledger import unpack
from costwatch.ledger.engines.duckdb import bound, literal
from costwatch.ledger.formats.recognition import recognise
from costwatch.ledger.parquet_check import MOST_COLUMNS
from costwatch.wording import shortened

# Columns that bills deliver as JSON objects, in lower case: FOCUS, and AWS's CUR 2.0.
_FOCUS_MAPS = ("tags", "x_costcategories", "allocatedtags")
_CUR2_MAPS = ("resource_tags", "cost_category", "product", "discount", "tags")
# AWS tells tags apart by case, which column names do not.
_MAY_REPEAT = ("resourcetags/", "costcategory/")
_MEMORY_LIMIT = "1GB"
MAX_LINE_BYTES = 16 << 20
_LONGEST_HEADER_BYTES = 1 << 20
_TOO_LONG = f"a line is over {MAX_LINE_BYTES >> 20} MB; export the file again"
# What the engine says of a file, and what we do; the first that fits counts.
_REASONS = {
    "Parallel CSV Reader": "a line, or a row of empty ones, is too long; export the file again",
    "Maximum line size": _TOO_LONG,
    "unterminated quote": "a quote does not close; export the file again",
    "Out of Memory": f"cannot be read in {_MEMORY_LIMIT} of memory; deliver it in smaller parts",
}
# Small row groups, and room for one to be written while the next is read: half the time for less memory.
_AS_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE"
_ROW_GROUP, _VALUES_AT_ONCE, _VECTOR = 30_720, 10_000_000, 2048
_NO_COMMAS = {";": "';'", "\t": "tabs", "|": "'|'"}
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
            _refuse_endless_lines(name, unpacked)
            _create_view(con, unpacked, columns)
            rows = max(_VECTOR, min(_ROW_GROUP, _VALUES_AT_ONCE // len(columns)))
            try:
                con.execute(
                    f"COPY (SELECT {kept} FROM delivered) TO '{_path(target)}' ({_AS_PARQUET} {rows})"
                )
            except duckdb.InvalidInputException:
                _refuse_unreadable_maps(con, name, source, maps)
                raise
    except duckdb.Error as error:
        raise RefusedError([_explained(name, error)]) from None
    finally:
        con.close()


def header(name: str, source: Path) -> list[str]:
    """The column names of the first line. Raises RefusedError for none, for blanks, doubles and too many."""
    columns = _first_record(name, source)
    seen: set[str] = set()
    reasons = []
    for number, column in enumerate(columns, start=1):
        if not column:
            reasons.append(f"{name}:1: column {number} has no name; export the file again")
        elif column.lower() in seen and column.lower().startswith(_MAY_REPEAT):
            columns[number - 1] = f"{column}#{number}"  # a character that no tag key has
        elif column.lower() in seen:
            reasons.append(f"{name}:1: column {shortened(column, 60)} is there twice; export the file again")
        seen.add(column.lower())
    if len(columns) == 1 and (other := next((each for each in _NO_COMMAS if each in columns[0]), "")):
        reasons.append(f"{name}:1: the columns are separated by {_NO_COMMAS[other]}; export with commas")
    if not columns:
        reasons.append(f"{name}:1: the file is empty; export it again")
    if reasons:
        raise RefusedError(reasons)
    return columns


def _first_record(name: str, source: Path) -> list[str]:
    """Whatever comes without an end is looked at no further than a header may reach."""
    with unpack.opened(name, source) as raw:
        start = raw.read(_LONGEST_HEADER_BYTES + 1)
    is_whole = len(start) <= _LONGEST_HEADER_BYTES
    with _csv(name):
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(start, final=is_whole)
        lines = io.StringIO(text, newline="")
        columns = next(csv.reader(lines), [])
    if not is_whole and lines.tell() == len(text):
        raise RefusedError(
            [f"{name}:1: the header goes on for over {_LONGEST_HEADER_BYTES >> 20} MB; export the file again"]
        )
    if len(columns) > MOST_COLUMNS:
        raise RefusedError([f"{name}:1: {len(columns):,} columns, over {MOST_COLUMNS:,}; export fewer"])
    return [column.strip() for column in columns]


def _refuse_endless_lines(name: str, source: Path) -> None:
    """The engine leaves out, without a word, what is too long for a line at the end of a file."""
    if source.stat().st_size <= MAX_LINE_BYTES:
        return
    since = 0  # the last line break
    with source.open("rb") as file:
        while chunk := file.read(1 << 20):
            breaks = [each for each in (chunk.find(b"\n"), chunk.find(b"\r")) if each >= 0]
            if since + min(breaks, default=len(chunk)) > MAX_LINE_BYTES:
                raise RefusedError([f"{name}: {_TOO_LONG}"])
            since = len(chunk) - max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) - 1 + (0 if breaks else since)


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
    with (
        _csv(name),
        unpack.opened(name, source) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        yield text


@contextmanager
def _csv(name: str) -> Iterator[None]:
    """Raises RefusedError for bytes that are no text, and text that is no CSV."""
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        raise RefusedError([f"{name}: not a UTF-8 CSV file ({error}); export it again"]) from None


def _create_view(con: duckdb.DuckDBPyConnection, source: Path, columns: list[str]) -> None:
    types = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in columns)
    con.execute(
        f"""CREATE VIEW delivered AS SELECT * FROM read_csv({_literal(literal(source))},
        auto_detect=false, header=true, delim=',', quote='"', escape='"', nullstr=['', 'NULL'],
        compression='none', max_line_size={MAX_LINE_BYTES}, buffer_size={MAX_LINE_BYTES},
        columns={{{types}}})"""
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
    """The engine shows the line itself, which may hold what is nobody's business in a log."""
    text = str(error)
    first = text.split("\n", 1)[0]
    line = re.search(r"CSV Error on Line: (\d+)", first)
    place = f"{name}:{line.group(1)}" if line else name
    if found := re.search(r"^Expected Number of Columns: (\d+) Found: (\d+)$", text, re.MULTILINE):
        return f"{place}: {found.group(2)} columns instead of {found.group(1)}; export the file again"
    for sign, reason in _REASONS.items():
        if sign in text:
            return f"{place}: {reason}"
    return f"{place}: {shortened(first, 200)}; export the file again"


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _path(path: Path) -> str:
    return str(path).replace("'", "''")
