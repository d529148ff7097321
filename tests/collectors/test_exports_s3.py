"""Finding and reading exports in S3, on a real server."""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import time_machine

from collectors.exports import Exports
from costwatch.errors import SourceError
from costwatch.model import Batch, Export, Window
from tests.doubles.fault_proxy import Change
from tests.doubles.s3_bucket import NAME, Bucket, S3Server, s3_bucket, s3_server
from tests.made.bills import line, of_month, write_csv, write_parquet
from tests.made.exports_read import read_exports

AUTUMN = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
PART = "data/BILLING_PERIOD=2026-10/export-{:05d}.snappy.parquet"
MANIFEST = "metadata/BILLING_PERIOD=2026-10/export-Manifest.json"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with s3_bucket(server, monkeypatch) as made:
        yield made


@pytest.fixture
def october(server: S3Server, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """October in two parts, in the bucket and in a folder."""
    server.lend_session(monkeypatch)
    bucket.deliver(tmp_path, [line(), line()])
    return tmp_path


def read(source: Exports) -> dict[str, list[bytes]]:
    """billing period -> the contents of its files."""
    return read_exports(source, AUTUMN, lambda file: file.path.read_bytes())


def parts(root: Path, *numbers: int) -> dict[str, list[bytes]]:
    return {"2026-10": [(root / PART.format(number)).read_bytes() for number in numbers]}


@pytest.mark.parametrize("prefix", ["/focus/export", "/focus/export/", "/focus", "", "/"])
def test_an_export_is_found_below(prefix: str, bucket: Bucket, october: Path) -> None:
    assert read(bucket.source(prefix)) == parts(october, 1, 2)


def test_a_delivery_of_more_files_than_a_page_lists_is_found_whole(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.deliver(tmp_path, [line()] * 5)
    monkeypatch.setattr("collectors.aws.places._PAGE_SIZE", 2)
    assert read(bucket.source()) == parts(tmp_path, 1, 2, 3, 4, 5)
    assert bucket.proxy.count("list-type=2.*max-keys=2") == 3


def test_a_legacy_report_is_found_with_an_empty_prefix(bucket: Bucket, tmp_path: Path) -> None:
    month = tmp_path / "cur" / "20261001-20261101"
    part = write_csv(month / "a1" / "cur-00001.csv.gz", [of_month("2026-10")])
    (month / "cur-Manifest.json").write_text(
        json.dumps({"reportKeys": ["/cur/20261001-20261101/a1/cur-00001.csv.gz"]})
    )
    bucket.upload(tmp_path)
    assert read(bucket.source("")) == {"2026-10": [part.read_bytes()]}


def test_a_role_is_assumed(bucket: Bucket, tmp_path: Path) -> None:
    bucket.deliver(tmp_path, [line(), line()])
    source = bucket.source(
        role_arn="arn:aws:iam::123456789012:role/cost", external_id="x-1", region="eu-west-1"
    )
    assert read(source) == parts(tmp_path, 1, 2)
    assert bucket.proxy.requests[0] == "POST /"


def test_a_manifest_is_brought_once_for_all_that_is_asked_of_it(bucket: Bucket, october: Path) -> None:
    assert read(bucket.source()) == parts(october, 1, 2)
    assert bucket.proxy.count("GET /acme-billing/.*export-Manifest") == 1


def test_what_is_known_is_not_brought_again(bucket: Bucket, october: Path) -> None:
    versions = [batch.version for batch in bucket.source().collect(AUTUMN)]
    assert bucket.proxy.count("parquet") == 0
    bucket.upload(october)
    assert [batch.version for batch in bucket.source().collect(AUTUMN)] == versions


def test_a_part_replaced_after_it_was_listed_is_read_as_it_is_now(bucket: Bucket, october: Path) -> None:
    with closing(cast(Generator[Batch, None, None], bucket.source().collect(AUTUMN))) as batches:
        batch = next(batches)
        write_parquet(october / PART.format(2), [line(BilledCost="7")])
        bucket.upload(october)
        export = batch.read()
        assert isinstance(export, Export)
        assert {"2026-10": [file.path.read_bytes() for file in export.files]} == parts(october, 1, 2)


def test_a_delivery_that_is_under_way_is_waited_for(bucket: Bucket, october: Path) -> None:
    later = datetime.now(UTC) + timedelta(minutes=2)
    with time_machine.travel(later):
        bucket.put(PART.format(2), b"the next version")
        with pytest.raises(SourceError, match=r"export-00002\.snappy\.parquet is newer, so that a delivery"):
            read(bucket.source())
        bucket.upload(october)
        assert read(bucket.source()) == parts(october, 1, 2)


def test_a_bucket_that_was_copied_in_another_order_is_read_once_it_has_settled(
    bucket: Bucket, october: Path
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(minutes=2)):
        bucket.put(PART.format(2), (october / PART.format(2)).read_bytes())
    with time_machine.travel(now + timedelta(hours=2)):
        assert read(bucket.source()) == parts(october, 1, 2)


def test_the_etag_of_a_part_that_was_uploaded_in_parts_is_no_md5(bucket: Bucket, october: Path) -> None:
    begun = bucket.client.create_multipart_upload(Bucket=NAME, Key="focus/export/" + PART.format(1))
    names = {name: begun[name] for name in ("Bucket", "Key", "UploadId")}
    part = (october / PART.format(1)).read_bytes()
    tag = bucket.client.upload_part(**names, PartNumber=1, Body=part)["ETag"]
    uploaded = {"Parts": [{"ETag": tag, "PartNumber": 1}]}
    assert "-1" in bucket.client.complete_multipart_upload(**names, MultipartUpload=uploaded)["ETag"]
    bucket.put(MANIFEST, (october / MANIFEST).read_bytes())
    assert read(bucket.source()) == parts(october, 1, 2)


def test_the_etag_of_a_part_that_is_encrypted_with_a_key_is_no_md5(bucket: Bucket, october: Path) -> None:
    encrypted = (october / PART.format(1)).read_bytes()
    bucket.put(PART.format(1), encrypted[::-1], ServerSideEncryption="aws:kms")
    bucket.put(MANIFEST, (october / MANIFEST).read_bytes())
    bucket.proxy.plan("GET .*export-00001", Change(lambda _: encrypted))
    assert read(bucket.source()) == parts(october, 1, 2)


def test_a_bucket_that_is_not_there_is_one_sentence(bucket: Bucket) -> None:
    with pytest.raises(SourceError, match="AWS says NoSuchBucket; correct location"):
        read(Exports(name="aws", location="s3://no-such-bucket/x"))


def test_a_profile_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(SourceError, match="check profile, region and the network"):
        read(Exports(name="aws", location=f"s3://{NAME}", profile="nobody"))


def test_a_network_that_is_down_is_one_sentence(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("collectors.aws.session._ATTEMPTS", 1)
    with pytest.raises(SourceError, match="check the network"):
        read(bucket.source())
