"""How settled the published days are, the bill's sources, budgets, unit costs: small tables kept in step."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from costwatch.cost.hierarchy import Membership
from costwatch.cost.settling import Settled
from costwatch.warehouse import history, queries
from costwatch.warehouse.bill.sums import amounts, sums
from costwatch.warehouse.encoding import from_int, to_int

# name, team, metric, period, BillingCurrency, amount_nano, include
BudgetRow = tuple[str, str, str, str, str, int, str]


def line_counts(db: sqlite3.Connection) -> dict[str, dict[date, int]]:
    """source -> day -> lines of the published bill."""
    counts: dict[str, dict[date, int]] = defaultdict(dict)
    for row in db.execute("SELECT source, day, SUM(line_count) AS lines FROM day_line GROUP BY source, day"):
        counts[row["source"]][from_int(row["day"])] = row["lines"]
    return counts


def called_estimated(db: sqlite3.Connection) -> dict[str, set[date]]:
    """source -> days of which the source itself calls some line estimated."""
    days: dict[str, set[date]] = defaultdict(set)
    for row in db.execute("SELECT DISTINCT source, day FROM day_line WHERE estimated > 0"):
        days[row["source"]].add(from_int(row["day"]))
    return days


def source_periods(db: sqlite3.Connection) -> dict[str, list[tuple[date, date]]]:
    """source -> the [start, end) of its published billing periods."""
    periods: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in db.execute(
        "SELECT DISTINCT l.source, p.period, p.period_end"
        " FROM published p JOIN day_line l ON l.period = p.period"
    ):
        periods[row["source"]].append((from_int(row["period"]), from_int(row["period_end"])))
    return periods


def daily_amounts(
    db: sqlite3.Connection, sources: Collection[str], since: date
) -> dict[str, dict[date, dict[str, int]]]:
    """source -> day from ``since`` on -> currency -> EffectiveCostNano of the published bill."""
    found: dict[str, dict[date, dict[str, int]]] = {source: defaultdict(dict) for source in sources}
    if not sources:
        return found
    named = {f"source_{number}": source for number, source in enumerate(sources)}
    sql = queries.filled("daily_amounts", sums=sums("c."), sources=", ".join(f":{name}" for name in named))
    for row in db.execute(sql, {"since": to_int(since), **named}):
        found[row["source"]][from_int(row["day"])][row["BillingCurrency"]] = amounts(row).EffectiveCostNano
    return found


def store_states(db: sqlite3.Connection, found: Mapping[str, Settled], now: datetime) -> None:
    """Replace ``day_state`` where it differs; what it says is kept as known at ``now``."""
    wanted = {
        (source, to_int(day)): str(state) for source, of in found.items() for day, state in of.states.items()
    }
    known = {(row["source"], row["day"]): row["state"] for row in db.execute("SELECT * FROM day_state")}
    db.executemany("DELETE FROM day_state WHERE source = ? AND day = ?", sorted(known.keys() - wanted.keys()))
    db.executemany(
        "INSERT OR REPLACE INTO day_state VALUES (?, ?, ?)",
        [(*key, state) for key, state in sorted(wanted.items()) if known.get(key) != state],
    )
    history.note(db, "day_state", now)


def store_sources(
    db: sqlite3.Connection,
    roles: Mapping[str, str | None],
    found: Mapping[str, Settled],
    now: datetime,
) -> None:
    """Replace ``source``, as ``store_states``: name -> role, and name -> how its bill is settled."""
    rows = [(name, role or "", *_reach(found.get(name))) for name, role in roles.items()]
    _replace(db, "source", rows)
    history.note(db, "source", now)


def _reach(of: Settled | None) -> tuple[int | float | None, ...]:
    if of is None:
        return None, None, None
    days = (None if day is None else to_int(day) for day in (of.through, of.passed))
    return (*days, of.late_after_days)


def store_budgets(db: sqlite3.Connection, budgets: Sequence[BudgetRow], now: datetime) -> None:
    """Replace ``budget``, as ``store_states``."""
    _replace(db, "budget", budgets)
    history.note(db, "budget", now)


def store_unit_costs(db: sqlite3.Connection, settings: Mapping[str, str], now: datetime) -> None:
    """Replace ``unit_cost``, as ``store_states``: name -> what is configured of it, as JSON."""
    _replace(db, "unit_cost", [*settings.items()])
    history.note(db, "unit_cost", now)


def store_memberships(db: sqlite3.Connection, found: Iterable[Membership], now: datetime) -> None:
    """Replace ``membership``, as ``store_states``: which teams are above each one, and when."""
    rows = [
        (one.team, to_int(one.since), to_int(one.until), one.top, one.cost_center, _chain(one))
        for one in found
    ]
    _replace(db, "membership", rows)
    history.note(db, "membership", now)


def _chain(of: Membership) -> str:
    """No team's name has a slash, so that a name between two is found as it is."""
    return f"/{'/'.join((*reversed(of.parents), of.team))}/"


def _replace(
    db: sqlite3.Connection, table: str, wanted: Sequence[tuple[str | int | float | None, ...]]
) -> None:
    rows = sorted(wanted, key=lambda row: [str(value) for value in row[:2]])
    stored = [tuple(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
    if stored == rows:
        return
    db.execute(f"DELETE FROM {table}")
    if rows:
        places = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
