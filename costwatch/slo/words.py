"""What is said of error budgets, in words. Pure."""

from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.slo.burn import Number
from costwatch.slo.standing import USUAL, Health, SloState
from costwatch.wording import ago, amount, at_instant, share, span


def lasting(left: Number | None, lasts: timedelta | None) -> str:
    """``at this rate the budget is gone in 2 d 4 h``. lasts: None where it outlasts its period."""
    if left is not None and left <= 0:
        return "the budget is spent"
    return f"at this rate the budget {'lasts' if lasts is None else f'is gone in {span(lasts)}'}"


def used(bad: Number, allowed: Number, unit: str) -> str:
    """``412 of 600 allowed errors used``; of what is weighed by time, that. unit: as ``Objective.unit``."""
    if unit == "seconds":
        told = span(timedelta(seconds=max(0.0, float(bad))))
        return f"{told} of {span(timedelta(seconds=float(allowed)))} allowed used"
    what = {"slices": "bad slices", "samples": "bad samples"}.get(unit, "errors")
    return f"{number(bad)} of {number(allowed)} allowed {what} used"


def in_words(state: SloState) -> str:
    """``at this rate the budget is gone in 2 d 4 h; 412 of 600 allowed errors used``; how much is known."""
    known, budget = f"coverage {ratio(state.coverage)}", state.budget
    if state.health is Health.NO_EVENTS:
        return "no events in the whole period"
    if budget.allowed is None:
        return f"unknown, {known}"
    window = state.burning[0].long if state.burning else USUAL
    parts = [lasting(state.left, state.lasts(window)), used(budget.bad, budget.allowed, state.objective.unit)]
    if state.coverage < 0.995:
        parts.append(known)
    return "; ".join(parts)


def stale(since: datetime, now: datetime) -> str:
    """Why objectives are told as of an earlier instant (UTC)."""
    return (
        f"Nothing new is known of any SLO since {at_instant(since)}, {ago(now - since)}; "
        "this is how they stood then"
    )


def ratio(of: Number) -> str:
    """A share: ``59 %``, ``0.4 %``, ``-3.2 %``; near the whole as ``sli``."""
    exact = _exact(of)
    return sli(exact) if Decimal("0.99") < exact < 1 else share(exact)


def sli(of: Number) -> str:
    """``67.85 %``, ``99.95 %``, ``99.9995 %``, ``100 %``: what is not the whole does not look like it."""
    percent = _exact(of) * 100
    if percent == 100:
        return "100 %"
    digits = next((each for each in range(2, 6) if round(percent, each) != 100), 6)
    return f"{min(percent, Decimal('99.999999')) if percent < 100 else percent:.{digits}f} %"


def number(of: Number) -> str:
    """A number of events: ``412``, ``7.2``, ``1,234,568``."""
    exact = _exact(of)
    return amount(exact if abs(exact) >= 1000 else round(exact, 0 if abs(exact) >= 10 else 1))


def _exact(of: Number) -> Decimal:
    return of if isinstance(of, Decimal) else Decimal(str(of))
