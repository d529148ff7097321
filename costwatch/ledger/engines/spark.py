"""Spark: a cluster that reads the lines of a bill too large for one machine.

Its workers read the ledger's files themselves, under the same path. What is not set here is taken from
Spark's own ``spark-defaults.conf`` (in the folder that ``SPARK_CONF_DIR`` names): memory, cores, keys.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, functions
from pyspark.sql.types import MapType, StructField, StructType

from costwatch.errors import CostwatchError
from costwatch.ledger.engines.address import IN_PROCESS
from costwatch.ledger.engines.duckdb import builtin, connect, take
from costwatch.ledger.engines.engine import PLACE
from costwatch.ledger.engines.spark_driver import Driver
from costwatch.ledger.formats.contract import COSTS, INSTANTS
from costwatch.ledger.nano import is_exact

# Columns that a bill may deliver as JSON text or as structs, in lower case.
_MAPS = ("tags", "x_costcategories", "resource_tags", "cost_category", "product")

_FILE_NAME = "costwatch: file name"  # as ``PLACE``: no bill has such a column

_ESCAPES = {r"\a": r"\u0007", r"\f": r"\u000c", r"\v": r"\u000b"}

_UNREADABLE = "a line has an instant that is not ISO 8601 with seconds, or a cost that is no plain number"


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.date))  # type: ignore[untyped-decorator]
def raise_error(message: Any) -> Any:
    """Spark's own function: the whole answer fails."""


class Spark:
    """The engine of a Spark master. See ``engine.Engine``."""

    def __init__(self, url: str) -> None:
        """Raises EngineError where Spark does not start, or its master gives no worker."""
        self.url = url
        self._driver = Driver(url)
        self.con = connect()
        self._ibis = self._driver.ibis()
        self._kept: dict[str, DataFrame] = {}

    def lines(self, paths: Sequence[Path], name: str = "lines") -> ir.Table:
        """See ``engine.Engine``."""
        nanosecond = _in_nanoseconds(paths[0])
        with self._explained():
            frame = self._driver.session.read.parquet(*(_literal(path) for path in paths))
            columns = [_column(field, field.name in nanosecond) for field in frame.schema]
            place = frame.metadataColumn("_metadata")
            told = [place["file_name"].alias(_FILE_NAME), place["row_index"].alias(PLACE[1])]
            numbered = functions.broadcast(self._numbers(paths))
            located = frame.select(*columns, *told).join(numbered, _FILE_NAME).drop(_FILE_NAME)
            located.createOrReplaceTempView(name)
            return self._ibis.table(name)

    def _numbers(self, paths: Sequence[Path]) -> DataFrame:
        """What each file is called by, and its number."""
        known = {path.name: number for number, path in enumerate(paths)}
        rows = ", ".join(f"('{name}', {number}L)" for name, number in known.items())
        return self._driver.session.sql(f"SELECT * FROM VALUES {rows} AS (`{_FILE_NAME}`, `{PLACE[0]}`)")

    def period_of(self, charge: Mapping[str, ir.Value]) -> ir.DateValue:
        """See ``engine.Engine``."""
        instants = [charge[column].notnull() for column in INSTANTS]
        readable = reduce(and_, instants + [is_exact(charge[column]) for column in COSTS])
        return ibis.ifelse(readable, charge["BillingPeriodStart"].date(), raise_error(_UNREADABLE))

    def mark(self, columns: Sequence[ir.Value]) -> ir.IntegerValue:
        """See ``engine.Engine``. Spark passes over null, so that it must be told where one stands."""
        return builtin("xxhash64", [value.cast("string").fill_null("\0") for value in columns], "int64")

    def fetch(self, expression: ir.Table) -> pa.Table:
        """See ``engine.Engine``."""
        with self._explained():
            answer = self._driver.session.sql(_spelt(self._ibis.compile(expression))).toArrow()
        return answer.cast(expression.schema().to_pyarrow())

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """See ``engine.Engine``: on the cluster, too, so that nothing is computed twice."""
        with self._explained():
            frame = self._driver.session.sql(_spelt(self._ibis.compile(expression))).persist()
            if earlier := self._kept.get(name):
                earlier.unpersist()
            self._kept[name] = frame
            answer = frame.toArrow().cast(expression.schema().to_pyarrow())
            frame.createOrReplaceTempView(name)
            kept = self._ibis.table(name)
        take(self.con, name, answer)
        return kept

    def close(self) -> None:
        """See ``engine.Engine``: the application leaves the cluster, and Java ends."""
        self.con.disconnect()
        self._driver.stop()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (PySparkException, Py4JError, OSError) as error:
            raise CostwatchError(f"engine {self.url}: {_reason(error)}") from None


def _literal(path: Path) -> str:
    """A path in which no character stands for others."""
    return "file://" + re.sub(r"([\\{}\[\]*?])", r"\\\1", str(path.absolute()))


def _in_nanoseconds(path: Path) -> frozenset[str]:
    """The columns of instants that Spark can only read as integers."""
    instants = (field for field in pq.read_schema(path) if pa.types.is_timestamp(field.type))
    return frozenset(field.name for field in instants if field.type.unit == "ns")


def _column(field: StructField, is_nanoseconds: bool) -> Column:
    """A column of a file by its lower-case name: instants as such, maps whatever they came as."""
    quoted = "`" + field.name.replace("`", "``") + "`"
    name = field.name.lower()
    value = functions.expr(f"timestamp_micros({quoted} div 1000)" if is_nanoseconds else quoted)
    if isinstance(field.dataType, StructType):
        value = functions.to_json(value)
    if name in _MAPS and not isinstance(field.dataType, MapType):
        value = functions.from_json(value.cast("string"), "map<string,string>")
    return value.alias(name)


def _spelt(sql: str) -> str:
    """SQL whose texts are what was meant: Ibis writes white space in escapes that Spark takes for letters."""
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[0], escape[0]), sql)


def _reason(error: Exception) -> str:
    """What Spark says, on one line, and what to do."""
    if _UNREADABLE in str(error):
        return f"{_UNREADABLE}; export it again so, or let engine: {IN_PROCESS} read it"
    condition = re.search(r"\[[A-Z_.]+\] .*", str(error))
    said = condition[0] if condition else str(error).strip().splitlines()[0]
    if "FILE_NOT_EXIST" in said:
        return f"{said[:300]}; keep the ledger in a folder that every worker sees under the same path"
    return f"{said[:300]}; look for the reason in the master's pages"
