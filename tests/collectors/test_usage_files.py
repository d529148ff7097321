"""``kind: usage_files``: a day of a cluster is taken whole from its files, or refused whole by name."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.kubernetes.tables import JOB_DAYS, NODE_DAYS, POD_HOURS, SERVICE_DAYS, TABLES
from collectors.usage_files import UsageFiles
from costwatch.allocation.batches import StoredBatches
from costwatch.allocation.usage_export import export
from costwatch.collect import Collected, collect
from costwatch.errors import UsageError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.warehouse.store import Warehouse
from tests.doubles.s3_bucket import NAME, PREFIX, Bucket
from tests.made.command_line import Costwatch, configure
from tests.made.usage_files import write_day, write_table

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = date(2026, 11, 20)
OCTOBER_AND_NOVEMBER = Window.of_days(date(2026, 10, 1), date(2026, 12, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two days of a cluster."""
    for number in range(2):
        write_day(tmp_path / "usage", DAY + timedelta(days=number))
    return tmp_path / "usage"


def read(folder: Path, now: datetime = NOW, window: Window | None = None) -> Collected:
    source = UsageFiles(name="prod", location=str(folder))
    (found,) = collect(stored(folder), folder.parent / "ledger", [source], now, window=window)
    return found


def stored(folder: Path) -> Warehouse:
    return Warehouse(folder.parent / "db")


def rows(folder: Path, table: str) -> pa.Table:
    return StoredBatches(stored(folder), LedgerFiles(folder.parent / "ledger")).rows(
        table, OCTOBER_AND_NOVEMBER
    )


def days(folder: Path) -> set[date]:
    return set(rows(folder, "node_days")["day"].to_pylist())


def test_every_table_of_every_day_is_stored_as_it_was_written(folder: Path) -> None:
    found = read(folder)
    assert (found.outcome, found.error, found.note) == ("loaded", "", "")
    for table in TABLES:
        written = pa.concat_tables(pq.read_table(path) for path in sorted((folder / table.name).iterdir()))
        assert rows(folder, table.name).select(list(table.columns)).to_pylist() == written.to_pylist()
    assert read(folder).outcome == "unchanged"


def test_deliveries_of_others_need_not_know_of_jobs(folder: Path) -> None:
    shutil.rmtree(folder / "job_days")
    found = read(folder)
    assert (found.outcome, found.error) == ("loaded", "")
    assert rows(folder, "job_days").num_rows == 0
    assert len(days(folder)) == 2
    write_table(folder, JOB_DAYS, DAY, [{"day": DAY, "cluster": "prod", "job": "train"}])
    read(folder)
    assert rows(folder, "job_days")["job"].to_pylist() == ["train"]


def test_a_day_that_is_written_again_replaces_the_one_before(folder: Path) -> None:
    read(folder)
    write_table(folder, NODE_DAYS, DAY, [{"day": DAY, "cluster": "prod", "node": "other"}])
    assert read(folder).outcome == "loaded"
    assert rows(folder, "node_days")["node"].to_pylist() == ["other", "ip-10-0-0-1"]


def test_a_day_that_comes_weeks_late_is_still_read(folder: Path) -> None:
    read(folder)
    late = DAY - timedelta(days=30)
    write_day(folder, late)
    read(folder)
    assert late in days(folder)


def test_an_older_day_is_read_when_its_time_is_asked_for(folder: Path) -> None:
    read(folder)
    old = date(2026, 10, 5)
    write_day(folder, old)
    read(folder)
    assert old not in days(folder)
    read(folder, window=OCTOBER_AND_NOVEMBER)
    assert old in days(folder)


def test_the_running_day_is_incomplete_until_it_is_over(folder: Path) -> None:
    write_day(folder, NOW.date())
    assert "incomplete" in read(folder).note
    write_day(folder, NOW.date(), cluster="whole")
    assert not read(folder, NOW + timedelta(days=1)).note
    assert rows(folder, "node_days")["cluster"].to_pylist()[-1] == "whole"


def of_other_columns(folder: Path) -> None:
    path = folder / "workload_days" / f"{DAY}.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["namespace"]), path)


def of_a_type_that_is_none(folder: Path) -> None:
    path = folder / "node_days" / f"{DAY}.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.set_column(rows.column_names.index("cpu_cores"), "cpu_cores", pa.array(["8"])), path)


def of_no_rows_and_other_columns(folder: Path) -> None:
    pq.write_table(pa.table({"day": pa.array([], pa.date32())}), folder / "service_days" / f"{DAY}.parquet")


def of_another_day(folder: Path) -> None:
    write_table(folder, NODE_DAYS, DAY, [{"day": DAY}, {"day": DAY - timedelta(days=1)}])


def of_no_day(folder: Path) -> None:
    write_table(folder, NODE_DAYS, DAY, [{"day": None}])


def of_the_next_midnight(folder: Path) -> None:
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=1)
    write_table(folder, POD_HOURS, DAY, [{"hour": midnight}])


def cut_short(folder: Path) -> None:
    path = folder / "pod_hours" / f"{DAY}.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def empty(folder: Path) -> None:
    (folder / "volume_days" / f"{DAY}.parquet").write_bytes(b"")


