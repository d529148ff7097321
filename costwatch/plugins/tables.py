"""The door for tables that collectors bring themselves: what they are called and hold, and where they lie."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "integer", "real", "decimal", "instant", "day"]

WINDOW_COLUMNS = ("source", "window_start", "window_end")  # stand before the declared ones, wherever it lies
_TYPES = get_args(ColumnType)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a collector fills, window by window. Raises ValueError for a name it cannot have.

    name: small letters, digits and ``_``. In the warehouse it is the table ``x_<name>``.
    columns: name -> type, in their order. Each may be null: unknown. The first columns of the stored table,
    ``source``, ``window_start`` and ``window_end``, are costwatch's.
    store: ``warehouse`` for what is small and read row by row (SQLite); ``ledger`` for what is large
    (Parquet).

    ========= =============================== =========== =================
    type      Arrow                           warehouse   ledger
    ========= =============================== =========== =================
    text      string                          TEXT        string
    integer   integers up to 64 bits          INTEGER     int64
    real      floats (finite) and integers    REAL        float64
    decimal   decimals and integers, with 20  TEXT        decimal128(38,18)
              digits before and 18 after the
              point; the type for money
    instant   timestamps with a time zone     TEXT, UTC,  timestamp[us] UTC
                                              to seconds
    day       dates                           INTEGER     date32
                                              yyyymmdd
    ========= =============================== =========== =================
    """

    name: str
    columns: Mapping[str, ColumnType]
    store: Literal["warehouse", "ledger"] = "warehouse"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"table '{self.name}': write its name in small letters, digits and '_'")
        if not self.columns or self.store not in ("warehouse", "ledger"):
            raise ValueError(f"table '{self.name}': has columns, and lies in the warehouse or in the ledger")
        seen = set(WINDOW_COLUMNS)
        for column, kind in self.columns.items():
            if not _COLUMN.fullmatch(column) or column.lower() in seen or kind not in _TYPES:
                raise ValueError(
                    f"table '{self.name}': column '{column}' cannot be called so, is there twice, or is not "
                    f"one of {', '.join(_TYPES)}"
                )
            seen.add(column.lower())

    def schema(self) -> "pa.Schema":
        """The declared columns as Arrow types, as ``fitted`` gives them."""
        import pyarrow as pa

        return pa.schema([(column, _kinds()[kind].arrow) for column, kind in self.columns.items()])

    def fitted(self, part: "pa.RecordBatch") -> "pa.RecordBatch":
        """``part`` in the order and the types of ``schema``; no value is rounded or cut.

        Raises ValueError, naming the column, for other columns and for values that do not fit.
        """
        import pyarrow as pa

        if not isinstance(part, pa.RecordBatch):
            raise ValueError(f"read gives Arrow record batches, not {type(part).__name__}")
        if odd := _odd_column(self.columns, part.schema.names):
            raise ValueError(odd)
        columns = [_cast(part.column(name), name, kind) for name, kind in self.columns.items()]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema())


def _odd_column(declared: Iterable[str], found: list[str]) -> str:
    """What is wrong with the names of the columns; '' where nothing is."""
    for name in declared:
        if (times := found.count(name)) != 1:
            return f"column '{name}' is {'there twice' if times else 'missing'}"
    return next((f"column '{name}' is not declared" for name in found if name not in set(declared)), "")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of column: the Arrow type it is stored as, and the ones it is taken from."""

    arrow: Any
    accepts: tuple[Any, ...]


@cache
def _kinds() -> Mapping[str, _Kind]:
    import pyarrow as pa
    from pyarrow import types

    def is_instant(found: pa.DataType) -> bool:
        return bool(types.is_timestamp(found) and found.tz)

    texts = (types.is_string, types.is_large_string, types.is_string_view)
    return {
        "text": _Kind(pa.string(), texts),
        "integer": _Kind(pa.int64(), (types.is_integer,)),
        "real": _Kind(pa.float64(), (types.is_floating, types.is_integer)),
        "decimal": _Kind(pa.decimal128(38, 18), (types.is_decimal, types.is_integer)),
        "instant": _Kind(pa.timestamp("us", "UTC"), (is_instant,)),
        "day": _Kind(pa.date32(), (types.is_date,)),
    }


def _cast(values: "pa.Array", name: str, kind: str) -> "pa.Array":
    import pyarrow as pa

    found = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (pa.types.is_null(found) or any(accepts(found) for accepts in _kinds()[kind].accepts)):
        raise ValueError(f"column '{name}' is {found}, not {kind}")
    try:
        values.validate(full=True)
        cast = values.cast(_kinds()[kind].arrow)
    except pa.ArrowException:
        raise ValueError(f"column '{name}' holds a value that does not fit {kind}") from None
    if not _is_within(cast, kind):
        raise ValueError(f"column '{name}' holds a value that does not fit {kind}")
    return cast


def _is_within(values: "pa.Array", kind: str) -> bool:
    """Arrow has numbers that are none, and times that no calendar has."""
    import pyarrow.compute as pc

    if kind == "real":
        return bool(pc.all(pc.is_finite(values)).as_py() is not False)
    if kind in ("instant", "day"):
        years = pc.min_max(pc.year(values)).as_py()
        return years["min"] is None or (years["min"] >= 1000 and years["max"] <= 9999)
    return True
