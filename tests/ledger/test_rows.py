"""Answers of an engine as rows."""

import pyarrow as pa

from costwatch.ledger.rows import rows_of


def test_rows_have_the_values_of_all_columns() -> None:
    text = pa.chunked_array([["one", None], ["one"]], pa.string())
    answer = pa.table({"text": text, "number": [1, 2, None]})

    assert rows_of(answer) == [("one", 1), (None, 2), ("one", None)]


def test_equal_texts_of_a_column_are_one_object() -> None:
    (first,), (second,) = rows_of(pa.table({"text": ["a text", "a text"]}))

    assert first is second


def test_an_answer_without_rows_has_none() -> None:
    assert rows_of(pa.table({"text": pa.array([], pa.string())})) == []
