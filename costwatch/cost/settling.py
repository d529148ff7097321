"""How settled a cost day is: estimated, then settled, then closed. Pure.

A day is held against the settled days before it: by its lines (the median of the last seven), or, where a
source's lines are sums of a day, by its amount (the median of the same weekday's, of the last four; firsts
of a month, with their monthly fees, left out). It settles at the latest after ``Settle.at_most_days``.

A day without a line is unknown: it has no state, and a source is never settled beyond its last line. Between
lines it is passed where it is usual (the source had none a week before, or hardly ever has any) or
``at_most_days`` old: who has no lines at weekends is not held back by them, who lost a day is. After the last
line, days in which a source is usually silent are passed likewise, for at most as long as it ever was silent.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from costwatch.cost.settings import Settle
from costwatch.model import State, midnight

_DAYS_COMPARED = 7
_WEEKS_COMPARED = 4
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)

AmountsByDay = Mapping[date, Mapping[str, int]]  # day -> currency -> nano-units


@dataclass(frozen=True, slots=True)
class Settled:
    """How far the bill of one source can be relied on; days are UTC days.

    states: of each day that has lines. through: the last of them such that it and all before it are settled.
    passed: the same, or a later day of usual silence: up to there the source holds no other one back.
    Both are None where no day is settled.
    late_after_days: how long its newest day may be ago; None: as long as it likes.
    """

    states: Mapping[date, State]
    through: date | None
    passed: date | None
    late_after_days: float | None


def settled(
    line_counts: Mapping[date, int],
    closed_before: date,
    now: datetime,
    settle: Settle,
    called_estimated: Collection[date] = frozenset(),
    amounts: AmountsByDay | None = None,
) -> Settled:
    """How the days of one source stand at ``now``; closed is what lies before ``closed_before``.

    called_estimated: days that the source itself says are not final; they wait for their period to close.
    amounts: what the days cost, where lines are sums and their number tells nothing.
    """
    held = sorted(day for day, lines in line_counts.items() if lines)
    if not held:
        return Settled({}, None, None, settle.at_most_days)
    silence = _usual_silence(held)
    before = _DaysBefore(line_counts, held[0], settle, amounts)
    states: dict[date, State] = {}
    through = passed = None
    is_open = False
    for day in _days(held[0], held[-1] + silence):
        if day < closed_before:
            state = State.CLOSED
        elif day in called_estimated:
            state = State.ESTIMATED
        else:
            old = day <= held[-1] and _age(day, now) >= timedelta(days=settle.at_most_days)
            whole = _age(day, now) >= timedelta(hours=settle.age_hours) and before.has_equals_of(day)
            state = State.SETTLED if old or whole else State.ESTIMATED
        if state.is_settled:
            before.add(day)
        is_open = is_open or not state.is_settled
        passed = passed if is_open else day
        if line_counts.get(day):
            states[day] = state
            through = through if is_open else day
    return Settled(states, through, passed, settle.at_most_days + silence / _DAY - 1)


def settled_by_age(days: Iterable[date], closed_before: date, now: datetime, settle: Settle) -> Settled:
    """The same of a source that leaves out days without cost: none of its days is held against others."""
    passed = (now - timedelta(hours=settle.age_hours)).date() - _DAY
    states = {
        day: State.CLOSED if day < closed_before else State.SETTLED if day <= passed else State.ESTIMATED
        for day in days
    }
    through = max((day for day, state in states.items() if state.is_settled), default=None)
    return Settled(states, through, passed, None)


class _DaysBefore:
    """The settled days before a day, to hold it against."""

    def __init__(
        self,
        line_counts: Mapping[date, int],
        first: date,
        settle: Settle,
        amounts: AmountsByDay | None,
    ) -> None:
        self._line_counts, self._first, self._settle, self._amounts = line_counts, first, settle, amounts
        self._lines: deque[int] = deque(maxlen=_DAYS_COMPARED)
        self._costs: dict[int, dict[str, deque[int]]] = defaultdict(
            lambda: defaultdict(lambda: deque(maxlen=_WEEKS_COMPARED))
        )

    def add(self, day: date) -> None:
        """The next settled one."""
        self._lines.append(self._line_counts.get(day, 0))
        if self._amounts is not None and day.day != 1:
            for currency, amount in self._amounts.get(day, {}).items():
                self._costs[day.weekday()][currency].append(amount)

    def has_equals_of(self, day: date) -> bool:
        """Whether ``day`` is about as large as they are; a day without lines: whether that is usual."""
        lines = self._line_counts.get(day, 0)
        if not lines:
            week_before = day - _WEEK
            unseen = week_before >= self._first and not self._line_counts.get(week_before)
            return unseen or not median(self._lines or [1])
        if self._amounts is None:
            return not self._lines or lines >= self._settle.min_line_share * median(self._lines)
        cost = self._amounts.get(day, {})
        usual = {currency: median(costs) for currency, costs in self._costs[day.weekday()].items()}
        share = self._settle.min_amount_share
        return all(cost.get(name, 0) >= share * amount for name, amount in usual.items() if amount > 0)


def _usual_silence(held: Sequence[date]) -> timedelta:
    """From a day with lines to the next one, at the longest but once: one outage makes no habit."""
    silences = sorted(after - day for day, after in pairwise(held))
    return silences[-2:][0] if silences else _DAY


def _days(first: date, after: date) -> Iterator[date]:
    day = first
    while day < after:
        yield day
        day += _DAY


def _age(day: date, now: datetime) -> timedelta:
    """How long ago a day ended."""
    return now - midnight(day) - _DAY


def closed_before(periods: Iterable[tuple[date, date]], now: datetime, close_after_days: float) -> date:
    """The first day not in a closed period: the latest end of a [start, end) ``close_after_days`` ago."""
    closed = [end for _, end in periods if now >= midnight(end) + timedelta(days=close_after_days)]
    return max(closed, default=date.min)
