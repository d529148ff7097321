"""How AWS lays out what it delivers: legacy reports beside Data Exports, wherever they were copied to."""

import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.exports import Exports
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.bills import of_month, write_csv, write_delivery, write_parquet
from tests.made.company import Company
from tests.made.exports_read import read_exports

AUTUMN = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OCTOBER = "20261001-20261101"


def read(location: Path, window: Window = AUTUMN) -> dict[str, list[str]]:
    """billing period -> its files, as they are named below ``location``."""
    source = Exports(name="aws", location=str(location))
    return read_exports(source, window, lambda file: str(file.path.relative_to(location)))


def write_manifest(path: Path, keys: Sequence[str], *, at: int | None = None) -> Path:
    """A report's manifest, written at that second if it matters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"assemblyId": path.parent.name, "reportKeys": list(keys)}))
    if at is not None:
        os.utime(path, (at, at))
    return path


def write_part(path: Path) -> None:
    """One line of October, of which only its resource is this part's."""
    lines = [of_month("2026-10", ResourceId=path.as_posix())]
    write_csv(path.with_suffix("") if path.suffix == ".zip" else path, lines)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path.with_suffix(""), "cur-1.csv")
        path.with_suffix("").unlink()


def assembly(report: Path, name: str, *, parts: int = 1, suffix: str = "csv.gz", at: int = 0) -> list[str]:
    """One version of October's report with its own manifest; its keys, as AWS writes them."""
    files = [f"{OCTOBER}/{name}/cur-{part:05d}.{suffix}" for part in range(1, parts + 1)]
    for file in files:
        write_part(report / file)
    keys = [f"pre/cur/{file}" for file in files]
    write_manifest(report / OCTOBER / name / "cur-Manifest.json", keys, at=at)
    return keys


def test_of_the_versions_of_a_month_the_one_counts_that_the_manifest_above_them_names(tmp_path: Path) -> None:
    keys = assembly(tmp_path, "20261002T000000Z", parts=2, at=1)
    assembly(tmp_path, "20261003T000000Z", at=9)
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", keys, at=5)
    write_manifest(tmp_path / OCTOBER / "cur-RedshiftManifest.json", ["another kind"], at=9)
    assert read(tmp_path) == {"2026-10": [key.removeprefix("pre/cur/") for key in keys]}


def test_without_a_manifest_above_them_the_newest_version_counts(tmp_path: Path) -> None:
    for at, name in ((3, "a"), (7, "b"), (5, "c")):
        assembly(tmp_path, name, at=at)
    assert read(tmp_path) == {"2026-10": [f"{OCTOBER}/b/cur-00001.csv.gz"]}


