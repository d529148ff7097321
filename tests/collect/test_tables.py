"""Step 1 on tables that collectors bring themselves: hours of a made-up meter, in either store."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.collect import collect
from costwatch.model import Batch, DeliveredFile, Export, Window
from costwatch.plugins import CollectorSettings, Table
from costwatch.warehouse.facts import freshness
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.intake import runs
from costwatch.warehouse.intake.rows import ledger_files
from tests.made import killed_meter
from tests.made.acme_meter import ELEVEN, HOUR, NINE, NOON, POWER, TEN, LargeMeter, Meter
from tests.made.bills import every_day
from tests.made.company import Company
from tests.made.killed_meter import DRAWN

ROOT = Path(__file__).parents[2]
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
LOG = ("collection", "watermark")


@pytest.fixture(params=[Meter, LargeMeter], ids=["in the warehouse", "in the ledger"])
def meter(request: pytest.FixtureRequest) -> Meter:
    meter: Meter = request.param(name="meter", first=NINE)
    return meter


@pytest.fixture
def company(tmp_path: Path, meter: Meter) -> Company:
    made = Company(tmp_path)
    made.sources = [meter]
    return made


def joules(company: Company) -> list[tuple[str, datetime, str, int]]:
    """source, window_start, rack and joules of everything stored, in whichever store."""
    with company.warehouse.read() as db:
        if digests := ledger_files(db, "power", EVER):
            files = [pq.read_table(company.root / "ledger" / f"{digest}.parquet") for digest in digests]
            found = [row for file in files for row in file.to_pylist()]
        else:
            found = [dict(row) for row in db.execute("SELECT * FROM x_power ORDER BY window_start, rack")]
    for row in found:
        if isinstance(row["window_start"], str):
            row["window_start"] = datetime.fromisoformat(row["window_start"])
    return [(row["source"], row["window_start"], row["rack"], row["joules"]) for row in found]


# --- what is stored ------------------------------------------------------------------------------


def test_two_hours_of_a_day_are_two_batches(company: Company, meter: Meter) -> None:
    meter._drawn[TEN] = {"r1": 7, "r2": 8}
    (collected,) = company.collect(ELEVEN)
    assert (collected.error, collected.outcome, collected.rows) == ("", "loaded", {"power": 3})
    assert joules(company) == [
        ("meter", NINE, "r1", 3600),
        ("meter", TEN, "r1", 7),
        ("meter", TEN, "r2", 8),
    ]


def test_values_are_stored_as_the_types_say(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources = [Meter(name="meter", first=NINE)]
    company.collect(TEN)
    with company.warehouse.read() as db:
        (row,) = db.execute("SELECT * FROM x_power")
    nine, ten = "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z"
    assert tuple(row) == ("meter", nine, ten, "r1", nine, 3600, "3600")


def test_what_is_stored_is_not_read_again(company: Company, meter: Meter) -> None:
    company.run(NOON)
    before = company.hashes(*LOG)
    meter._read.clear()
    company.run(NOON + timedelta(minutes=15))
    assert (meter._read, company.hashes(*LOG)) == ([], before)


def test_a_restated_hour_is_replaced_and_no_other(company: Company, meter: Meter) -> None:
    company.run(NOON)
    meter._read.clear()
    meter._drawn[ELEVEN] = {"r2": 1}
    company.run(NOON)
    assert meter._read == [ELEVEN]
    assert joules(company) == [
        ("meter", NINE, "r1", 3600),
        ("meter", TEN, "r1", 3600),
        ("meter", ELEVEN, "r2", 1),
    ]


def test_an_hour_without_rows_is_an_answer(company: Company, meter: Meter) -> None:
    company.run(TEN)
    meter._drawn[NINE] = {}
    (collected,) = company.collect(TEN + HOUR / 4)
    assert (collected.outcome, collected.rows) == ("loaded", {"power": 0})
    assert joules(company) == []
    with company.warehouse.read() as db:
        (source,) = freshness.sources(db)
    assert source["last_load_at"] == "2026-11-03T10:15:00Z"  # new data, though of nothing


def test_two_sources_fill_one_table_side_by_side(company: Company, meter: Meter) -> None:
    other = type(meter)(name="other", first=NINE)
    other._drawn[NINE] = {"r9": 9}
    company.sources = [meter, other]
    company.run(TEN)
    meter._drawn[NINE] = {}
    company.run(TEN)
    assert joules(company) == [("other", NINE, "r9", 9)]


def test_a_file_that_the_ledger_lost_is_read_again(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources = [LargeMeter(name="meter", first=NINE)]
    company.run(ELEVEN)
    before = joules(company)
    for file in (tmp_path / "ledger").glob("*.parquet"):
        file.unlink()
    company.run(NOON)
    assert joules(company) == [*before, ("meter", ELEVEN, "r1", 3600)]


def test_a_dry_run_stores_nothing(company: Company) -> None:
    (collected,) = collect(company.warehouse, company.root / "ledger", company.sources, ELEVEN, dry_run=True)
    assert (collected.outcome, collected.rows) == ("loaded", {"power": 2})
    assert list(company.root.iterdir()) == []


# --- what is incomplete --------------------------------------------------------------------------


def test_an_incomplete_hour_is_stored_told_and_read_again_however_late(
    company: Company, meter: Meter
) -> None:
    meter._partial.add(NINE)
    meter._drawn[NINE] = {"r1": 1}
    (collected,) = company.collect(ELEVEN)
    assert (collected.outcome, collected.partial_count) == ("loaded", 1)
    assert collected.note == (
        "meter: calls 1 of its answers for table 'power' incomplete, the first from 2026-11-03 09:00 UTC; "
        "they are read again by each run until they are whole"
    )
    assert ("meter", NINE, "r1", 1) in joules(company)
    with company.warehouse.read() as db:
        (source,) = freshness.sources(db)
    assert (source["partial_count"], source["partial_since"]) == (1, "2026-11-03T09:00:00Z")

    meter._partial.clear()  # the same version, but whole now, and long before the lookback
    meter._read.clear()
    (collected,) = company.collect(NINE + 24 * HOUR)
    assert (collected.partial_count, collected.note) == (0, "")
    assert meter._read[0] == NINE
    assert TEN not in meter._read
    with company.warehouse.read() as db:
        (source,) = freshness.sources(db)
    assert (source["partial_count"], source["partial_since"]) == (0, None)


def test_an_hour_that_was_whole_is_not_replaced_by_less(company: Company, meter: Meter) -> None:
    company.run(TEN)
    meter._partial.add(NINE)
    meter._drawn[NINE] = {}
    (collected,) = company.collect(TEN)
    assert (collected.outcome, collected.partial_count) == ("unchanged", 1)
    assert joules(company) == [("meter", NINE, "r1", 3600)]
    meter._partial.clear()
    company.run(TEN)
    assert joules(company) == []


ANSWERS = st.fixed_dictionaries({hour: st.tuples(st.integers(0, 3), st.booleans()) for hour in (NINE, TEN)})


@settings(max_examples=25, deadline=None)
@given(runs_of=st.lists(ANSWERS, min_size=1, max_size=5))
@pytest.mark.parametrize("kind", [Meter, LargeMeter])
def test_the_newest_whole_answer_counts_and_until_there_is_one_the_newest(
    kind: type[Meter], runs_of: list[dict[datetime, tuple[int, bool]]]
) -> None:
    whole: dict[datetime, int] = {}
    shown: dict[datetime, int] = {}
    with TemporaryDirectory() as folder:
        company = Company(Path(folder))
        for answers in runs_of:
            meter = kind(name="meter", first=NINE)
            meter._drawn |= {hour: {"r1": number} for hour, (number, _) in answers.items()}
            meter._partial |= {hour for hour, (_, is_partial) in answers.items() if is_partial}
            company.sources = [meter]
            (collected,) = company.collect(ELEVEN, Window(NINE, ELEVEN))
            assert collected.error == ""
            for hour, (number, is_partial) in answers.items():
                if not is_partial:
                    whole[hour] = number
                shown[hour] = whole.get(hour, number)
            assert joules(company) == [("meter", hour, "r1", shown[hour]) for hour in (NINE, TEN)]


# --- killed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["reading", "storing"])
def test_a_run_killed_between_batches_leaves_no_half_and_no_double(
    company: Company, meter: Meter, where: str
) -> None:
    company.run(TEN)
    meter._drawn |= DRAWN
    killed = subprocess.run(
        [sys.executable, killed_meter.__file__, company.root, type(meter).__name__, where],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == 9
    assert joules(company) == [("meter", NINE, "r1", 1), ("meter", NINE, "r2", 2)]
    company.run(NOON)
    hours = [(hour, rack) for hour in DRAWN for rack in ("r1", "r2")]
    assert joules(company) == [("meter", *at, number) for number, at in enumerate(hours, start=1)]
    assert not list((company.root / "ledger").glob("*.part"))


# --- watermarks ----------------------------------------------------------------------------------


class Doubled(Meter):
    """Two tables of one source."""

    tables: ClassVar[tuple[Table, ...]] = (POWER, Table("heat", {"kelvin": "real"}))
    kelvin: ClassVar[Any] = 300.5

    def collect(self, window: Window) -> Iterator[Batch]:
        """Both, hour by hour."""
        for batch in super().collect(window):
            yield batch
            rows = pa.record_batch({"kelvin": [self.kelvin]})
            yield Batch("heat", batch.window, f"{self.kelvin}", lambda rows=rows: iter((rows,)))


def marks(company: Company) -> dict[str, datetime]:
    with company.warehouse.read() as db:
        return dict(runs.bookmarks(db, "meter").watermarks)


def test_each_table_is_read_on_from_where_it_was_read_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(tmp_path)
    company.sources = [Doubled(name="meter", first=NINE)]
    company.run(TEN)
    assert marks(company) == {"power": TEN, "heat": TEN}
    monkeypatch.setattr(Doubled, "kelvin", "hot")
    (collected,) = company.collect(ELEVEN)
    assert (
        collected.error.splitlines()
        == ["meter: table 'heat': column 'kelvin' is string, not real; correct its collector"] * 2
    )
    assert marks(company) == {"power": ELEVEN, "heat": TEN}
    monkeypatch.setattr(Doubled, "kelvin", 301)
    company.run(NINE + 24 * HOUR)
    assert set(marks(company).values()) == {NINE + 24 * HOUR}
    with company.warehouse.read() as db:
        assert db.execute("SELECT COUNT(*), SUM(kelvin) FROM x_heat").fetchone()[:] == (24, 24 * 301.0)


def test_a_table_that_is_declared_later_is_read_from_the_beginning(tmp_path: Path) -> None:
    company = Company(tmp_path)
    meter = Meter(name="meter", first=NINE)
    company.sources = [meter]
    company.run(NINE + 24 * HOUR)
    company.sources = [Doubled(name="meter", first=NINE)]
    company.run(NINE + 25 * HOUR)
    with company.warehouse.read() as db:
        assert db.execute("SELECT COUNT(*) FROM x_heat").fetchone()[0] == 25
        assert db.execute("SELECT COUNT(*) FROM x_power").fetchone()[0] == 25


# --- what is refused -----------------------------------------------------------------------------


HOUR_OF_NINE = Window(NINE, TEN)


def rows(*parts: dict[str, Any], window: Window | None = HOUR_OF_NINE) -> Batch:
    return Batch("power", window, "1", lambda: map(pa.RecordBatch.from_pydict, parts))


POWERFUL = {"rack": ["r1"], "at": pa.array([NINE], pa.timestamp("s", "UTC")), "joules": [1], "price": [1]}
REFUSED: dict[str, tuple[Batch, str]] = {
    "a column too few": (rows({**POWERFUL, "joules": [1]}, {"rack": ["r1"]}), "column 'at' is missing"),
    "a column too many": (rows({**POWERFUL, "volts": [1]}), "column 'volts' is not declared"),
    "money as a float": (rows({**POWERFUL, "price": [0.1]}), "column 'price' is double, not decimal"),
    "a time without a zone": (
        rows({**POWERFUL, "at": pa.array([NINE.replace(tzinfo=None)])}),
        "column 'at' is timestamp[us], not instant",
    ),
    "a number that does not fit": (
        rows({**POWERFUL, "joules": pa.array([2**63], pa.uint64())}),
        "column 'joules' holds a value that does not fit integer",
    ),
    "no window": (rows(POWERFUL, window=None), "comes without a window, which it is to replace"),
    "files": (
        Batch("power", HOUR_OF_NINE, "1", lambda: Export((DeliveredFile("a", Path(__file__)),))),
        "comes as files, not as record batches",
    ),
    "a window that cuts a stored one": (
        rows(POWERFUL, window=Window(NINE + HOUR / 2, TEN + HOUR)),
        "2026-11-03 09:30:00 to 2026-11-03 11:00:00 would cut 2026-11-03 09:00:00 to 2026-11-03 10:00:00, "
        "stored before",
    ),
    "no version": (Batch("power", HOUR_OF_NINE, "", lambda: iter(())), "a batch has no version"),
}


@pytest.mark.parametrize(("batch", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_batch_is_refused_whole_for(
    batch: Batch, reason: str, company: Company, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.run(TEN)
    before = company.hashes(*LOG)
    monkeypatch.setattr(Meter, "collect", lambda self, window: iter((batch,)))
    (collected,) = company.collect(TEN)
    assert collected.error == f"meter: table 'power': {reason}; correct its collector"
    assert company.hashes(*LOG) == before
    assert joules(company) == [("meter", NINE, "r1", 3600)]


def test_a_bill_of_a_source_without_role_is_refused(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch("bill", None, "1", lambda: Export((DeliveredFile("a", Path(__file__)),)))
    monkeypatch.setattr(Meter, "collect", lambda self, window: iter((batch,)))
    (collected,) = company.collect(TEN)
    assert collected.error == (
        "meter: delivers table 'bill', while its role says that it brings no bill; correct its collector"
    )


def declaring(name: str, table: Table) -> CollectorSettings:
    class Other(Meter):
        tables: ClassVar[tuple[Table, ...]] = (table,)

    return Other(name=name, first=NINE)


def test_two_collectors_must_not_mean_two_tables_by_one_name(company: Company, meter: Meter) -> None:
    company.sources = [meter, declaring("other", Table("power", {"rack": "text"}))]
    fine, refused = company.collect(TEN)
    assert (fine.error, refused.outcome) == ("", "failed")
    assert refused.error == (
        "other: table 'power' is declared otherwise than by source 'meter'; "
        "one of the two collectors must rename it"
    )
    company.sources = company.sources[1:]  # read alone, it meets what the first one stored
    (refused,) = company.collect(TEN)
    assert "column 'at' is not declared" in refused.error
    company.sources = [declaring("third", Table("power", {**POWER.columns, "joules": "real"}))]
    (refused,) = company.collect(TEN)
    assert "third: table 'power' is stored with other columns or in another place" in refused.error


def test_a_table_of_ours_is_nobody_elses(company: Company) -> None:
    company.sources = [declaring("posing", Table("bill", POWER.columns))]
    (refused,) = company.collect(TEN)
    assert refused.error == "posing: table 'bill' is costwatch's own; its collector must rename it"


# --- beside a bill -------------------------------------------------------------------------------


def test_a_source_without_role_does_not_hold_up_the_bill(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    company.bill(every_day())
    company.sources = [*company.sources, Meter(name="meter", first=NINE)]
    company.run(NOON)
    company.run(NOON)
    with company.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOON)
        assert facts.data_through is not None
        assert {dict(key)["source"] for key in facts.series("freshness", ("source",), EVER)} == {
            "aws",
            "meter",
        }
        roles = dict(db.execute("SELECT name, role FROM source").fetchall())
    assert roles == {"aws": "bill", "meter": ""}
    assert set(company.effective()) == {"risk"}
