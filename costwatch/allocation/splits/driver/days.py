"""Days of one measure as columns: what was measured of each combination of labels, and of which days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from costwatch.allocation.clusters.parts import Numbers, numbers, ordinals
from costwatch.plugins import tags_of

_LARGE = 1e100  # sums of what is larger, and shares of it, might be no number any more
_LARGEST = 1e290
_LEAST_COVERAGE = 1e-6


@dataclass(frozen=True)
class MeasureDays:
    """A row is what a source measured on a day of a combination of labels.

    labels: each combination once; of: which of them a row has. day: as ``date.toordinal`` counts. value: as
    it was measured, 0 where it is unknown or below; weight: of the whole day, 0 on days that are not used.
    unit, source: which of ``units`` and ``sources``. days: those that there are, ascending; coverage: the
    share of each that all its sources measured.
    """

    labels: Sequence[Mapping[str, str]]
    of: Numbers
    day: Numbers
    value: Numbers
    weight: Numbers
    units: Sequence[str]
    unit: Numbers
    sources: Sequence[str]
    source: Numbers
    days: Numbers
    coverage: Numbers

    @classmethod
    def named(
        cls, rows: pa.Table, measure: str, sources: Sequence[str], min_coverage: float
    ) -> "MeasureDays":
        """Of the rows of ``measure_days`` those of one measure, and of these sources, or of all."""
        if rows.num_rows:
            rows = rows.filter(pc.equal(rows["measure"], measure))
        if sources and rows.num_rows:
            rows = rows.filter(pc.is_in(rows["source"], pa.array(sources, pa.string())))
        if not rows.num_rows:
            none = np.empty(0, "int64")
            nothing = np.empty(0)
            return cls((), none, none, nothing, nothing, (), none, (), none, none, nothing)
        (texts, of), (units, unit), (names, source) = (
            _encoded(rows, column) for column in ("labels", "unit", "source")
        )
        day, value = ordinals(rows), np.clip(np.nan_to_num(numbers(rows, "value")), 0, _LARGEST)
        days, of_day = np.unique(day, return_inverse=True)
        told = np.clip(np.nan_to_num(numbers(rows, "coverage")), 0, 1)
        places, place = np.unique(of_day * len(names) + source, return_inverse=True)
        of_source = np.zeros(len(places))
        np.maximum.at(of_source, place, told)
        coverage = np.ones(len(days))
        np.minimum.at(coverage, places // len(names), of_source)
        is_used = (coverage >= min_coverage) & (coverage > 0)
        tamed = value * (_LARGE / value.max()) if value.max() > _LARGE else value
        weight = np.where(is_used[of_day], tamed / np.maximum(of_source[place], _LEAST_COVERAGE), 0)
        labels = [*map(tags_of, texts)]
        return cls(labels, of, day, value, weight, units, unit, names, source, days, coverage)

    @cached_property
    def keys(self) -> Sequence[str]:
        """The labels that there are."""
        return sorted({key for labels in self.labels for key in labels})

    def values(self, label: str) -> Sequence[str]:
        """The value of a label in each of ``labels``; '' in those that do not have it."""
        return [labels.get(label, "") for labels in self.labels]

    def unused(self, min_coverage: float) -> Sequence[int]:
        """Ordinals of the days that were measured too little."""
        found: list[int] = self.days[(self.coverage < min_coverage) | (self.coverage == 0)].tolist()
        return found

    def of_units(self) -> Sequence[tuple[str, str]]:
        """Each unit that some value has, with one of the sources that say so."""
        is_something = self.value > 0
        pairs = zip(self.unit[is_something].tolist(), self.source[is_something].tolist(), strict=True)
        found = {self.units[unit]: self.sources[source] for unit, source in sorted({*pairs}, reverse=True)}
        return sorted(found.items())


def _encoded(rows: pa.Table, column: str) -> tuple[list[str], Numbers]:
    encoded = pc.fill_null(rows[column].cast(pa.string()), "").combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), np.asarray(encoded.indices.to_numpy(), "int64")
