"""Where an export lies: a local folder or an S3 prefix, seen alike as keys below a root."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from costwatch.errors import SourceError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONNECT_TIMEOUT_SECONDS = 10
_READ_TIMEOUT_SECONDS = 60
_ATTEMPTS = 5
_PAGE_SIZE = 1000  # S3 gives no more at once


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: ``key`` relative to the place, ``version`` changes with its content."""

    key: str
    version: str
    size: int
    modified: str  # sorts by time


class Place(Protocol):
    """A folder of an export."""

    def entries(self) -> list[Entry]:
        """Every file below the place, by key."""
        ...

    def fetch(self, entry: Entry, folder: Path) -> Path:
        """The file here, below ``folder`` if it had to be brought. Raises SourceError."""
        ...

    def name(self, key: str) -> str:
        """How its owner calls a file."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine. A file's version is the hash of its bytes."""

    root: Path

    def entries(self) -> list[Entry]:
        """See ``Place``."""
        if self.root.is_file():
            return [self._entry(self.root)]
        if not self.root.is_dir():
            raise SourceError(f"{self.root}: there is no such folder; correct location")
        return sorted((self._entry(path) for path in self._files()), key=lambda entry: entry.key)

    def fetch(self, entry: Entry, folder: Path) -> Path:
        """See ``Place``."""
        return self.root if self.root.is_file() else self.root / entry.key

    def name(self, key: str) -> str:
        """See ``Place``."""
        return str(self.root if self.root.is_file() else self.root / key)

    def _files(self) -> Iterator[Path]:
        """All but what is hidden or, by its leading underscore, somebody's unfinished work."""

        def refuse(error: OSError) -> None:
            raise SourceError(f"{error.filename}: {error.strerror}; check its rights")

        # Not rglob: it passes over folders that it may not read, and with them over a part of the bill.
        for folder, folders, names in os.walk(self.root, onerror=refuse):
            folders[:] = [name for name in folders if not name.startswith((".", "_"))]
            yield from (Path(folder, name) for name in names if not name.startswith((".", "_")))

    def _entry(self, path: Path) -> Entry:
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            about = path.stat()
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror}; check its rights") from None
        key = path.name if path == self.root else path.relative_to(self.root).as_posix()
        return Entry(key, digest, about.st_size, f"{about.st_mtime_ns:020d}")


@dataclass(frozen=True, slots=True)
class S3Prefix:
    """An S3 bucket below a prefix. A file's version is its ETag and size."""

    client: "S3Client"
    bucket: str
    prefix: str  # ends with a slash, or is empty

    def entries(self) -> list[Entry]:
        """See ``Place``."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        with self._explained(self.prefix):
            return [
                Entry(
                    item["Key"].removeprefix(self.prefix),
                    f"{item['ETag']}:{item['Size']}",
                    item["Size"],
                    item["LastModified"].isoformat(),
                )
                for page in pages
                for item in page.get("Contents", [])
                if not item["Key"].endswith("/")
            ]

    def fetch(self, entry: Entry, folder: Path) -> Path:
        """See ``Place``. A file that changed since it was listed is not taken."""
        target = folder / hashlib.sha256(entry.key.encode()).hexdigest()
        with self._explained(entry.key):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.prefix + entry.key, IfMatch=entry.version.split(":")[0]
            )
            with target.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1 << 20):
                    file.write(chunk)
        if target.stat().st_size != entry.size:
            came = target.stat().st_size
            raise SourceError(f"{self.name(entry.key)}: only {came} of {entry.size} bytes came; run it again")
        return target

    def name(self, key: str) -> str:
        """See ``Place``."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise SourceError(f"{self.name(key)}: AWS says {code}; {_advice(code)}") from None
        except BotoCoreError as error:
            raise SourceError(
                f"{self.name(key)}: {error}; check the network, the region and the credentials"
            ) from None


def s3_place(location: str, *, region: str, profile: str, role_arn: str, external_id: str) -> S3Prefix:
    """The place behind ``s3://bucket/prefix``; empty texts mean what the AWS chain says."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    limits = Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    try:
        session = boto3.Session(profile_name=profile or None, region_name=region or None)
        if role_arn:
            asked = {"ExternalId": external_id} if external_id else {}
            answer = session.client("sts", config=limits).assume_role(
                RoleArn=role_arn, RoleSessionName="costwatch", **asked
            )["Credentials"]
            session = boto3.Session(
                aws_access_key_id=answer["AccessKeyId"],
                aws_secret_access_key=answer["SecretAccessKey"],
                aws_session_token=answer["SessionToken"],
                region_name=region or None,
            )
        client = session.client("s3", config=limits)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise SourceError(f"{role_arn or location}: AWS says {code}; {_advice(code)}") from None
    except BotoCoreError as error:
        raise SourceError(f"{location}: {error}; check profile, region and the network") from None
    return S3Prefix(client, bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")


def _advice(code: str) -> str:
    if "Expired" in code or code in ("InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch"):
        return "renew the credentials"
    if "AccessDenied" in code or code == "403":
        return "allow s3:ListBucket and s3:GetObject on it, and sts:AssumeRole where a role is assumed"
    if code in ("NoSuchBucket", "NoSuchKey", "404"):
        return "correct location, or wait for the export's first delivery"
    if code == "PreconditionFailed":
        return "it was replaced while it was read; run it again"
    return "run it again later"
