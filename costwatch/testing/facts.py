"""Facts for a rule to look at, and the suite for what can be asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import COST_METRICS, Labels, Point, Series, SeriesByLabels, State, Window, midnight
from costwatch.plugins import FactQuery, Snapshot, Sums, fact_query
from costwatch.testing.settings import require

Facts = Mapping[str, SeriesByLabels]  # query -> labels -> series
_DAY = timedelta(days=1)


def daily(first: date, *values: object, state: State = State.SETTLED) -> Series:
    """A series with one value a day from ``first`` on; None leaves that day unknown."""
    return points(midnight(first), _DAY, *values, state=state)


def points(first: datetime, step: timedelta, *values: object, state: State = State.SETTLED) -> Series:
    """A series with one value a step from the instant ``first`` (UTC) on; None leaves that step unknown."""
    return tuple(
        Point(first + offset * step, Decimal(str(value)), state)
        for offset, value in enumerate(values)
        if value is not None
    )


@dataclass(frozen=True)
class FakeSnapshot:
    """``plugins.Snapshot`` over facts held in memory: query -> labels -> series.

    Facts are given by as many labels as the test needs, those of money with ``currency``. Money is summed to
    the labels asked for, a point as settled as its least settled part; other facts, of which nobody can say
    how they add up, are given by the labels that are asked for. queries: those not registered. live_facts:
    what sources answer. sql_rows: statement -> its rows. dimensions: those that a configuration has.
    """

    facts: Facts = field(default_factory=dict)
    queries: tuple[FactQuery, ...] = ()
    live_facts: Facts = field(default_factory=dict)
    sql_rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    dimensions: tuple[str, ...] = ()

    @property
    def data_through(self) -> date | None:
        """See ``plugins.Snapshot``."""
        costs = [
            point
            for metric in COST_METRICS
            for series in self.facts.get(metric, {}).values()
            for point in series
        ]
        unsettled = min((point.day for point in costs if not point.state.is_settled), default=date.max)
        return max((point.day for point in costs if point.day < unsettled), default=None)

    def series(self, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        """See ``plugins.Snapshot``."""
        return self._answer(self.facts, query, by, window)

    def totals(self, query: str, by: tuple[str, ...], windows: Sequence[Window]) -> Mapping[Window, Sums]:
        """See ``plugins.Snapshot``."""
        return {window: _sums(self.series(query, by, window)) for window in windows}

    def through(self, query: str) -> datetime | None:
        """See ``plugins.Snapshot``; of all but costs, the newest point's instant."""
        fact_query(query, (), self.queries)
        if query in COST_METRICS:
            return None if self.data_through is None else midnight(self.data_through + _DAY)
        answer = self.facts.get(query, {})
        return max((point.at for series in answer.values() for point in series), default=None)

    def live(
        self, query: str, by: tuple[str, ...], window: Window, where: Labels = ()
    ) -> SeriesByLabels | None:
        """See ``plugins.Snapshot``; ``where`` goes by the labels that the facts are given with."""
        wanted = {*where}
        facts = {key: series for key, series in self.live_facts.get(query, {}).items() if wanted <= {*key}}
        answer = self._answer({query: facts}, query, by, window)
        return answer if query in self.live_facts else None

    def sql(self, text: str) -> Sequence[Mapping[str, Any]]:
        """See ``plugins.Snapshot``. Raises ValueError for a statement that the test did not foresee."""
        if text not in self.sql_rows:
            raise ValueError(f"FakeSnapshot: sql_rows has no rows for {text!r}; give it some")
        return self.sql_rows[text]

    def _answer(self, facts: Facts, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        asked = fact_query(query, by, self.queries, self.dimensions)
        wanted = {*by, "currency"}
        found: dict[Labels, dict[datetime, Point]] = defaultdict(dict)
        for key, series in facts.get(query, {}).items():
            kept = tuple(pair for pair in key if pair[0] in wanted)
            for point in series:
                if window.start <= point.at < window.end:
                    found[kept][point.at] = _joined(asked, point, found[kept].get(point.at))
        return {key: tuple(by_instant[at] for at in sorted(by_instant)) for key, by_instant in found.items()}


def _joined(query: FactQuery, point: Point, other: Point | None) -> Point:
    if other is None:
        return point
    if query.unit != "currency":
        raise ValueError(
            f"FakeSnapshot: two series of {query.name} fall together; give it the labels asked for"
        )
    return replace(
        point, value=point.value + other.value, state=min(point.state, other.state, key=list(State).index)
    )


def _sums(answer: SeriesByLabels) -> Sums:
    return {key: sum((point.value for point in series), Decimal()) for key, series in answer.items()}


def check_query(query: FactQuery, facts: Snapshot, empty: Snapshot, window: Window) -> None:
    """Whether ``query`` keeps the contract, asked of ``facts``, which has points of it inside ``window``.

    empty: the same of a store without a row. Both must know the query; see ``WarehouseSnapshot``.
    """
    require(query.summary and query.unit and query.page, f"{query.name} has no summary, unit or page")
    require(query.step > timedelta(), f"{query.name}: its step is no time at all")
    middle = window.start + (window.end - window.start) / 2
    for by in dict.fromkeys(((), *((label,) for label in query.labels), query.labels)):
        answer = facts.series(query.name, by, window)
        require(answer, f"{query.name} by {by}: there is nothing in {window} to look at")
        windows = [window, Window(window.start, middle), Window(middle, window.end)]
        totals = facts.totals(query.name, by, windows)
        for part in windows:
            mine = facts.series(query.name, by, part)
            for key, series in mine.items():
                _check_labels(query, by, key)
                _check_series(query, part, series)
            require(
                mine == _within(answer, part), f"{query.name} by {by}: a part of the window has other points"
            )
            require(
                totals[part] == _sums(mine), f"{query.name} by {by}: its sums are not those of its points"
            )
        require(empty.series(query.name, by, window) == {}, f"{query.name}: answers from an empty store")
        require(
            empty.totals(query.name, by, [window]) == {window: {}}, f"{query.name}: sums of an empty store"
        )
    require(
        empty.through(query.name) is None, f"{query.name}: reaches through some instant in an empty store"
    )
    through = facts.through(query.name)
    require(through is None or through.utcoffset() == timedelta(), f"{query.name}: 'through' is not in UTC")
    try:
        facts.series(query.name, ("no such label",), window)
    except ValueError:
        return
    require(False, f"{query.name}: a label that it does not have is not refused")


def _check_labels(query: FactQuery, by: tuple[str, ...], key: Labels) -> None:
    names = [name for name, _ in key]
    money = ["currency"] if query.unit == "currency" else []
    require(names == sorted(set(names)), f"{query.name}: labels are sorted pairs, each name once: {key}")
    require({*by, *money} <= {*names}, f"{query.name} by {by}: a series lacks some of these labels: {key}")
    require(
        {*names} <= {*query.labels, *money}, f"{query.name}: a series has labels it does not declare: {key}"
    )


def _check_series(query: FactQuery, window: Window, series: Series) -> None:
    instants = [point.at for point in series]
    require(instants, f"{query.name}: a series without a point; leave it out")
    require(all(at.utcoffset() == timedelta() for at in instants), f"{query.name}: its points are not in UTC")
    require(instants == sorted(set(instants)), f"{query.name}: its points are not ascending")
    require(
        window.start <= instants[0] and instants[-1] < window.end,
        f"{query.name}: has points outside {window}",
    )
    require(
        all((at - instants[0]) % query.step == timedelta() for at in instants),
        f"{query.name}: its points do not lie whole steps of {query.step} apart",
    )
    require(all(type(point.value) is Decimal for point in series), f"{query.name}: a value is no Decimal")


def _within(answer: SeriesByLabels, window: Window) -> SeriesByLabels:
    cut = {
        key: tuple(point for point in series if window.start <= point.at < window.end)
        for key, series in answer.items()
    }
    return {key: series for key, series in cut.items() if series}
