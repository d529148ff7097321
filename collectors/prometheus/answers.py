"""What Prometheus answers, as arrays.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series. times: seconds since 1970 in UTC, rising. values: as many; NaN where unknown.

    Where Prometheus has no sample there is no element, so times may have holes. NaN and the infinities
    of an answer are unknown.
    """

    labels: Mapping[str, str]
    times: "Floats"
    values: "Floats"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """``warnings``: what the server itself says it lacks; where there are any, the answer is partial."""

    series: Sequence[Series]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The answer to one request.

    metrics: the labels of each series as JSON. lengths: how many samples each has. times, values: those of
    all series, one after the other, as the server gave them.
    """

    metrics: Sequence[bytes]
    lengths: Sequence[int]
    times: "Floats"
    values: "Floats"
    warnings: tuple[str, ...]

    def pieces(self) -> Iterator[tuple[bytes, "Floats", "Floats"]]:
        """Metric, times and values of each series."""
        start = 0
        for metric, length in zip(self.metrics, self.lengths, strict=True):
            yield metric, self.times[start : start + length], self.values[start : start + length]
            start += length


class StatusError(Exception):
    """The body says ``"status": "error"``; kind and text are the server's."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text


def parsed(body: bytes) -> Part:
    """The result of a query, its labels still unread. Raises StatusError, and ValueError where it is none."""
    with suppress(*_NOT_OF_THAT_FORM):
        if part := _compact(body):
            return part
    try:
        return _plain(json.loads(body))
    except _NOT_OF_THAT_FORM:
        raise ValueError("no result of a query") from None


_NOT_OF_THAT_FORM = (KeyError, TypeError, AttributeError, ValueError, RecursionError)


def joined(parts: Iterable[Part]) -> list[Series]:
    """The series of parts that follow each other in time; a sample that the part before had is left out.

    Raises ValueError where labels are none.
    """
    import numpy as np

    found: dict[tuple[tuple[str, str], ...], list[tuple[Floats, Floats]]] = {}
    for part in parts:
        for metric, times, values in part.pieces():
            found.setdefault(_labels(metric), []).append((times, values))
    series = []
    for labels, pieces in found.items():
        times, values = pieces[0]
        if len(pieces) > 1:
            times, values = (np.concatenate(each) for each in zip(*pieces, strict=True))
        if len(times) > 1 and not (times[1:] > times[:-1]).all():
            times, order = np.unique(times, return_index=True)
            values = values[order]
        series.append(Series(dict(labels), times, values))
    return series


@lru_cache(20_000)  # the same series answer each day
def _labels(metric: bytes) -> tuple[tuple[str, str], ...]:
    labels = json.loads(metric)
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError("labels are texts by name")
    return tuple(sorted(labels.items()))


# Matrices are large, and nearly all of them are samples. These bytes cannot stand inside a JSON text,
# where each quotation mark has a backslash before it: so they can be cut by them, and numbers go to Arrow.
_SAMPLES, _METRIC, _NEXT = b',"values":[[', b'{"metric":', b'},{"metric":'


def _compact(body: bytes) -> Part | None:
    """A matrix without blanks, as servers write it; None where it is anything else.

    It takes a fifth of the CPU time of ``json.loads`` and float() on each value.
    """
    head, *rest = body.split(_SAMPLES)
    opening, found, first = head.partition(_METRIC)
    if not rest or not found:
        return None
    metrics, samples = [first], []
    for text in rest[:-1]:
        numbers, _, after = text.partition(b"]]")
        if not after.startswith(_NEXT):
            return None
        samples.append(numbers)
        metrics.append(after[len(_NEXT) :])
    numbers, _, closing = rest[-1].partition(b"]]")
    samples.append(numbers)
    if not closing.startswith(b"}]"):
        return None
    document = json.loads(opening + closing[1:])
    if _data(document)["resultType"] != "matrix":
        return None
    times, values = _numbers(samples)
    lengths = [numbers.count(b"[") + 1 for numbers in samples]
    if sum(lengths) != len(times):
        return None
    return Part(metrics, lengths, times, values, _warnings(document))


def _numbers(samples: Sequence[bytes]) -> tuple["Floats", "Floats"]:
    """Times and values of texts like ``1.5,"2"],[2.5,"NaN"``; raises ValueError."""
    import pyarrow as pa
    from pyarrow import csv

    lines = b"],[".join(samples).replace(b"],[", b"\n").translate(None, b'"')
    table = csv.read_csv(
        pa.BufferReader(lines),
        read_options=csv.ReadOptions(column_names=["time", "value"], use_threads=False),
        parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types={"time": pa.float64(), "value": pa.float64()}, null_values=[]
        ),
    )
    return table["time"].to_numpy(), _known(table["value"].to_numpy())


def _plain(document: Any) -> Part:
    """A vector, a scalar, or a matrix in any spelling."""
    import numpy as np

    data = _data(document)
    result = data["result"]
    if data["resultType"] == "scalar":
        result = [{"metric": {}, "value": result}]
    elif data["resultType"] not in ("matrix", "vector"):
        raise ValueError(f"a result of type {data['resultType']}")
    samples = [each["values"] if "values" in each else [each["value"]] for each in result]
    pairs = [(float(time), float(value)) for each in samples for time, value in each]
    times, values = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    metrics = [json.dumps(each["metric"]).encode() for each in result]
    return Part(metrics, [len(each) for each in samples], times, _known(values), _warnings(document))


def _known(values: "Floats") -> "Floats":
    import numpy as np

    return np.where(np.isfinite(values), values, np.nan)


def _data(document: Any) -> Any:
    if document["status"] == "error":
        raise StatusError(str(document.get("errorType", "")), str(document.get("error", "")))
    return document["data"]


def _warnings(document: Any) -> tuple[str, ...]:
    warnings = tuple(str(text) for text in document.get("warnings") or ())
    # VictoriaMetrics says so in a field of its own: https://docs.victoriametrics.com/cluster-victoriametrics/
    return (*warnings, "the answer is partial") if document.get("isPartial") else warnings
