"""``kind: measure_files``: a day of measures is taken whole from its file, or refused whole by name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors import measure_files
from collectors.measure_files import MeasureFiles
from collectors.measures import MEASURE_DAYS
from costwatch.collect import Collected, collect
from costwatch.model import Window
from costwatch.warehouse.store import Warehouse
from tests.doubles.s3_bucket import NAME, PREFIX, Bucket

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = date(2026, 11, 20)
HEAD = "day,measure,unit,labels,value,coverage"
ROWS = (
    f'{DAY},predictions,predictions,"{{""model"": ""fraud"", ""a"": """"}}",1250.5,1',
    f"{DAY},predictions,predictions,,7,0.5",
    f"{DAY},decisions,,,,0",
)
STORED = [
    (20261120, "decisions", "", "", None, 0.0),
    (20261120, "predictions", "predictions", "", 7.0, 0.5),
    (20261120, "predictions", "predictions", '{"model":"fraud"}', 1250.5, 1.0),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "volumes").mkdir()
    return tmp_path / "volumes"


def write(folder: Path, *rows: str, day: date = DAY, head: str = HEAD) -> Path:
    path = folder / f"{day}.csv"
    path.write_text("\n".join([head, *(row.replace(str(DAY), str(day)) for row in rows), ""]))
    return path


def read(folder: Path, now: datetime = NOW, window: Window | None = None, location: str = "") -> Collected:
    source = MeasureFiles(name="volumes", location=location or str(folder))
    warehouse = Warehouse(folder.parent / "db")
    (found,) = collect(warehouse, folder.parent / "ledger", [source], now, window=window)
    return found


def stored(folder: Path) -> Sequence[tuple[object, ...]]:
    with Warehouse(folder.parent / "db").read() as db:
        return [
            tuple(row)
            for row in db.execute(
                "SELECT day, measure, unit, labels, value, coverage FROM x_measure_days ORDER BY 1, 2, 4"
            )
        ]


def test_a_day_of_csv_is_stored_with_labels_in_their_one_form(folder: Path) -> None:
    write(folder, *ROWS)
    assert (read(folder).outcome, read(folder).outcome) == ("loaded", "unchanged")
    assert stored(folder) == STORED
    write(folder, *ROWS[1:])
    assert read(folder).outcome == "loaded"
    assert stored(folder) == STORED[:2]


def test_a_day_of_parquet_is_the_same(folder: Path) -> None:
    columns = zip(*(row[1:] for row in STORED), strict=True)
    values = dict(zip(MEASURE_DAYS.columns, [[DAY] * 3, *columns], strict=True))
    pq.write_table(pa.table(values, schema=MEASURE_DAYS.schema()), folder / f"{DAY}.parquet")
    assert read(folder).outcome == "loaded"
    assert stored(folder) == STORED


def test_files_are_read_from_a_bucket(folder: Path, bucket: Bucket) -> None:
    write(folder, *ROWS)
    bucket.upload(folder)
    assert read(folder, location=f"s3://{NAME}/{PREFIX}").outcome == "loaded"
    assert stored(folder) == STORED


def test_the_running_day_is_incomplete_until_it_is_over(folder: Path) -> None:
    write(folder, *ROWS, day=NOW.date())
    assert "incomplete" in read(folder).note
    assert not read(folder, NOW + timedelta(days=1)).note


