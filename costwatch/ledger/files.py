"""Where delivered files and rows are kept: ``<folder>/<SHA-256 of the delivered or written bytes>.parquet``.

A file is written in a scratch folder beside them and renamed when it is whole; all that a killed run leaves
behind is that folder, which nothing reads and the next run removes. What is derived of files lies in a folder
of its own, named by what it was made of.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.errors import RefusedError, SourceError
from costwatch.model import DeliveredFile
from costwatch.scratch import scratch, sweep

if TYPE_CHECKING:
    import pyarrow as pa

_PARQUET_MAGIC = b"PAR1"
# What earlier versions left half written; nothing is called so any more.
_OLD_PART = re.compile(r"((csv-)?[0-9a-f]{64}|rows)\.\d+\.part")


class LedgerFiles:
    """The files below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where the file of that content lies."""
        return self.folder / f"{digest}.parquet"

    def add(self, file: DeliveredFile) -> str:
        """Keep a delivered file and return the SHA-256 of its bytes; one that is there stays as it is.

        Parquet is kept unchanged, CSV is turned into Parquet. Raises RefusedError for a damaged file and
        SourceError for one that changes meanwhile or cannot be stored; nothing of them is kept.
        """
        with _storing(file.name):
            before = _state(file.path)
            digest = file.sha256 or sha256(file.path)
            target = self.path(digest)
            if not _is_kept(target):
                self.folder.mkdir(parents=True, exist_ok=True)
                with scratch(self.folder) as aside:
                    _write(file, aside / target.name, before)
                    _settle(aside / target.name, target)
        return digest

    def write(self, schema: "pa.Schema", parts: "Iterable[pa.RecordBatch]") -> str:
        """Keep rows as one file and return its SHA-256. Raises SourceError where it cannot be stored."""
        import pyarrow.parquet as pq

        where = f"ledger {self.folder}"
        with ExitStack() as held:
            with _storing(where):
                self.folder.mkdir(parents=True, exist_ok=True)
                part = held.enter_context(scratch(self.folder)) / "rows.parquet"
                writer = pq.ParquetWriter(part, schema, compression="zstd")
            with writer:
                for rows in parts:  # what goes wrong there is the source's
                    with _storing(where):
                        writer.write_batch(rows)
            with _storing(where):
                digest = sha256(part)
                _settle(part, self.path(digest))
        return digest

    def derived(self, name: str) -> Path:
        """Where what is made of files of the ledger lies; it can be deleted, and made again."""
        return self.folder / "derived" / f"{name}.parquet"

    def derive(self, name: str, write: Callable[[Path], object]) -> None:
        """Keep what ``write`` makes. Raises SourceError where it cannot be stored, and what that raises."""
        target = self.derived(name)
        with _storing(f"ledger {self.folder}"):
            target.parent.mkdir(exist_ok=True)
            sweep(self.folder)
            with scratch(self.folder) as aside:
                write(aside / target.name)
                _settle(aside / target.name, target)

    def keep_derived(self, names: Collection[str]) -> None:
        """Remove what was derived under any other name: of what is not published any more."""
        for file in self.derived("*").parent.glob("*.parquet"):
            if file.stem not in names:
                with suppress(OSError):
                    file.unlink()

    def discard(self, digest: str) -> None:
        """Keep a file no longer: the engine could not read it."""
        self.path(digest).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what runs that are no more left half written, and nothing else."""
        sweep(self.folder)
        for part in self.folder.glob("*.part"):
            if _OLD_PART.fullmatch(part.name):
                with suppress(OSError):
                    part.unlink()


def _write(file: DeliveredFile, part: Path, before: tuple[int, ...]) -> None:
    """``file`` as Parquet. Raises OSError, RefusedError, SourceError."""
    if is_parquet(file.path):
        shutil.copyfile(file.path, part)
    else:
        from costwatch.ledger.csv_to_parquet import to_parquet

        to_parquet(file.name, file.path, part)
    if _state(file.path) != before:
        raise SourceError(f"{file.name}: it was replaced while it was read; run it again")
    if trouble := _damage(part):
        raise RefusedError([f"{file.name}: cannot be read ({trouble}); deliver the file again"])


def _damage(path: Path) -> str:
    from costwatch.ledger.parquet_check import damage  # here: where nothing is new, no file is looked into

    return damage(path)


@contextmanager
def _storing(where: str) -> Iterator[None]:
    """Raises SourceError, which begins with ``where``, for what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise SourceError(f"{where}: {error.strerror or error}; check the disk and the rights") from None


def _settle(part: Path, target: Path) -> None:
    """Give a whole file its name, once the disk has it."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(target)


def _is_kept(target: Path) -> bool:
    return target.exists() and not _damage(target)


def _state(path: Path) -> tuple[int, ...]:
    """Changes when the file is written to or replaced."""
    about = path.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size


def is_parquet(path: Path) -> bool:
    """By its first bytes, whatever its name says."""
    with path.open("rb") as file:
        return file.read(4) == _PARQUET_MAGIC


def sha256(path: Path) -> str:
    """Of the file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
