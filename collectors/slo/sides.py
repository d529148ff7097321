"""An answer about all sides of an SLI, by span and instance."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from collectors.prometheus import Answer
from costwatch.model import Labels
from costwatch.slo.asking import SIDE, SPAN

if TYPE_CHECKING:
    from costwatch.slo.folding import Floats

    Sides: TypeAlias = dict[str, Floats]

_OURS = {"__name__", SIDE, SPAN}


def most_at_once(values: "Iterable[Floats]") -> int:
    """How many of these are known in the same step, at most: those that follow each other are not many."""
    import numpy as np

    known = [~np.isnan(each) for each in values]
    return int(np.sum(known, axis=0).max()) if known else 0


def sides_by_span(
    answer: Answer, first_end: int = 0, step: int = 1, count: int = 1
) -> dict[str, dict[Labels, "Sides"]]:
    """Span -> instance -> side -> its value at each step, NaN where there is none.

    first_end: when the first step ends, in seconds since 1970; of one instant, whatever it is, ``count`` is
    1.
    """
    import numpy as np

    found: dict[str, dict[Labels, Sides]] = defaultdict(lambda: defaultdict(dict))
    for series in answer.series:
        labels = tuple(sorted((name, value) for name, value in series.labels.items() if name not in _OURS))
        values = np.full(count, np.nan)
        if count == 1:
            values[0] = series.values[-1]
        else:
            values[np.round((series.times - first_end) / step).astype(int)] = series.values
        if not np.isnan(values).all():
            found[series.labels.get(SPAN, "")][labels][series.labels[SIDE]] = values
    return found
