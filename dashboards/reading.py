"""What every page reads by: the configuration, the clock, and answers kept until the warehouse changes.

``COSTWATCH_CONFIG`` names ``costwatch.yaml``; ``COSTWATCH_NOW`` (ISO, UTC) stands in for the clock.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, cast

from costwatch.config import Config, find_config, load_alerts, load_config
from costwatch.errors import ConfigError
from costwatch.plugins import Rule
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

CONFIG_VARIABLE = "COSTWATCH_CONFIG"
NOW_VARIABLE = "COSTWATCH_NOW"
Stamp = tuple[tuple[int, int, int], ...]  # of each file: inode, time of its last change in ns, bytes

_T = TypeVar("_T")
_Arguments = TypeVarTuple("_Arguments")


def configured() -> Config:
    """``costwatch.yaml``, read again when it changes. Raises UsageError, ConfigError."""
    file = find_config()
    return _config(file, _stamp(file))


def rules() -> tuple[Rule, ...]:
    """What the rules file holds; with a mistake it holds nothing, and pages go on without it."""
    try:
        config = configured()
        return load_alerts(config.alerts, config.names).rules
    except ConfigError:
        return ()


def moment() -> datetime:
    """The minute it is, UTC."""
    given = os.environ.get(NOW_VARIABLE)
    now = datetime.fromisoformat(given) if given else datetime.now(UTC)
    return now.replace(second=0, microsecond=0)


def warehouse_stamp() -> Stamp:
    """Differs whenever something was committed to the warehouse since; empty: there is none."""
    path = configured().warehouse
    return _stamp(path, path.with_name(path.name + "-wal"))


def ask(question: Callable[[WarehouseSnapshot, *_Arguments], _T], *arguments: *_Arguments) -> _T:
    """``question`` of one read transaction; asked once for each state of the warehouse and of
    ``costwatch.yaml``, minute and arguments.

    Readers share the answer: it must not be changed. Raises WarehouseError, and what ``question`` raises.
    """
    stamp = _stamp(find_config()) + warehouse_stamp()
    return cast(_T, _answer(configured().warehouse, stamp, moment(), question, arguments))


@lru_cache(maxsize=256)
def _answer(
    path: Path, _: Stamp, now: datetime, question: Callable[..., Any], arguments: tuple[Any, ...]
) -> object:
    with Warehouse(path).read() as db:
        return question(WarehouseSnapshot(db, now), *arguments)


@lru_cache(maxsize=2)
def _config(file: Path, _: Stamp) -> Config:
    return load_config(file)


def _stamp(*files: Path) -> Stamp:
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            stat = file.stat()
            if stat.st_size:  # an empty log is made and removed by readers
                found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
