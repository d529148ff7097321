"""What asking paid sources has cost, noted before each request, so that no crash forgets it."""

import sqlite3
from datetime import datetime
from decimal import Decimal

from costwatch.errors import SourceError
from costwatch.money import exact, nanos, units
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.store import Warehouse
from costwatch.wording import digits


class StoredSpendLimit:
    """What one source may still spend on the UTC day of ``now``; see ``plugins.Purse``.

    Where there is no warehouse yet, as in a dry run before the first collect, it counts for itself.
    """

    def __init__(self, warehouse: Warehouse, source: str, daily_budget: Decimal, now: datetime) -> None:
        self._warehouse, self._source = warehouse, source
        self._budget_nano = nanos(daily_budget)
        self._day = to_int(now.date())
        self._unnoted_nano = 0

    def pay(self, dollars: Decimal) -> None:
        """See ``plugins.Purse``."""
        price_nano = nanos(dollars)
        if not self._warehouse.exists:
            self._require(self._unnoted_nano, price_nano)
            self._unnoted_nano += price_nano
            return
        with self._warehouse.write() as db:
            self._require(spent_nano(db, self._source, self._day), price_nano)
            db.execute(
                "INSERT INTO spend (source, day, request_count, x_SpendNano) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET request_count = request_count + 1,"
                " x_SpendNano = x_SpendNano + excluded.x_SpendNano",
                (self._source, self._day, price_nano),
            )

    def _require(self, spent: int, price: int) -> None:
        if spent + price > self._budget_nano:
            raise SourceError(
                f"{self._source}: has spent {_dollars(spent)} of its daily_budget of "
                f"{_dollars(self._budget_nano)}; raise it, or wait until tomorrow (UTC)"
            )


def _dollars(nano: int) -> str:
    """To the cent, or as exact as it is: some requests cost a thousandth of one."""
    amount = units(nano)
    return exact(amount) if amount == round(amount, 2) else f"${digits(amount)}"


def spent_nano(db: sqlite3.Connection, source: str, day: int) -> int:
    """What a source has cost on a UTC day (yyyymmdd), in nano-units of USD."""
    row = db.execute("SELECT x_SpendNano FROM spend WHERE source = ? AND day = ?", (source, day)).fetchone()
    return 0 if row is None else int(row["x_SpendNano"])