REFUSED = {
    "a column too few": ([HEAD.replace(",unit", ""), f"{DAY},a,,1,1"], "column 'unit' is missing"),
    "a column too many": ([f"{HEAD},team", f"{DAY},a,s,,1,1,risk"], "column 'team' is not declared"),
    "other columns without rows": (["day,value"], "column 'measure' is missing"),
    "text for a number": ([HEAD, f"{DAY},a,s,,many,1"], "In CSV column #4: "),
    "a number that is none": ([HEAD, f"{DAY},a,s,,inf,1"], "column 'value' holds a value that does not fit"),
    "a row of another day": ([HEAD, "2026-11-19,a,s,,1,1"], "column 'day' holds another day than 2026-11-20"),
    "a row of no day": ([HEAD, ",a,s,,1,1"], "column 'day' holds another day than 2026-11-20"),
    "no measure": ([HEAD, f"{DAY},a,s,,1,1", f"{DAY},,s,,1,1"], "row 2: 'measure' must be made of letters"),
    "a measure that nothing can name": (
        [HEAD, f"{DAY},a b,s,,1,1"],
        "row 1: 'measure' must be made of letters",
    ),
    "two units of one measure": (
        [HEAD, f"{DAY},a,s,,1,1", f"{DAY},a,ms,,1,1"],
        "row 2: a has another unit than before",
    ),
    "a coverage above 1": ([HEAD, f"{DAY},a,s,,1,24"], "row 1: 'coverage' must be 0 to 1"),
    "no coverage": ([HEAD, f"{DAY},a,s,,1,"], "row 1: 'coverage' must be 0 to 1"),
    "labels that are no JSON": ([HEAD, f"{DAY},a,s,model=x,1,1"], "row 1: 'labels' must be JSON such as"),
    "labels that are no texts": (
        [HEAD, f'{DAY},a,s,"{{""a"": 1}}",1,1'],
        "row 1: 'labels' must be JSON such as",
    ),
    "labels that nest without end": (
        [HEAD, f"{DAY},a,s,{'[' * 100_000},1,1"],
        "row 1: 'labels' must be JSON",
    ),
    "the same twice": (
        [HEAD, f'{DAY},a,s,"{{""a"": ""b""}}",1,1', f'{DAY},a,s,"{{""a"":""b""}}",1,1'],
        "row 2: a is told twice with these labels",
    ),
    "too many labels": (
        [HEAD, *(f'{DAY},a,s,"{{""n"": ""{n}""}}",1,1' for n in range(4))],
        "row 4: a has more than 3 sets of labels",
    ),
    "an empty file": ([], ""),
}


@pytest.mark.parametrize(("lines", "told"), REFUSED.values(), ids=REFUSED)
def test_a_day_is_refused_whole_and_by_name_while_the_others_are_read(
    lines: list[str], told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_files, "MOST_LABEL_SETS", 3)
    write(folder, *ROWS, day=DAY + timedelta(days=1))
    path = folder / f"{DAY}.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    found = read(folder)
    assert found.outcome == "failed"
    (error,) = found.error.splitlines()
    assert error.startswith(f"{path}: {told}")
    assert error.endswith("; write it again")
    assert {row[0] for row in stored(folder)} == {20261121}


def test_a_day_that_is_refused_leaves_what_is_stored_of_it(folder: Path) -> None:
    write(folder, *ROWS)
    read(folder)
    write(folder, "nonsense")
    assert read(folder).outcome == "failed"
    assert stored(folder) == STORED


def test_two_files_of_one_day_are_refused_by_name(folder: Path) -> None:
    write(folder, *ROWS)
    (folder / f"{DAY}.parquet").write_bytes(b"")
    names = f"{folder / f'{DAY}.csv'} and {folder / f'{DAY}.parquet'}"
    assert read(folder).error == f"{names}: tell the same day; keep one of them"


def test_a_file_that_is_of_no_day_is_told_after_the_others_are_read(folder: Path) -> None:
    write(folder, *ROWS)
    (folder / "yesterday.csv").write_text(HEAD)
    (folder / "notes.txt").write_text("of nobody's interest")
    path = folder / "yesterday.csv"
    assert read(folder).error == f"{path}: is of no day; call it <day>.csv or <day>.parquet"
    assert stored(folder) == STORED


def test_nothing_of_the_time_asked_for_is_a_failure(folder: Path) -> None:
    write(folder, *ROWS)
    found = read(folder, window=Window.of_days(date(2026, 12, 1), date(2026, 12, 31)))
    assert "no file such as 2026-12-31.parquet of this time is there" in found.error
