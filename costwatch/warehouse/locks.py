"""Locks that die with their process: ``flock`` on files beside the warehouse.

Whoever can open such a file, if only to read it, can hold its lock for ever. So they lie in a folder that
nobody else can enter.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from costwatch.errors import BusyError, WarehouseError

_OTHERS = 0o077
_SUFFIX = ".lock"


@contextmanager
def lock(folder: Path, name: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock ``name``; raises BusyError when another process still has it after the wait.

    Raises WarehouseError where others might hold it, or the disk refuses.
    """
    # Not called as once, when others could open them.
    file = folder / (re.sub(r"[^A-Za-z0-9_.-]", "_", name) + _SUFFIX)
    try:
        _close_to_others(folder)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise WarehouseError(
            f"{error.filename}: {error.strerror}; check its owner, its rights and the disk"
        ) from None
    try:
        _require_own(file, os.fstat(handle))
        _acquire(handle, file, name, wait_seconds)
        yield
    finally:
        os.close(handle)


def held_names(folder: Path, but: str) -> list[str]:
    """The locks that were ever held there, in order, without one of them."""
    return sorted(file.stem for file in folder.glob(f"*{_SUFFIX}") if file.stem != but)


def _close_to_others(folder: Path) -> None:
    """Make the folder, or let nobody else in any more. Raises OSError, WarehouseError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.stat()
    if about.st_mode & _OTHERS:
        folder.chmod(0o700)
        about = folder.stat()
    _require_own(folder, about)


def _require_own(path: Path, about: os.stat_result) -> None:
    """Whoever owns the folder of the warehouse can do as he likes there anyway."""
    trusted = {os.geteuid(), path.parent.stat().st_uid}
    if about.st_uid not in trusted or about.st_mode & _OTHERS:
        raise WarehouseError(f"{path}: others may hold locks there; delete it and run it again")


def _acquire(handle: int, file: Path, name: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(f"{file}: another run holds the lock '{name}'; try again later") from None
            time.sleep(0.02)
