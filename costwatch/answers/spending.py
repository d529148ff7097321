"""What everyone and each team spends, against its budget."""

from collections.abc import Mapping
from datetime import date, timedelta

from costwatch.cost import spending as arithmetic
from costwatch.cost.counting import EVERYTHING, basis, counted
from costwatch.cost.forecast import period_of
from costwatch.cost.spending import DailyCosts, TeamSpending
from costwatch.model import BEFORE_CREDITS, METRICS, SeriesByLabels, Window
from costwatch.plugins import Snapshot

_LABELS = ("name", "team", "metric", "period", "include")


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
    known = budgets(facts, last)
    costs = daily_costs(facts, arithmetic.window_of(last), known, metric)
    return arithmetic.spending(costs, known, last, metric)


def budgets(facts: Snapshot, last: date) -> SeriesByLabels:
    """The budgets of the quarter that holds ``last``."""
    window = Window.of_days(period_of("quarter", last)[0], last + timedelta(days=1))
    return facts.series("budget", _LABELS, window)


def daily_costs(
    facts: Snapshot, window: Window, known: SeriesByLabels, metric: str = "EffectiveCost"
) -> Mapping[str, DailyCosts]:
    """By ``counting.basis``: both costs, ``metric`` before credits, and what the ``known`` budgets count."""

    def ask(name: str, by: tuple[str, ...]) -> SeriesByLabels:
        return facts.series(name, by, window)

    asked = {name: (name, EVERYTHING) for name in (*METRICS, BEFORE_CREDITS[metric])}
    for key in known:
        names = dict(key)
        of = names["metric"], names.get("include", EVERYTHING)
        asked[basis(*of)] = of
    return {
        name: DailyCosts(counted(ask, *of, ()), counted(ask, *of, ("team",))) for name, of in asked.items()
    }
