"""The one sentence: what was spent, how that changed, where the month leads."""

from collections.abc import Iterator

from costwatch.cost.counting import before_credits
from costwatch.cost.spending import BudgetStanding
from costwatch.money import change, short
from costwatch.report.view import Section, TeamRow, Weekly, in_words
from costwatch.wording import percent

Phrase = tuple[str, str]  # text, and how it is said: "" plainly, "strong" or "alarm"


def sentence(weekly: Weekly, section: Section) -> Iterator[Phrase]:
    """In parts, to be put one after the other."""
    whole = section.whole
    yield short(whole.week, section.currency), "strong"
    yield f" for {in_words(weekly.counted)}", ""
    if whole.credits:
        yield f", {before_credits(whole.before_credits, whole.credits, section.currency)}", ""
    if whole.change is not None:
        yield ", ", ""
        yield change_in_words(whole), "alarm" if whole.change.delta > 0 else "strong"
        same = "the week before" if len(weekly.compared) == 7 else "the same days of the week before"
        yield f" against {same}", ""
    yield f". {weekly.through:%B} {_leads_to(weekly.is_month_complete)} ", ""
    yield short(whole.spending.forecast, section.currency), "strong"
    if whole.spending.before_credits:
        yield f" ({short(whole.spending.before_credits.forecast, section.currency)} before credits)", ""
    budget = whole.spending.budget
    if budget is None:
        yield "" if weekly.team is None and _budgeted(section) else "; no budget is set", ""
    elif budget.period == "month" and budget.metric == weekly.metric:
        yield ", ", ""
        yield from _against_budget(weekly, section.currency, budget)
    else:
        yield f"; the {budget.period}'s {budget.metric} {_leads_to(budget.outlook.is_complete)} ", ""
        yield short(budget.outlook.forecast, section.currency), "strong"
        yield ", ", ""
        yield from _against_budget(weekly, section.currency, budget)
    yield ".", ""
    if weekly.team is None and _budgeted(section):
        budgets = _budgeted(section)
        over = sum(one.over > 0 for one in budgets)
        is_over = all(one.outlook.is_complete for one in budgets)
        verb = ("was" if over == 1 else "were") if is_over else ("is" if over == 1 else "are")
        yield f" {over or 'None'} of {len(budgets)} team budgets {verb}", ""
        yield " passed." if is_over else " forecast to be passed.", ""


def _leads_to(is_complete: bool) -> str:
    return "came to" if is_complete else "is forecast at"


def change_in_words(row: TeamRow) -> str:
    """``+$6.3k (+8 %)``; ``not known`` where there is nothing to compare with."""
    if row.change is None:
        return "not known"
    ratio = row.change.ratio
    share = "" if ratio is None else f" ({'+' if ratio >= 0 else ''}{percent(ratio)})"
    return change(row.change.delta, row.change.currency) + share


def _against_budget(weekly: Weekly, currency: str, budget: BudgetStanding) -> Iterator[Phrase]:
    is_over = budget.over > 0
    yield (
        f"{short(abs(budget.over), currency)} {'over' if is_over else 'under'}",
        "alarm" if is_over else "strong",
    )
    yield f" the budget of {short(budget.amount, currency)}", ""
    crossing = budget.outlook.crossing_day
    if crossing is not None:
        yield f", {'passed on' if crossing <= weekly.through else 'passing it on'} {in_words([crossing])}", ""


def _budgeted(section: Section) -> list[BudgetStanding]:
    return [row.spending.budget for row in section.teams if row.spending.budget is not None]
