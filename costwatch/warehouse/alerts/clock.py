"""A clock that went wrong and was set back leaves times behind that lie ahead: nothing waits for those."""

from datetime import datetime, timedelta

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.store import Warehouse


def nothing_later(warehouse: Warehouse, now: datetime) -> None:
    """Let no time that alerts and messages count from lie after ``now``; nothing is written where none does.

    What fires is told once whatever its times are; silences, and waits that began before now, may end later.
    """
    times = {"now": to_text(now), "before": to_text(now - timedelta(seconds=1))}
    with warehouse.read() as db:
        if not db.execute(queries.text("is_later"), times).fetchone()[0]:
            return
    with warehouse.write() as db:
        for name in ("no_later_alerts", "no_later_notifications", "no_later_groups", "no_later_plan"):
            db.execute(queries.text(name), times)
