"""A bill: files into the ledger, unchanged, and a load for each billing period that is new."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from costwatch.errors import RefusedError
from costwatch.intake.batches import Intake, Stores
from costwatch.model import Batch, Export, Load, Window, midnight
from costwatch.warehouse.bill.loads import newest_loads, record_load
from costwatch.warehouse.intake.runs import record_batch

if TYPE_CHECKING:
    from costwatch.ledger.register import Registered


def take_bill(stores: Stores, batch: Batch) -> Intake:
    """Register the files of a delivery. Raises RefusedError, SourceError."""
    from costwatch.ledger.register import register  # here: most runs find nothing new

    export = batch.read()
    if not isinstance(export, Export):
        raise RefusedError(
            [
                f"{stores.source}: hands over its bill as record batches, not as an Export; "
                "correct its collector"
            ]
        )
    found = register(
        stores.ledger,
        export,
        declared=batch.window is not None,
        periods_before=_periods_by_name(stores),
        progress=stores.progress,
    )
    # A delivery of one billing period is taken whole or not at all.
    if found.reasons and (batch.window is not None or not found.loads):
        raise RefusedError(found.reasons)
    if batch.window is not None:
        _require_period(stores, found.loads, batch.window)
    if export.is_whole and not found.reasons:
        found = replace(found, loads=[*found.loads, *_emptied(stores, found.loads)])
    new = found.loads if stores.dry_run else _store(stores, batch, found)
    notes = [*export.notes, *(finding.text for load in new for finding in load.findings)]
    if batch.window is None and not export.is_whole and not found.reasons:
        notes += _gone(stores, found.loads)
    return Intake(
        row_count=sum(load.line_count for load in new),
        is_new=bool(new),
        periods=tuple(load.period for load in new),
        files=tuple(file.name for file in export.files),
        note="\n".join(notes),
        error="\n".join(found.reasons),
    )


def _periods_by_name(stores: Stores) -> dict[str, set[date]]:
    """Of each delivered file's name, the billing periods that it held lines of."""
    if not stores.periods:
        return {}
    with stores.warehouse.read() as db:
        loads = newest_loads(db, [stores.source])
    found: dict[str, set[date]] = defaultdict(set)
    for load in loads:
        for name in load.names.values():
            found[name].add(load.period)
    return found


def _emptied(stores: Stores, found: Sequence[Load]) -> list[Load]:
    """A load without a line for each billing period that holds none any more."""
    gone = stores.periods - {load.period for load in found}
    if not gone:
        return []
    with stores.warehouse.read() as db:
        before = [load for load in newest_loads(db, [stores.source]) if load.period in gone]
    nothing = hashlib.sha256().hexdigest()
    return [
        replace(
            load, digest=nothing, files=(), accounts=(), totals={}, delivered=(), findings=(), unamortised=()
        )
        for load in before
    ]


def _store(stores: Stores, batch: Batch, found: "Registered") -> list[Load]:
    with stores.warehouse.write() as db:
        new = [load for load in found.loads if record_load(db, stores.source, load)]
        if not found.reasons:  # what was refused is looked at again by the next run, and told again
            record_batch(db, stores.source, batch)
    return new


def _require_period(stores: Stores, found: Sequence[Load], window: Window) -> None:
    """A delivery of one billing period must not replace another one, nor this one by nothing."""
    month = f"{window.start:%Y-%m}"
    others = [load for load in found if not window.start <= midnight(load.period) < window.end]
    if others:
        raise RefusedError(
            [
                f"{stores.source}: the delivery of {month} holds {load.line_count} lines of the billing "
                f"period {load.period}; deliver it again"
                for load in others
            ]
        )
    if not found and window.start.date() in stores.periods:
        raise RefusedError(
            [f"{stores.source}: the delivery of {month} holds no line, the one before did; deliver it"]
        )


def _gone(stores: Stores, found: Sequence[Load]) -> list[str]:
    """What is no longer among files that say themselves which periods they hold."""
    gone = sorted(stores.periods - {load.period for load in found})
    if not gone:
        return []
    periods = ", ".join(map(str, gone))
    return [
        f"{stores.source}: nothing of the billing periods {periods} is there any more; "
        "what was published of them stays"
    ]
