"""A run of collect on a meter that is killed at ten o'clock: FOLDER, ``Meter`` or ``LargeMeter``, where."""

import os
import sys
from pathlib import Path

from costwatch.collect import collect
from costwatch.intake import rows as taking
from costwatch.warehouse.store import Warehouse
from tests.made import acme_meter
from tests.made.acme_meter import ELEVEN, HOUR, NINE, TEN, Meter

DRAWN = {NINE: {"r1": 1, "r2": 2}, TEN: {"r1": 3, "r2": 4}, ELEVEN: {"r1": 5, "r2": 6}}


def die_while_reading(meter: type[Meter]) -> None:
    whole = meter._rows

    def first_row(self, hour, drawn):
        for row in whole(self, hour, drawn):
            yield row
            if hour == TEN:
                os._exit(9)

    meter._rows = first_row


def die_while_storing() -> None:
    """In the transaction, after its rows."""
    record = taking.record_batch

    def dying(db, source, batch):
        if batch.window.start == TEN:
            os._exit(9)
        record(db, source, batch)

    taking.record_batch = dying


if __name__ == "__main__":
    folder, kind = Path(sys.argv[1]), getattr(acme_meter, sys.argv[2])
    if sys.argv[3] == "reading":
        die_while_reading(kind)
    else:
        die_while_storing()
    meter = kind(name="meter", first=NINE)
    meter._drawn |= DRAWN
    collect(Warehouse(folder / "costwatch.db"), folder / "ledger", [meter], ELEVEN + HOUR)
