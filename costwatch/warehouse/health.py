"""Whether the place of a warehouse is fit for it: the SQLite, the disk, the file system, the file itself."""

import shlex
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from costwatch.errors import WarehouseError
from costwatch.warehouse.migrations import LATEST
from costwatch.warehouse.store import Warehouse
from costwatch.wording import RESTORE

_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_LEAST_FREE_BYTES = 1 << 30
_MOUNTS = Path("/proc/self/mounts")
# Where locks and shared memory do not hold between hosts: https://sqlite.org/wal.html
_REMOTE = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"),
    *("smbfs", "fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
}


def problems(warehouse: Warehouse, ledger: Path | None = None) -> Iterator[tuple[str, str]]:
    """Each thing looked at, and what is wrong with it (and what to do); '' where all is well.

    ledger: its folder, where that is known.
    """
    folder = next(place for place in warehouse.path.absolute().parents if place.exists())
    yield "SQLite", _sqlite(sqlite3.sqlite_version_info)
    yield "file system", _file_system(folder, _MOUNTS)
    yield "disk space", _disk_space(folder, warehouse)
    yield (
        "rights",
        "\n".join(_too_open(warehouse.files() if ledger is None else [*warehouse.files(), ledger])),
    )
    if warehouse.exists:
        yield "warehouse", _warehouse(warehouse)


def _sqlite(version: tuple[int, ...]) -> str:
    if version >= _OLDEST_SQLITE:
        return ""
    return f"SQLite {'.'.join(map(str, version))} is older than 3.37; use a Python built with a newer one"


def _file_system(folder: Path, mounts: Path) -> str:
    """``mounts``: as Linux lists them; elsewhere nothing is known and nothing said."""
    kinds = {}
    for line in mounts.read_text(encoding="utf-8").splitlines() if mounts.exists() else ():
        _, point, kind, *_ = line.split(" ")
        kinds[Path(point.encode().decode("unicode_escape"))] = kind  # a space is written \040
    found = next((kinds[place] for place in (folder.resolve() / "x").parents if place in kinds), "")
    if found not in _REMOTE:
        return ""
    return f"{folder}: is on {found}, where SQLite's locks do not hold; move the warehouse to a local disk"


def _too_open(paths: Sequence[Path]) -> Iterator[str]:
    """What anybody can read, or a group can write to; a group that is to read it may."""
    for path in paths:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            yield f"{path}: others can get at it (mode {mode:o}); run: chmod -R go= {shlex.quote(str(path))}"


def _disk_space(folder: Path, warehouse: Warehouse) -> str:
    needed = _LEAST_FREE_BYTES + (warehouse.path.stat().st_size if warehouse.exists else 0)
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return ""
    return f"{folder}: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB wanted; make room"


def damage(warehouse: Warehouse) -> str:
    """What is wrong with the bytes of the file, and what to do; '' where there is none, or it is whole."""
    if not warehouse.exists:
        return ""
    try:
        found = warehouse.integrity()
    except WarehouseError as error:
        return str(error)
    return "" if found == "ok" else f"{warehouse.path}: damaged ({found}); {RESTORE}"


def _warehouse(warehouse: Warehouse) -> str:
    try:
        version = warehouse.version()
    except WarehouseError as error:
        return str(error)
    if version != LATEST:
        remedy = "upgrade costwatch" if version > LATEST else "run: costwatch db migrate"
        return f"{warehouse.path}: has schema {version}, this costwatch {LATEST}; {remedy}"
    return damage(warehouse)
