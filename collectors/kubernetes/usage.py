"""How much a counter grew in each step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collectors.kubernetes.grid import Array


def growth(values: Array, lived: Array) -> Array:
    """Increase of each row over each step, from the end of the step before to its own; NaN where unknown.

    values: counters at the ends of steps, NaN where not seen; the first column is what was before the span.
    lived: seconds of each step, a column less, as the answer. A counter that fell began at 0 again: all of it
    is new. What it grew by while nobody looked is spread over the steps since it was last seen, by the
    seconds lived in each. The first value of a row tells nothing of how it came to be, see ``since_zero``.
    """
    count, width = values.shape
    rows, known = np.arange(count)[:, None], ~np.isnan(values)
    at = np.where(known, np.arange(width), -1)
    before = np.maximum.accumulate(at, axis=1)[:, :-1]  # of each step: where the row was last seen before it
    at = np.where(known, np.arange(width), width)[:, ::-1]
    after = np.minimum.accumulate(at, axis=1)[:, ::-1][:, 1:]  # and where it was next seen, from it on
    is_between = (before >= 0) & (after < width)
    after = np.minimum(after, width - 1)
    old, new = values[rows, before], values[rows, after]
    grown = np.where(new >= old, new - old, new)
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(lived, axis=1)], axis=1)
    span = total[rows, after] - total[rows, before]
    part = np.where(span > 0, lived / np.where(span > 0, span, 1.0), 1.0 / np.maximum(1, after - before))
    return np.where(is_between, grown * part, np.nan)


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
