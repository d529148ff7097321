"""Bills that come packed: gzip, and zip with one file in it.

The engine reads gzip itself, but passes over its checksum: a flipped bit would be a silently wrong bill.
So what is packed is unpacked here, where its checksum and its length are looked at.
"""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, cast

from costwatch.errors import RefusedError

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second: one without a file
_READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED = 0x1
_MOST_TIMES_LARGER = 500  # bills grow 10 to 100 times; both ways of packing can hold 1,000 times as much
_SMALL_BYTES = 128 << 10  # what is smaller may unpack to as much
_CHUNK_BYTES = 1 << 20
_LARGEST_READ_BYTES = 2 << 20


@contextmanager
def opened(name: str, source: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if it is packed. Raises RefusedError where it is damaged."""
    kind = _kind(source)
    damaged = RefusedError([f"{name}: the {kind} data is cut or damaged; deliver the file again"])
    with ExitStack() as held:
        try:
            raw = held.enter_context(_open(name, source, kind, held))
        except (zipfile.BadZipFile, struct.error, ValueError, LookupError, NotImplementedError, OSError):
            raise damaged from None
        try:
            yield raw
        except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error):
            raise damaged from None


def _open(name: str, source: Path, kind: str, held: ExitStack) -> IO[bytes]:
    if kind == "zip":
        file = held.enter_context(_Archive(source))
        archive = held.enter_context(zipfile.ZipFile(file))
        return archive.open(_only_member(name, archive))
    return cast(IO[bytes], gzip.open(source)) if kind == "gzip" else source.open("rb")


class _Archive(FileIO):
    """A zip file whose directory is read whole, and an object made of each of its entries."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises BadZipFile where that would be too much; members come in smaller pieces."""
        if size and size > _LARGEST_READ_BYTES:
            raise zipfile.BadZipFile
        return super().read(size) or b""


@contextmanager
def plain(name: str, source: Path, beside: Path) -> Iterator[Path]:
    """``source``, or for as long as the block lasts what is packed in it, as ``beside``, a name of ours.

    The engine takes no name that is not UTF-8.
    Raises RefusedError where it is damaged, or unpacks to far more than a bill does.
    """
    is_packed = bool(_kind(source))
    if not is_packed and _is_text(source):
        yield source
        return
    try:
        if is_packed:
            _unpack(name, source, beside)
        else:
            beside.symlink_to(source.absolute())
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(source: Path) -> str:
    with source.open("rb") as probe:
        start = probe.read(4)
    return "zip" if start in _ZIP else "gzip" if start.startswith(_GZIP) else ""


def _unpack(name: str, source: Path, beside: Path) -> None:
    left = _MOST_TIMES_LARGER * max(source.stat().st_size, _SMALL_BYTES)
    with opened(name, source) as raw, beside.open("wb") as target:
        while chunk := raw.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise RefusedError(
                    [f"{name}: unpacks to over {_MOST_TIMES_LARGER} times its size; deliver it unpacked"]
                )
            target.write(chunk)


def _only_member(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise RefusedError([f"{name}: the zip holds {len(members)} files; deliver each by itself"])
    if members[0].flag_bits & _IS_ENCRYPTED:
        raise RefusedError([f"{name}: the zip is encrypted; deliver it without a password"])
    if members[0].compress_type not in _READ_METHODS:
        raise RefusedError([f"{name}: the zip is packed in an unusual way; pack it as deflate"])
    return members[0]
