"""Reliability beside what it costs: whether to cut, to spend, or what else, and why. Pure.

There is no price of one more nine: what is known is how much of the budget is left, and how much of what is
paid is used. Where both point the same way, that is said; where they do not, the reason is.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from costwatch.slo.words import ratio
from costwatch.wording import share

UNSPENT = 0.5  # of the error budget, or more, is left: nobody would notice a little less
BURNT = 0.25  # of it, or less, is left
IDLE = 0.6  # of what is asked for, or more, is not used
SATURATED = 0.7  # of it, or more, is used on average of day and night: so the busy hours have little left


class Advice(StrEnum):
    """What to do about what a system costs."""

    CUT = "cut"
    SPEND = "spend"
    MEND = "mend"  # money is not what it lacks
    KEEP = "keep"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """reason: a sentence without its full stop."""

    advice: Advice
    reason: str


def decide(left: float | None, use: float | None, *, is_burning: bool = False) -> Decision:
    """What to do about a system, of whose objectives the worst has ``left`` of its error budget.

    left, use: shares; use of what is requested, of the resource that is used most; None: unknown.
    is_burning: whether some budget burns so fast now that an alert tells of it.
    """
    if left is None:
        return Decision(Advice.UNKNOWN, "how much of its error budget is left is not known")
    if left <= BURNT:
        return _burnt(left, use)
    kept = f"{ratio(left)} of the budget left"
    if is_burning:
        return Decision(Advice.MEND, f"{kept}, and burning: first see what changed")
    if use is None:
        return Decision(Advice.UNKNOWN, f"{kept}; how much of it is used is not known")
    idle = f"{_share(1 - use)} idle"
    if left >= UNSPENT and 1 - use >= IDLE:
        return Decision(Advice.CUT, f"budget unspent and {idle}: cut")
    if left >= UNSPENT:
        return Decision(Advice.KEEP, f"budget unspent, but only {idle}: little to cut")
    return Decision(Advice.KEEP, f"{kept} and {idle}: neither to spare nor to save")


def _burnt(left: float, use: float | None) -> Decision:
    told = "budget spent" if left <= 0 else "budget burnt"
    if use is None:
        return Decision(Advice.UNKNOWN, f"{told}; whether more machines would help is not known")
    if use >= SATURATED:
        return Decision(Advice.SPEND, f"{told} and saturated ({_share(use)} used): spend")
    return Decision(
        Advice.MEND, f"{told}, but {_share(1 - use)} idle: money is not what it lacks, see what changed"
    )


def _share(of: float) -> str:
    return share(Decimal(str(round(of, 4))))
