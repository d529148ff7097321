"""``kind: slo_files``: good and total from files, a day refused by name where it is none."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.slo_files import COLUMNS, SloFiles
from costwatch.collect import Collected, collect
from costwatch.model import Window, midnight
from costwatch.warehouse.slo.buckets import sums
from costwatch.warehouse.store import Warehouse
from tests.made.slo_buckets import objective

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
START = int(midnight(DAY).timestamp())


def write(folder: Path, rows: list[tuple[Any, ...]], day: date = DAY, name: str = "") -> None:
    folder.mkdir(exist_ok=True)
    table = pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)))
    pq.write_table(table, folder / (name or f"{day}.parquet"))


def row(number: int = 0, good: float = 9, total: float = 10, slo: str = "checkout", labels: str = "") -> Any:
    return (START + 300 * number, slo, labels, float(good), float(total))


def read(folder: Path, now: datetime = NOW) -> Collected:
    source = SloFiles(name="slis", location=str(folder / "slis")).with_objectives([objective("checkout")])
    (found,) = collect(Warehouse(folder / "db"), folder / "ledger", [source], now)
    return found


def stored(folder: Path) -> list[tuple[float, float, int]]:
    with Warehouse(folder / "db").read() as db:
        found = sums(db, Window(NOW - timedelta(days=40), NOW + timedelta(days=40)))
    return [(one.good, one.total, one.known_seconds) for one in found.values()]


def test_buckets_are_kept_by_instance_and_once(tmp_path: Path) -> None:
    a = '{"zone":"a"}'
    write(tmp_path / "slis", [row(), row(2), row(0, 5, 5, labels=a), row(0, 1, 1, slo="of another file")])
    assert (read(tmp_path).error, read(tmp_path).outcome) == ("", "unchanged")
    assert stored(tmp_path) == [(18, 20, 600), (5, 5, 300)], "what no row tells of is unknown"


def test_a_later_day_is_read_on(tmp_path: Path) -> None:
    write(tmp_path / "slis", [row()])
    read(tmp_path)
    next_day = DAY + timedelta(days=1)
    write(tmp_path / "slis", [(START + 86_400, "checkout", "", 1.0, 2.0)], next_day)
    assert read(tmp_path, NOW + timedelta(days=1)).error == ""
    assert stored(tmp_path) == [(10, 12, 600)]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row(good=-1)], "column 'good' holds a number below 0, or none"),
        ([row(total=float("nan"))], "column 'total' holds a number below 0, or none"),
        ([row(288)], "column 'start' holds another day than 2026-11-20"),
        ([(START, "checkout", None, 1.0, 1.0)], "has a row without a value; leave out what is unknown"),
    ],
    ids=["below 0", "no number", "another day", "no value"],
)
def test_a_day_that_means_nothing_is_refused_by_name(
    tmp_path: Path, rows: list[tuple[Any, ...]], reason: str
) -> None:
    write(tmp_path / "slis", rows)
    found = read(tmp_path)
    assert found.outcome == "failed"
    assert f"{DAY}.parquet: {reason}" in found.error
    assert stored(tmp_path) == []


def test_other_columns_damaged_and_misnamed_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "slis").mkdir()
    pq.write_table(pa.table({"start": [START]}), tmp_path / "slis" / f"{DAY}.parquet")
    assert "has the columns start, not start, slo, labels, good, total" in read(tmp_path).error
    (tmp_path / "slis" / f"{DAY}.parquet").write_bytes(b"PAR1 no more")
    assert f"{DAY}.parquet: " in read(tmp_path).error
    write(tmp_path / "slis", [row()])
    write(tmp_path / "slis", [row()], name="20-11-2026.parquet")
    found = read(tmp_path)
    assert "20-11-2026.parquet: is of no day; call it <day>.parquet" in found.error
    assert stored(tmp_path) == [(9, 10, 300)], "the others are kept"


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "slis").mkdir()
    assert "no file such as 2026-11-21.parquet is there; correct location" in read(tmp_path).error
    source = SloFiles(name="slis", location=str(tmp_path / "slis"))
    (found,) = collect(Warehouse(tmp_path / "db"), tmp_path / "ledger", [source], NOW)
    assert "there is no SLO to read; name their files in 'slos'" in found.error
