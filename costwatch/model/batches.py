"""What collectors hand over, and how far work on it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costwatch.model.time import Window

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]  # told how much is done, of how much


def untold(done: int, total: int) -> None:
    """The ``Progress`` of work that nobody looks at."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of an export: ``name`` as its owner knows it (key or relative path), ``path`` here.

    modified: when its owner wrote it (UTC); None where that is not known. trouble: why it is not here, in a
    sentence; the others are read all the same. sha256: of its bytes, as hex, where it was read already.
    """

    name: str
    path: Path
    modified: datetime | None = None
    trouble: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one delivery of a bill. ``format`` None: told from the columns.

    is_whole: they are all there is of the source, so that a billing period they hold nothing of is empty now.
    notes: what lies there and is not read, though it may have been meant to be, each in a sentence.
    """

    files: tuple[DeliveredFile, ...]
    format: str | None = None
    is_whole: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """All of one table in one window; storing it replaces what the source said of that window before.

    ``table``: ``bill``, read as an Export, or one that the collector declares, read as record batches; or
    ``sli``, read as what answers questions about SLOs (``slo.collecting.Reading``). ``window`` None: the
    files of a bill say themselves which billing periods they hold. ``version`` changes whenever the content
    may have; ``read`` is called only then. ``partial`` marks an answer the source itself called incomplete:
    it is stored unless that window is stored whole already, and whatever its version, it is read again by
    each run. A source that only knows when it has read gives a function, which is called only if ``version``
    is new.
    """

    table: str
    window: Window | None
    version: str
    read: Callable[[], "Export | Iterator[pa.RecordBatch] | Any"]
    partial: bool | Callable[[], bool] = False

    @property
    def is_partial(self) -> bool:
        """What ``partial`` says."""
        return self.partial() if callable(self.partial) else self.partial
