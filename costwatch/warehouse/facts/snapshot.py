"""What rules see: one read transaction, whose answers are kept by their arguments."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, TypeVarTuple

from costwatch.errors import UsageError
from costwatch.model import Labels, SeriesByLabels, State, Window
from costwatch.plugins import FactQuery, Indexed, Rates, Sums, fact_query
from costwatch.warehouse import queries as named
from costwatch.warehouse.encoding import from_int, to_int, to_text
from costwatch.warehouse.facts.dimensions import dimensions
from costwatch.warehouse.history import table_as_of
from costwatch.warehouse.sql import ask
from costwatch.warehouse.sql_child import PUBLISHED

# by, window, where: see ``plugins.Snapshot.live``
Live = Callable[[tuple[str, ...], Window, Labels], SeriesByLabels | None]

_NEWEST_WITHIN = timedelta(days=35)
_SQL_ROWS = 10_000
_SQL_SECONDS = 10.0
_Arguments = TypeVarTuple("_Arguments")
_T = TypeVar("_T")


class WarehouseSnapshot:
    """``plugins.Snapshot``, and the ``plugins.Reader`` of its queries, over a read transaction.

    now (UTC): what ages are measured from. as_of: all is answered as it was known at that instant, which
    ``now`` is then. data_through: no later day counts as settled, however much is known. conversion: costs
    are converted; there are no budgets then. queries: those that rules bring. live: by the name of a query,
    who asks its source; None where that cannot be reached.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        now: datetime,
        *,
        as_of: datetime | None = None,
        data_through: date | None = None,
        conversion: Rates | None = None,
        queries: Collection[FactQuery] = (),
        live: Mapping[str, Live] | None = None,
    ) -> None:
        self.db = db
        self.now = now if as_of is None else as_of
        self.as_of = as_of
        self._at_most_through = data_through
        self.conversion = conversion
        self._rule_queries = queries
        self._live = live or {}
        self._answers: dict[tuple[object, ...], Any] = {}

    @property
    def data_through(self) -> date | None:
        """See ``plugins.Snapshot``."""
        return self._cached(self._ask_data_through)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """See ``warehouse.facts.dimensions``."""
        return self._cached(self._ask_dimensions)

    def series(self, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        """See ``plugins.Snapshot``."""
        return self._cached(self._ask_series, query, by, window)

    def totals(self, query: str, by: tuple[str, ...], windows: Sequence[Window]) -> Mapping[Window, Sums]:
        """See ``plugins.Snapshot``."""
        return {window: self._cached(self._ask_sums, query, by, window) for window in windows}

    def through(self, query: str) -> datetime | None:
        """See ``plugins.Snapshot``; the newest point is looked for in the last 35 days."""
        return self._cached(self._ask_through, query)

    def live(
        self, query: str, by: tuple[str, ...], window: Window, where: Labels = ()
    ) -> SeriesByLabels | None:
        """See ``plugins.Snapshot``; None ``as_of`` an instant: what would have been answered then is lost."""
        return self._cached(self._ask_live, query, by, window, where)

    def sql(self, text: str) -> Sequence[Mapping[str, Any]]:
        """See ``plugins.Snapshot``; at most 10,000 rows within 10 seconds, and not ``as_of`` an instant.

        Raises UsageError, too, where the bill has been published anew since this snapshot was opened.
        """
        return self._cached(self._ask_sql, text)

    def states(self, first: date, after: date) -> Mapping[date, State]:
        """See ``plugins.Reader``; what comes after ``data_through`` is estimated."""
        return self._cached(self._ask_states, first, after)

    def has_table(self, name: str) -> bool:
        """See ``plugins.Reader``."""
        return self._cached(self._ask_has_table, name)

    def rows(
        self, sql: str, parameters: Mapping[str, str | int | float | None] | None = None
    ) -> Iterable[sqlite3.Row]:
        """See ``plugins.Reader``."""
        as_of = None if self.as_of is None else to_text(self.as_of)
        return self.db.execute(sql, {"as_of": as_of, **(parameters or {})})

    def _cached(self, question: Callable[[*_Arguments], _T], *arguments: *_Arguments) -> _T:
        key = (question.__name__, *arguments)
        if key not in self._answers:
            self._answers[key] = question(*arguments)
        answer: _T = self._answers[key]
        return answer

    def _query(self, name: str, by: tuple[str, ...] = ()) -> FactQuery:
        return fact_query(name, by, self._rule_queries, self.dimensions)

    def _ask_dimensions(self) -> tuple[str, ...]:
        return dimensions(self.db)

    def _ask_data_through(self) -> date | None:
        sql = named.filled("data_through", source=table_as_of("source", self.as_of))
        (row,) = self.rows(sql)
        newest = None if row["day"] is None else from_int(row["day"])
        return (
            newest if newest is None or self._at_most_through is None else min(newest, self._at_most_through)
        )

    def _ask_series(self, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        return Indexed(self._cached(self._query, query, by).ask(self, by, window))

    def _ask_sums(self, query: str, by: tuple[str, ...], window: Window) -> Sums:
        asked = self._cached(self._query, query, by)
        if asked.sums is not None:
            return Indexed(asked.sums(self, by, window))
        series = self.series(query, by, window).items()
        return Indexed({key: sum((point.value for point in points), Decimal()) for key, points in series})

    def _ask_through(self, query: str) -> datetime | None:
        asked = self._query(query)
        if asked.through is not None:
            return asked.through(self)
        answer = self.series(query, (), Window(self.now - _NEWEST_WITHIN, self.now))
        return max((points[-1].at for points in answer.values() if points), default=None)

    def _ask_live(
        self, query: str, by: tuple[str, ...], window: Window, where: Labels
    ) -> SeriesByLabels | None:
        self._query(query, by)
        if self.as_of is not None or query not in self._live:
            return None
        return self._live[query](by, window, where)

    def _ask_sql(self, text: str) -> Sequence[Mapping[str, Any]]:
        if self.as_of is not None:
            raise UsageError("query: SQL reads what is known now, not what was known then; ask without as_of")
        answer = ask(self.db, text, row_limit=_SQL_ROWS, timeout_seconds=_SQL_SECONDS)
        if answer.more:
            raise UsageError(f"query: more than {_SQL_ROWS} rows; sum them, or narrow it")
        if answer.published != tuple(map(tuple, self.rows(PUBLISHED))):
            raise UsageError("query: the bill was published anew just now; the next evaluation asks again")
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def _ask_has_table(self, name: str) -> bool:
        sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'x_' || :name"
        return any(True for _ in self.rows(sql, {"name": name}))

    def _ask_states(self, first: date, after: date) -> Mapping[date, State]:
        through = self.data_through
        sql = named.filled("day_states", day_state=table_as_of("day_state", self.as_of))
        states = {}
        for row in self.rows(sql, {"first": to_int(first), "after": to_int(after)}):
            day = from_int(row["day"])
            settled = through is not None and day <= through
            states[day] = State(row["state"]) if settled else State.ESTIMATED
        return states
