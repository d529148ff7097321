"""What was delivered of bills: what there is of each source, and what no team carries yet."""

from costwatch.model import CONFIGURED, Load
from costwatch.warehouse.bill import restatements
from costwatch.warehouse.bill.loads import newest_loads
from costwatch.warehouse.bill.publish import published
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def not_allocated(facts: WarehouseSnapshot) -> str:
    """How much is loaded and waits for ``allocate``, in a sentence; empty where nothing does."""
    known, held = published(facts.db), restatements.held_back(facts.db)
    names = [row["name"] for row in facts.rows("SELECT name FROM source WHERE role = 'bill'")]
    waiting = [
        load
        for load in newest_loads(facts.db, names)
        if load.period not in known
        or (
            load.id not in known[load.period].loads
            and load.source != CONFIGURED  # closed periods keep the charges they were published with
            and not any(held.get(load.period, ()))
        )
    ]
    if not waiting:
        return ""
    lines = sum(load.line_count for load in waiting)
    verb = "is" if lines == 1 else "are"
    return (
        f"{lines:,} line{'' if lines == 1 else 's'} of {_months(waiting, ', ')} {verb} loaded, "
        "not yet allocated: run costwatch allocate"
    )


def delivered(facts: WarehouseSnapshot, source: str) -> str:
    """``FOCUS, 4 files, 2026-09..2026-11``: what the ledger holds of a source's bill; empty: nothing."""
    from costwatch.ledger.formats import format_named

    loads = newest_loads(facts.db, [source])
    if not loads:
        return ""
    formats = " and ".join(sorted({format_named(load.format).title for load in loads}))
    files = len({digest for load in loads for digest in load.files})
    months = _months(loads, "..") if len(loads) < 3 else _months([loads[0], loads[-1]], "..")
    return f"{formats}, {files:,} file{'' if files == 1 else 's'}, {months}"


def _months(loads: list[Load], between: str) -> str:
    return between.join(sorted({f"{load.period:%Y-%m}" for load in loads}))
