"""Whose the values of a measure are: by its label, on each day."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from costwatch.allocation.clusters.parts import Numbers
from costwatch.allocation.splits.driver.days import MeasureDays
from costwatch.model import Window
from costwatch.model.names import folded
from costwatch.plugins import Weighing
from costwatch.wording import printable, shortened, some_of

if TYPE_CHECKING:
    from costwatch.allocation.splits.driver import DriverPool

TABLE = "measure_days"
_LONGEST = 60
_MANY = 5


class Owned:
    """The days of a pool's measure, up to the last that some span is weighed over, and whose each row is."""

    def __init__(self, pool: "DriverPool", asked: Weighing) -> None:
        self._pool, self._asked = pool, asked
        first, after = asked.period.days
        self.window = Window.of_days(
            min((span.first for span in asked.spans), default=first),
            max((span.after for span in asked.spans), default=after),
        )
        is_there = bool(asked.batches.versions(TABLE, self.window))
        rows = asked.batches.rows(TABLE, self.window) if is_there else pa.table({})
        self.days = MeasureDays.named(rows, pool.driver, pool.sources, pool.min_coverage)
        self._given = {folded(value): team for value, team in pool.owners.items()}
        self._since = sorted({since for claims in asked.names.values() for since, _ in claims} | {date.min})

    @cached_property
    def label(self) -> str | None:
        """The label that names the owner, '' where there are none; None: any of several might."""
        if self._pool.label:
            return self._pool.label
        known = [key for key in self.days.keys if key != self._pool.resource]
        if "team" in known:
            return "team"
        return None if len(known) > 1 else "".join(known)

    @cached_property
    def trouble(self) -> str:
        """Why nothing can be weighed by the measure; '' where all is well."""
        name, units = printable(self._pool.driver), self.days.of_units()
        if len(units) > 1:
            told = " and ".join(f"'{shown(unit)}' (of {shown(source)})" for unit, source in units)
            return f"{name} is measured in {told}, which cannot be added up; let its sources have one unit"
        known = some_of([*map(shown, self.days.keys)], _MANY)
        if self.label is None:
            return f"{name} has the labels {known}; say in 'label' which of them names the owner"
        if known and self.label not in self.days.keys:
            return f"{name} has no label {shown(self.label)}; name one that it has in 'label': {known}"
        return ""

    @cached_property
    def keys(self) -> tuple[Sequence[int], Sequence[str | None], Numbers]:
        """Combinations of labels, by their place in ``days.labels``, their owners, and which each row has.

        None: what belongs to nobody. Claims change on few days: between them an owner is looked up once.
        """
        days, values = self.days, self.days.values(self.label or "")
        span = np.searchsorted([since.toordinal() for since in self._since], days.day, side="right") - 1
        keys, row = np.unique(days.of * len(self._since) + span, return_inverse=True)
        labels, since = (part.tolist() for part in divmod(keys, len(self._since)))
        owners = [self._team(values[of], self._since[at]) for of, at in zip(labels, since, strict=True)]
        return labels, owners, row

    @cached_property
    def things(self) -> Sequence[str]:
        """The resource of each combination of labels; '' where they are not told apart."""
        resource = self._pool.resource
        return self.days.values(resource) if resource else [""] * len(self.days.labels)

    def _team(self, value: str, day: date) -> str | None:
        if not value:
            return None
        return self._given.get(folded(value)) or self._asked.team_named(value, day)


def shown(text: str) -> str:
    """A name from elsewhere, as a sentence has it."""
    return printable(shortened(text, _LONGEST))
