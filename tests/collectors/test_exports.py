"""Finding and reading exports in local folders, with manifests and without."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.exports import Exports
from costwatch.errors import SourceError
from costwatch.model import Export, Window
from tests.made.bills import line, write_csv, write_delivery, write_parquet
from tests.made.exports_read import read_exports

AUTUMN = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
BUCKET = "acme-billing"


def read(source: Exports, window: Window = AUTUMN) -> dict[str, list[str]]:
    """billing period -> the last parts of the names of its files."""
    return read_exports(source, window, lambda file: file.name.rsplit("/", 1)[-1])


def versions(source: Exports) -> dict[str, str]:
    return {str(batch.window): batch.version for batch in source.collect(AUTUMN)}


@pytest.fixture
def local(tmp_path: Path) -> Exports:
    return Exports(name="aws", location=str(tmp_path / "export"))


def test_exactly_the_files_of_the_manifest_are_read(local: Exports) -> None:
    root = Path(local.location)
    write_delivery(root, "2026-10", [line(), line()], parts=2)
    write_parquet(root / "data/BILLING_PERIOD=2026-10/export-00003.snappy.parquet", [line()])
    assert read(local) == {"2026-10": ["export-00001.snappy.parquet", "export-00002.snappy.parquet"]}


def test_partitions_and_manifests_may_be_in_lower_case(local: Exports) -> None:
    root = Path(local.location)
    manifest = write_delivery(root, "2026-10", [line()])
    for path in ("data", "metadata"):
        (root / path / "BILLING_PERIOD=2026-10").rename(root / path / "billing_period=2026-10")
    lower = root / "metadata/billing_period=2026-10" / manifest.name
    lower.rename(lower.with_name("export-manifest.json"))
    assert read(local) == {"2026-10": ["export-00001.snappy.parquet"]}


def test_the_location_may_be_a_folder_above_the_export(tmp_path: Path) -> None:
    write_delivery(tmp_path / "prefix" / "focus" / "export", "2026-10", [line()])
    assert read(Exports(name="aws", location=str(tmp_path))) == {"2026-10": ["export-00001.snappy.parquet"]}


def test_two_exports_below_one_location_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_delivery(tmp_path / name, "2026-10", [line()])
    with pytest.raises(SourceError, match=r"2 exports lie below one location \(one/, two/\)"):
        read(Exports(name="aws", location=str(tmp_path)))


def test_of_the_runs_of_a_create_new_export_the_latest_is_read(local: Exports) -> None:
    root = Path(local.location)
    for number, run in enumerate(("20261101T000000-a", "20261102T000000-b")):
        key = f"data/BILLING_PERIOD=2026-10/{run}/export-0000{number}.snappy.parquet"
        write_parquet(root / key, [line()])
        manifest = root / f"metadata/BILLING_PERIOD=2026-10/{run}/export-Manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"dataFiles": [f"s3://{BUCKET}/focus/export/{key}"]}))
        os.utime(manifest, (number, number))
    assert read(local) == {"2026-10": ["export-00001.snappy.parquet"]}


def test_only_periods_that_overlap_the_window_are_looked_at(local: Exports) -> None:
    for month in ("2026-08", "2026-09", "2026-10"):
        write_delivery(Path(local.location), month, [line()])
    september = datetime(2026, 9, 30, 23, tzinfo=UTC)
    assert list(read(local, Window(september, september.replace(minute=5)))) == ["2026-09"]


def test_without_a_manifest_all_bills_of_the_folder_are_one_delivery(local: Exports) -> None:
    root = Path(local.location)
    write_csv(root / "a.csv", [line()])
    write_csv(root / "deeper" / "b.csv.gz", [line(BilledCost="2")])
    (root / "notes.txt").write_text("not a bill")
    (root / "LICENSE").write_text("not a bill, either")
    (root / ".hidden.csv").write_text("not a bill")
    write_csv(root / ".checkpoints" / "a.csv", [line()])
    write_csv(root / "_temporary" / "a.csv", [line()])
    assert read(local) == {"": ["a.csv", "b.csv.gz"]}


ODDLY_CALLED = ("bill.csv.gzip", "bill.gz", "bill.tsv", "bill.txt", "part-00000", "a\nb.csv", "BILL.CSV")


@pytest.mark.parametrize("name", ODDLY_CALLED)
def test_a_bill_is_read_whatever_it_is_called(name: str, local: Exports) -> None:
    root = Path(local.location)
    path = write_csv(root / ("bill.csv.gz" if "gz" in name else "bill.csv"), [line()])
    path.rename(root / name)
    (batch,) = local.collect(AUTUMN)
    (file,) = batch.read().files
    assert (file.path, file.trouble) == (root / name, "")


@pytest.mark.parametrize("suffix", [".zst", ".csv.bz2", ".parquet.xz", ".tar", ".orc", ".xlsx", ".jsonl"])
def test_what_may_be_a_part_of_the_bill_and_is_not_read_is_told(suffix: str, local: Exports) -> None:
    root = Path(local.location)
    path = write_csv(root / "a.csv", [line()])
    odd = root / f"b{suffix}"
    odd.write_bytes(b"...")
    (batch,) = local.collect(AUTUMN)
    assert [(Path(file.name), file.trouble) for file in batch.read().files] == [
        (path, ""),
        (
            odd,
            f"{odd}: not read, as it is neither CSV (plain, gzip or zip) nor Parquet; deliver it as "
            "one of them",
        ),
    ]


def test_data_beside_exports_that_no_manifest_can_name_is_told_once(local: Exports) -> None:
    root = Path(local.location)
    for month in ("2026-09", "2026-10"):
        write_delivery(root, month, [line()])
    write_csv(root / "corrections.csv", [line()])
    (root / "readme.md").write_text("not a bill")
    told = [batch.read().notes for batch in local.collect(AUTUMN)]
    assert told == [
        (),
        (
            f"{root}/corrections.csv: not read, for it lies beside exports with manifests; name a "
            "source for it",
        ),
    ]


def test_a_version_is_of_the_content_and_not_of_the_names(local: Exports) -> None:
    path = write_csv(Path(local.location) / "a.csv", [line()])
    before = versions(local)
    path = path.rename(path.with_name("b.csv"))
    assert versions(local) == before
    path.write_text(path.read_text().replace("1.5", "1.6"))
    assert versions(local) != before


REFUSED = {
    "a folder that is not there": (None, r"there is no such folder; correct location"),
    "a folder without any bill": ("notes.txt", r"no manifest, CSV or Parquet file there; correct location"),
    "a manifest that is no JSON": (
        "metadata/BILLING_PERIOD=2026-10/export-Manifest.json",
        r"not a manifest of AWS",
    ),
}


@pytest.mark.parametrize(("file", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_location_is_refused_for(file: str | None, reason: str, local: Exports) -> None:
    if file:
        path = Path(local.location) / file
        path.parent.mkdir(parents=True)
        path.write_text("{")
    with pytest.raises(SourceError, match=reason):
        read(local)


def test_a_folder_that_may_not_be_read_is_not_passed_over(
    local: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(Path(local.location) / "a.csv", [line()])
    write_csv(Path(local.location) / "closed" / "b.csv", [line()])
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root may read everything, and tests run as root
    with pytest.raises(SourceError, match="closed: Permission denied; check its rights"):
        read(local)


def test_a_file_that_a_manifest_names_and_that_is_not_there_refuses_its_period_only(local: Exports) -> None:
    root = Path(local.location)
    for month in ("2026-09", "2026-10"):
        write_delivery(root, month, [line()])
    (root / "data/BILLING_PERIOD=2026-09/export-00001.snappy.parquet").unlink()
    batches = list(local.collect(AUTUMN))
    with pytest.raises(SourceError, match=r"names data/BILLING_PERIOD=2026-09/export-00001"):
        batches[0].read()
    assert len(batches) == 2


def test_a_delivery_replaced_after_it_was_listed_is_read_as_it_is_now(local: Exports) -> None:
    root = Path(local.location)
    write_delivery(root, "2026-10", [line(), line()], parts=2)
    batch = next(local.collect(AUTUMN))
    write_delivery(root, "2026-10", [line(BilledCost="7")], name="other")
    (root / "metadata/BILLING_PERIOD=2026-10/export-Manifest.json").unlink()
    export = batch.read()
    assert isinstance(export, Export)
    assert [Path(file.name).name for file in export.files] == ["other-00001.snappy.parquet"]


def test_a_file_of_a_folder_without_manifests_that_is_replaced_after_it_was_listed_is_not_taken(
    local: Exports,
) -> None:
    path = write_csv(Path(local.location) / "a.csv", [line()])
    batch = next(local.collect(AUTUMN))
    path.write_text("BilledCost\n")
    (file,) = batch.read().files
    assert file.trouble == f"{path}: it was replaced while it was read; run it again"
