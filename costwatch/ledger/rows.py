"""Answers of an engine as rows of Python's own values."""

from typing import Any

import pyarrow as pa


def rows_of(answer: pa.Table) -> list[tuple[Any, ...]]:
    """Equal texts of a column are one object: rows are many, their names few."""
    return list(zip(*map(_values, answer.columns), strict=True))


def _values(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_string(column.type):
        values: list[Any] = column.to_pylist()
        return values
    encoded = column.combine_chunks().dictionary_encode()
    texts = [*encoded.dictionary.to_pylist(), None]
    return [texts[number] for number in encoded.indices.fill_null(-1).to_pylist()]
