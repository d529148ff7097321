"""A clock that went wrong and was set back leaves times behind that lie ahead: nothing waits for those."""

from datetime import datetime, timedelta

from costwatch.alerts.built_in import ClockChange
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.failures import note_clock_change, times_ahead
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.store import Warehouse

_NOTED_FROM = timedelta(minutes=5)  # less is how clocks are kept right, and how runs overlap


def nothing_later(warehouse: Warehouse, now: datetime) -> None:
    """Let no time that alerts and messages count from lie after ``now``; nothing is written where none does.

    What fires is told once whatever its times are; silences, and waits that began before now, may end later.
    That the clock went back is noted, once, to be told by an alert.
    """
    times = {"now": to_text(now), "before": to_text(now - timedelta(seconds=1))}
    with warehouse.read() as db:
        if not db.execute(queries.text("is_later"), times).fetchone()[0]:
            return
        ahead = max(times_ahead(db, now).values(), default=now)
    with warehouse.write() as db:
        if ahead - now > _NOTED_FROM:
            note_clock_change(db, ClockChange(now, ahead))
        for name in ("no_later_alerts", "no_later_notifications", "no_later_groups", "no_later_plan"):
            db.execute(queries.text(name), times)
