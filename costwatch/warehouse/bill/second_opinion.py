"""What sources of role check say of the published bill, day by day, beside the bill itself."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from costwatch.model import Amounts, Load, State
from costwatch.warehouse import queries
from costwatch.warehouse.bill.loads import newest_loads
from costwatch.warehouse.bill.sums import amounts, sums
from costwatch.warehouse.encoding import to_int

if TYPE_CHECKING:
    from costwatch.proof.second_opinion import Compared, ComparedLine

# day, ServiceName, ChargeCategory, BillingCurrency, BilledCostNano, EffectiveCostNano, estimated
Checked = tuple[int | str, ...]


def due(db: sqlite3.Connection, sources: Collection[str]) -> list[Load]:
    """The newest loads of ``sources`` whose daily sums are not stored yet."""
    stored = {row["load"] for row in db.execute("SELECT DISTINCT load FROM check_cost")}
    return [load for load in newest_loads(db, sources) if load.id not in stored]


def store(db: sqlite3.Connection, load: Load, rows: Sequence[Checked]) -> None:
    """Replace what its source said of a billing period before."""
    period = to_int(load.period)
    db.execute("DELETE FROM check_cost WHERE period = ? AND source = ?", (period, load.source))
    db.executemany(
        "INSERT INTO check_cost VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(period, load.source, *row, load.id) for row in rows],
    )


def forget_others(db: sqlite3.Connection, sources: Collection[str]) -> None:
    """Drop what sources said that are no check any more."""
    for row in db.execute("SELECT DISTINCT source FROM check_cost").fetchall():
        if row["source"] not in sources:
            db.execute("DELETE FROM check_cost WHERE source = ?", (row["source"],))


def compared_bills(db: sqlite3.Connection, periods: Mapping[date, date]) -> "Iterator[Compared]":
    """Each source, period (in their order) and currency of which something is said.

    periods: start -> end of published ones.

    A charge counts on its day, whatever period it was billed in; the bill is that of the payers that the
    source knows.
    """
    if not periods:
        return
    window = {"first": to_int(min(periods)), "last": to_int(max(periods))}
    sources: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in queries.rows(db, "said_by_day", window):
        sources[row["source"]].append(row)
    for source, rows in sources.items():
        told = {row["period"] for row in rows}
        compared = {first: after for first, after in periods.items() if to_int(first) in told}
        if compared:
            yield from _said(db, source, rows, compared)


def _said(
    db: sqlite3.Connection, source: str, told: Sequence[sqlite3.Row], periods: Mapping[date, date]
) -> "Iterator[Compared]":
    from costwatch.proof.second_opinion import Compared  # here: most runs only look whether anything is due

    months = {first: _calendar(first, after) for first, after in periods.items()}
    days = {number: day for calendar in months.values() for number, day in calendar.items()}
    rows = [row for row in told if row["day"] in days]
    bill = [row for row in _bill(db, told, min(days.values()), max(periods.values())) if row["day"] in days]
    unsettled = {row["day"] for row in rows if row["estimated"]}
    unsettled |= {row["day"] for row in bill if row["state"] in (None, State.ESTIMATED)}
    if bill and rows:
        reached = min(bill[-1]["day"], rows[-1]["day"])
        unsettled |= {row["day"] for row in (*bill, *rows) if row["day"] > reached}
    for first, calendar in months.items():
        sides = [[row for row in side if row["day"] in calendar] for side in (bill, rows)]
        for currency in sorted({row["BillingCurrency"] for side in sides for row in side}):
            of_bill, of_rows = ([row for row in side if row["BillingCurrency"] == currency] for side in sides)
            yield Compared(
                source=source,
                period=first,
                currency=currency,
                bill=[_line(row, calendar, amounts(row)) for row in of_bill],
                said=[
                    _line(row, calendar, Amounts(row["BilledCostNano"], row["EffectiveCostNano"]))
                    for row in of_rows
                ],
                unsettled={days[number] for number in unsettled},
            )


def _calendar(first: date, after: date) -> dict[int, date]:
    days = (first + timedelta(days=number) for number in range((after - first).days))
    return {to_int(day): day for day in days}


def _bill(db: sqlite3.Connection, rows: Sequence[sqlite3.Row], first: date, after: date) -> list[sqlite3.Row]:
    payers = sorted(
        {payer for accounts in {row["accounts"] for row in rows} for payer in json.loads(accounts)}
    )
    named = {f"payer_{number}": payer for number, payer in enumerate(payers)}
    sql = queries.filled("bill_by_day", sums=sums("c."), payers=", ".join(f":{name}" for name in named))
    return list(db.execute(sql, {"first": to_int(first), "after": to_int(after), **named}))


def _line(row: sqlite3.Row, calendar: Mapping[int, date], of: Amounts) -> "ComparedLine":
    from costwatch.proof.second_opinion import ComparedLine

    return ComparedLine(
        calendar[row["day"]],
        row["ServiceName"],
        row["ChargeCategory"],
        of.BilledCostNano,
        of.EffectiveCostNano,
    )
