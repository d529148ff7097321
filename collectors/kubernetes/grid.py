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

    def rows(self, series: Sequence[AnySeries]) -> Array:
        """A row for each, its values in the steps that they were seen in."""
        rows = np.full((len(series), self.count), np.nan)
        if not len(series):
            return rows
        times, values = (
            np.concatenate(each) for each in zip(*((s.times, s.values) for s in series), strict=True)
        )
        numbers = np.repeat(np.arange(len(series)), [len(each.times) for each in series])
        at = np.floor((times - self.start) / self.seconds).astype(np.int64)
        inside = (at >= 0) & (at < self.count)
        rows[numbers[inside], at[inside]] = values[inside]
        return rows


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
        numbers: dict[tuple[str, ...], int] = {}
        of = []
        for each in series:
            found = each.labels
            key = (found.get(cluster_label) or cluster, *(found.get(name, "") for name in by))
            of.append(numbers.setdefault(key, len(numbers)))
        rows = steps.rows(series)
        if len(numbers) < len(rows):
            rows = merged(list(zip(of, rows, strict=True)), len(numbers), steps.count)
        names = ("cluster", *by)
        return cls([dict(zip(names, key, strict=True)) for key in numbers], rows)

    @property
    def is_seen(self) -> Mask:
        """Where something is known."""
        return ~np.isnan(self.values)


NOTHING = Grid([], np.empty((0, 1)))

_UNITS = {
    prefix + unit: factor
    for unit in ("core", "byte")
    for prefix, factor in {
        "milli": 1e-3,
        "kilo": 1e3,
        "mega": 1e6,
        "giga": 1e9,
        "kibi": 2.0**10,
        "mebi": 2.0**20,
        "gibi": 2.0**30,
    }.items()
} | {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}


def in_base_units(grid: Grid) -> Grid:
    """In cores and bytes, where ``unit`` says another one, such as ``mebibyte`` or ``millicore``."""
    factors = [_UNITS.get(labels.get("unit", "").lower().removesuffix("s"), 1.0) for labels in grid.labels]
    return Grid(grid.labels, grid.values * np.array(factors).reshape(len(factors), 1))


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
