"""Bodies of answers become arrays: by the short way what the long way gives."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.prometheus.answers import Part, _compact, _plain, joined, parsed

TEXTS = st.text() | st.sampled_from(
    ['"values":[[1,"2"]]', ',"values":[[', '{"metric":', "]]}", '},{"metric":{']
)
NUMBERS = st.floats().map(lambda value: {np.inf: "+Inf", -np.inf: "-Inf"}.get(value, repr(value)))
NUMBERS |= st.sampled_from(["NaN", "1e+06", "-0", "1.5e-320", "12345678901234567890"])
TIMES = st.integers(0, 2**42).map(lambda milliseconds: milliseconds / 1000)
SERIES = st.builds(
    lambda metric, values: {"metric": metric, "values": values},
    st.dictionaries(st.text(), TEXTS, max_size=3),
    st.lists(st.tuples(TIMES, NUMBERS), min_size=1, max_size=5),
)


def matrix(series: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": series}, "warnings": ["w"]}


def assert_same(one: Part, other: Part) -> None:
    assert [json.loads(metric) for metric in one.metrics] == [json.loads(metric) for metric in other.metrics]
    assert list(one.lengths) == list(other.lengths)
    assert np.array_equal(one.times, other.times)
    assert np.array_equal(one.values, other.values, equal_nan=True)
    assert one.warnings == other.warnings


@given(st.lists(SERIES, min_size=1, max_size=4), st.booleans())
def test_the_short_way_gives_what_the_long_way_gives(series: list[dict[str, Any]], is_ascii: bool) -> None:
    body = json.dumps(matrix(series), separators=(",", ":"), ensure_ascii=is_ascii)
    part = _compact(body.encode())
    assert part is not None
    assert_same(part, _plain(json.loads(body)))


@given(st.lists(SERIES, max_size=4))
def test_blanks_do_not_matter(series: list[dict[str, Any]]) -> None:
    document = matrix(series)
    assert_same(parsed(json.dumps(document, indent=1).encode()), _plain(document))


def result(kind: str, text: str) -> bytes:
    return f'{{"status":"success","data":{{"resultType":"{kind}","result":{text}}}}}'.encode()


BROKEN = {
    "nothing": b"",
    "no JSON": b"<html>",
    "a list": b"[]",
    "another status": b'{"status":"fine"}',
    "data that is no result": b'{"status":"success","data":[]}',
    "text": result("string", '[1,"a"]'),
    "a histogram": result("vector", '[{"metric":{},"histogram":[1,{}]}]'),
    "half of it": result("matrix", '[{"metric":{},"values":[[1,"2"],[2,"3"]]}]')[:-20],
    "a value too few": result("matrix", '[{"metric":{},"values":[[1]]}]'),
    "a value too many": result("matrix", '[{"metric":{},"values":[[1,"2",3]]}]'),
    "a value that is null": result("matrix", '[{"metric":{},"values":[[1,null]]}]'),
    "no bytes of text": b"\xff\xfe\x00",
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="no result of a query"):
        parsed(body)


def test_another_order_of_keys_is_read_too() -> None:
    (one, other) = (f'{{"values":[[{time},"2"],[5,"3"]],"metric":{{"a":"{time}"}}}}' for time in (1, 2))
    assert parsed(result("matrix", f"[{one},{other}]")).times.tolist() == [1, 5, 2, 5]


@pytest.mark.parametrize("labels", ["[]", '{"a":1}', '{"a"', "null"])
def test_labels_that_are_none_are_refused(labels: str) -> None:
    with pytest.raises(ValueError, match=r"labels are|Expecting"):
        joined([part((labels, [1], [2]))])


def part(*series: tuple[str, list[float], list[float]]) -> Part:
    times = np.array([time for _, times, _ in series for time in times], dtype=np.float64)
    values = np.array([value for _, _, values in series for value in values], dtype=np.float64)
    return Part([each[0].encode() for each in series], [len(each[1]) for each in series], times, values, ())


def test_parts_are_joined_by_labels_and_a_sample_at_their_edge_counts_once() -> None:
    one, other, same = '{"a":"1","b":"2"}', '{"c":"3"}', '{"b":"2", "a":"1"}'
    found = joined(
        [
            part((one, [0, 1, 2], [10, 11, 12])),
            part((same, [2, 3], [99, 13]), (other, [3], [33])),
            part((one, [3, 4], [99, 14])),
        ]
    )
    assert [(dict(s.labels), s.times.tolist(), s.values.tolist()) for s in found] == [
        ({"a": "1", "b": "2"}, [0, 1, 2, 3, 4], [10, 11, 12, 13, 14]),
        ({"c": "3"}, [3], [33]),
    ]
