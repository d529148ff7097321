"""DuckDB: an engine in this process, and what the answers of every engine go on in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from glob import escape
from inspect import Parameter, Signature
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.sql.compilers import DuckDBCompiler

from costwatch.errors import CostwatchError, LedgerError, SourceError
from costwatch.ledger.engines.address import IN_PROCESS
from costwatch.ledger.engines.engine import PLACE

# A bill of any size is summed within it: the machine may be small, and is not ours alone.
_MEMORY_LIMIT = "512MB"

_ROWS_AT_ONCE = 50_000
_ROWS_OF_A_PART = 122_880  # DuckDB's own
# It takes longer to compile what is asked of a small bill than to answer it.
_COMPILED_KEPT = 512
_SALTS = {"salt_of_two": 10, "salt_of_four": 12}  # names and lengths: two and four more than eight
_TAKEN = "taken_rows"
# What is read out of a map is told apart, named and hashed by: as one select, it would be read thrice.
ibis.options.sql.fuse_selects = False


class InProcess:
    """DuckDB: lines become answers without leaving it."""

    def __init__(self) -> None:
        self.con = connect()

    def lines(self, paths: Sequence[Path], name: str = "lines") -> ir.Table:
        """See ``Engine``."""
        return raw_lines(self.con, paths, name=name)

    def period_of(self, charge: Mapping[str, ir.Value]) -> ir.DateValue:
        """See ``Engine``."""
        return charge["BillingPeriodStart"].date()

    def mark(self, columns: Sequence[ir.Value]) -> ir.IntegerValue:
        """See ``Engine``."""
        return salted_hash(columns)

    def fetch(self, expression: ir.Table) -> pa.Table:
        """See ``Engine``."""
        return fetch(self.con, compiled(expression))

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """See ``Engine``."""
        keep(self.con, name, compiled(expression))
        return ibis.table(expression.schema(), name=name)

    def close(self) -> None:
        """See ``Engine``."""
        self.con.disconnect()


def salted_hash(columns: Sequence[ir.Value]) -> ir.IntegerValue:
    """A 64-bit hash of a row's columns, comparable to others of the same connection.

    DuckDB hashes eight bytes after the other, and has one hash for texts that differ only at the ends of
    two of them. Moved by two and by four, the same texts differ elsewhere; and as nobody knows by what,
    nobody can make up one that is taken for another.
    """
    salts = [builtin("getvariable", [ibis.literal(name)], "string") for name in _SALTS]
    moved = [salt + value.cast("string") for value in columns for salt in salts]
    return builtin("hash", [*columns, *moved], "uint64")


def builtin(name: str, arguments: Sequence[ir.Value], kind: str) -> Any:
    """The answer, of type ``kind``, of a function that the engine has and Ibis does not know."""

    return _function(name, tuple(value.type() for value in arguments), kind)(*arguments)


@cache
def _function(name: str, types: tuple[dt.DataType, ...], kind: str) -> Any:
    def known() -> None:
        """Stands for the engine's function."""

    names = (Parameter(f"_{number}", Parameter.POSITIONAL_ONLY) for number in range(len(types)))
    known.__signature__ = Signature([*names])  # type: ignore[attr-defined]
    return ibis.udf.scalar.builtin(known, name=name, signature=(types, kind))


