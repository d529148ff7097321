"""Locks that die with their process: ``flock`` on files beside the warehouse."""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costwatch.errors import BusyError


@contextmanager
def lock(folder: Path, name: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock ``name``; raises BusyError when another process still has it after the wait."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(handle, file, name, wait_seconds)
        yield
    finally:
        os.close(handle)


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