def test_a_report_that_overwrites_has_its_files_beside_the_manifest(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_csv(tmp_path / OCTOBER / f"cur-{number:05d}.csv.gz", [of_month("2026-10")])
    named = [f"{OCTOBER}/cur-{number:05d}.csv.gz" for number in (1, 2)]
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", [f"pre/cur/{file}" for file in named])
    assert read(tmp_path) == {"2026-10": named}


@pytest.mark.parametrize("month", ["month=10", "month=9", "month=09"])
def test_a_report_for_athena_has_its_files_in_folders_of_their_own(month: str, tmp_path: Path) -> None:
    file = f"cur/year=2026/{month}/cur-00001.snappy.parquet"
    write_parquet(tmp_path / file, [of_month("2026-10")])
    (tmp_path / "cur" / "cost_and_usage_data_status").mkdir()
    (tmp_path / "cur" / "cost_and_usage_data_status" / "status.parquet").write_bytes(b"")
    number = int(month.removeprefix("month="))
    beside = tmp_path / f"2026{number:02d}01-2026{number + 1:02d}01" / "cur-Manifest.json"
    write_manifest(beside, [f"pre/cur/{file}"])
    assert read(tmp_path) == {f"2026-{number:02d}": [file]}
    beside.rename((tmp_path / file).with_name("cur-Manifest.json"))
    assert read(tmp_path) == {f"2026-{number:02d}": [file]}


COPIES = {
    "the bucket's own tree": "pre/cur",
    "the report's folder": "",
    "a folder above the report's": "cur",
    "another place": "backup/2026/bills/cur",
}


@pytest.mark.parametrize("folder", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("prefix", ["pre/cur/", "/cur/", ""], ids=["a prefix", "an empty prefix", "none"])
def test_files_are_found_where_the_delivery_was_copied_to(folder: str, prefix: str, tmp_path: Path) -> None:
    write_csv(tmp_path / folder / OCTOBER / "a1" / "cur-00001.csv.gz", [of_month("2026-10")])
    write_manifest(
        tmp_path / folder / OCTOBER / "cur-Manifest.json", [f"{prefix}{OCTOBER}/a1/cur-00001.csv.gz"]
    )
    ((file,),) = read(tmp_path).values()
    assert file.endswith(f"{OCTOBER}/a1/cur-00001.csv.gz")


def test_a_file_that_a_manifest_names_twice_is_one(tmp_path: Path) -> None:
    keys = assembly(tmp_path, "a1")
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", [*keys, *keys, keys[0].replace("pre/", "")])
    assert read(tmp_path) == {"2026-10": [f"{OCTOBER}/a1/cur-00001.csv.gz"]}


def test_a_file_of_the_same_name_elsewhere_does_not_stand_in(tmp_path: Path) -> None:
    keys = assembly(tmp_path, "a1")
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", keys)
    file = tmp_path / OCTOBER / "a1" / "cur-00001.csv.gz"
    for other in ("cur-00001.csv.gz", "20260901-20261001/a1/cur-00001.csv.gz", f"{OCTOBER}/cur-00001.csv.gz"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / other)
    file.unlink()
    with pytest.raises(SourceError, match=f"names cur/{OCTOBER}/a1/cur-00001.csv.gz, which is not there"):
        read(tmp_path)


def overlapping(tmp_path: Path) -> None:
    assembly(tmp_path / "one", "a1")
    write_delivery(tmp_path / "two", "2026-10", [of_month("2026-10")])


def month_13(tmp_path: Path) -> None:
    write_manifest(tmp_path / "20261301-20270101" / "cur-Manifest.json", [])


def a_month_alone(tmp_path: Path) -> None:
    assembly(tmp_path, "a1")
    assembly(tmp_path, "a2")
    for file in (tmp_path / OCTOBER).iterdir():
        file.rename(tmp_path / file.name)


def hostile(tmp_path: Path) -> None:
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", []).write_text("[" * 100_000)


def of_other_things(tmp_path: Path) -> None:
    write_manifest(tmp_path / OCTOBER / "cur-Manifest.json", []).write_text('{"reportKeys": [1]}')


REFUSED = {
    "two exports, of whatever kind": (overlapping, r"2 exports lie below one location \(one/, two/\)"),
    "a month that is none": (month_13, "there is no month 13; remove that folder"),
    "a location inside of a month": (a_month_alone, "a manifest, but in no folder where AWS puts one"),
    "a manifest of endless brackets": (hostile, r"not a manifest of AWS \(no dataFiles, no reportKeys\)"),
    "a manifest whose files are no names": (of_other_things, "its files are no list of names"),
}


@pytest.mark.parametrize(("made", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_location_is_refused_for(made: object, reason: str, tmp_path: Path) -> None:
    assert callable(made)
    made(tmp_path)
    with pytest.raises(SourceError, match=reason):
        read(tmp_path)


def test_a_report_in_zip_and_gzip_is_loaded_and_the_newest_version_replaces(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    report = tmp_path / "bill"
    keys = assembly(report, "a1", suffix="csv.zip") + assembly(report, "a2", parts=2)
    write_manifest(report / OCTOBER / "cur-Manifest.json", keys)
    company.run()
    assert company.billed() == {"risk": Decimal("4.5")}
    write_manifest(report / OCTOBER / "cur-Manifest.json", assembly(report, "a3", suffix="csv.zip"))
    company.run()
    assert company.billed() == {"risk": Decimal("1.5")}


@needs_data
def test_the_tree_of_a_connector_that_others_wrote() -> None:
    bucket = DATA / "cur2" / "keboola-layout" / "mock-cur-v2-bucket"
    september = Window(datetime(2024, 9, 1, tzinfo=UTC), datetime(2024, 9, 2, tzinfo=UTC))
    file = "data/BILLING_PERIOD=2024-09/MockTestReportV2-00001.csv.gz"
    assert read(bucket, september) == {"2024-09": [file]}
    assert read(bucket.parent, september) == {"2024-09": [f"{bucket.name}/{file}"]}
