"""Kubernetes usage from files: of clusters that costwatch cannot reach, written by whoever can."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from collectors.aws.located import Located
from collectors.aws.places import Entry, FileError, Place
from collectors.kubernetes.tables import JOB_DAYS, TABLES
from collectors.layouts.files import version_of
from costwatch.errors import SourceError
from costwatch.model import Batch, Window
from costwatch.plugins import Table
from costwatch.wording import printable, shortened

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(rf"({'|'.join(table.name for table in TABLES)})/(\d{{4}}-\d{{2}}-\d{{2}})\.parquet")
_DAY = timedelta(days=1)

Files = Mapping[str, Entry]  # table -> its file of one day
_NEEDED = tuple(table.name for table in TABLES if table is not JOB_DAYS)  # which others may not write


class UsageFiles(Located):
    """What pods requested and used, from one Parquet file for each table and UTC day.

    For clusters whose Prometheus cannot be reached from here: a costwatch beside it collects by kind
    ``kubernetes`` and writes the files by ``costwatch export usage``; other tools may, too. The tables are
    those of kind ``kubernetes``, with exactly its columns: ``pod_hours``, ``node_days``, ``workload_days``,
    ``volume_days`` and ``service_days``, and ``job_days`` where runs of Jobs are to be told.

    location: a folder, or ``s3://bucket/prefix``, with files such as ``node_days/2026-11-21.parquet``. A day
    is read when the first five are there, one without rows where there is nothing to tell, and again whole
    when one of them changes in the last 35 days (older ones by ``costwatch collect --from --to``). A day
    is refused whole, the others are read, where a file is missing, cannot be read, has other columns or
    holds another day. The running day counts as incomplete.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: prod, kind: usage_files, location: "s3://acme-usage/prod"}
    """

    tables: ClassVar[tuple[Table, ...]] = TABLES

    role: None = None

    @property
    def lookback(self) -> timedelta:
        """So late may a file come, or be written again; to look at one costs reading it."""
        return timedelta(days=35)

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: all tables of each day that overlaps ``window``."""
        place = self.place()
        found, strange = _sorted_out(place, place.entries())
        asked = [(Window.of_days(day, day + _DAY), found[day]) for day in sorted(found)]
        asked = [(day, files) for day, files in asked if day.overlaps(window)]
        if not asked and not strange:
            raise SourceError(
                f"{place.name('')}: no file such as node_days/{window.end:%Y-%m-%d}.parquet of this time "
                "is there; correct location, or see why none is written"
            )
        for day, files in asked:
            with TemporaryDirectory(prefix="costwatch-") as folder:
                reading = _Reading(place, day, files, Path(folder))
                version = reading.version
                for table in TABLES:
                    yield Batch(table.name, day, version, reading.reader(table), now < day.end)
                    if reading.is_refused:  # and told; its other tables would say the same
                        break
        if strange:
            raise SourceError("\n".join(strange))


def _sorted_out(place: Place, entries: Sequence[Entry]) -> tuple[Mapping[date, Files], list[str]]:
    """The files of each day; and what is wrong with those that are of none."""
    days: dict[date, dict[str, Entry]] = defaultdict(dict)
    strange = []
    for entry in entries:
        name = _NAME.fullmatch(entry.key)
        if entry.key.endswith("/"):
            strange.append(f"{place.name(entry.key)}: {entry.trouble}")
        elif name and (day := _day(name[2])):
            days[day][name[1]] = entry
        elif entry.key.endswith(".parquet"):
            strange.append(f"{place.name(entry.key)}: is of no table and day; call it <table>/<day>.parquet")
    return days, strange


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class _Reading:
    """The files of a day: they tell of one another, so all are read and checked when one is asked for."""

    def __init__(self, place: Place, day: Window, files: Files, folder: Path) -> None:
        self._place, self._day, self._files, self._folder = place, day, files, folder
        self._parts: Mapping[str, list[pa.RecordBatch]] = {}
        self.is_refused = False
        self._refusal = ""
        if missing := [name for name in _NEEDED if name not in files]:
            self._refusal = (
                f"{place.name('')}: of {day.start:%Y-%m-%d} there is no {' and no '.join(missing)}; "
                "write the files of all tables, those without rows too"
            )

    @property
    def version(self) -> str:
        """Of the content of all files. A day that is refused has one, too: it is asked for, and told."""
        told = [f"{table} {version_of(self._place, entry)}" for table, entry in sorted(self._files.items())]
        return hashlib.sha256("\n".join([self._refusal, *told]).encode()).hexdigest()

    def reader(self, table: Table) -> "Callable[[], Iterator[pa.RecordBatch]]":
        """Gives the rows of one of the tables."""

        def read() -> "Iterator[pa.RecordBatch]":
            self.is_refused = True
            if self._refusal:
                raise FileError(self._refusal)
            self._parts = self._parts or {each.name: self._read(each) for each in TABLES}
            self.is_refused = False
            return iter(self._parts[table.name])

        return read

    def _read(self, table: Table) -> "list[pa.RecordBatch]":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if table.name not in self._files:
            return []
        file = self._place.fetch(self._files[table.name], self._folder)
        try:
            with pq.ParquetFile(file.path) as parquet:
                parts = [table.fitted(pa.RecordBatch.from_pylist([], parquet.schema_arrow))]
                parts += map(table.fitted, parquet.iter_batches())
            for part in parts:
                self._require_day(part)
        except (OSError, ValueError) as error:  # what pyarrow raises is one of both
            reason = shortened(printable(str(error)), 200)
            raise FileError(f"{file.name}: {reason}; write it again") from None
        return parts

    def _require_day(self, part: "pa.RecordBatch") -> None:
        """Raises ValueError for a row of another day."""
        import pyarrow.compute as pc

        column = part.schema.names[0]  # every table begins with its day or hour
        days = pc.cast(part[column], "date32")
        if pc.all(pc.equal(days, self._day.start.date())).as_py() is False or days.null_count:
            raise ValueError(f"column '{column}' holds another day than {self._day.start:%Y-%m-%d}")
