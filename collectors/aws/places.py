"""Where a source's files lie: a local folder or an S3 prefix, seen alike as keys below a root."""

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from collectors.aws.session import explained, limits, session
from costwatch.errors import SourceError
from costwatch.model import DeliveredFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_ATTEMPTS = 4  # at a file whose body breaks off, and how long the pauses between them grow
_PAUSE_SECONDS = {"wait_initial": 1.0, "wait_max": 10.0, "wait_jitter": 1.0, "wait_exp_base": 4.0}
_PATIENCE_SECONDS = 60  # with a body, and as much longer as the slowest way that is endured would take
_SLOWEST_BYTES_PER_SECOND = 64 << 10
_CHUNK_BYTES = 16 << 10
_PAGE_SIZE = 1000  # S3 gives no more at once
_EVER = datetime.fromtimestamp(0, UTC)
_REPLACED = "it was replaced while it was read; run it again"
_MD5_ETAG = re.compile(r'"[0-9a-f]{32}"')


class FileError(SourceError):
    """One file cannot be had, or is not what it should be; the others of its place may well be."""


class _BrokenBodyError(Exception):
    """The body of an answer broke off, came too slowly or damaged: another try may help."""


class ReplacedError(FileError):
    """A file is no longer the one that was listed; a new listing may help."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as it was when it was listed.

    key: relative to the place. tag: another one each time the file is written. size: in bytes.
    modified: when it was written (UTC). age: how long that was ago, by the place's own clock if it tells.
    trouble: why it cannot be read; of a folder (key ends with a slash), why what is in it is not listed.
    """

    key: str
    tag: str
    size: int
    modified: datetime
    age: timedelta | None = None
    trouble: str = ""


class Place(Protocol):
    """A folder of files. Every method raises SourceError, ReplacedError where a file changed meanwhile."""

    def entries(self) -> list[Entry]:
        """Every file below the place, by key."""
        ...

    def version(self, entry: Entry) -> str:
        """Of the file's content: equal for a copy of it, another one when it changes."""
        ...

    def is_current(self, entry: Entry) -> bool:
        """Whether the file is still the one that was listed."""
        ...

    def fetch(self, entry: Entry, folder: Path) -> DeliveredFile:
        """The file, whole, below ``folder`` if it had to be brought."""
        ...

    def name(self, key: str) -> str:
        """How its owner calls a file."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine, or one file. A file's version is the hash of its bytes."""

    root: Path
    hashes: dict[Entry, str] = field(default_factory=dict)  # of what was asked for its version

    def entries(self) -> list[Entry]:
        """See ``Place``."""
        with _readable(self.root):
            if self.root.is_file():
                return [self._entry(self.root)]
            if not self.root.is_dir():
                raise SourceError(f"{self.root}: there is no such folder; correct location")
        return sorted(self._found(), key=lambda entry: entry.key)

    def version(self, entry: Entry) -> str:
        """See ``Place``."""
        path = self._current(entry)
        if entry not in self.hashes:
            with _readable(path), path.open("rb") as file:
                self.hashes[entry] = hashlib.file_digest(file, "sha256").hexdigest()
        return self.hashes[entry]

    def is_current(self, entry: Entry) -> bool:
        """See ``Place``."""
        path = self._path(entry.key)
        return path.is_file() and self._entry(path) == entry

    def fetch(self, entry: Entry, folder: Path) -> DeliveredFile:
        """See ``Place``."""
        path = self._current(entry)
        with _readable(path), path.open("rb"):
            return DeliveredFile(self.name(entry.key), path, entry.modified, "", self.hashes.get(entry, ""))

    def name(self, key: str) -> str:
        """See ``Place``."""
        return _as_text(self._path(key))

    def _current(self, entry: Entry) -> Path:
        if entry.trouble:
            raise FileError(f"{self.name(entry.key)}: {entry.trouble}")
        if not self.is_current(entry):
            raise ReplacedError(f"{self.name(entry.key)}: {_REPLACED}")
        return self._path(entry.key)

    def _path(self, key: str) -> Path:
        return self.root if self.root.is_file() else self.root / key

    def _found(self) -> Iterator[Entry]:
        """All but what is hidden or, by its leading underscore, somebody's unfinished work."""
        closed: list[OSError] = []
        # Not rglob: it passes over folders that it may not read, and with them over a part of the bill.
        for folder, folders, names in os.walk(self.root, onerror=closed.append):
            folders[:] = [name for name in folders if not name.startswith((".", "_"))]
            for name in names:
                if not name.startswith((".", "_")):
                    with suppress(FileNotFoundError):  # gone since it was listed
                        yield self._entry(Path(folder, name))
        for error in closed:
            if Path(error.filename) == self.root:
                raise SourceError(f"{error.filename}: {error.strerror}; check its rights")
            key = Path(error.filename).relative_to(self.root).as_posix()
            yield Entry(f"{key}/", "", 0, _EVER, trouble=f"{error.strerror}; check its rights")

    def _entry(self, path: Path) -> Entry:
        key, trouble = path.name if path == self.root else path.relative_to(self.root).as_posix(), ""
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):  # to open a pipe would be to wait for ever
                trouble = "is no file but a pipe, a socket or a device; remove it"
        except OSError as error:
            about = path.lstat()
            trouble = f"{error.strerror}; mend the link, or its rights"
        tag = f"{about.st_ino}:{about.st_mtime_ns}:{about.st_size}"
        return Entry(key, tag, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC), trouble=trouble)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"{_as_text(path)}: {error.strerror}; check its rights") from None


