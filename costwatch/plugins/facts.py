"""What rules see of the warehouse."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from math import prod
from typing import Protocol

from costwatch.model import Labels, Series, Window


class Snapshot(Protocol):
    """One consistent view of the warehouse, as rules see it; answers are cached by their arguments."""

    @property
    def data_through(self) -> date | None:
        """The newest cost day such that it and all before it are settled; None: no settled day."""
        ...

    def series(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        """Daily series of ``query`` inside ``window``, one for each combination of the ``by`` labels.

        ``EffectiveCost`` and ``BilledCost``: by any of ``DIMENSIONS``; the label ``currency`` is
        always added, since money is never summed across currencies.
        ``budget``: by ``name``, ``team`` (``*``: the whole bill), ``metric``, ``period`` (``month``
        or ``quarter``); a point on each period's first day inside the window holds its amount.
        ``freshness``: by ``source``; one point: hours since that source last delivered something new,
        or since it was first tried when it never did. A source never tried has no series.
        Raises ValueError for an unknown query or label.
        """
        ...


RECENT_DAYS = 35


def recent(facts: Snapshot, now: datetime) -> Window:
    """The 35 days up to the newest settled one, and all after it: rules that ask for it share answers."""
    today = now.date()
    through = facts.data_through or today
    first = min(through, today) - timedelta(days=RECENT_DAYS - 1)
    return Window.of_days(first, max(through, today) + timedelta(days=1))


def matching(answer: Mapping[Labels, Series], where: Mapping[str, Collection[str]]) -> dict[Labels, Series]:
    """The series each of whose labels has, where ``where`` names it, one of the values given there."""
    names = [name for name, _ in next(iter(answer), ())]
    if where.keys() >= {*names} and prod(len(where[name]) for name in names) < len(answer):
        keys = (
            tuple(zip(names, values, strict=True)) for values in product(*(where[name] for name in names))
        )
        return {key: answer[key] for key in keys if key in answer}
    return {
        key: series
        for key, series in answer.items()
        if all(value in where[name] for name, value in key if name in where)
    }
