"""A service's month as its counters tell it, with all that goes wrong in one, and the truth as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from costwatch.model import Window
from costwatch.slo.objectives import Form, Indicator, Objective, Period, Query

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BORN, RESET, GAP, INCIDENT = 2.4, 11.3, 19.25, 25.1  # days after FIRST
GAP_HOURS, INCIDENT_MINUTES, INCIDENT_RATIO = 6, 40, 0.2


def counter(promql: str) -> Query:
    """A side that counts events by the second."""
    return Query(promql, Form.COUNTER, is_rate="rate(" in promql)


def objective(name: str = "availability", target: str = "0.999", **more: object) -> Objective:
    """Requests of one job, of which those with a code of 5xx are bad."""
    indicator = Indicator(
        total=counter('sum(rate(http_requests_total{job="api"}[{{.window}}]))'),
        bad=counter('sum(rate(http_requests_total{job="api",code=~"5.."}[{{.window}}]))'),
    )
    fields = {"indicator": indicator, "period": Period(timedelta(days=30)), "service": "api", **more}
    return Objective(id=name, name=name, target=Decimal(target), **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class History:
    """Requests of each minute from FIRST on. total, bad: what happened in it."""

    total: np.ndarray
    bad: np.ndarray

    @property
    def end(self) -> datetime:
        return FIRST + len(self.total) * MINUTE

    def budget_left(self, window: Window, target: float = 0.999) -> float:
        """The share of the error budget that is left, of all that happened."""
        first, after = ((each - FIRST) // MINUTE for each in (window.start, window.end))
        total, bad = self.total[first:after].sum(), self.bad[first:after].sum()
        return float(1 - bad / ((1 - target) * total))

    def openmetrics(self, phase_seconds: float = 0) -> str:
        """As ``promtool`` reads it: scraped at each minute, but not in the gap, which nobody scraped."""
        return "\n".join([*self._lines(phase_seconds), "# EOF", ""])

    def _lines(self, phase: float) -> Iterator[str]:
        count = len(self.total)
        at = FIRST.timestamp() + 60 * np.arange(count + 1) + phase
        minutes = np.arange(count + 1)
        in_gap = (minutes > GAP * 1440) & (minutes < GAP * 1440 + GAP_HOURS * 60)
        reset = int(RESET * 1440)
        yield "# TYPE http_requests counter"
        for code, grown in (("200", self.total - self.bad), ("500", self.bad)):
            value = np.concatenate([[0], np.cumsum(grown)]).astype(int)
            value[reset:] -= value[reset - 1]  # what came in the minute of the reset came after it
            known = ~in_gap & ((code == "200") | (minutes >= _first(self.bad)))
            labels = f'job="api",instance="i1",code="{code}"'
            for time, each in zip(at[known].tolist(), value[known].tolist(), strict=True):
                yield f"http_requests_total{{{labels}}} {each} {time:.3f}"
        yield "# TYPE up gauge"
        for time in at[~in_gap].tolist():
            yield f'up{{job="api",instance="i1"}} 1 {time:.3f}'


def _first(bad: np.ndarray) -> int:
    """The minute at whose end the first error has happened."""
    return int(np.flatnonzero(bad)[0]) + 1


def made(days: int = 30, seed: int = 14) -> History:
    """Nine requests by day for one by night; errors are seldom, until 40 minutes at 20 %."""
    random = np.random.default_rng(seed)
    minutes = np.arange(days * 1440)
    by_day = (minutes % 1440 >= 8 * 60) & (minutes % 1440 < 20 * 60)
    total = random.poisson(np.where(by_day, 1800, 200))
    ratio = np.full(len(minutes), 0.0001)
    ratio[: int(BORN * 1440)] = 0
    start = int(INCIDENT * 1440)
    ratio[start : start + INCIDENT_MINUTES] = INCIDENT_RATIO
    bad = random.binomial(total, ratio)
    bad[int(BORN * 1440)] = 25  # the first errors come in a burst: the series is born above zero
    return History(total, bad)
