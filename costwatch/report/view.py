"""What a weekly report says, before it becomes text. Days are UTC days; amounts are EffectiveCost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost.attention import Action
from costwatch.cost.explain import Change
from costwatch.cost.spending import TeamSpending
from costwatch.model import Alert, State


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One line of the table of teams; ``team`` ``*``: all of them."""

    team: str
    week: Decimal
    before_credits: Decimal  # the same without credits and refunds
    change: Change | None
    spending: TeamSpending

    @property
    def credits(self) -> Decimal:
        """Credits and refunds of the week; below 0 where they lower its cost."""
        return self.week - self.before_credits


@dataclass(frozen=True, slots=True)
class Restated:
    """A settled day whose cost a later delivery changed."""

    day: date
    team: str
    service: str
    currency: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class DayCost:
    """What one service cost on one day."""

    day: date
    service: str
    cost: Decimal
    state: State


@dataclass(frozen=True, slots=True)
class Section:
    """Everything in one currency; amounts of different currencies are never added."""

    currency: str
    whole: TeamRow  # of everyone, or of the one team reported on
    teams: tuple[TeamRow, ...]
    changes: tuple[Change, ...]  # by team and service, largest first
    days: tuple[DayCost, ...]
    restated: tuple[Restated, ...]


@dataclass(frozen=True, slots=True)
class Weekly:
    """A week: [first, after), of which the settled days are ``counted``."""

    week: str  # 2026-W47
    team: str | None  # None: everyone
    metric: str
    first: date
    after: date
    counted: tuple[date, ...]
    compared: tuple[tuple[date, date], ...]  # (day, day of the week before), both settled
    sections: tuple[Section, ...]
    actions: tuple[Action, ...]
    alerts: tuple[Alert, ...]
    contacts: Mapping[str, str]  # team -> who to ask
    public_url: str  # how links begin
    caveats: tuple[str, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """All seven."""
        return tuple(self.first + timedelta(days=number) for number in range((self.after - self.first).days))

    @property
    def credited(self) -> tuple[Section, ...]:
        """The currencies in which credits or refunds change what the week costs."""
        return tuple(section for section in self.sections if section.whole.credits)

    @property
    def state(self) -> State:
        """Of the days counted: ``closed`` where all of them are."""
        states = {one.state for section in self.sections for one in section.days if one.day in self.counted}
        return State.CLOSED if states == {State.CLOSED} else State.SETTLED

    @property
    def through(self) -> date:
        """The last day counted: month to date and forecasts stand as of its end."""
        return self.counted[-1]

    @property
    def is_month_complete(self) -> bool:
        """Whether that is the last day of its month: then forecasts are what it came to."""
        return (self.through + timedelta(days=1)).day == 1


def in_words(days: Sequence[date]) -> str:
    """``Sun 22 Nov``; ``Mon 16 to Fri 20 Nov`` where none is missing; else ``Mon 16 Nov, Wed 18 Nov``."""
    first, last = min(days), max(days)
    if len(days) > 2 and (last - first).days == len(days) - 1:
        month = "" if first.month == last.month else f" {first:%b}"
        return f"{first:%a} {first.day}{month} to {last:%a} {last.day} {last:%b}"
    return ", ".join(f"{day:%a} {day.day} {day:%b}" for day in sorted(days))
