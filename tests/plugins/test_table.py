"""A declared table: what it may be called, and which Arrow values fit which type."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pyarrow as pa
import pytest

from costwatch.plugins import ColumnType, Table

ANY = Table("any", {"a": "text"})
INSTANT = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("Power", {"a": "text"}),
        ("power; DROP TABLE load", {"a": "text"}),
        ("", {"a": "text"}),
        ("p" * 61, {"a": "text"}),
        ("power", {}),
        ("power", {'a"': "text"}),
        ("power", {"a": "text", "A": "text"}),
        ("power", {"Window_Start": "instant"}),
        ("power", {"a": "varchar"}),
    ],
    ids=[
        "capitals",
        "SQL",
        "nothing",
        "too long",
        "no column",
        "a quote in a column",
        "a column twice, as SQLite compares",
        "a column of ours",
        "a type that is none",
    ],
)
def test_a_table_is_not_declared_with(name: str, columns: Any) -> None:
    with pytest.raises(ValueError, match=r"^table '"):
        Table(name, columns)


FITTING = {
    "text": [pa.array(["é"]), pa.array(["é"], pa.large_string()), pa.array(["é"]).dictionary_encode()],
    "integer": [pa.array([7], pa.int8()), pa.array([7], pa.uint64())],
    "real": [pa.array([0.5], pa.float32()), pa.array([7])],
    "decimal": [pa.array([Decimal("0.5")]), pa.array([7]), pa.array([Decimal("1e10")], pa.decimal256(76, 0))],
    "instant": [pa.array([INSTANT]), pa.array([INSTANT], pa.timestamp("ns", "Europe/Berlin"))],
    "day": [pa.array([date(2026, 11, 3)]), pa.array([date(2026, 11, 3)], pa.date64())],
}


@pytest.mark.parametrize("kind", get_args(ColumnType))
def test_values_that_fit_keep_their_value(kind: ColumnType) -> None:
    table = Table("any", {"a": kind})
    for values in [*FITTING[kind], pa.nulls(1)]:
        (fitted,) = table.fitted(pa.record_batch({"a": values})).columns
        assert (fitted.type, fitted.to_pylist()) == (table.schema().field("a").type, values.to_pylist())


MISFITS: dict[str, tuple[ColumnType, pa.Array]] = {
    "a number as text": ("text", pa.array([7])),
    "bytes as text": ("text", pa.array([b"a"])),
    "letters that are none": ("text", pa.array([b"\xff"]).view(pa.string())),
    "a truth as integer": ("integer", pa.array([True])),
    "more than 64 bits": ("integer", pa.array([2**63], pa.uint64())),
    "a decimal as integer": ("integer", pa.array([Decimal(7)])),
    "no number": ("real", pa.array([math.nan])),
    "endless": ("real", pa.array([1.0, None, math.inf])),
    "an integer that a float would round": ("real", pa.array([2**53 + 1])),
    "a float as decimal": ("decimal", pa.array([0.5])),
    "19 digits after the point": ("decimal", pa.array([Decimal("1e-19")])),
    "21 digits before the point": ("decimal", pa.array([Decimal(10**20)])),
    "a time without a zone": ("instant", pa.array([INSTANT.replace(tzinfo=None)])),
    "a time after the last year": ("instant", pa.array([2**60], pa.timestamp("us", "UTC"))),
    "a time as a day": ("day", pa.array([INSTANT])),
    "a day after the last year": ("day", pa.array([2**30], pa.date32())),
}


@pytest.mark.parametrize(("kind", "values"), MISFITS.values(), ids=MISFITS)
def test_values_that_do_not_fit_are_refused(kind: ColumnType, values: pa.Array) -> None:
    with pytest.raises(ValueError, match=r"^column 'a' (is .+, not|holds a value that does not fit) "):
        Table("any", {"a": kind}).fitted(pa.record_batch({"a": values}))


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (pa.record_batch({"b": ["x"]}), "column 'a' is missing"),
        (pa.record_batch({"a": ["x"], "b": ["x"]}), "column 'b' is not declared"),
        (pa.RecordBatch.from_arrays([["x"], ["y"]], ["a", "a"]), "column 'a' is there twice"),
        (pa.record_batch({"A": ["x"]}), "column 'a' is missing"),
        ({"a": ["x"]}, "record batches, not dict"),
    ],
    ids=["another column", "one more", "one twice", "other letters", "no Arrow"],
)
def test_other_columns_are_refused(part: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ANY.fitted(part)


def test_columns_come_in_their_declared_order() -> None:
    table = Table("any", {"a": "text", "b": "integer"})
    part = pa.record_batch({"b": [1], "a": ["x"]})
    assert table.fitted(part).to_pylist() == [{"a": "x", "b": 1}]
    assert table.fitted(part).schema == table.schema()
