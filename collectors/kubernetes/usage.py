"""How much a counter grew in each step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collectors.kubernetes.grid import Array


def growth(values: Array) -> Array:
    """Increase of each row over each step, from the end of the step before to its own; NaN where unknown.

    values: counters at the ends of steps, NaN where not seen; the first column is what was before the span.
    The answer has a column less. A counter that fell began at 0 again: all of it is new. What it grew by
    while nobody looked is spread evenly over the steps since it was last seen. The first value of a row
    tells nothing of how it came to be, see ``since_zero``.
    """
    count, width = values.shape
    known = ~np.isnan(values)
    at = np.where(known, np.arange(width), -1)
    before = np.maximum.accumulate(at, axis=1)[:, :-1]  # of each step: where the row was last seen before it
    rows = np.arange(count)[:, None]
    previous = values[rows, before]
    grown = np.where(values[:, 1:] >= previous, values[:, 1:] - previous, values[:, 1:])
    known_growth = known[:, 1:] & (before >= 0)
    per_step = np.where(known_growth, grown / (np.arange(1, width) - before), np.nan)
    # Backwards: each step of a gap takes its part from the next step that knows.
    backwards = per_step[:, ::-1]
    follows = np.where(known_growth[:, ::-1], np.arange(width - 1), -1)
    source = np.maximum.accumulate(follows, axis=1)
    spread = np.where(source >= 0, backwards[rows, np.maximum(source, 0)], np.nan)[:, ::-1]
    return np.where(known_growth | ((before >= 0) & (source[:, ::-1] >= 0)), spread, np.nan)


@dataclass(frozen=True, slots=True)
class First:
    """What is known of a counter that was first seen after the span began.

    started: Unix seconds; NaN where unknown. successor_of: the step (column of ``values``) in which the
    counter before it, of the same container, was last seen; -1 where there was none. most_per_second: what
    it can grow by, such as the cores of its node; inf where unknown. was_watched: whether others like it
    were seen one step earlier.
    """

    started: float
    successor_of: int
    most_per_second: float
    was_watched: bool


def since_zero(values: Array, firsts: Sequence[First | None], ends: Array) -> Array:
    """``values`` with a 0 where a counter must have begun, so that its first value counts.

    A counter begins with its container: when the pod started, after the counter before it ended, else in the
    step in which it was first seen, if others were watched just before and it can have grown so fast.
    ends: of the columns of ``values``, Unix seconds.
    """
    values = values.copy()
    for row, first in zip(values, firsts, strict=True):
        seen = np.flatnonzero(~np.isnan(row))
        if first is None or not len(seen) or seen[0] == 0:
            continue
        at = int(seen[0])
        began = int(np.searchsorted(ends, first.started, side="right")) if first.started > ends[0] else 0
        if began:
            zero = min(max(began - 1, first.successor_of), at - 1)
        elif first.successor_of >= 0:
            zero = min(first.successor_of, at - 1)
        else:
            zero = at - 1 if first.was_watched else -1
        if zero < 0:
            continue
        seconds = ends[at] - max(ends[zero] - (ends[1] - ends[0]), first.started if began else -np.inf)
        if row[at] <= first.most_per_second * seconds:
            row[zero] = 0.0
    return values