def missing(folder: Path) -> None:
    (folder / "service_days" / f"{DAY}.parquet").unlink()


REFUSED = {
    "a column too few": (of_other_columns, "workload_days/{day}.parquet: column 'namespace' is missing"),
    "text for numbers": (of_a_type_that_is_none, "node_days/{day}.parquet: column 'cpu_cores' is string"),
    "other columns without rows": (of_no_rows_and_other_columns, "service_days/{day}.parquet: column"),
    "a row of another day": (of_another_day, "node_days/{day}.parquet: column 'day' holds another day than"),
    "a row of no day": (of_no_day, "node_days/{day}.parquet: column 'day' holds another day than {day}"),
    "an hour of the next day": (of_the_next_midnight, "pod_hours/{day}.parquet: column 'hour' holds another"),
    "half a file": (cut_short, "pod_hours/{day}.parquet: "),
    "an empty file": (empty, "volume_days/{day}.parquet: "),
    "a table too few": (missing, ": of {day} there is no service_days; write the files of all tables"),
}


@pytest.mark.parametrize(("spoil", "told"), REFUSED.values(), ids=REFUSED)
def test_a_day_is_refused_whole_and_by_name_while_the_others_are_read(
    spoil: Callable[[Path], None], told: str, folder: Path
) -> None:
    spoil(folder)
    found = read(folder)
    assert found.outcome == "failed"
    (error,) = found.error.splitlines()
    assert error.replace(f"{folder}/", "").startswith(told.format(day=DAY)) or told.format(day=DAY) in error
    assert error.count(";") == 1
    for table in TABLES:
        stored = rows(folder, table.name)["window_start"].to_pylist()
        assert [instant.date() for instant in stored] == [DAY + timedelta(days=1)]
    write_day(folder, DAY)
    assert read(folder).outcome == "loaded"
    assert days(folder) == {DAY, DAY + timedelta(days=1)}


@pytest.mark.parametrize("name", ["node_days/yesterday.parquet", "nodes/2026-11-20.parquet",
                                  "node_days/2026-11-31.parquet", "node_days.parquet"])  # fmt: skip
def test_a_file_that_is_of_no_table_and_day_is_told_after_the_others_are_read(
    name: str, folder: Path
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    (folder / "notes.txt").write_text("of nobody's interest")
    found = read(folder)
    assert found.error == f"{folder / name}: is of no table and day; call it <table>/<day>.parquet"
    assert len(days(folder)) == 2


def test_nothing_of_the_time_asked_for_is_a_failure(folder: Path) -> None:
    found = read(folder, window=Window.of_days(date(2026, 12, 1), date(2026, 12, 31)))
    assert "no file such as pod_hours/2026-12-31.parquet of this time is there" in found.error


def test_files_are_read_from_a_bucket(folder: Path, bucket: Bucket) -> None:
    bucket.upload(folder)
    source = UsageFiles(name="prod", location=f"s3://{NAME}/{PREFIX}")
    (found,) = collect(stored(folder), folder.parent / "ledger", [source], NOW)
    assert (found.outcome, found.error) == ("loaded", "")
    assert rows(folder, SERVICE_DAYS.name).num_rows == 2


def test_what_one_costwatch_exports_another_reads_as_it_was(folder: Path) -> None:
    read(folder)
    around = Window.of_days(DAY, DAY + timedelta(days=2))
    copy = folder.parent / "there" / "usage"
    files = LedgerFiles(folder.parent / "ledger")
    written = export(stored(folder), files, TABLES, around, (), copy)
    assert {path.relative_to(copy) for path in written} == {
        path.relative_to(folder) for path in folder.rglob("*.parquet")
    }
    assert export(stored(folder), files, TABLES, around, ("prod",), copy) == []
    assert read(copy).outcome == "loaded"
    for table in TABLES:
        assert rows(copy, table.name) == rows(folder, table.name)


def test_to_export_nothing_is_a_mistake_and_writes_nothing(folder: Path) -> None:
    read(folder)
    files = LedgerFiles(folder.parent / "ledger")
    with pytest.raises(UsageError, match="nothing of these days and sources is held"):
        export(stored(folder), files, TABLES, OCTOBER_AND_NOVEMBER, ("other",), folder.parent / "there")
    assert not (folder.parent / "there").exists()


def test_the_command_writes_the_last_weeks(costwatch: Costwatch) -> None:
    for day in (date(2026, 11, 2), date(2026, 10, 1), date(2026, 9, 1)):  # asked on the 3rd of November
        write_day(Path("usage"), day)
    configure(
        Path(), "sources:\n  - {name: prod, kind: usage_files, location: usage}\nteams: [{name: risk}]\n"
    )
    assert costwatch("collect").code == 0
    assert costwatch("export", "usage", "copy").code == 0
    written = {path.stem for path in Path("copy").rglob("*.parquet")}
    assert written == {"2026-10-01", "2026-11-02"}
    assert costwatch("export", "usage", "copy", "--source", "other").code == 2
