"""Making a billing period readable: replace its facts and note what changed, in one transaction."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from costwatch.errors import WarehouseError
from costwatch.model import CONFIGURED, RESIDUALS, Amounts, Load
from costwatch.proof.priced import PRICED, Priced
from costwatch.warehouse import queries
from costwatch.warehouse.bill.commitments import Commitment
from costwatch.warehouse.bill.fingerprint import Weighed, fingerprint, weighed
from costwatch.warehouse.bill.ids import Ids
from costwatch.warehouse.bill.loads import loads_of
from costwatch.warehouse.bill.places import SUMMARIES
from costwatch.warehouse.bill.priced import require_priced, rows_of, take_units
from costwatch.warehouse.bill.sums import SUMMED, amounts, sums
from costwatch.warehouse.bill.tagging import TAGGING_DAY, Tagging
from costwatch.warehouse.encoding import from_int, to_int, to_text
from costwatch.warehouse.usage.node_costs import NodeCostDay

if TYPE_CHECKING:
    from pyarrow import RecordBatch

INVOICE_COLUMNS = (
    "source",
    "BillingAccountId",
    "InvoiceIssuerName",
    "InvoiceId",
    "ChargeCategory",
    "BillingCurrency",
)
_ROWS_A_STATEMENT = 50
# What tells the rows of a period apart, in the order in which they are stored.
_KEYS = {"team_cost": ("team", "service", "day", "slice"), "place_day": ("place", "team", "service", "day")}
FACT_COLUMNS = ("period", *_KEYS["team_cost"], *SUMMED, *PRICED)
_COLUMNS = {
    "team_cost": FACT_COLUMNS,
    "place_day": ("period", *_KEYS["place_day"], *SUMMED),
    "tagging_day": ("period", *TAGGING_DAY),
}
Invoiced = tuple[int | str, ...]  # INVOICE_COLUMNS, BilledCostNano, EffectiveCostNano, line_count


@dataclass(frozen=True, slots=True)
class Publication:
    """One billing period as it shall be read.

    facts: 64-bit integers, ascending by the first four: ``FACT_COLUMNS`` without the period; those of
    ``PRICED`` may be null, or left out. priced: the bill's sums of these.
    """

    period: date
    period_end: date
    inputs_key: str
    loads: tuple[int, ...]
    config: str
    inputs: str = "[]"  # JSON: what the weights of its pools rest on besides
    spelling: str | None = None  # JSON: how its lines write what the configuration names
    notes: str = "[]"  # JSON: pairs of a pool and what its split could not place
    unclaimed: Sequence[tuple[int | str, ...]] = ()  # as ``unclaimed.as_rows``
    node_costs: Sequence[NodeCostDay] = ()
    commitments: Sequence[Commitment] = ()
    tagging: Tagging = field(default_factory=Tagging)
    # BillingCurrency -> line_count and nano sums of the bill
    totals: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    priced: Priced = field(default_factory=Priced)
    day_lines: Sequence[tuple[str, int, int, int]] = ()  # source, day, lines, of these estimated
    # day, team, service, BillingCurrency, x_ChargeKind, both costs, lines
    summary: Sequence[Invoiced] = ()
    by_place: Iterable["RecordBatch"] = ()  # as facts: place, team, service, day, both costs, lines
    bill: Sequence[Invoiced] = ()
    invoices: Sequence[Invoiced] = ()  # the team's number before each
    facts: Iterable["RecordBatch"] = ()
    weighed: Weighed | None = None  # None: to be read from what is stored


@dataclass(frozen=True, slots=True)
class PublishedPeriod:
    """What is published of a period now.

    has_teams: whether any team carries something of it. charges: of its loads, what the configuration said.
    """

    inputs_key: str
    loads: tuple[int, ...]
    config: str
    period_end: date
    spelling: str | None = None
    has_teams: bool = True
    charges: tuple[Load, ...] = ()


def published(db: sqlite3.Connection) -> dict[date, PublishedPeriod]:
    """Every published period."""
    carriers: dict[int, set[str]] = {}
    for row in db.execute("SELECT DISTINCT period, name FROM team_invoice JOIN team ON team.id = team"):
        carriers.setdefault(row["period"], set()).add(row["name"])
    charges = loads_of(db, CONFIGURED)
    return {
        from_int(row["period"]): PublishedPeriod(
            row["inputs_key"],
            tuple(ids := json.loads(row["loads"])),
            row["config"],
            from_int(row["period_end"]),
            row["spelling"],
            not carriers.get(row["period"], set()) <= set(RESIDUALS) or row["period"] not in carriers,
            tuple(charges[each] for each in ids if each in charges),
        )
        for row in db.execute("SELECT * FROM published")
    }


def periods_between(db: sqlite3.Connection, first: date, after: date) -> set[date]:
    """The published periods that hold charges of the days ``first`` up to, not including, ``after``."""
    found = db.execute(
        "SELECT DISTINCT period FROM day_line WHERE day >= ? AND day < ?", (to_int(first), to_int(after))
    )
    return {from_int(row["period"]) for row in found}


def pools_published(db: sqlite3.Connection) -> list[str]:
    """Every ``x_Pool`` that some fact has, or had."""
    return [row["x_Pool"] for row in db.execute("SELECT DISTINCT x_Pool FROM slice ORDER BY x_Pool")]


def publish(db: sqlite3.Connection, ids: Ids, publication: Publication, now: datetime) -> None:
    """Replace the period inside the caller's write transaction; what changed becomes revisions."""
    period = to_int(publication.period)
    for table, rows in groupby(ids.new, key=lambda new: new[0]):
        named = [row for _, row in rows]
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(named[0]))})", named)
    first = db.execute(
        "SELECT first_known_at, loads, config, inputs, priced_since FROM published WHERE period = ?",
        (period,),
    ).fetchone()
    if first is None:
        _insert(db, "team_cost", period, publication.facts)
        _insert(db, "place_day", period, publication.by_place)
    else:
        known_at, is_priced = to_text(now), first["priced_since"] is not None
        why: dict[str, str | bool] = {"cause": _cause(first, publication), "is_priced": is_priced}
        _revise(db, "team_cost", period, publication.facts, known_at, **why)
        _revise(db, "place_day", period, publication.by_place, known_at)
        db.execute(queries.text("revise_cost_day"), {"period": period, "known_at": known_at})
    _replace(db, "part_cost", period, ())
    db.execute(queries.text("keep_parts"), {"period": period})
    _replace(db, "cost_day", period, publication.summary)
    _require_conservation(db, publication)
    _replace(db, "day_line", period, publication.day_lines)
    _replace(db, "bill", period, publication.bill)
    _replace(db, "team_invoice", period, publication.invoices)
    _replace(db, "unclaimed", period, publication.unclaimed)
    _replace(db, "node_cost_day", period, publication.node_costs)
    _replace(db, "commitment", period, publication.commitments)
    _replace(db, "tagging_group", period, publication.tagging.groups)
    db.execute("DELETE FROM tagging_day WHERE period = ?", (period,))
    _insert(db, "tagging_day", period, publication.tagging.days)
    db.execute(
        "INSERT OR REPLACE INTO published (period, period_end, inputs_key, loads, config, first_known_at,"
        " known_at, totals, fingerprint, inputs, spelling, priced, priced_since, notes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            period,
            to_int(publication.period_end),
            publication.inputs_key,
            json.dumps(publication.loads),
            publication.config,
            to_text(now) if first is None else first["first_known_at"],
            to_text(now),
            json.dumps(publication.totals, sort_keys=True),
            fingerprint(db, period, publication.weighed or weighed(db, period)),
            publication.inputs,
            publication.spelling,
            publication.priced.as_json(),
            (first and first["priced_since"]) or to_text(now),
            publication.notes,
        ),
    )


