"""Rule kind ``change``: cost that rose or fell against the days before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.cost.comparison import Compare, Comparison, comparison
from costwatch.cost.dimensions import all_as_kept
from costwatch.cost.moves import Limit, Moves
from costwatch.cost.settings import CostMetric
from costwatch.model import DIMENSIONS, About, Finding, Impact, Labels, Verdict, Window, is_dimension
from costwatch.money import exact, smallest_unit
from costwatch.plugins import (
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    accepted,
    matching,
    one_of,
    recent,
)
from costwatch.wording import on_day, percent

_DAY = timedelta(days=1)
# By what parts are told apart that are judged before they are summed: opposite moves must not cancel.
_PARTS = ("team", "service", "region", "usage_type")

Dimension = Annotated[str, one_of(DIMENSIONS, is_known=is_dimension)]


class Change(RuleSettings):
    """Cost that rose or fell against the days before: one finding for each combination of ``by``.

    compare: ``day`` the newest settled day with the day before; ``same_weekday`` with the median of the same
    weekday of the four weeks before, of which two must be known; ``week`` the last 7 days with the 7 before;
    ``month_to_date`` the days of the month with as many of the month before. Only days that are complete and
    known are compared, in full: else the verdict is unknown. above_pct, above: by how many per cent, and by
    which amount, it must have risen; below_pct, below: fallen. Of a pair, what is given must be exceeded.
    by: labels that tell instances apart. match: label -> the value or values it must have. metric, currency:
    as ``threshold`` has them. settle: ``estimated`` goes by days after which the bill has another one.

    A rise and a fall do not cancel: parts (team, service, region, usage type) beyond the percentage each by
    itself are added up, too. new: a ``service`` or ``region`` that cost nothing in the 35 days before is a
    finding of its own, whatever little is known; so is one that is gone, where falls are asked for.

    What it costs a month if it stays (see ``min_impact``) is by how much it rose; where it fell, by as much.

    Example::

        - {name: DayOverDay, kind: change, by: [team, service], compare: same_weekday, above_pct: 40,
           min_impact: 200, for: 2d}
        - {name: Month, kind: change, by: [team], compare: month_to_date, above_pct: 15, above: 1000}
    """

    compare: Compare
    above_pct: Decimal | None = Field(default=None, gt=0)
    above: Decimal | None = Field(default=None, ge=0)
    below_pct: Decimal | None = Field(default=None, gt=0, lt=100)
    below: Decimal | None = Field(default=None, ge=0)
    by: tuple[Dimension, ...] = ()
    match: Mapping[Dimension, MatchedValues] = Field(default_factory=dict)
    metric: CostMetric = "EffectiveCost"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    new: tuple[Literal["service", "region"], ...] = ("service", "region")

    @model_validator(mode="after")
    def _can_fire(self) -> Self:
        if not (self._rise.is_set or self._fall.is_set):
            raise ValueError("give 'above_pct', 'above', 'below_pct' or 'below'")
        if "currency" in self.match:
            raise ValueError("match takes no currency; write it beside 'match', such as currency: EUR")
        return self

    @cached_property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(self.metric, self._asked, self._where),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return (*self.by, *self.new)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        newest = self._newest(facts, now)
        if newest is None:
            yield self._unknown("no cost day is settled yet")
            return
        of = comparison(self.compare, newest)
        known = [window for window in of.before if _is_whole(facts, self.metric, window)]
        if len(known) < of.least or not _is_whole(facts, self.metric, of.days):
            yield self._unknown(f"not every day is known of those to compare ({of.judged})")
            return
        sums = facts.totals(self.metric, self._asked, (of.days, *known))
        found: dict[Labels, Moves] = defaultdict(partial(Moves, len(known)))
        for place, window in enumerate((of.days, *known)):
            for key, amount in matching(sums[window], self._where).items():
                found[tuple(pair for pair in key if pair[0] in self.by)].add(key, place, amount)
        for instance, moves in sorted(found.items()):
            yield from self._findings(facts, instance, moves, of)

    def _newest(self, facts: Snapshot, now: datetime) -> date | None:
        """The newest day that is complete."""
        if self.settle == "settled":
            return facts.data_through
        whole = facts.series(self.metric, (), recent(facts, now)).values()
        days = sorted({point.day for series in whole for point in series})
        # Of the newest day a bill may hold a part, and today is not over.
        over = [day for day in days[:-1] if day < now.date()]
        return max([*over, *([facts.data_through] if facts.data_through else [])], default=None)

    def _findings(self, facts: Snapshot, instance: Labels, moves: Moves, of: Comparison) -> Iterator[Finding]:
        is_new = moves.was_nothing and self._is_new(facts, instance, of)
        yield self._finding(facts, instance, moves, of, is_new=is_new)
        if is_new or (self._fall.is_set and moves.is_nothing):
            return
        for name in self.new:
            for value, part in moves.by(name) if name not in self.by else ():
                own = tuple(sorted((*instance, (name, value))))
                came = part.was_nothing and self._is_new(facts, own, of)
                if came or (self._fall.is_set and part.is_nothing and part.usual > 0):
                    told = self._finding(facts, own, part, of, is_new=came)
                    if told.verdict is Verdict.BREACH:
                        yield told

    def _is_new(self, facts: Snapshot, instance: Labels, of: Comparison) -> bool:
        """Whether it cost nothing in all the days before."""
        asked = tuple(name for name in self._asked if name in (*self.by, *self.match, *self.new))
        held = facts.totals(self.metric, asked, (of.history,))[of.history]
        own = {name: (value,) for name, value in instance}
        return not any(matching(held, {**self._where, **own}).values())

    def _finding(
        self, facts: Snapshot, instance: Labels, moves: Moves, of: Comparison, *, is_new: bool
    ) -> Finding:
        now, usual = moves.now, moves.usual
        change = now - usual
        about = About(
            self.metric, self._asked, self._where | {name: (value,) for name, value in instance}, of.days, now
        )
        said = f"{self._subject(instance)}: {exact(now, self.currency)} {of.judged}"
        if facts.data_through is None or of.days.end.date() - _DAY > facts.data_through:
            said = f"provisional: {said}"
        least = smallest_unit(self.currency)
        rose, limit, hidden = self._beyond(moves, change, usual)
        if rose is None or abs(rose) < least:
            verdict, text, impact = Verdict.OK, _compared(change, usual, of, self.currency), None
            bound = usual + self._rise.least(usual) if self._rise.is_set else usual - self._fall.least(usual)
            return Finding(
                instance, verdict, now, bound, self.currency, f"{said}, {text}", about, change=change
            )
        if is_new:
            days = (of.history.end - of.history.start).days
            text = f"new: nothing in the {days} days to {on_day(of.history.end.date() - _DAY)}"
        elif moves.is_nothing:
            text = f"gone: {exact(usual, self.currency)} {_was(of)}"
        else:
            text = _compared(change, usual, of, self.currency)
        if hidden:
            by, other = exact(abs(rose), self.currency), "fell" if rose > 0 else "rose"
            text += f"; parts of it {'rose' if rose > 0 else 'fell'} by {by} while others {other}"
        drivers = moves.drivers({*dict(instance), "currency"})
        impact = Impact.of_days(abs(rose), of.count, self.currency)
        return Finding(
            instance,
            Verdict.BREACH,
            now,
            limit,
            self.currency,
            f"{said}, {text}",
            about,
            {"usual": str(usual), "compare": self.compare},
            impact=impact,
            change=change,
            drivers=drivers,
        )

    def _beyond(
        self, moves: Moves, change: Decimal, usual: Decimal
    ) -> tuple[Decimal | None, Decimal | None, bool]:
        """By how much it rose (or fell, below 0) beyond a limit, that limit, and whether others hide it."""
        if self._rise.is_exceeded(change, usual):
            return change, usual + self._rise.least(usual), False
        if self._fall.is_exceeded(-change, usual):
            return change, usual - self._fall.least(usual), False
        if len(moves.parts) < 2:
            return None, None, False
        if self._rise.is_exceeded(risen := moves.beyond(self._rise), usual):
            return risen, None, True
        if self._fall.is_exceeded(fallen := moves.beyond(self._fall, falls=True), usual):
            return -fallen, None, True
        return None, None, False

    @cached_property
    def _rise(self) -> Limit:
        return Limit(self.above, self.above_pct)

    @cached_property
    def _fall(self) -> Limit:
        return Limit(self.below, self.below_pct)

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        asked = {*self.by, *self.match, *_PARTS}
        return (*(name for name in DIMENSIONS if name in asked), *sorted(asked - {*DIMENSIONS}))

    @cached_property
    def _where(self) -> dict[str, tuple[str, ...]]:
        return {**all_as_kept(accepted(self.match)), "currency": (self.currency,)}

    def _subject(self, instance: Labels) -> str:
        values = dict(instance)
        order = [*dict.fromkeys(self.by), *(name for name in self.new if name not in self.by)]
        named = [values[name] or f"no {name}" for name in order if name in values]
        fixed = [", ".join(self._where[name]) for name in self.match if name not in values]
        return " · ".join([*named, *fixed]) or "the whole bill"

    def _unknown(self, why: str) -> Finding:
        return Finding((), Verdict.UNKNOWN, None, None, self.currency, why, About(self.metric))


def _is_whole(facts: Snapshot, metric: str, window: Window) -> bool:
    """Whether every day of it is known: of a day that nobody has a line of, nothing is."""
    whole = facts.series(metric, (), window).values()
    count = (window.end - window.start).days
    if any(len(series) == count for series in whole):
        return True
    return len({point.day for series in whole for point in series}) == count


def _compared(change: Decimal, usual: Decimal, of: Comparison, currency: str) -> str:
    was = exact(usual, currency)
    if not change:
        return f"as {_before(of)}"
    word = "more" if change > 0 else "less"
    if usual <= 0:
        return f"{exact(abs(change), currency)} {word} than {_before(of)} ({was})"
    return f"{percent(abs(change) / usual)} {word} than {_before(of)} ({was})"


def _before(of: Comparison) -> str:
    return (
        of.against
        if of.against.startswith("usual")
        else f"on {of.against}"
        if of.count == 1
        else f"in {of.against}"
    )


def _was(of: Comparison) -> str:
    return f"is {of.against}" if of.against.startswith("usual") else _before(of)