def _as_text(path: Path) -> str:
    """Bytes that are no UTF-8 spelt out: nobody could store or print them otherwise."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


_OF_ONE_FILE: Mapping[str, tuple[type[FileError], str]] = {
    **dict.fromkeys(("PreconditionFailed", "NoSuchKey"), (ReplacedError, _REPLACED)),
    "AccessDenied": (FileError, "allow s3:GetObject on it, and kms:Decrypt"),
    "InvalidObjectState": (FileError, "it is archived; restore it"),
}


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
        found = []
        advice = {"NoSuchBucket": "correct location, or wait for the export's first delivery"}
        with explained(self.name(""), allow="s3:ListBucket on it", advice=advice):
            for page in pages:
                date = page["ResponseMetadata"]["HTTPHeaders"].get("date")
                now = parsedate_to_datetime(date) if date else None
                for item in page.get("Contents", []):
                    key, modified = item["Key"].removeprefix(self.prefix), item["LastModified"]
                    if key and not key.endswith("/"):
                        age = now - modified if now else None
                        found.append(Entry(key, item["ETag"], item["Size"], modified, age))
        return found

    def version(self, entry: Entry) -> str:
        """See ``Place``."""
        return f"{entry.tag}:{entry.size}"

    def is_current(self, entry: Entry) -> bool:
        """See ``Place``."""
        key = self.prefix + entry.key
        with self._file(entry.key):  # not by HEAD, whose refusals do not say why
            found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        return [(item["Key"], item["ETag"]) for item in found] == [(key, entry.tag)]

    def fetch(self, entry: Entry, folder: Path) -> DeliveredFile:
        """See ``Place``. What breaks off, is too slow, or came damaged is brought again, a few times."""
        import stamina

        target = folder / hashlib.sha256(entry.key.encode()).hexdigest()
        stamina.instrumentation.set_on_retry_hooks([])  # what a try ran into is told if the last one fails
        try:
            for attempt in stamina.retry_context(
                _BrokenBodyError, attempts=_ATTEMPTS, timeout=None, **_PAUSE_SECONDS
            ):
                with attempt:
                    self._bring(entry, target)
        except _BrokenBodyError as broken:
            raise FileError(f"{self.name(entry.key)}: {broken}, {_ATTEMPTS} times; run it again") from None
        return DeliveredFile(self.name(entry.key), target, entry.modified)

    def _bring(self, entry: Entry, target: Path) -> None:
        with self._file(entry.key):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.prefix + entry.key, IfMatch=entry.tag
            )
        if trouble := _download(answer, entry, target):
            raise _BrokenBodyError(trouble)

    def name(self, key: str) -> str:
        """See ``Place``."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    @contextmanager
    def _file(self, key: str) -> Iterator[None]:
        """Raises what AWS says of one file as FileError, what it says of us as SourceError."""
        from botocore.exceptions import ClientError

        with explained(self.name(key), allow="s3:GetObject on it"):
            try:
                yield
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code not in _OF_ONE_FILE:
                    raise
                kind, advice = _OF_ONE_FILE[code]
                raise kind(f"{self.name(key)}: AWS says {code}; {advice}") from None


def _download(answer: "GetObjectOutputTypeDef", entry: Entry, target: Path) -> str:
    """Write the body to ``target``; says what is wrong with it, if anything is."""
    from botocore.exceptions import BotoCoreError, FlexibleChecksumError
    from urllib3.exceptions import HTTPError

    deadline = time.monotonic() + _PATIENCE_SECONDS + entry.size / _SLOWEST_BYTES_PER_SECOND
    md5 = hashlib.md5(usedforsecurity=False)
    try:
        with closing(answer["Body"]) as body, target.open("wb") as file:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                file.write(chunk)
                md5.update(chunk)
                if time.monotonic() > deadline:
                    return f"came too slowly, {file.tell()} of {entry.size} bytes"
    except FlexibleChecksumError:
        return "what came does not match its checksum"
    except (BotoCoreError, HTTPError):
        return f"the connection broke off after {target.stat().st_size} of {entry.size} bytes"
    if target.stat().st_size != entry.size:
        return f"{target.stat().st_size} instead of {entry.size} bytes came"
    # Of a file that came in parts, or is encrypted with a key of its own, the ETag is no MD5.
    is_plain = "SSECustomerAlgorithm" not in answer and answer.get("ServerSideEncryption") in (None, "AES256")
    if is_plain and _MD5_ETAG.fullmatch(entry.tag) and md5.hexdigest() != entry.tag.strip('"'):
        return "what came does not match its ETag"
    return ""


def s3_place(location: str, *, region: str, profile: str, role_arn: str, external_id: str) -> S3Prefix:
    """The place behind ``s3://bucket/prefix``; empty texts mean what the AWS chain says."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    ours = session(location, region=region, profile=profile, role_arn=role_arn, external_id=external_id)
    with explained(location, allow=""):
        client = ours.client("s3", config=limits())
    return S3Prefix(client, bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")
