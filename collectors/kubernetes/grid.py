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
    def of(
        cls, series: Sequence[AnySeries], by: Sequence[str], steps: Steps, cluster_label: str, cluster: str
    ) -> "Grid":
        """A row for each set of values of the labels ``by``, the highest where several series have it.

        cluster: of series that do not say.
        """
        rows: dict[tuple[str, ...], Array] = {}
        for each in series:
            found = each.labels
            key = (found.get(cluster_label) or cluster, *(found.get(name, "") for name in by))
            row = steps.row(each)
            rows[key] = np.fmax(rows[key], row) if key in rows else row
        names = ("cluster", *by)
        labels = [dict(zip(names, key, strict=True)) for key in rows]
        return cls(labels, np.array(list(rows.values())).reshape(len(rows), steps.count))

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


def summed(rows: Sequence[Array]) -> Array:
    """Of one row for all, where any is known."""
    return added(np.stack(rows, axis=-1))


def added(values: Array) -> Array:
    """Along the last axis, of what is known; NaN where nothing is."""
    total: Array = np.where(np.isnan(values).all(axis=-1), np.nan, np.nansum(values, axis=-1))
    return total


def carried(values: Array) -> Array:
    """Each row with the last known value where nothing is known, and the first one before that."""
    return _filled(_filled(values)[:, ::-1])[:, ::-1]


def _filled(values: Array) -> Array:
    if not values.size:
        return values
    known = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    return np.take_along_axis(values, np.maximum.accumulate(known, axis=1), axis=1)
