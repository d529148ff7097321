"""How settled the published days are, told anew by each run of ``allocate``."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from costwatch.allocation.settings import Allocation
from costwatch.allocation.teams import memberships_of
from costwatch.cost import settling
from costwatch.cost.counting import EVERYTHING
from costwatch.cost.settings import BudgetSettings
from costwatch.money import nanos
from costwatch.plugins import Collector
from costwatch.warehouse.bill import day_states
from costwatch.warehouse.store import Warehouse

_AMOUNTS_REACH = timedelta(days=70)  # of days that settle by what they cost


def settle_days(
    warehouse: Warehouse, sources: Sequence[Collector], allocation: Allocation, now: datetime
) -> None:
    """How settled each day is, and what is configured besides: sources, budgets, unit costs, parents."""
    settle = allocation.settle
    with warehouse.read() as db:
        counts, periods = day_states.line_counts(db), day_states.source_periods(db)
        estimated = day_states.called_estimated(db) if settle.source_estimates else {}
        summed = [source.name for source in sources if getattr(source, "lines_are_sums", False)]
        amounts = day_states.daily_amounts(db, summed, now.date() - _AMOUNTS_REACH)
    # Of these a day without a line is a day without cost: no day waits for them.
    sparse = {source.name for source in sources if getattr(source, "sparse", False)}
    settled = {}
    for source, days in counts.items():
        closed = settling.closed_before(periods[source], now, settle.close_after_days)
        if source in sparse:
            settled[source] = settling.settled_by_age(days, closed, now, settle)
            continue
        called, cost = estimated.get(source, set()), amounts.get(source)
        settled[source] = settling.settled(days, closed, now, settle, called, cost)
    roles = {source.name: source.role for source in sources}
    with warehouse.write() as db:
        day_states.store_states(db, settled, now)
        day_states.store_sources(db, roles, settled, now)
        day_states.store_budgets(db, [_budget_row(budget) for budget in allocation.budgets], now)
        unit_costs = {one.name: one.model_dump_json(exclude_defaults=True) for one in allocation.unit_costs}
        day_states.store_unit_costs(db, unit_costs, now)
        day_states.store_memberships(db, memberships_of(allocation.teams), now)


def _budget_row(budget: BudgetSettings) -> day_states.BudgetRow:
    name = budget.name or f"{budget.team} {budget.period}"
    include = EVERYTHING if budget.include is None else ",".join(sorted(budget.include))
    return name, budget.team, budget.metric, budget.period, budget.currency, nanos(budget.amount), include
