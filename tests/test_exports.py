"""Finding and fetching exports: local folders and S3, with manifests and without."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from collectors.exports import Exports
from costwatch.errors import SourceError
from costwatch.model import Export, Window
from tests.bills import line, write_csv, write_delivery, write_parquet

AUTUMN = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
BUCKET = "acme-billing"


def read(source: Exports, window: Window = AUTUMN) -> dict[str, list[str]]:
    """billing period -> the last parts of the names of its files."""
    found = {}
    for batch in source.collect(window):
        export = batch.read()
        assert isinstance(export, Export)
        assert all(file.path.stat().st_size for file in export.files)
        period = "" if batch.window is None else f"{batch.window.start:%Y-%m}"
        found[period] = [file.name.rsplit("/", 1)[-1] for file in export.files]
    return found


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
    (root / ".hidden.csv").write_text("not a bill")
    write_csv(root / ".checkpoints" / "a.csv", [line()])
    write_csv(root / "_temporary" / "a.csv", [line()])
    assert read(local) == {"": ["a.csv", "b.csv.gz"]}


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
        r"not a manifest of AWS Data Exports",
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


# --- S3 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


def upload(client: Any, root: Path, prefix: str = "focus/export") -> None:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path.relative_to(root)}", Body=path.read_bytes())


def remote(prefix: str = "/focus/export", **settings: str) -> Exports:
    return Exports(name="aws", location=f"s3://{BUCKET}{prefix}", **settings)


@pytest.mark.parametrize("prefix", ["/focus/export", "/focus/export/", "/focus", "", "/"])
def test_an_export_in_s3_is_found_below(prefix: str, s3: Any, tmp_path: Path) -> None:
    write_delivery(tmp_path, "2026-10", [line(), line()], parts=2)
    upload(s3, tmp_path)
    assert read(remote(prefix)) == {"2026-10": ["export-00001.snappy.parquet", "export-00002.snappy.parquet"]}


def test_an_export_of_more_files_than_a_page_lists_is_found_whole(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_delivery(tmp_path, "2026-10", [line()] * 5, parts=5)
    upload(s3, tmp_path)
    monkeypatch.setattr("collectors.places._PAGE_SIZE", 2)
    assert len(read(remote())["2026-10"]) == 5


def test_a_role_is_assumed(s3: Any, tmp_path: Path) -> None:
    write_delivery(tmp_path, "2026-10", [line()])
    upload(s3, tmp_path)
    source = remote(role_arn="arn:aws:iam::123456789012:role/cost", external_id="x-1", region="eu-west-1")
    assert read(source) == {"2026-10": ["export-00001.snappy.parquet"]}


def test_a_file_replaced_after_it_was_listed_is_not_taken(s3: Any, tmp_path: Path) -> None:
    write_delivery(tmp_path, "2026-10", [line()])
    upload(s3, tmp_path)
    (batch,) = remote().collect(AUTUMN)
    batches = remote().collect(AUTUMN)
    batch = next(batches)
    s3.put_object(
        Bucket=BUCKET, Key="focus/export/data/BILLING_PERIOD=2026-10/export-00001.snappy.parquet", Body=b"new"
    )
    with pytest.raises(SourceError, match="replaced while it was read; run it again"):
        batch.read()


def test_a_bucket_that_is_not_there_is_one_sentence(s3: Any) -> None:
    with pytest.raises(SourceError, match="AWS says NoSuchBucket; correct location"):
        read(Exports(name="aws", location="s3://no-such-bucket/x"))


def test_a_profile_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(SourceError, match="check profile, region and the network"):
        read(remote(profile="nobody"))


def test_a_network_that_is_down_is_one_sentence(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("collectors.places._ATTEMPTS", 1)
    with pytest.raises(SourceError, match="check the network"):
        read(remote())
