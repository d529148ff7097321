"""What collectors hand over, and how far work on it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.model.time import Window

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]  # told how much is done, of how much


def untold(done: int, total: int) -> None:
    """The ``Progress`` of work that nobody looks at."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of an export: ``name`` as its owner knows it (key or relative path), ``path`` here."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one delivery of a bill. ``format`` None: told from the columns."""

    files: tuple[DeliveredFile, ...]
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """All of one table in one window; storing it replaces what that window held.

    ``window`` None: the files themselves say which billing periods they hold.
    ``version`` changes whenever the content may have; ``read`` is called only then.
    ``partial`` marks an answer the source itself called incomplete.
    """

    table: str
    window: Window | None
    version: str
    read: Callable[[], "Export | Iterator[pa.RecordBatch]"]
    partial: bool = False
