"""What a team weighed in a pool that is split by a measure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from costwatch.answers.published_pools import PublishedPool
from costwatch.cost.trail import MeasuredShare
from costwatch.model import Window, midnight
from costwatch.plugins import Measured
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.intake.reading import arrow_rows, declared_table, versions_between

if TYPE_CHECKING:
    import pyarrow as pa


def measured(facts: WarehouseSnapshot, pool: PublishedPool, first: date, after: date) -> Sequence[Measured]:
    """What everyone weighed on the UTC days ``first`` up to ``after``, by the pool of each billing period.

    As it is measured now, also where it was published by what was measured before.
    """
    found: list[Measured] = []
    for each in pool.of:
        start, end = max(each.period.start, midnight(first)), min(each.period.end, midnight(after))
        if start < end:
            found += each.measured(Window(start, end), _Stored(facts))
    return found


def share_of(team: str, of: Sequence[Measured]) -> tuple[MeasuredShare, ...]:
    """The team's, of each measure and unit."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in of:
        mine, whole = sums[each.measure, each.unit]
        sums[each.measure, each.unit] = [mine + each.value * (each.team == team), whole + each.value]
    return tuple(MeasuredShare(*key, *values) for key, values in sorted(sums.items()))


class _Stored:
    """``plugins.Batches`` of what lies in the warehouse itself, within a read transaction."""

    def __init__(self, facts: WarehouseSnapshot) -> None:
        self._facts = facts

    def versions(self, table: str, window: Window) -> Mapping[tuple[str, Window], str]:
        return versions_between(self._facts.db, table, window)

    def rows(self, table: str, window: Window, columns: Collection[str] = ()) -> "pa.Table":
        import pyarrow as pa

        known = declared_table(self._facts.db, table)
        is_here = known is not None and known.store == "warehouse"
        return arrow_rows(self._facts.db, known, window) if known and is_here else pa.table({})
