"""What everyone and each team spends, against its budget."""

from datetime import date, timedelta

from costwatch.cost import spending as arithmetic
from costwatch.cost.forecast import period_of
from costwatch.cost.spending import DailyCosts, TeamSpending
from costwatch.model import METRICS, SeriesByLabels, Window
from costwatch.plugins import Snapshot


def spending(
    facts: Snapshot, metric: str = "EffectiveCost", through: date | None = None
) -> list[TeamSpending]:
    """See ``cost.spending``; nothing settled yet: an empty list.

    through: the last day to count, where that is earlier than ``facts.data_through``.
    """
    settled = facts.data_through
    if settled is None:
        return []
    last = min(settled, through or settled)
    window = arithmetic.window_of(last)
    costs = {
        name: DailyCosts(facts.series(name, (), window), facts.series(name, ("team",), window))
        for name in METRICS
    }
    return arithmetic.spending(costs, budgets(facts, last), last, metric)


def budgets(facts: Snapshot, last: date) -> SeriesByLabels:
    """The budgets of the quarter that holds ``last``."""
    window = Window.of_days(period_of("quarter", last)[0], last + timedelta(days=1))
    return facts.series("budget", ("name", "team", "metric", "period"), window)
