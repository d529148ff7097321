"""What PromQL makes of samples, worked out from arrays: hour by hour of one day.

A series is an array of values, one sample every so many seconds from midnight on, that of the next midnight
included; nan where none was taken.
"""

import numpy as np

HOURS = 24
Array = np.ndarray


def taken(values: Array, every: int) -> tuple[Array, Array]:
    """Seconds after midnight of what was taken, and the values."""
    times = np.arange(len(values)) * float(every)
    there = ~np.isnan(values)
    return times[there], values[there]


def increases(values: Array, every: int) -> Array:
    """``increase(x[1h])`` as of the end of each hour; nan where there is none.

    Source: extrapolatedRate in promql/functions.go of Prometheus 2.
    """
    times, there = taken(values, every)
    found = np.full(HOURS, np.nan)
    for hour in range(HOURS):
        start, end = hour * 3600.0, (hour + 1) * 3600.0
        at = (times >= start) & (times <= end)
        if at.sum() < 2:
            continue
        t, v = times[at], there[at]
        grown = np.diff(v)
        total = np.where(grown < 0, v[1:], grown).sum()
        sampled, mean = t[-1] - t[0], (t[-1] - t[0]) / (len(t) - 1)
        before, after = t[0] - start, end - t[-1]
        if total > 0 and v[0] >= 0:
            before = min(before, sampled * v[0] / total)
        reach = sampled + sum(gap if gap < mean * 1.1 else mean / 2 for gap in (before, after))
        found[hour] = total * reach / sampled
    return found


def hourly(values: Array, every: int, how: str) -> Array:
    """``sum`` or ``mean`` of the samples of each hour, its end included and its beginning not."""
    times, there = taken(values, every)
    found = np.full(HOURS, np.nan)
    for hour in range(HOURS):
        at = (times > hour * 3600) & (times <= (hour + 1) * 3600)
        if at.any():
            found[hour] = getattr(there[at], how)()
    return found


def seen(values: Array, every: int, step: int = 60) -> Array:
    """What a query sees every ``step`` seconds, midnight first: the last sample of five minutes, else nan.

    Prometheus 2 counts one that is five minutes old to the second, 3 does not.
    """
    times, there = taken(values, every)
    found = np.full(HOURS * 3600 // step + 1, np.nan)
    for number in range(len(found)):
        last = np.searchsorted(times, number * step, side="right") - 1
        if last >= 0 and times[last] >= number * step - 300:
            found[number] = there[last]
    return found


def by_hour(steps: Array) -> Array:
    """What is seen in each hour (rows), its end included and its beginning not."""
    return steps[1:].reshape(HOURS, -1)


def added(hours: Array) -> float:
    """The day: the sum of the hours that are known."""
    return float(np.nansum(hours))
