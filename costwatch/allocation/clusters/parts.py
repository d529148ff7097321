"""Days of what a cluster has, and whose each is, as columns: a month of a large cluster is 300,000 rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from costwatch.model import Window
from costwatch.plugins import Batches, Span

Numbers: TypeAlias = NDArray[Any]
# identity of a thing -> ordinal of a day -> numbers of its days: a scale set has one of each machine.
Days: TypeAlias = Mapping[str, Mapping[int, Sequence[int]]]
Found: TypeAlias = tuple[Numbers, Numbers, Numbers]  # spans, receivers, weights
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Parts:
    """Day ``n`` has the parts from ``starts[n]`` up to ``starts[n + 1]``: a receiver and a weight each."""

    days: Days
    starts: Numbers
    receiver: Numbers
    weight: Numbers

    @classmethod
    def of(cls, days: Days, count: int, rows: Sequence[tuple[Numbers, Numbers, Numbers]]) -> "Parts":
        """Of ``count`` days. rows: columns of the numbers of days, receivers and weights, in any order."""
        number, receiver, weight = (np.concatenate(column) for column in zip(*rows, strict=True))
        order = np.argsort(number, kind="stable")
        starts = np.searchsorted(number[order], np.arange(count + 1))
        return cls(days, starts, receiver[order], weight[order])

    def paired(
        self, spans: Sequence[Span], name: Callable[[str], str]
    ) -> tuple[list[tuple[int, int]], list[Span]]:
        """Spans with each day of what their lines are of; and the spans that have none.

        name: what a bill's ResourceId is called here.
        """
        pairs: list[tuple[int, int]] = []
        left = []
        for span in spans:
            found = self.numbers(name(span.key[0]), span)
            pairs += [(span.number, number) for number in found]
            if not found:
                left.append(span)
        return pairs, left

    def numbers(self, thing: str, span: Span) -> list[int]:
        """The days of a thing that lie in a span."""
        first, after = span.first.toordinal(), span.after.toordinal()
        of_thing = self.days.get(thing, {})
        if after - first == 1:
            return [*of_thing.get(first, ())]
        return [number for day, found in of_thing.items() if first <= day < after for number in found]

    def weights(self, pairs: Iterable[tuple[int, int]]) -> Found:
        """Spans, receivers and weights. pairs: the number of a span, and of a day that lies in it."""
        span, number = np.array([*pairs], "int64").reshape(-1, 2).T
        counts = self.starts[number + 1] - self.starts[number]
        ends = np.cumsum(counts)
        part = np.arange(counts.sum()) + np.repeat(self.starts[number] - (ends - counts), counts)
        return np.repeat(span, counts), self.receiver[part], self.weight[part]


class Answer:
    """Numbers for pairs of a team (or residual) and AllocatedTags, and the answer of a split by them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, team: str, allocated_tags: str = "") -> int:
        """Of a team and what is told of its part, as ``plugins.tags_text`` writes it."""
        return self._numbers.setdefault((team, allocated_tags), len(self._numbers))

    @property
    def teams(self) -> list[str]:
        """The team of each number."""
        return [team for team, _ in self._numbers]

    def weights(self, found: Sequence[Found]) -> pa.Table:
        """The answer: ``plugins.Weight``'s fields."""
        span, receiver, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        named = [*zip(*self._numbers, strict=True)] or [(), ()]
        teams, tags = (pa.array(texts, pa.string()) for texts in named)
        numbers = pa.array(receiver, pa.int64())
        columns = {
            "span": pa.array(span, pa.int64()),
            "team": teams.take(numbers),
            "weight": pa.array(weight, pa.float64()),
            "allocated_tags": pa.DictionaryArray.from_arrays(numbers, tags),
        }
        return pa.table(columns)


def by_day(things: Iterable[Iterable[str]], days: Numbers) -> Days:
    """``Days`` of rows. things: what each row may be called."""
    found: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, (names, day) in enumerate(zip(things, days.tolist(), strict=True)):
        for name in names:
            found[name][day].append(number)
    return found


def rows_of(
    batches: Batches,
    table: str,
    window: Window,
    sources: Sequence[str],
    clusters: Sequence[str],
    columns: Sequence[str] = (),
) -> pa.Table | None:
    """What was collected of these sources and clusters, or of all where none is named; None: nothing."""
    if not batches.versions(table, window):
        return None
    rows = batches.rows(table, window, columns)
    for column, wanted in (("source", sources), ("cluster", clusters)):
        if wanted and rows.num_rows:
            rows = rows.filter(pc.is_in(rows[column], pa.array(wanted, pa.string())))
    return rows if rows.num_rows else None


def ordinals(rows: pa.Table) -> Numbers:
    """The column ``day``, as ``date.toordinal`` counts."""
    return np.asarray(rows["day"].cast(pa.date32()).cast(pa.int32()).to_numpy(), "int64") + _EPOCH


def numbers(rows: pa.Table, column: str) -> Numbers:
    """A column as floats; NaN where it is unknown."""
    if column not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(rows[column].cast(pa.float64()).to_numpy(), "float64")


def texts(rows: pa.Table, *columns: str) -> pa.Array:
    """Columns as one text each row, which tells rows apart as they do."""
    told = [pc.fill_null(rows[column].cast(pa.string()), "") for column in columns]
    return pc.binary_join_element_wise(*told, "\x1f").combine_chunks()
