"""Series on a grid of steps: a row each, NaN where nothing is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Labels = Mapping[str, str]


class AnySeries(Protocol):
    """What Prometheus answers: labels, Unix seconds, values (NaN: unknown)."""

    @property
    def labels(self) -> Labels:
        """As the server gives them."""
        ...

    @property
    def times(self) -> Array:
        """Unix seconds, rising."""
        ...

    @property
    def values(self) -> Array:
        """As many."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """Half-open steps of ``seconds`` each, ``count`` of them from ``start`` (Unix seconds, UTC)."""

    start: float
    count: int
    seconds: float = 300.0

    @property
    def begins(self) -> Array:
        """When each begins."""
        return self.start + self.seconds * np.arange(self.count, dtype=np.float64)

    @property
    def ends(self) -> Array:
        """When each ends."""
        return self.begins + self.seconds

    def row(self, series: AnySeries) -> Array:
        """Its values, each in the step that it was seen in."""
        row = np.full(self.count, np.nan)
        at = np.floor((np.asarray(series.times) - self.start) / self.seconds).astype(np.int64)
        inside = (at >= 0) & (at < self.count)
        row[at[inside]] = np.asarray(series.values)[inside]
        return row


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one question: ``labels`` of each, among them ``cluster``; ``values`` by row and step."""

    labels: Sequence[Labels]
    values: Array

    @classmethod
    def of(cls, series: Sequence[AnySeries], steps: Steps, cluster_label: str, cluster: str) -> "Grid":
        """cluster: of series that do not say."""
        labels = [{**each.labels, "cluster": each.labels.get(cluster_label) or cluster} for each in series]
        rows = [steps.row(each) for each in series]
        return cls(labels, np.array(rows).reshape(len(rows), steps.count))

    @property
    def is_seen(self) -> Mask:
        """Where something is known."""
        return ~np.isnan(self.values)


def merged(rows: Sequence[tuple[int, Array]], count: int, steps: int) -> Array:
    """``count`` rows: of those with the same number the highest value that is known."""
    values = np.full((count, steps), np.nan)
    for number, row in rows:
        np.fmax(values[number], row, out=values[number])
    return values


def carried(values: Array) -> Array:
    """Each row with the last known value where nothing is known, and the first one before that."""
    return _filled(_filled(values)[:, ::-1])[:, ::-1]


def _filled(values: Array) -> Array:
    if not values.size:
        return values
    known = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    return np.take_along_axis(values, np.maximum.accumulate(known, axis=1), axis=1)
