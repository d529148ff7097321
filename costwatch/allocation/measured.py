"""What pools depend on besides loads and configuration: which of it is there, and which is missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from costwatch.errors import CostwatchError
from costwatch.model import Window
from costwatch.plugins import Batches, Input, Split


@dataclass(frozen=True, slots=True, order=True)
class PoolInput:
    """One ``plugins.Input`` of a pool, by its position among the configured ones."""

    pool: int
    name: str
    start: datetime
    end: datetime
    version: str


def inputs_of(pools: Sequence[Split], period: Window, batches: Batches) -> tuple[PoolInput, ...]:
    """All of them, in one order. Raises CostwatchError for a split that breaks."""
    found: set[PoolInput] = set()
    for number, pool in enumerate(pools):
        with explained(pool):
            found |= {_of_pool(number, each) for each in pool.inputs(period, batches)}
    return tuple(sorted(found))


def as_rows(inputs: Sequence[PoolInput]) -> list[list[str | int]]:
    """As JSON has them, in a published period and in its inputs key."""
    return [
        [each.pool, each.name, each.start.isoformat(), each.end.isoformat(), each.version] for each in inputs
    ]


def missing_days(inputs: Sequence[PoolInput]) -> dict[int, frozenset[date]]:
    """The UTC days of which some input of a pool is missing."""
    found: dict[int, set[date]] = {}
    for each in inputs:
        if not each.version:
            first = each.start.date()
            count = (each.end - timedelta(microseconds=1)).date() - first
            found.setdefault(each.pool, set()).update(
                first + timedelta(days=day) for day in range(count.days + 1)
            )
    return {pool: frozenset(days) for pool, days in found.items()}


@contextmanager
def explained(pool: Split) -> Iterator[None]:
    """Whatever a stranger's split raises becomes a CostwatchError that names pool and kind."""
    try:
        yield
    except CostwatchError:
        raise
    except Exception as error:  # a split may be anyone's: its period stays as published, the others go on
        raise CostwatchError(
            f"pool {pool.name}: split '{pool.split}' broke with {type(error).__name__}: {error}; "
            "report it to the split's package"
        ) from error


def _of_pool(number: int, each: Input) -> PoolInput:
    start, end = (at.astimezone(UTC) for at in (each.window.start, each.window.end))
    return PoolInput(number, each.name, start, end, each.version)
