"""Folders that last as long as a run, for what is only half written, unpacked or on its way.

What a killed run leaves, the next one removes. It is known for dead by a lock (``flock``) on the folder,
which dies with its process; a PID would not do: in containers the same ones come again.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from costwatch.errors import CostwatchError

_PREFIX = "costwatch-run-"
_OURS = re.compile(re.escape(_PREFIX) + "[a-z0-9_]{8}")  # as mkdtemp names them


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A folder of this run's own below ``parent``, gone at the end of the block. Raises OSError."""
    folder, handle = _made(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(parent: Path) -> None:
    """Remove the folders of runs that are no more; never raises, and leaves what is not surely ours."""
    with suppress(OSError):
        found = [entry for entry in os.scandir(parent) if _OURS.fullmatch(entry.name)]
        for entry in found:
            with suppress(OSError):
                if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                    _remove_if_dead(Path(entry.path))


@contextmanager
def temporary_files() -> Iterator[None]:
    """Meanwhile all that this process makes in the temporary folder lies in a scratch folder there.

    Raises CostwatchError where there can be none.
    """
    before = tempfile.tempdir
    try:
        parent = Path(tempfile.gettempdir())
        sweep(parent)
        held = scratch(parent)
        folder = held.__enter__()
    except OSError as error:
        raise CostwatchError(
            f"temporary folder {os.environ.get('TMPDIR', '')}: {error.strerror}; make room, or let TMPDIR "
            "name a folder that can be written"
        ) from None
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        held.__exit__(None, None, None)


def _made(parent: Path) -> tuple[Path, int]:
    """A new folder, and the handle that locks it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        with suppress(FileNotFoundError):  # another run's sweep came between, and took it for dead
            handle = _opened(folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)


def _remove_if_dead(folder: Path) -> None:
    """Raises OSError: it is in use, or no folder."""
    handle = _opened(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
