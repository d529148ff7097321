"""Putting a backup in the place of a warehouse that is damaged, or that went wrong."""

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

from costwatch.errors import UsageError, WarehouseError
from costwatch.scratch import scratch, sweep
from costwatch.warehouse.migrations import LATEST
from costwatch.warehouse.store import Warehouse

_PARTS = ("", "-wal", "-shm")  # of a warehouse; the first is the file itself


def restore(warehouse: Warehouse, backup: Path, *, replace: bool = False) -> Path | None:
    """Copy ``backup`` to where the warehouse is; returns what the file that was there is called now.

    replace: even if that one is whole. Raises UsageError for a backup that is none, WarehouseError where one
    of both files is not as it should be, BusyError while any command works on the warehouse.
    """
    if not backup.is_file():
        raise UsageError(f"{backup}: there is no such file; name one that `costwatch db backup` wrote")
    if backup.exists() and warehouse.exists and backup.samefile(warehouse.path):
        raise UsageError(f"{backup}: is the warehouse itself; name one that `costwatch db backup` wrote")
    if (wal := backup.with_name(backup.name + "-wal")).exists() and wal.stat().st_size:
        raise UsageError(f"{backup}: is in use; name a file that `costwatch db backup` wrote")
    if not replace and warehouse.exists and _trouble(warehouse) == "":
        raise WarehouseError(
            f"{warehouse.path}: is whole; to go back to {backup} all the same, add --replace"
        )
    folder = warehouse.path.absolute().parent
    with warehouse.all_locks(), ExitStack() as held:
        try:
            sweep(folder)
            copy = held.enter_context(scratch(folder)) / warehouse.path.name
            shutil.copyfile(backup, copy)
            _require_whole(Warehouse(copy), backup)
            aside = _set_aside(warehouse.path)
            copy.replace(warehouse.path)
        except OSError as error:
            raise WarehouseError(
                f"{error.filename}: {error.strerror}; check its rights and the disk"
            ) from None
    return aside


def _trouble(warehouse: Warehouse) -> str:
    """Empty for one that is whole."""
    try:
        found = warehouse.integrity()
        return "" if found == "ok" and warehouse.version() > 0 else found
    except WarehouseError as error:
        return str(error)


def _require_whole(copy: Warehouse, backup: Path) -> None:
    if trouble := _trouble(copy):
        raise WarehouseError(f"{backup}: is no whole warehouse ({trouble}); name an older backup")
    if copy.version() > LATEST:
        raise WarehouseError(f"{backup}: written by a newer costwatch; upgrade costwatch")


def _set_aside(path: Path) -> Path | None:
    """Its write-ahead log goes with it: left behind, it would be played into the other file."""
    if not path.exists():
        return None
    aside = path.with_name(path.name + ".replaced")
    for part in reversed(_PARTS):
        with suppress(FileNotFoundError):
            aside.with_name(aside.name + part).unlink()
        with suppress(FileNotFoundError):
            path.with_name(path.name + part).replace(aside.with_name(aside.name + part))
    return aside
