"""The windows over which a burn is told, of ``windows.yaml``, scaled to the period of an objective. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from costwatch.model import Severity
from costwatch.plugins import parse_duration
from costwatch.wording import amount


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A pair of windows. budget: the share that is gone after ``long`` at a burn of ``factor``."""

    severity: Severity
    long: timedelta
    short: timedelta
    budget: float
    factor: float


def burn_windows(period: timedelta) -> tuple[tuple[BurnWindow, ...], tuple[str, ...]]:
    """Those of an objective over ``period``, the most urgent first, and what is said of those left out.

    A factor below 1 would tell of a burn that leaves budget over: such a window is dropped.
    """
    kept, notes = [], []
    for each in _file()["windows"]:
        long, short, budget = parse_duration(each["long"]), parse_duration(each["short"]), each["budget"]
        factor = round(budget * (period / long), 9)
        if factor < 1:
            told = amount(round(Decimal(str(factor)), 3))
            notes.append(
                f"burn over {each['long']} and {each['short']} is not told: its factor of {told} is below 1"
            )
        else:
            kept.append(BurnWindow(Severity(each["severity"]), long, short, budget, factor))
    return tuple(kept), tuple(notes)


@cache
def lengths() -> tuple[timedelta, ...]:
    """All windows that burn is told over, short to long."""
    found = {parse_duration(each[name]) for each in _file()["windows"] for name in ("long", "short")}
    return tuple(sorted(found))


@cache
def _file() -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("windows.yaml").read_text("utf-8"))
    return loaded
