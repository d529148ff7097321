"""Error budgets: how much an objective allows to go wrong in its period, and what of that is left. Pure."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Budget:
    """The error budget of one instance, by what is known of its period. Finite numbers only.

    target: 0 < target < 1. good, total: what is known, in ``Objective.unit``. period_seconds: the whole
    period. expected_seconds: of these, those up to now: of a rolling one all of them. counted_seconds: of
    these, those since the first that anything is known of. known_seconds: of these, those that are known.
    bridged_seconds: of these, what is a part of a growth across a gap.

    What has not been counted yet (the rest of a calendar period; what was before the history began) is taken
    to bring as many events as what has been, and no bad ones. Raises ValueError for what is not finite.
    """

    target: float
    good: float
    total: float
    period_seconds: int
    expected_seconds: int
    counted_seconds: int
    known_seconds: int
    bridged_seconds: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.target < 1 or not isfinite(self.good) or not isfinite(self.total):
            raise ValueError(f"no error budget of {self.good} good of {self.total} at {self.target}")

    @property
    def bad(self) -> float:
        """What went wrong; below 0 where more was good than there was, which is inconsistent."""
        return self.total - self.good

    @property
    def is_known(self) -> bool:
        """Whether anything is known, and anything happened: else there is no SLI and no budget."""
        return self.total > 0 and min(self.known_seconds, self.counted_seconds, self.period_seconds) > 0

    @property
    def sli(self) -> float | None:
        """The share that was good, 0 to 1; None: nothing is known, or nothing happened."""
        return self.good / self.total if self.is_known else None

    @property
    def coverage(self) -> float:
        """How much of the period up to now is known, 0 to 1."""
        return min(1.0, self.known_seconds / self.expected_seconds) if self.expected_seconds > 0 else 0.0

    @property
    def allowed(self) -> float | None:
        """How much may go wrong in the whole period, in ``Objective.unit``: of what is expected."""
        if not self.is_known:
            return None
        return (1 - self.target) * self.total * self.period_seconds / self.counted_seconds

    @property
    def used(self) -> float | None:
        """The share of the budget that is used up; above 1: the objective is missed."""
        if not self.is_known:
            return None
        return self.bad / self.total / (1 - self.target) * self.counted_seconds / self.period_seconds

    @property
    def left(self) -> float | None:
        """The share of the budget that is left; below 0: the objective is missed."""
        used = self.used
        return None if used is None else 1 - used

    @property
    def events_left(self) -> float | None:
        """How much more may go wrong, in ``Objective.unit``."""
        allowed = self.allowed
        return None if allowed is None else allowed - self.bad

    @property
    def seconds_allowed(self) -> float:
        """How long everything might be bad in the whole period: 44.64 minutes of 31 days at 99.9 %."""
        return (1 - self.target) * self.period_seconds

    @property
    def seconds_left(self) -> float | None:
        """How long everything may still be bad."""
        left = self.left
        return None if left is None else left * self.seconds_allowed
