"""Burn rates: how many times as fast as allowed errors come, and how long the budget lasts. Pure.

Source: https://sre.google/workbook/alerting-on-slos/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache

from costwatch.model import Severity
from costwatch.slo.budget import Budget
from costwatch.slo.windows import BurnWindow, burn_windows

Number = float | Decimal

MIN_EVENTS = 100  # fewer events say too little: of ten an hour, one that fails burns at 100


@dataclass(frozen=True, slots=True)
class Burn:
    """What happened over one window up to now.

    good, total: of what is known, in ``Objective.unit``. known_seconds: of how much of it anything is known.
    target: of the objective.
    """

    window: timedelta
    good: float
    total: float
    known_seconds: int
    target: float

    @property
    def rate(self) -> float | None:
        """1: the budget lasts for just one period. None: nothing is known, or nothing happened."""
        return burn_rate(self.good, self.total, self.target) if self.known_seconds > 0 else None


def burn_rate(good: float, total: float, target: float) -> float | None:
    """The share of what is bad, divided by what may be; None where nothing happened."""
    return (total - good) / total / (1 - target) if total > 0 else None


def exhaustion(budget: Budget, rate: float | None) -> timedelta | None:
    """How long what is left lasts at this rate; nothing is left: 0.

    None: not known, or it lasts for the rest of a calendar period, or longer than a rolling one.
    """
    if budget.left is None or rate is None:
        return None
    if budget.left <= 0:
        return timedelta()
    rest = budget.period_seconds - budget.expected_seconds or budget.period_seconds
    if rate * rest < budget.left * budget.period_seconds:
        return None
    return timedelta(seconds=budget.left * budget.period_seconds / rate)


@cache
def lengths() -> tuple[timedelta, ...]:
    """All windows that burn is told over, short to long; none is too long for a year."""
    pairs, _ = burn_windows(timedelta(days=365))
    return tuple(sorted({length for pair in pairs for length in (pair.long, pair.short)}))


def burning(
    windows: Iterable[BurnWindow],
    rates: Mapping[timedelta, Number | None],
    events: Mapping[timedelta, Number],
    min_events: float = 0,
) -> list[BurnWindow]:
    """The pairs over whose long and short window the budget burns above their factor, in their order.

    rates, events: by the length of a window; None: not known. min_events: fewer in the long one are too few
    to tell.
    """
    found = []
    for pair in windows:
        long, short = rates.get(pair.long), rates.get(pair.short)
        if long is None or short is None or events.get(pair.long, 0) < min_events:
            continue
        if min(long, short) > pair.factor:
            found.append(pair)
    return found


def severity(pairs: Iterable[BurnWindow]) -> Severity | None:
    """The most urgent; None where nothing burns."""
    urgency = list(Severity).index
    return min((Severity(pair.severity) for pair in pairs), key=urgency, default=None)
