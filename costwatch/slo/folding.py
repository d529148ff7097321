"""From what the sides of an SLI are at each step to good and total by bucket."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from costwatch.slo.collecting import Events, Kept, Told
from costwatch.slo.objectives import Form, Method, Objective

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]

QUANTUM = 2.0**-20  # sums of its multiples are exact up to 2**33, in whatever order they are made
_MOST = 1e15  # of one step: what is more is no count
_NOISE = 1e-9  # of total: so far apart sums of the same numbers may be


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of an instance's SLI, NaN where unknown. start: of the first, in seconds since 1970.

    good, total: in events, or in what approximate forms weigh; multiples of ``QUANTUM``.
    """

    start: int
    seconds: int
    good: "Floats"
    total: "Floats"

    @property
    def odd_count(self) -> int:
        """How many steps have more good events than events, or more bad ones."""
        return int(((self.good > self.total) | (self.good < 0)).sum())


def quantized(value: float) -> float:
    """The nearest multiple of ``QUANTUM``."""
    return round(value / QUANTUM) * QUANTUM


def steps_of(
    start: int, seconds: int, total: "Floats | None", good: "Floats | None", bad: "Floats | None"
) -> Steps:
    """Steps of what was asked, NaN where there was no answer. Without ``total`` bad is the error ratio.

    Where total is known and the other side is not, it is 0: an error series is born with the first error. A
    total below 0 is unknown.
    """
    import numpy as np

    if total is None:
        bad = np.full(1, np.nan) if bad is None else bad
        total = np.where(np.isnan(bad), np.nan, float(seconds))
        bad = bad * seconds
    total = _on_grid(np.where((total >= 0) & (total < _MOST), total, np.nan))
    if good is None:
        good = total - (0.0 if bad is None else np.where(np.isnan(bad), 0.0, bad))
    else:
        good = np.where(np.isnan(good), 0.0, good)
    total = np.where(np.abs(good) < _MOST, total, np.nan)
    good = np.where(np.isnan(total), np.nan, good)
    good = np.where(np.abs(total - good) <= _NOISE * total, total, _on_grid(good))
    return Steps(start, seconds, np.where(np.abs(good) <= _NOISE * total, 0.0, good), total)


def _on_grid(values: "Floats") -> "Floats":
    import numpy as np

    return np.round(values / QUANTUM) * QUANTUM


def folded(objective: Objective, steps: Steps, first: int) -> Told:
    """The buckets from ``first`` on (seconds since 1970) of which something is known.

    Steps before ``first`` tell whether anything was known before them.
    """
    import numpy as np

    bucket = int(objective.bucket.total_seconds())
    known = ~np.isnan(steps.total)
    edge = np.zeros(len(known), dtype=bool)
    edge[1:] = known[1:] & ~known[:-1]
    edge[:1] = known[:1]
    good, total = _counted(objective, steps)
    starts = (steps.start + steps.seconds * np.arange(len(known))) // bucket * bucket
    buckets: list[Kept] = []
    edges: set[int] = set()
    if steps.seconds == bucket:
        wanted = np.flatnonzero(known & (starts >= first))
        columns = (each[wanted].tolist() for each in (starts, good, total))
        buckets = [Kept(at, bucket, is_good, of, bucket) for at, is_good, of in zip(*columns, strict=True)]
        edges = set(starts[wanted][edge[wanted]].tolist())
        return Told(buckets, frozenset(edges))
    for start in np.unique(starts[known & (starts >= first)]).tolist():
        of = starts == start
        share = float(known[of].mean())
        sums = [float(each[of & known].sum()) for each in (good, total)]
        buckets.append(Kept(start, bucket, sums[0], sums[1], round(bucket * share)))
        if (edge & of).any():
            edges.add(start)
    return Told(buckets, frozenset(edges))


def window_sums(objective: Objective, steps: Steps | None, count: int) -> Events | None:
    """What the last ``count`` steps sum up to; None where none of them is known."""
    if steps is None:
        return None
    import numpy as np

    good, total = (each[-count:] for each in _counted(objective, steps))
    if np.isnan(total).all():
        return None
    return Events(float(np.nansum(good)), float(np.nansum(total)))


def _counted(objective: Objective, steps: Steps) -> tuple["Floats", "Floats"]:
    """Good and total as the budget counts them, multiples of ``QUANTUM``, NaN where unknown."""
    import numpy as np

    good, total = steps.good, steps.total
    if objective.method is not Method.OCCURRENCES:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(total > 0, good / total, 1.0)  # a slice in which nothing happened was good
        if objective.method is Method.TIMESLICES:
            ratio = (ratio >= float(objective.slice_target) - _NOISE).astype(float)
        good, total = (np.where(np.isnan(steps.total), np.nan, each) for each in (ratio, 1.0))
    return _on_grid(good), total


def step_seconds(objective: Objective) -> int:
    """How long one step is that it is asked by: a slice, or a bucket."""
    if objective.method is Method.OCCURRENCES:
        return int(objective.bucket.total_seconds())
    return objective.slice_seconds or int(objective.bucket.total_seconds())


def can_be_bridged(objective: Objective) -> bool:
    """Whether counters tell what happened while nobody looked."""
    return objective.method is Method.OCCURRENCES and objective.indicator.form is Form.COUNTER