def _cause(before: sqlite3.Row, publication: Publication) -> str:
    """Why a period is published anew."""
    if tuple(json.loads(before["loads"])) != publication.loads:
        return "delivery"
    if before["config"] == publication.config and before["inputs"] != publication.inputs:
        return "usage"
    return "configuration"


def _require_conservation(db: sqlite3.Connection, publication: Publication) -> None:
    """What is stored must be the bill, to the nano-unit. Raises WarehouseError, which undoes it all."""
    period = publication.period
    daily = _sums(db, period, "cost_day", "BillingCurrency", SUMMED)
    stored = {row["BillingCurrency"]: amounts(row) for row in daily}
    bill = {currency: Amounts(**total) for currency, total in publication.totals.items()}
    # Check sums over all currencies and units, never shown: which of them a fact is of, only its slice knows.
    facts = _sums(db, period, "team_cost", "period", (*SUMMED, *PRICED))
    limbs = ", ".join(f"SUM({name}{limb}) AS {name}{limb}" for name in SUMMED for limb in ("Whole", "Rest"))
    sql = queries.filled("placed_sums", totals=limbs, sums=sums())
    placed = db.execute(sql, {"period": to_int(period)}).fetchall()
    whole = sum(bill.values(), Amounts())
    is_placed = len(placed) == (sum(len(each.carriers) for each in SUMMARIES) if facts else 0)
    carried = sum(map(amounts, facts), Amounts())
    if stored != bill or carried != whole or not is_placed or any(amounts(row) != whole for row in placed):
        raise WarehouseError(
            f"period {publication.period}: teams would carry {stored}, the bill is {bill}; "
            "nothing was published, please report this"
        )
    require_priced(period, facts, publication.priced)


