"""How an instance of an objective stands: its budget, how fast it burns, and what that comes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from costwatch.model import Labels, Severity, Window
from costwatch.slo.budget import Budget
from costwatch.slo.burn import MIN_EVENTS, Burn, burning, exhaustion, severity
from costwatch.slo.objectives import Form, Objective
from costwatch.slo.windows import BurnWindow, burn_windows

USUAL = timedelta(hours=6)  # the window whose burn tells how long the budget lasts, while nothing burns
FRESH = timedelta(minutes=45)  # what is known must be as new, or how things are now is unknown
GONE = timedelta(days=1)  # an instance that brought nothing for so long, while others did, is gone


class Health(StrEnum):
    """How an instance stands, worst first."""

    PAGE = "page"  # burns so fast that somebody must come now
    TICKET = "ticket"  # burns so fast that somebody must look at it
    SPENT = "spent"  # the objective is missed
    OK = "ok"
    NO_EVENTS = "no events"  # known, and nothing happened in the whole period
    UNKNOWN = "unknown"  # nothing is known of the period, or nothing new
    GONE = "gone"  # its series are there no longer, those of other instances are


@dataclass(frozen=True)
class SloState:
    """One instance of an objective at ``now`` (UTC).

    instance: its number in the store; 0: it has brought nothing yet. labels: of the instance; () where it is
    the only one. window: the period that holds now, of a calendar one all of it. budget: of that. burns: by
    length: 5 minutes to 3 days. newest: the end of the newest bucket that anything is known of; None: none.
    newest_of_all: the same of all instances of the objective. notes: what else to know, each in a sentence.
    """

    objective: Objective
    instance: int
    labels: Labels
    now: datetime
    window: Window
    budget: Budget
    burns: Mapping[timedelta, Burn]
    newest: datetime | None
    newest_of_all: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``checkout-latency``, ``edge{host=a}``."""
        told = ",".join(f"{name}={value}" for name, value in self.labels)
        return f"{self.objective.id}{{{told}}}" if told else self.objective.id

    @property
    def left(self) -> float | None:
        """The share of the error budget that is left; None: unknown, or no events."""
        return self.budget.left

    @property
    def coverage(self) -> float:
        """How much of the period up to now is known, 0 to 1."""
        return self.budget.coverage

    def burn(self, window: timedelta) -> float | None:
        """The burn rate over one of ``burns``; None: unknown, or no events."""
        found = self.burns.get(window)
        return found.rate if found else None

    @cached_property
    def burning(self) -> tuple[BurnWindow, ...]:
        """The pairs of windows that burn, the most urgent first: those that its file has switched on."""
        of = self.objective
        pairs, _ = burn_windows(timedelta(seconds=self.budget.period_seconds))
        wanted = {Severity.PAGE: of.page, Severity.TICKET: of.ticket}
        least = MIN_EVENTS if of.unit == "events" and of.indicator.form is Form.COUNTER else 0
        rates = {length: burn.rate for length, burn in self.burns.items()}
        events = {length: burn.total for length, burn in self.burns.items()}
        told = [pair for pair in pairs if wanted[Severity(pair.severity)]]
        return tuple(burning(told, rates, events, least))

    @property
    def is_fresh(self) -> bool:
        """Whether anything is known that is new enough to tell how things are now."""
        return self.newest is not None and self.now - self.newest <= FRESH

    @property
    def is_gone(self) -> bool:
        """Whether it brings nothing any more, while other instances of its objective do."""
        newest, of_all = self.newest, self.newest_of_all
        return newest is not None and of_all is not None and of_all - newest > GONE

    @cached_property
    def health(self) -> Health:
        """In one word."""
        if self.is_gone:
            return Health.GONE
        if not self.is_fresh or (not self.budget.is_known and self.budget.known_seconds <= 0):
            return Health.UNKNOWN
        if not self.budget.is_known:
            return Health.NO_EVENTS
        urgent = severity(self.burning)
        if urgent:
            return Health.PAGE if urgent is Severity.PAGE else Health.TICKET
        return Health.SPENT if (self.left or 0) <= 0 else Health.OK

    @cached_property
    def exhaustion(self) -> timedelta | None:
        """How long the budget lasts, by the burn of the most urgent pair that burns, else of six hours.

        0: it is spent. None: not known, or longer than its period.
        """
        return self.lasts(self.burning[0].long if self.burning else USUAL)

    def lasts(self, window: timedelta) -> timedelta | None:
        """The same by the burn over ``window``."""
        return exhaustion(self.budget, self.burn(window))

    @property
    def rank(self) -> tuple[float, ...]:
        """Worst first: burning ones by how long the budget lasts, then by what is left; unknown ones last."""
        lasts = self.exhaustion
        if self.health in (Health.PAGE, Health.TICKET):
            first = 0 if self.health is Health.PAGE else 1
            return (first, lasts.total_seconds() if lasts is not None else float("inf"), self.left or 0.0)
        order = {Health.UNKNOWN: 3, Health.NO_EVENTS: 4, Health.GONE: 5}
        return (order.get(self.health, 2), self.left or 0.0, 0.0)
