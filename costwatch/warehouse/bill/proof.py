"""The published bill as every table tells it, to be held against each other."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from costwatch.model import METRICS, Amounts, Load, Role
from costwatch.money import NANO
from costwatch.proof.bill import Check, Differing, Discrepancy, InvoicePart, Proof, total
from costwatch.warehouse import queries
from costwatch.warehouse.bill import compared, registered_loads
from costwatch.warehouse.bill.fingerprint import fingerprint, weighed
from costwatch.warehouse.bill.places import PLACE_COLUMNS
from costwatch.warehouse.bill.publish import INVOICE_COLUMNS
from costwatch.warehouse.bill.registered_loads import UNREADABLE, day_text
from costwatch.warehouse.bill.sums import SUMMED, amounts, sums
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.wording import RESTORE

MOST_PLACES = 1000  # where two tables differ
_DIFFERS = " OR ".join(f"{name}Rest % {NANO} OR {name}Whole + {name}Rest / {NANO}" for name in SUMMED)
_OF_CURRENCY = "slice IN (SELECT id FROM slice WHERE BillingCurrency = :currency)"
# What each team carries, as it was summed when it was published.
_CARRIED = """(SELECT c.*, s.BillingCurrency FROM place s CROSS JOIN published p
CROSS JOIN place_day c ON c.period = p.period AND c.place = s.id AND c.team > 0 AND c.service = 0
WHERE s.summary = 'currency')"""
_PLACES = f"SELECT id, summary, {', '.join(PLACE_COLUMNS)} FROM place"
_CHECKS = "(SELECT *, 0 AS line_count FROM check_cost)"

_Told = dict[tuple[str | int, ...], Amounts]


@dataclass(frozen=True, slots=True)
class PublishedBills:
    """The published periods of a window, newest first, and what is wrong with how they are stored."""

    proofs: tuple[Proof, ...]
    loads: tuple[Load, ...]
    findings: tuple[Discrepancy, ...]
    bounds: Mapping[str, int]  # of their periods, yyyymmdd, both included

    @property
    def periods(self) -> dict[date, date]:
        """Start -> end of each."""
        return {proof.period: proof.period_end for proof in self.proofs}


def newest_bills(db: sqlite3.Connection, at_most: int) -> PublishedBills:
    """So many periods, the newest, as they were summed when they were published: no fact is counted again."""
    return _published(db, None, None, at_most, recount=False)


def published_bills(
    db: sqlite3.Connection, first: date | None = None, after: date | None = None
) -> PublishedBills:
    """The periods that overlap the days ``first`` up to, not including, ``after``; None: all there are."""
    return _published(db, first, after, None, recount=True)


def _published(
    db: sqlite3.Connection, first: date | None, after: date | None, at_most: int | None, *, recount: bool
) -> PublishedBills:
    rows = [row for row in queries.rows(db, "published") if _overlaps(row, first, after)][:at_most]
    bounds = {"first": 0, "last": 99999999}
    if first or after or at_most:
        if not rows:
            return PublishedBills((), (), (), bounds)
        bounds = {"first": rows[-1]["period"], "last": rows[0]["period"]}
    told = _Tables(db, bounds, recount=recount)
    loads: list[Load] = []
    findings = [*told.left_over({row["period"] for row in rows})]
    if recount:
        findings += _nameless(db, bounds)
    for load in registered_loads.loads(db, rows, bounds):
        if isinstance(load, Discrepancy):
            findings.append(load)
        else:
            loads.append(load)
    findings += told.said([load for load in loads if load.role is Role.CHECK])
    proofs: list[Proof] = []
    for row in rows:
        try:
            proofs += told.proofs(row, loads)
        except UNREADABLE:
            period = day_text(row["period"])
            text = f"{period}: its row in the table published cannot be read; {RESTORE}"
            findings.append(Discrepancy(Check.BILL, period, text))
    return PublishedBills(tuple(proofs), tuple(loads), tuple(findings), bounds)


def _nameless(db: sqlite3.Connection, bounds: Mapping[str, int]) -> Iterator[Discrepancy]:
    for row in queries.rows(db, "nameless", bounds):
        period, what = day_text(row["period"]), row["what"]
        text = f"{period}: {what} {row['number']} carries cost, but the table {what} does not name it"
        yield Discrepancy(Check.BILL, period, f"{text}; {RESTORE}")


def differing(db: sqlite3.Connection, of: PublishedBills) -> Iterator[Differing]:
    """Every place where the tables that teams are charged by disagree; reads all facts, twice."""
    unkept = {(each.period.isoformat(), each.currency) for each in of.proofs if not each.is_kept}
    names = {
        what: {row["id"]: row["name"] for row in db.execute(f"SELECT id, name FROM {what}")}
        for what in ("team", "service")
    }
    names["place"] = {row["id"]: " ".join(filter(None, tuple(row)[1:])) for row in db.execute(_PLACES)}
    for left, right, left_rows, right_rows, known in compared.pairs():
        keys = ("period", "BillingCurrency", *known)
        sql = queries.filled(
            "differing_sums",
            keys=", ".join(keys),
            sums=sums(factor="sign * "),
            summed=", ".join(SUMMED),
            left=left_rows,
            right=right_rows,
            differs=_DIFFERS,
        )
        for row in db.execute(sql, {**of.bounds, "limit": MOST_PLACES}):
            period, currency = day_text(row["period"]), row["BillingCurrency"]
            if left != "team_invoice" or (period, currency) not in unkept:
                place = ", ".join(_placed(key, row[key], names) for key in known)
                yield Differing((left, right), period, currency, place, amounts(row))


def _placed(key: str, value: str | int, names: Mapping[str, Mapping[int, str]]) -> str:
    if key in names:
        if value == 0:
            return f"all {key}s"
        return f"{key} {value if value is None else names[key].get(int(value), value)}"
    return f"{key} {day_text(int(value)) if key == 'day' else value}"


def _overlaps(row: sqlite3.Row, first: date | None, after: date | None) -> bool:
    return (first is None or row["period_end"] > to_int(first)) and (
        after is None or row["period"] < to_int(after)
    )


class _Tables:
    """What each table tells of the periods, by their numbers."""

    def __init__(self, db: sqlite3.Connection, bounds: Mapping[str, int], *, recount: bool) -> None:
        self._db, self._bounds = db, bounds
        by_part = ("period", *INVOICE_COLUMNS)
        by_team = ("period", "BillingCurrency", "team")
        self.names = {row["id"]: row["name"] for row in db.execute("SELECT id, name FROM team")}
        self.bill = self._sums("bill", by_part)
        self.carried = self._sums("team_invoice", by_part)
        self.checks = self._sums(_CHECKS, ("load", "BillingCurrency"))
        self.teams = {"team_invoice": self._sums("team_invoice", by_team)}
        if recount:
            self.teams |= {"team_cost": self._facts(), "cost_day": self._sums("cost_day", by_team)}
        else:
            self.teams["place_day"] = self._sums(_CARRIED, by_team)

    def _sums(self, table: str, keys: Sequence[str], condition: str = "1", currency: str = "") -> _Told:
        sql = queries.filled(
            "stored_sums", keys=", ".join(keys), sums=sums(), table=table, condition=condition
        )
        found = self._db.execute(sql, {**self._bounds, "currency": currency})
        return {tuple(row[key] for key in keys): amounts(row) for row in found}

    def _facts(self) -> _Told:
        """One currency at a time: in the order in which they are stored, facts are summed without sorting."""
        return {
            (period, currency, team): its_amounts
            for (currency,) in self._db.execute("SELECT DISTINCT BillingCurrency FROM slice ORDER BY 1")
            for (period, team), its_amounts in self._sums(
                "team_cost", ("period", "team"), _OF_CURRENCY, currency
            ).items()
        }

    def proofs(self, row: sqlite3.Row, loads: Sequence[Load]) -> Iterator[Proof]:
        """One for each currency of a published period."""
        number, period = row["period"], from_int(row["period"])
        totals = {
            currency: Amounts(*(told[name] for name in SUMMED))
            for currency, told in json.loads(row["totals"]).items()
        }
        its_loads = [load for load in loads if load.role is Role.BILL and load.period == period]
        for currency in sorted({*totals, *self._currencies(number)}):
            mine = [load.totals[currency] for load in its_loads if currency in load.totals]
            yield Proof(
                period=period,
                period_end=from_int(row["period_end"]),
                currency=currency,
                known_at=from_text(row["known_at"]),
                load_count=len(its_loads),
                published=totals.get(currency, Amounts()),
                loads=total(counted.amounts for counted in mine),
                control={metric: sum((one.control[metric] for one in mine), Decimal()) for metric in METRICS},
                parts=tuple(self._parts(number, currency)),
                teams={
                    table: {
                        str(self.names.get(int(team), team)): told
                        for (*of, team), told in rows.items()
                        if of == [number, currency]
                    }
                    for table, rows in self.teams.items()
                },
            )

    def _currencies(self, period: int) -> set[str]:
        return {str(key[1]) for rows in self.teams.values() for key in rows if key[0] == period} | {
            str(key[-1]) for key in self.bill if key[0] == period
        }

    def _parts(self, period: int, currency: str) -> Iterator[InvoicePart]:
        for key in sorted({*self.bill, *self.carried}, key=lambda key: [str(value) for value in key]):
            if (key[0], key[-1]) == (period, currency):
                source, payer, issuer, invoice, category = (str(value) for value in key[1:-1])
                bill, carried = (table.get(key, Amounts()) for table in (self.bill, self.carried))
                yield InvoicePart(source, payer, issuer, invoice, category, bill, carried)

    def left_over(self, published: set[int]) -> Iterator[Discrepancy]:
        """Rows of periods that are not published: readers do not see them, or not whole."""
        tables = {"bill": self.bill, **self.teams}
        for period in sorted({int(key[0]) for rows in tables.values() for key in rows} - published):
            named = " and ".join(
                name for name, rows in tables.items() if any(key[0] == period for key in rows)
            )
            text = f"{day_text(period)}: {named} hold rows of a period that is not published; {RESTORE}"
            yield Discrepancy(Check.BILL, day_text(period), text)

    def said(self, loads: Sequence[Load]) -> Iterator[Discrepancy]:
        """What is stored of a source of role check, where it is not what its load holds."""
        for load in loads:
            for currency, counted in load.totals.items():
                by = replace(counted.amounts, line_count=0) - self.checks.get((load.id, currency), Amounts())
                if by:
                    period = load.period.isoformat()
                    place = Differing(("load", "check_cost"), period, currency, f"source {load.source}", by)
                    yield Discrepancy(Check.LOAD, period, f"{place.text}; {RESTORE}")


def unlike_published(db: sqlite3.Connection, of: PublishedBills) -> Iterator[Discrepancy]:
    """Periods of which some fact, or a name of one, is not what was published; reads all facts."""
    for row in queries.rows(db, "published"):
        within = of.bounds["first"] <= row["period"] <= of.bounds["last"]
        if not within or not row["fingerprint"]:
            continue
        if row["fingerprint"] != fingerprint(db, row["period"], weighed(db, row["period"])):
            period = day_text(row["period"])
            text = f"{period}: team_cost, or a name that it rests on, is not what was published"
            yield Discrepancy(Check.BILL, period, f"{text}; {RESTORE}")


def invoiced(db: sqlite3.Connection) -> dict[str, dict[str, Amounts]]:
    """What the published bill holds of each invoice, by its id and currency, newest first."""
    found: dict[str, dict[str, Amounts]] = {}
    for row in db.execute(queries.filled("invoiced", sums=sums())):
        found.setdefault(row["InvoiceId"], {})[row["BillingCurrency"]] = amounts(row)
    return found
