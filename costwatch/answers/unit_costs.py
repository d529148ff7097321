"""What one unit costs, now and before, and of which unit costs nothing is known."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from costwatch.answers.cost_answer import held_days
from costwatch.cost.settings import UnitCostSettings
from costwatch.cost.unit_cost import UnitDay, UnitSum, change, over_days, within
from costwatch.model import State, Window
from costwatch.money import per_unit
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int
from costwatch.warehouse.facts.measures import TABLE
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.facts.unit_costs import unit_costs, unit_days

UNKNOWN = "unknown"
USUAL_DAYS = 28  # four whole weeks, to be held against the four before
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LATELY = timedelta(days=35)  # a whole month of bills, with the days in which it is completed


@dataclass(frozen=True, slots=True)
class UnitCostRow:
    """One unit cost, of all of it or of one group.

    group: label -> value; empty: all of it together. found: the days of the window, or one ``day`` of it.
    before: the same of the window that lies whole weeks before; None: it was not asked for.
    """

    of: UnitCostSettings
    group: Mapping[str, str]
    found: UnitSum
    before: UnitSum | None = None
    day: date | None = None

    @property
    def value(self) -> Decimal | None:
        """What ``per`` units cost; None: unknown."""
        return self.found.unit_cost(self.of.per)

    @property
    def value_before(self) -> Decimal | None:
        """What they cost before; None: unknown."""
        return self.before.unit_cost(self.of.per) if self.before else None

    @property
    def change(self) -> Decimal | None:
        """By which share they cost more than before; None: unknown."""
        return change(self.value, self.value_before)

    @property
    def told(self) -> str:
        """``$0.42 per 1,000 predictions``, or that it is unknown."""
        return UNKNOWN if self.value is None else f"{per_unit(self.value, self.of.currency)} {self.of.unit}"

    @property
    def group_name(self) -> str:
        """``model=fraud, team=risk``; ``(all)`` for all of it together."""
        return ", ".join(f"{name}={value or '(none)'}" for name, value in self.group.items()) or "(all)"


@dataclass(frozen=True, slots=True)
class UnitCostAnswer:
    """Of the UTC days ``first`` up to ``after``, held against those from ``before`` on.

    states: how settled each of these days is that holds cost. as_of: None for what is known now.
    """

    first: date
    after: date
    before: date
    rows: tuple[UnitCostRow, ...]
    states: Mapping[date, State]
    as_of: datetime | None = None


def usual_window(facts: WarehouseSnapshot, days: int = USUAL_DAYS) -> tuple[date, date]:
    """So many days up to the newest settled one; before any is settled, to the newest one held."""
    after = (facts.data_through or held_days(facts)[1]) + _DAY
    return after - timedelta(days=days), after


def unit_cost_answer(
    facts: WarehouseSnapshot,
    first: date,
    after: date,
    names: Collection[str] | None = None,
    *,
    per_day: bool = False,
) -> UnitCostAnswer:
    """Every unit cost (or those of ``names``), first all of it, then its groups, the most expensive first.

    It is held against the days that lie as many whole weeks before as keep the two apart: weekdays against
    the same weekdays. per_day: a row for each day in the place of their sum, without what was before.
    """
    back = -(-(after - first) // _WEEK) * _WEEK
    rows: list[UnitCostRow] = []
    for of in unit_costs(facts):
        if names is None or of.name in names:
            for by in ((), of.by) if of.by else ((),):
                window = Window.of_days(first if per_day else first - back, after)
                groups = unit_days(facts, of, by, window)
                made = _by_day if per_day else _summed
                rows += made(of, by, groups, (first, after), back)
    states = facts.states(first, after)
    return UnitCostAnswer(first, after, first - back, tuple(rows), states, facts.as_of)


_Groups = Mapping[tuple[str, ...], Mapping[date, UnitDay]]


def _summed(
    of: UnitCostSettings, by: tuple[str, ...], groups: _Groups, days: tuple[date, date], back: timedelta
) -> list[UnitCostRow]:
    """A group of which nothing is known in the window is left out; all of it together never is."""
    found = []
    for key, its_days in groups.items() if by else [((), groups.get((), {}))]:
        now, before = within(its_days, *days), within(its_days, *(day - back for day in days))
        if now or not by:
            group = dict(zip(by, key, strict=True))
            found.append(UnitCostRow(of, group, over_days(now), over_days(before)))
    return sorted(found, key=lambda row: (-row.found.cost, -row.found.unknown_cost, [*row.group.values()]))


def _by_day(
    of: UnitCostSettings, by: tuple[str, ...], groups: _Groups, days: tuple[date, date], back: timedelta
) -> list[UnitCostRow]:
    return [
        UnitCostRow(of, dict(zip(by, key, strict=True)), over_days([one]), day=day)
        for key, its_days in sorted(groups.items())
        for day, one in sorted(its_days.items())
    ]


def of_system(facts: WarehouseSnapshot, system: str) -> frozenset[str]:
    """The names of the unit costs that are of a system."""
    return frozenset(of.name for of in unit_costs(facts) if system in of.slice.get("system", ()))


def never_known(facts: WarehouseSnapshot) -> dict[str, str]:
    """The unit costs of which no day of the last 35 settled ones is known, by name, each with why.

    Nothing is said before a day is settled.
    """
    through = facts.data_through
    if through is None:
        return {}
    lately = Window.of_days(through + _DAY - _LATELY, through + _DAY)
    return {of.name: why for of in unit_costs(facts) if (why := _why(facts, of, lately))}


def _why(facts: WarehouseSnapshot, of: UnitCostSettings, lately: Window) -> str:
    """Why nothing is known of it; '' where something is."""
    days = [*unit_days(facts, of, (), lately).get((), {}).values()]
    if any(day.is_known for day in days):
        return ""
    newest = _newest(facts, of.volume)
    if newest is None:
        return (
            f"its volume {of.volume} never arrived; run costwatch collect, or see by costwatch status "
            "why its source brings nothing"
        )
    if not any(day.cost is not None for day in days):
        told_by = ", ".join(of.where) or "currency"
        return f"no cost of the last 35 settled days is of it; correct its {told_by}, or wait until there is"
    if any(day.volume == 0 for day in days):
        return f"its volume {of.volume} was 0 on the last 35 settled days; see whether that is so"
    return (
        f"its volume {of.volume} is not known of the last 35 settled days (newest: {newest}); "
        "see by costwatch status why its source lacks them"
    )


def _newest(facts: WarehouseSnapshot, measure: str) -> date | None:
    """The newest day that any source has told a value of."""
    if not facts.has_table(TABLE):
        return None
    (row,) = facts.rows(queries.text("measure_newest"), {"measure": measure})
    return None if row["day"] is None else from_int(row["day"])


def rows_of_groups(answer: UnitCostAnswer) -> Iterator[UnitCostRow]:
    """Those that are not all of it together, of unit costs that have groups; of others, all of it."""
    return (row for row in answer.rows if bool(row.group) is bool(row.of.by))
