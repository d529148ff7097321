"""What needs a person first: firing alerts, budgets that will not last, the largest increases. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costwatch.cost.explain import Change
from costwatch.cost.spending import EVERYONE, BudgetStanding, TeamSpending
from costwatch.model import RESIDUALS, Alert, Severity
from costwatch.money import short
from costwatch.wording import on_day, percent

_WORTH_SAYING = Decimal("0.01")  # of the whole: a smaller increase is no thing to do
_NOBODYS = "nobody owns it: costwatch teams suggest shows what to write under teams"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do; ``amount`` (in ``currency``): how far above a limit, a budget or the week before."""

    team: str
    currency: str
    amount: Decimal
    text: str
    runbook: str = ""
    is_page: bool = False


def actions(
    alerts: Iterable[Alert],
    teams: Sequence[TeamSpending],
    changes: Sequence[Change],
    totals: Mapping[str, Decimal],
    limit: int = 3,
    *,
    note: str = "",
) -> list[Action]:
    """At most ``limit``, the worst first, of different teams as far as there are that many.

    changes: by team and service; note: what is said of their amounts. totals: currency -> what everything
    cost over the same days; shares of them are what makes amounts in different currencies comparable.
    """
    rises = _Rises(changes, totals, note)
    firing = [alert for alert in alerts if alert.is_firing and _has_an_owner(alert)]
    budgets = {(one.currency, one.budget.name): one.budget for one in teams if one.budget}
    told = {(alert.unit, alert.label("budget")) for alert in firing}
    found = [_of_alert(alert, budgets, rises) for alert in firing]
    found += [
        _of_budget(one, one.budget, rises)
        for one in teams
        if one.budget and one.budget.over > 0 and one.team != EVERYONE
        if (one.currency, one.budget.name) not in told
    ]
    found += rises.left()

    def urgency(one: Action) -> tuple[bool, Decimal, str]:
        return not one.is_page, -one.amount / (abs(totals.get(one.currency, Decimal())) or 1), one.text

    ranked = sorted(found, key=urgency)
    firsts = {one.team: one for one in reversed(ranked)}
    repeats = [one for one in ranked if firsts[one.team] is not one]
    return sorted([*sorted(firsts.values(), key=urgency), *repeats][:limit], key=urgency)


class _Rises:
    """Increases large enough to mention, each at most once."""

    def __init__(self, changes: Iterable[Change], totals: Mapping[str, Decimal], note: str) -> None:
        self._note = note
        self._open = {
            (one.currency, dict(one.labels)["team"], dict(one.labels)["service"]): one
            for one in sorted(changes, key=lambda one: (-one.delta, one.labels))
            if one.delta > 0 and one.delta >= _WORTH_SAYING * totals.get(one.currency, Decimal())
        }

    def take(self, currency: str, team: str, service: str | None = None) -> Change | None:
        """The largest increase of a team (in one service), if there is one."""
        for key in self._open:
            if key[:2] == (currency, team) and service in (None, key[2]):
                return self._open.pop(key)
        return None

    def left(self) -> list[Action]:
        """A thing to do for each increase not taken yet."""
        found = []
        for (currency, team, service), rise in self._open.items():
            cost = short(rise.after, currency)
            text = f"{team}: {service} cost {cost}{self._note}, {_size(rise)} more than the week before"
            if team in RESIDUALS:
                text += f"; {_NOBODYS}"
            found.append(Action(team, currency, rise.delta, text))
        return found


def _has_an_owner(alert: Alert) -> bool:
    is_money = len(alert.unit) == 3 and alert.unit.isupper() and alert.value is not None
    return is_money and alert.label("team") != EVERYONE


def _of_alert(alert: Alert, budgets: Mapping[tuple[str, str], BudgetStanding], rises: _Rises) -> Action:
    team, service = alert.label("team"), alert.label("service") or None
    budget = budgets.get((alert.unit, alert.label("budget")))
    excess = abs((alert.value or Decimal()) - (alert.threshold or Decimal()))
    rise = rises.take(alert.unit, team, service)
    amount = max(budget.over if budget else excess, rise.delta if rise else Decimal())
    text = alert.summary + _because(rise, service)
    return Action(team, alert.unit, amount, text, alert.runbook, alert.severity is Severity.PAGE)


def _of_budget(one: TeamSpending, budget: BudgetStanding, rises: _Rises) -> Action:
    forecast, amount, over = (
        short(value, one.currency) for value in (budget.outlook.forecast, budget.amount, budget.over)
    )
    leads_to = budget.leads_to(one.through)
    text = f"{one.team}: {leads_to} {forecast}, {over} over its budget of {amount}"
    crossing = budget.outlook.crossing_day
    if crossing is not None:
        text += f", {'passed' if crossing <= one.through else 'which it passes'} on {on_day(crossing)}"
    text += _because(rises.take(one.currency, one.team), None)
    return Action(one.team, one.currency, budget.over, text)


def _because(rise: Change | None, told_service: str | None) -> str:
    if rise is None:
        return ""
    what = "" if told_service else f"{dict(rise.labels)['service']} is "
    return f"; {what}up {_size(rise)} on the week before"


def _size(rise: Change) -> str:
    ratio = rise.ratio
    return short(rise.delta, rise.currency) + ("" if ratio is None else f" ({percent(ratio)})")
