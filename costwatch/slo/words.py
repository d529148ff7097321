"""What is said of error budgets, in words. Pure."""

from datetime import timedelta
from decimal import Decimal

from costwatch.slo.burn import exhaustion
from costwatch.slo.standing import USUAL, Health, SloState
from costwatch.wording import amount, share, span


def lasting(state: SloState, window: timedelta) -> str:
    """``at this rate the budget is gone in 2 d 4 h``, by the burn over ``window``."""
    if (state.left or 0) <= 0:
        return "the budget is spent"
    lasts = exhaustion(state.budget, state.burn(window))
    return (
        "at this rate the budget lasts"
        if lasts is None
        else f"at this rate the budget is gone in {span(lasts)}"
    )


def used(state: SloState) -> str:
    """``412 of 600 allowed errors used``; of slices and of seconds, as time."""
    budget, unit = state.budget, state.objective.unit
    allowed = budget.allowed
    if allowed is None:
        return ""
    if unit == "seconds":
        told = span(timedelta(seconds=max(0.0, budget.bad)))
        return f"{told} of {span(timedelta(seconds=allowed))} allowed used"
    what = "errors" if unit == "events" else "bad slices"
    return f"{_number(budget.bad)} of {_number(allowed)} allowed {what} used"


def in_words(state: SloState) -> str:
    """``at this rate the budget is gone in 2 d 4 h; 412 of 600 allowed errors used``; how much is known."""
    known = f"coverage {share(Decimal(str(state.coverage)))}"
    if state.health is Health.NO_EVENTS:
        return "no events in the whole period"
    if not state.budget.is_known:
        return f"unknown, {known}"
    window = state.burning[0].window.long if state.burning else USUAL
    parts = [lasting(state, window), used(state)]
    if state.coverage < 0.995:
        parts.append(known)
    return "; ".join(parts)


def _number(value: float) -> str:
    exact = Decimal(str(value))
    return amount(exact if abs(exact) >= 1000 else round(exact, 0 if abs(exact) >= 10 else 1))
