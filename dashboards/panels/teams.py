"""The table of teams: each one's month against its budget."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from costwatch import money
from costwatch.cost.conversion import Unit
from costwatch.cost.spending import TeamSpending
from costwatch.model import RESIDUALS
from dashboards import blocks, frame
from dashboards.blocks import Column

_CLOSE = Decimal("0.95")  # of a budget, by forecast


def no_budget(unit: Unit) -> str:
    """Why there is none to hold cost against."""
    return "no budget is converted" if unit.converted else "no budget set"


def table(of: Sequence[TeamSpending], begun: date, unit: Unit, month: str, ending: str) -> Markup:
    """Each team's month against its budget, the worst first.

    begun: the first day that anyone has. month, ending: what the columns of its cost so far, and at its end,
    are called.
    """
    columns = (
        Column("", "mark"),
        Column("Team"),
        Column("30 days", wide=True),
        Column(month, "number"),
        Column("7 d change", "number", wide=True),
        Column(ending, "number"),
        Column("Budget", "number", wide=True),
        Column("Of budget", "number"),
    )
    worst = sorted(of, key=lambda one: (one.team in RESIDUALS, -_ratio(one), -one.month_to_date, one.team))
    return blocks.table(columns, [_team(one, begun, unit) for one in worst])


def _team(of: TeamSpending, begun: date, unit: Unit) -> tuple[blocks.Text, ...]:
    def short(amount: Decimal) -> Markup:
        return blocks.amount(amount, unit.name, money.short(amount, of.currency))

    ratio, change = _ratio(of), of.change_7_days
    mark, tone = (
        ("● over", "bad") if ratio > 1 else ("◐ close", "warn") if ratio >= _CLOSE else ("○ ok", "good")
    )
    quarter = " a quarter" if of.budget and of.budget.period == "quarter" else ""
    return (
        blocks.toned(mark, tone) if of.budget else blocks.hover("–", no_budget(unit), "muted"),
        blocks.link(of.team, "costs", team=of.team, **frame.chosen_currency()),
        blocks.sparkline(_daily(of, begun), f"{of.team}, cost of the last 30 days"),
        short(of.month_to_date),
        "–" if change is None else blocks.amount(change, unit.name, money.change(change, of.currency)),
        short(of.forecast),
        Markup("{}{}").format(short(of.budget.amount), quarter) if of.budget else "–",
        blocks.meter(ratio, tone) if of.budget else "–",
    )


def _daily(of: TeamSpending, begun: date) -> list[Decimal]:
    """The last days of a team, from the first that anyone has; a day without a row cost it nothing."""
    known = {point.day: point.value for point in of.days}
    days = (begun + timedelta(days=number) for number in range((of.through - begun).days + 1))
    return [known.get(day, Decimal()) for day in days]


def _ratio(of: TeamSpending) -> Decimal:
    """Forecast by budget; without a budget -1."""
    return of.budget.outlook.forecast / of.budget.amount if of.budget else Decimal(-1)