def _sums(
    db: sqlite3.Connection, period: date, table: str, keys: str, of: Sequence[str]
) -> list[sqlite3.Row]:
    sql = queries.filled("stored_sums", keys=keys, sums=sums(of=of), table=table, condition="1")
    return db.execute(sql, {"first": to_int(period), "last": to_int(period)}).fetchall()


def _replace(
    db: sqlite3.Connection, table: str, period: int, rows: Sequence[Sequence[int | str | None]]
) -> None:
    """The rows of one period of a small table."""
    db.execute(f"DELETE FROM {table} WHERE period = ?", (period,))
    if rows:
        places = ", ".join("?" * (len(rows[0]) + 1))
        db.executemany(f"INSERT INTO {table} VALUES ({places})", [(period, *row) for row in rows])


def _insert(
    db: sqlite3.Connection, table: str, period: int, batches: Iterable["RecordBatch"], to: str = ""
) -> None:
    """Many rows a statement: to bind and run one for each takes twice as long.

    to: another table of the same columns.
    """
    for batch in batches:
        names = ", ".join(_COLUMNS[table][: batch.num_columns + 1])
        rows = rows_of(batch)
        whole = len(rows) - len(rows) % _ROWS_A_STATEMENT
        for part, at_once in ((rows[:whole], _ROWS_A_STATEMENT), (rows[whole:], 1)):
            places = ", ".join([f"({period:d}{', ?' * batch.num_columns})"] * at_once)
            bound = part.reshape(-1, at_once * batch.num_columns).tolist()
            db.executemany(f"INSERT INTO {to or table} ({names}) VALUES {places}", bound)


def _revise(
    db: sqlite3.Connection,
    table: str,
    period: int,
    batches: Iterable["RecordBatch"],
    known_at: str,
    **why: str | bool,
) -> None:
    """Replace the rows of a period of ``team_cost`` or ``place_day``, and keep what changed, and why."""
    columns = ", ".join(f"{column} INTEGER" for column in _COLUMNS[table])
    keys = ", ".join(("period", *_KEYS[table]))
    db.execute("DROP TABLE IF EXISTS temp.incoming")
    db.execute(queries.filled("incoming", columns=columns, keys=keys))
    _insert(db, table, period, batches, to="temp.incoming")
    if not why.get("is_priced", True):
        take_units(db, period)
    db.execute(queries.text(f"revise_{table}"), {"period": period, "known_at": known_at, **why})
    db.execute(f"DELETE FROM {table} WHERE period = ?", (period,))
    db.execute(f"INSERT INTO {table} SELECT * FROM temp.incoming")
    db.execute("DROP TABLE temp.incoming")
