"""Cost by day and group, filtered, as a page shows it: as rows, as groups, as CSV."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from costwatch.answers.cost_answer import CostAnswer, ask_cost
from costwatch.cost.conversion import Conversion, Unit
from costwatch.model import State
from costwatch.warehouse import queries
from costwatch.warehouse.facts.cost import values
from costwatch.warehouse.facts.dimensions import ever_had
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

FILTERS = ("team", "system", "provider", "account", "service")
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CostQuery:
    """What the filters say. ``first`` .. ``end`` are summed; estimated days up to ``last`` are only drawn."""

    where: tuple[tuple[str, str], ...]
    by: str
    metric: str
    unit: Unit
    first: date
    end: date
    last: date

    @property
    def currency(self) -> str:
        """The one all amounts are in."""
        return self.unit.currency

    @property
    def days(self) -> int:
        """How many are summed."""
        return (self.end - self.first).days + 1

    @property
    def needed_from(self) -> date:
        """The range, and the two weeks that are compared."""
        return min(self.first, self.end - 2 * _WEEK + _DAY)


@dataclass(frozen=True, slots=True)
class CostGroup:
    """One row of the table: the sums of the range, of its last 7 days, and of the 7 before those."""

    name: str
    total: Decimal = Decimal()
    last_7: Decimal = Decimal()
    before_7: Decimal = Decimal()

    @property
    def change(self) -> Decimal:
        """Last 7 days minus the 7 before."""
        return self.last_7 - self.before_7


def offered(facts: WarehouseSnapshot, first: date, last: date) -> Mapping[str, list[str]]:
    """The values each filter offers: of ``FILTERS``, then of dimensions."""
    places = queries.rows(facts.db, "places")
    found = {
        "team": values(facts.db, "team", first, last + _DAY),
        "system": sorted({row["x_System"] for row in places}),
        "provider": sorted({row["ProviderName"] for row in places}),
        "account": sorted({row["SubAccountId"] for row in places}),
        "service": values(facts.db, "service", first, last + _DAY),
    }
    found |= {name: ever_had(facts.db, name) for name in facts.dimensions}
    return {name: [value for value in of if value] for name, of in found.items()}


class CostRow(NamedTuple):  # of a year there are many, and a tuple is made in a fraction of the time
    """Cost of one group on one day; ``state``: how settled the day is."""

    day: date
    name: str
    currency: str
    BilledCost: Decimal
    EffectiveCost: Decimal
    state: State

    def amount(self, metric: str) -> Decimal:
        """One of ``METRICS`` in currency units, exact."""
        return self.EffectiveCost if metric == "EffectiveCost" else self.BilledCost


def by_day(facts: WarehouseSnapshot, query: CostQuery, conversion: Conversion | None = None) -> CostAnswer:
    """Cost of each day and group, from ``needed_from`` on.

    conversion: the rates of a converted query, which also has what has no rate, in its own currency.
    """
    where = {name: [value] for name, value in query.where}
    if not query.unit.converted:
        where["currency"] = [query.currency]
    first, after = query.needed_from, query.last + _DAY
    return ask_cost(
        facts,
        first,
        after,
        (query.by,),
        where,
        per_day=True,
        conversion=conversion,
        before_credits=False,
    )


def rows_of(answer: CostAnswer, query: CostQuery) -> list[CostRow]:
    """The rows of ``by_day``, by day."""
    return sorted(
        (
            CostRow(
                row.day,
                row.labels[query.by],
                row.labels["currency"],
                row.amount("BilledCost"),
                row.amount("EffectiveCost"),
                answer.state(row),
            )
            for row in answer.rows
            if row.day is not None
        ),
        key=lambda line: (line.day, line.name),
    )


def grouped(rows: Sequence[CostRow], query: CostQuery) -> list[CostGroup]:
    """The table's rows, largest first."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal()] * 3)
    for row in rows:
        day, amount = row.day, row.amount(query.metric)
        windows = (
            query.first <= day <= query.end,
            query.end - _WEEK < day <= query.end,
            query.end - 2 * _WEEK < day <= query.end - _WEEK,
        )
        kept = sums[row.name]
        sums[row.name] = [old + amount * holds for old, holds in zip(kept, windows, strict=True)]
    groups = [CostGroup(name, *amounts) for name, amounts in sums.items() if any(amounts)]
    return sorted(groups, key=lambda group: (-abs(group.total), group.name))


def as_csv(answer: CostAnswer, query: CostQuery) -> str:
    """Every day and group of the range, estimated days included, by day."""
    mine = [row for row in answer.rows if row.day is not None and row.day >= query.first]
    mine.sort(key=lambda row: (row.day or date.min, row.labels[query.by]))
    return replace(answer, rows=mine).as_csv()
