"""Which days of collected tables a split rests on, and which of them it waits for."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from costwatch.model import Window
from costwatch.plugins import Batches, Input

_DAY = timedelta(days=1)
_EVER = Window.of_days(date(1990, 1, 1), date(9999, 1, 1))


def daily_inputs(
    what: str, tables: Sequence[str], sources: Collection[str], period: Window, batches: Batches
) -> Iterator[Input]:
    """Each batch of ``tables`` in a billing period, and each day since its first that a source has not.

    The first of the tables tells which days a source has. sources: only these; none: all that there are.
    what: in words, what is waited for while there is no source of it.
    """
    found = {table: batches.versions(table, period) for table in tables}
    ever = batches.versions(tables[0], _EVER)
    named = sorted(sources or {source for of in (*found.values(), ever) for source, _ in of})
    if not named:
        yield Input(what, period, "")
        return
    for table, of in found.items():
        for (source, window), version in sorted(of.items()):
            if source in named:
                yield Input(f"{table} of {source}", window, version)
    for source in named:
        held = [window for name, window in ever if name == source]
        yield from (Input(f"{tables[0]} of {source}", window, "") for window in _missing(held, period))


def _missing(held: Collection[Window], period: Window) -> Iterator[Window]:
    first, after = period.days
    days = [first + _DAY * number for number in range((after - first).days)]
    windows = [Window.of_days(day, day + _DAY) for day in days]
    gone = [window for window in windows if not any(window.overlaps(other) for other in held)]
    # What lies before the first day that was ever collected will not come any more.
    begins = min((window.start for window in held), default=period.start)
    return (window for window in gone if window.end > begins)
