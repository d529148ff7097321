"""What splits are given of collected tables is what was handed over, wherever it lies."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.allocation.batches import StoredBatches
from costwatch.collect import collect
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.warehouse.store import Warehouse
from tests.made.acme_meter import ELEVEN, HOUR, NINE, TEN, LargeMeter, Meter


def stored(folder: Path, kind: type[Meter]) -> StoredBatches:
    warehouse = Warehouse(folder / "costwatch.db")
    warehouse.migrate()
    meter = kind(name="racks", first=NINE)
    meter._partial.add(TEN)
    (found,) = collect(warehouse, folder / "ledger", [meter], ELEVEN)
    assert found.error == ""
    return StoredBatches(warehouse, LedgerFiles(folder / "ledger"))


@pytest.mark.parametrize("kind", [Meter, LargeMeter], ids=["in the warehouse", "in the ledger"])
def test_rows_and_versions(kind: type[Meter], tmp_path: Path) -> None:
    batches = stored(tmp_path, kind)
    first, second = Window(NINE, TEN), Window(TEN, ELEVEN)
    day = Window.of_days(NINE.date(), date(2026, 11, 4))
    version = repr({"r1": 3600})
    # Of an incomplete answer there are rows, but no version yet.
    assert batches.versions("power", day) == {("racks", first): version, ("racks", second): ""}
    assert batches.versions("power", Window(NINE + HOUR / 2, TEN)) == {("racks", first): version}
    rows = [
        {
            "source": "racks",
            "window_start": start,
            "window_end": start + HOUR,
            "rack": "r1",
            "at": start,
            "joules": 3600,
            "price": Decimal(3600),
        }
        for start in (NINE, TEN)
    ]
    assert batches.rows("power", day).to_pylist() == rows
    assert batches.rows("power", second).to_pylist() == rows[1:]
    nothing = batches.rows("power", Window.of_days(date(2026, 10, 1), date(2026, 10, 2)))
    assert (nothing.num_rows, nothing.column_names) == (0, list(rows[0]))


def test_a_table_that_nobody_brings(tmp_path: Path) -> None:
    batches = stored(tmp_path, Meter)
    day = Window.of_days(NINE.date(), date(2026, 11, 4))
    assert batches.versions("pods", day) == {}
    with pytest.raises(CostwatchError, match="table pods: none of it was collected; add a source"):
        batches.rows("pods", day)
