"""What shows whether the numbers can be trusted: the questions of the Data page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import UNALLOCATED, State
from costwatch.money import units
from costwatch.proof.second_opinion import Comparison, compare
from costwatch.warehouse import queries
from costwatch.warehouse.bill import proof, second_opinion
from costwatch.warehouse.bill.proof import PublishedBills
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.facts import freshness
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

SHARE_DAYS = 30
_PERIODS = 13
_RUNS = 12
_LARGEST = 8
_DAY = timedelta(days=1)

Row = Mapping[str, Any]


def sources(facts: WarehouseSnapshot) -> list[Row]:
    """Each source that was ever read, and how its last run went."""
    return [dict(row) for row in freshness.sources(facts.db, facts.as_of, facts.now)]


def runs(facts: WarehouseSnapshot) -> list[Row]:
    """The latest runs, newest first."""
    return [dict(row) for row in queries.rows(facts.db, "collections", {"limit": _RUNS})]


def held(facts: WarehouseSnapshot) -> PublishedBills:
    """The newest published periods, as they were summed when they were published."""
    return proof.newest_bills(facts.db, _PERIODS)


def second_opinions(
    facts: WarehouseSnapshot, periods: tuple[tuple[date, date], ...]
) -> tuple[Comparison, ...]:
    """What other sources say of published periods, each with its end, and why it differs."""
    return tuple(
        opinion
        for said in second_opinion.compared_bills(facts.db, dict(periods))
        for opinion in compare(said)
    )


@dataclass(frozen=True, slots=True)
class Unowned:
    """Cost of the last 30 days up to ``end`` that no team carries for want of a tag or account."""

    total: Decimal
    unallocated: Decimal
    by_service: tuple[tuple[str, Decimal], ...]
    by_account: tuple[tuple[str, Decimal], ...]


def unowned(facts: WarehouseSnapshot, currency: str, end: date) -> Unowned:
    """Unallocated EffectiveCost and where it lies, largest first."""
    first, after = end - timedelta(days=SHARE_DAYS - 1), end + _DAY
    where = {"team": [UNALLOCATED], "currency": [currency]}

    def largest(by: str) -> tuple[tuple[str, Decimal], ...]:
        found = (
            (row.labels[by], row.amount())
            for row in cost(facts.db, first, after, (by,), where, as_of=facts.as_of)
        )
        return tuple(sorted(found, key=lambda pair: (-abs(pair[1]), pair[0]))[:_LARGEST])

    def total(rows: Sequence[Cost]) -> Decimal:
        return sum((row.amount() for row in rows), Decimal())

    everything = cost(facts.db, first, after, where={"currency": [currency]}, as_of=facts.as_of)
    lost = cost(facts.db, first, after, where=where, as_of=facts.as_of)
    return Unowned(total(everything), total(lost), largest("service"), largest("account"))


@dataclass(frozen=True, slots=True)
class Restatement:
    """A settled day whose EffectiveCost changed by ``delta``, most of it (``largest``) at one team."""

    day: date
    currency: str
    delta: Decimal
    team: str
    service: str
    largest: Decimal
    known_at: datetime


def restatements(facts: WarehouseSnapshot, first: date, last: date) -> list[Restatement]:
    """One for each day and currency, newest day first."""
    window = {"first": to_int(first), "after": to_int(last + _DAY)}
    days: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in queries.rows(facts.db, "restatements", window):  # largest first
        days[row["day"], row["BillingCurrency"]].append(dict(row))
    return [
        Restatement(
            from_int(day),
            currency,
            units(sum(row["EffectiveCostNano"] for row in rows)),
            rows[0]["x_Team"],
            rows[0]["ServiceName"],
            units(rows[0]["EffectiveCostNano"]),
            from_text(max(row["known_at"] for row in rows)),
        )
        for (day, currency), rows in sorted(days.items(), reverse=True)
    ]


def day_states(facts: WarehouseSnapshot, first: date, last: date) -> Mapping[date, State]:
    """How settled each day is; a day that holds no cost is left out."""
    return facts.states(first, last + _DAY)
