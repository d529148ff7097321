"""Burn rate windows: over which two windows, and how much too fast, a budget must burn to be told of."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from costwatch.plugins import parse_duration

Severity = Literal["page", "ticket"]


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Told while both windows burn more than ``factor`` times as fast as spends the budget in its period."""

    severity: Severity
    long: timedelta
    short: timedelta
    factor: float


def burn_windows(period: timedelta) -> tuple[tuple[BurnWindow, ...], tuple[str, ...]]:
    """Those of a budget that lasts ``period``, and a sentence on each that makes no sense for it.

    One with a factor below 1 is left out: a budget that will last burns as fast as that.
    Source: https://sre.google/workbook/alerting-on-slos/
    """
    kept, notes = [], []
    for severity, long, short, percent in _windows():
        factor = percent * period.total_seconds() / (100 * long.total_seconds())
        if factor >= 1:
            kept.append(BurnWindow(severity, long, short, factor))
        else:
            hours = f"{long // timedelta(hours=1)} h"
            notes.append(
                f"the {severity} window of {hours} is left out: over {period // timedelta(days=1)} days its "
                f"factor is {factor:.3g}, which a budget that lasts may burn at, too"
            )
    return tuple(kept), tuple(notes)


def unreachable(windows: tuple[BurnWindow, ...], target: Decimal) -> tuple[str, ...]:
    """A sentence where not even a total outage burns as fast as some of ``windows`` want."""
    most = 1 / float(1 - target)
    factors = [f"{window.factor:.3g}" for window in windows if window.factor > most]
    if not factors:
        return ()
    percent = f"{(target * 100).normalize():f} %"
    return (
        f"at {percent} a budget burns at most {most:.3g} times too fast, so that windows of factor "
        f"{', '.join(factors)} are never told of",
    )


@lru_cache(maxsize=1)
def _windows() -> tuple[tuple[Severity, timedelta, timedelta, float], ...]:
    import yaml

    text = files("costwatch.slo").joinpath("windows.yaml").read_text(encoding="utf-8")
    return tuple(
        (
            each["severity"],
            parse_duration(each["long"]),
            parse_duration(each["short"]),
            each["budget_percent"],
        )
        for each in yaml.safe_load(text)["windows"]
    )
