"""What explains the cost of a published period: quantities in their units, and contracted cost."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from costwatch.errors import WarehouseError
from costwatch.money import NANO
from costwatch.proof.bill import Check, Discrepancy
from costwatch.proof.priced import PRICED, Priced, PricedProof
from costwatch.warehouse import queries
from costwatch.warehouse.bill.registered_loads import UNREADABLE, day_text
from costwatch.warehouse.bill.sums import sums, sums_of
from costwatch.warehouse.encoding import from_int
from costwatch.wording import RESTORE

if TYPE_CHECKING:
    from pyarrow import RecordBatch


def proofs(db: sqlite3.Connection, bounds: Mapping[str, int]) -> Iterator[PricedProof | Discrepancy]:
    """Of each published period, by what facts say, which are all read; an unreadable one is a finding.

    bounds: ``first`` and ``last`` period, yyyymmdd, both included.
    """
    sql = queries.filled("priced_sums", sums=sums("c.", of=PRICED))
    for row in queries.rows(db, "published"):
        if bounds["first"] <= row["period"] <= bounds["last"]:
            carried = [
                {**told, **sums_of(told, PRICED)} for told in map(dict, db.execute(sql, [row["period"]]))
            ]
            try:
                published = None if row["priced"] is None else Priced.from_json(row["priced"])
                ends = from_int(row["period"]), from_int(row["period_end"])
                yield PricedProof(*ends, published, Priced.of(carried))
            except UNREADABLE:
                period = day_text(row["period"])
                text = f"{period}: what was published of quantities cannot be read; {RESTORE}"
                yield Discrepancy(Check.BILL, period, text)


def require_priced(period: date, facts: Iterable[sqlite3.Row], bill: Priced) -> None:
    """What is stored of a period must be the bill's. Raises WarehouseError.

    facts: ``sums`` of them, over all units and currencies.
    """
    stored = 0, 0
    for row in facts:
        whole, rest, contracted = (found or 0 for found in sums_of(row, PRICED).values())
        stored = whole * NANO + rest, contracted
    if stored != bill.total:
        raise WarehouseError(
            f"period {period}: teams would carry other quantities, or another contracted cost, than the bill "
            "has; nothing was published, please report this"
        )


def rows_of(facts: "RecordBatch") -> Any:
    """Rows of integers, and of None where something is null."""
    import numpy as np

    if not any(column.null_count for column in facts.columns):
        return np.column_stack([column.to_numpy() for column in facts.columns])
    # Null would make floats of them, and large integers would not be exact.
    rows = np.column_stack([column.fill_null(0).to_numpy() for column in facts.columns]).astype(object)
    unknown = [column.is_null().to_numpy(zero_copy_only=False) for column in facts.columns]
    rows[np.column_stack(unknown)] = None
    return rows


def take_units(db: sqlite3.Connection, period: int) -> None:
    """Let facts from before units were kept, and revisions of them, go by the slice that has theirs.

    That is no change, and becomes no revision. Asked while ``incoming`` holds the facts as they shall be.
    """
    db.execute("DROP TABLE IF EXISTS temp.renamed")
    db.execute(queries.text("renamed"))
    for table in ("team_cost", "team_cost_revision"):
        db.execute(queries.filled("take_units", table=table), {"period": period})
    db.execute("DROP TABLE temp.renamed")