class _Compiler(DuckDBCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis' own, but for what is looked up in every line of a bill."""

    __slots__ = ()

    def visit_MapGet(self, op: Any, *, arg: Any, key: Any, default: Any) -> Any:
        """DuckDB minds null maps and keys itself; to ask before takes half as long again."""
        return self.f.coalesce(self.f.map_extract_value(arg, key), default)


_COMPILER = _Compiler()


def connect() -> Any:
    """An in-process engine of bounded memory. Instants without a zone are UTC."""
    con = ibis.duckdb.connect()
    con.compiler = _COMPILER
    con.raw_sql("SET TimeZone='UTC'")
    for name, length in _SALTS.items():
        con.raw_sql(f"SET VARIABLE {name} = '{token_hex(length)[:length]}'")
    bound(con.con, _MEMORY_LIMIT)
    return con


def bound(con: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    """Let it take that much memory, and go on in a temporary folder."""
    con.execute(f"SET memory_limit='{memory_limit}'")
    # By default it would be the folder that the command was run in.
    con.execute(f"SET temp_directory='{gettempdir()}/duckdb-{token_hex(8)}'")
    con.execute("SET enable_progress_bar=false")


def of_one_schema(paths: Sequence[Path]) -> list[list[Path]]:
    """``paths`` in groups that have the same columns of the same types: the parts of a bill may differ.

    Raises SourceError for a file that cannot be read.
    """
    groups: dict[str, list[Path]] = {}
    for path in paths:
        try:
            schema = pq.read_schema(path)
        except FileNotFoundError:
            raise SourceError(
                f"{path}: this file of the ledger is gone; take it from a backup, or run: costwatch collect"
            ) from None
        except (OSError, pa.ArrowInvalid) as error:
            reason = str(error).splitlines()[0][:200]
            raise SourceError(f"{path}: {reason}; delete it and collect again") from None
        groups.setdefault(str(list(zip(schema.names, schema.types, strict=True))), []).append(path)
    return list(groups.values())


def raw_lines(con: Any, paths: Sequence[Path], *, name: str = "") -> ir.Table:
    """The rows of Parquet files of one schema, as they are, and their ``PLACE``, both numbers from 0.

    name: replaces what was read by it before.
    """
    files = ", ".join("'" + literal(path).replace("'", "''") + "'" for path in paths)
    name = name or ibis.util.gen_name("lines")
    with _explained():
        con.raw_sql(
            f'CREATE OR REPLACE TEMPORARY VIEW "{name}" AS SELECT *, file_index::BIGINT AS "{PLACE[0]}",'
            f' file_row_number AS "{PLACE[1]}" FROM read_parquet([{files}])'
        )
        table = stored(con, name)
    return table.rename({each.lower(): each for each in table.columns if each != each.lower()})


def stored(con: Any, name: str) -> ir.Table:
    """A table or view of an engine as it is now; what is compiled of one serves all that are alike."""
    return ibis.table(con.get_schema(name), name=name)


def literal(path: Path) -> str:
    """The path as the engine takes it for itself, and not for a pattern that other files fit, too."""
    return escape(str(path))


def small_table(
    con: Any, name: str, rows: Iterable[Sequence[str | int | float]], columns: Mapping[str, pa.DataType]
) -> ir.Table:
    """A temporary table of rows of ours, for joining with lines; it replaces one of that name."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(column, kind) for column, kind in zip(values, columns.values(), strict=True)]
    return take(con, name, pa.table(arrays, names=list(columns)))


def take(con: Any, name: str, rows: pa.Table) -> ir.Table:
    """``rows`` as a temporary table, which replaces one of that name. Raises LedgerError."""
    with _explained():
        con.con.register(_TAKEN, rows)
        con.raw_sql(f'CREATE OR REPLACE TEMPORARY TABLE "{name}" AS FROM {_TAKEN}')
        con.con.unregister(_TAKEN)
    return stored(con, name)


def compiled(expression: ir.Table) -> str:
    """The expression as SQL whose columns have the types Ibis says (DuckDB widens the sum of integers)."""
    return _sql(expression.op())


@lru_cache(_COMPILED_KEPT)
def _sql(operation: Any) -> str:
    expression = operation.to_expr()
    columns = ", ".join(
        f'"{name}"::{_COMPILER.type_mapper.to_string(kind)} AS "{name}"'
        for name, kind in expression.schema().items()
    )
    query = _COMPILER.to_sqlglot(expression).sql(dialect=_COMPILER.dialect, copy=False)
    return f"SELECT {columns} FROM ({query})"


def keep(con: Any, name: str, sql: str) -> None:
    """Store the answer of compiled SQL as a temporary table, which replaces one of that name.

    Raises LedgerError.
    """
    with _explained():
        con.raw_sql(f'CREATE OR REPLACE TEMPORARY TABLE "{name}" AS {sql}')


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise LedgerError(str(error).splitlines()[0][:200]) from error


def fetch(con: Any, sql: str) -> pa.Table:
    """The answer of compiled SQL. Raises LedgerError."""
    with _explained():
        return con.con.sql(sql).to_arrow_table()


def fetch_batches(con: Any, sql: str) -> Iterator[pa.RecordBatch]:
    """The same piece by piece; until the last one is read, ``con`` can be asked nothing else.

    Raises CostwatchError.
    """
    with _explained():
        try:
            yield from con.con.sql(sql).to_arrow_reader(_ROWS_AT_ONCE)
        except OSError as error:  # what pyarrow makes of the engine's own
            reason = str(error).splitlines()[0][:200]
            raise CostwatchError(
                f"engine {IN_PROCESS}: {reason}; free memory or space in {gettempdir()} and run it again"
            ) from None


def write(con: Any, sql: str, target: Path, rows_of_a_part: int = _ROWS_OF_A_PART) -> int:
    """Write the answer of compiled SQL as CSV or Parquet, as the name ends; the number of its rows.

    rows_of_a_part: in Parquet, how many are read together. Raises OSError, LedgerError.
    """
    packed = ", COMPRESSION gzip" if ".gz" in target.suffixes else ""
    parquet = f"parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows_of_a_part}"
    form = "csv, HEADER" + packed if ".csv" in target.suffixes else parquet
    name = str(target).replace("'", "''")
    with _explained():
        try:
            answer = con.con.execute(f"COPY ({sql}) TO '{name}' (FORMAT {form})").fetchone()
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0][:200]) from None
    return int(answer[0])
