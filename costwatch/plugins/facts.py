"""The door for facts: what can be asked, and what rules see of the answers."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from costwatch.errors import UsageError
from costwatch.model import Labels, SeriesByLabels, State, Window
from costwatch.plugins.registry import FACTS, load, registered

Sums = Mapping[Labels, Decimal]


class Snapshot(Protocol):
    """One consistent view of the warehouse, as rules see it; answers are cached by their arguments.

    ``query`` is the name of a ``FactQuery``: one registered in the entry-point group ``costwatch.facts``, or
    one that a rule brings. Raises ValueError for a query or a label that nobody has.
    """

    @property
    def data_through(self) -> date | None:
        """The newest cost day such that it and all before it are settled; None: no settled day."""
        ...

    def series(self, query: str, by: tuple[str, ...], window: Window) -> SeriesByLabels:
        """The points of ``query`` inside ``window``, a series for each combination of the ``by`` labels.

        Those of currency ``unit`` always have the label ``currency`` too: money is never summed across
        currencies.
        """
        ...

    def totals(self, query: str, by: tuple[str, ...], windows: Sequence[Window]) -> Mapping[Window, Sums]:
        """The sum of each series of ``query`` in each of ``windows``; what has no point there has no sum."""
        ...

    def through(self, query: str) -> datetime | None:
        """Up to when (UTC) its answers can be relied on; None: there are none.

        Of costs, the end of ``data_through``; where a query does not say, its newest point's instant.
        """
        ...

    def live(
        self, query: str, by: tuple[str, ...], window: Window, where: Labels = ()
    ) -> SeriesByLabels | None:
        """As ``series``, asked at the source instead of the store; None: nobody can be asked, or answers.

        where: only of what has these labels; sources that can be asked for less are.
        """
        ...

    def sql(self, text: str) -> Sequence[Mapping[str, Any]]:
        """The rows of one statement of a user's own, which reads. Raises UsageError, also for too many."""
        ...


class Rates(Protocol):
    """What costs are converted by."""

    @property
    def reporting(self) -> str:
        """The currency to convert to."""
        ...

    def rate(self, currency: str, day: date) -> Decimal | None:
        """What one unit of ``currency`` is worth in it on a UTC day; None: not known."""
        ...


class Reader(Snapshot, Protocol):
    """The store, as queries see it: its rows, and the answers of other queries."""

    @property
    def now(self) -> datetime:
        """What ages are measured from (UTC): ``as_of`` where that is set."""
        ...

    @property
    def as_of(self) -> datetime | None:
        """Answer as was known at this instant (UTC); None: as is known."""
        ...

    @property
    def conversion(self) -> Rates | None:
        """Costs are converted by these rates; None: each stays in its own currency."""
        ...

    def states(self, first: date, after: date) -> Mapping[date, State]:
        """How settled each day of [first, after) is; a day that holds no cost is left out."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether the table that a collector declares by that name, ``x_<name>``, is there to be read yet."""
        ...

    def rows(
        self, sql: str, parameters: Mapping[str, str | int | float | None] | None = None
    ) -> Iterable[Any]:
        """The rows of one statement that reads, each by its columns' names, to be read once.

        ``parameters`` are bound as ``:name``; ``:as_of`` always is: an instant's text, or NULL. Instants
        are stored as ``2026-11-22T00:00:00Z``, days as 20261122. Raises sqlite3.Error.
        """
        ...


@dataclass(frozen=True, slots=True)
class FactQuery:
    """One thing that can be asked of the store, registered as this object in ``costwatch.facts``.

    name: what rules call it. labels: those it can be grouped by; keyed: how those begin that end with a key,
    as ``label`` of ``label:app`` does; by_dimensions: whether those of ``costwatch.yaml`` are labels, too.
    unit: of its values, such as ``hours``; ``currency``: that of each series' label ``currency``. step:
    how far its points lie apart. page: the path of the page that shows it (``costs``, ``data``), or an
    absolute URL. summary: one line on what it is.

    tables: those of collectors that it reads; where no source brings one of them, it never has an answer.
    ask: the series by the labels asked for, all of them known, inside a window. sums: the totals of these
    series, where the store can add them up; they must be equal. through: see ``Snapshot.through``.
    """

    name: str
    labels: tuple[str, ...]
    unit: str
    step: timedelta
    page: str
    ask: Callable[[Reader, tuple[str, ...], Window], SeriesByLabels]
    summary: str = ""
    sums: Callable[[Reader, tuple[str, ...], Window], Sums] | None = None
    through: Callable[[Snapshot], datetime | None] | None = None
    tables: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    by_dimensions: bool = False

    def has_label(self, label: str, dimensions: Collection[str] = ()) -> bool:
        """Whether it can be grouped by it. dimensions: those of ``costwatch.yaml``."""
        kind, _, key = label.partition(":")
        is_configured = self.by_dimensions and label in dimensions
        return label in self.labels or is_configured or (kind in self.keyed and bool(key))


def fact_query(
    name: str,
    by: Iterable[str] = (),
    extra: Collection[FactQuery] = (),
    dimensions: Collection[str] = (),
) -> FactQuery:
    """The query of that name, which has the labels ``by``. extra: queries beside the registered ones.

    dimensions: those of ``costwatch.yaml``.

    Raises ValueError where there is none, UsageError where two have the name or its package is wrong.
    """
    found = {query for query in extra if query.name == name}
    known = registered(FACTS)
    if name in known:
        found.add(_loaded(name))
    if not found:
        raise ValueError(
            unknown_name(f"no query is named '{name}'", name, {*known, *(one.name for one in extra)})
        )
    if len(found) > 1:
        raise UsageError(f"query '{name}': two packages bring one of this name; rename or uninstall one")
    query = found.pop()
    for label in by:
        if not query.has_label(label, dimensions):
            labels = (*query.labels, *(dimensions if query.by_dimensions else ()))
            raise ValueError(unknown_name(f"{name}: no label is named '{label}'", label, labels))
    return query


def _loaded(name: str) -> FactQuery:
    query: object = load(FACTS, name)
    if not isinstance(query, FactQuery) or query.name != name:
        raise UsageError(f"query '{name}': what is registered is no FactQuery of this name; mend its package")
    return query


def unknown_name(what: str, name: str, known: Collection[str]) -> str:
    """``what; use this``: the nearest of the known names, or all of them."""
    from difflib import get_close_matches  # here: nobody else on the way to a command's answer needs it

    near = get_close_matches(name, known, cutoff=0.5)
    return f"{what}; use {' or '.join(near) if near else 'one of ' + ', '.join(sorted(known))}"


RECENT_DAYS = 35


def recent(facts: Snapshot, now: datetime) -> Window:
    """The 35 days up to the newest settled one, and all after it: rules that ask for it share answers."""
    return _recent(facts.data_through, now.date())


@lru_cache(maxsize=8)
def _recent(data_through: date | None, today: date) -> Window:
    """Made once for all rules."""
    through = data_through or today
    first = min(through, today) - timedelta(days=RECENT_DAYS - 1)
    return Window.of_days(first, max(through, today) + timedelta(days=1))
