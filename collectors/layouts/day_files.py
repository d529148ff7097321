"""Tables that come as files: one for each table and UTC day, a day taken whole or refused whole."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from collectors.aws.located import Located
from collectors.aws.places import Entry, FileError, Place
from collectors.layouts.files import version_of
from costwatch.errors import SourceError
from costwatch.model import Batch, Window
from costwatch.plugins import Table
from costwatch.wording import printable, shortened

if TYPE_CHECKING:
    import pyarrow as pa

_DAY = timedelta(days=1)

Files = Mapping[str, Sequence[Entry]]  # table -> its files of one day


class DayFiles(Located):
    """A source of such tables: which they are, how their files are called, and how one is read."""

    forms: ClassVar[tuple[str, ...]]  # such as <table>/<day>.parquet
    may_lack: ClassVar[tuple[Table, ...]] = ()  # tables that a day need not have

    role: None = None

    @property
    def lookback(self) -> timedelta:
        """So late may a file come, or be written again; to look at one costs reading it."""
        return timedelta(days=35)

    def parts(self, path: Path, table: Table) -> "Iterable[pa.RecordBatch]":
        """What one file holds, in the columns of ``table``. Raises OSError and ValueError."""
        raise NotImplementedError

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: all tables of each day that overlaps ``window``."""
        place = self.place()
        found, strange = self._sorted_out(place, place.entries())
        asked = [(Window.of_days(day, day + _DAY), found[day]) for day in sorted(found)]
        asked = [(day, files) for day, files in asked if day.overlaps(window)]
        if not asked and not strange:
            example = self.forms[-1].replace("<table>", self.tables[0].name)
            raise SourceError(
                f"{place.name('')}: no file such as {example.replace('<day>', f'{window.end:%Y-%m-%d}')} of "
                "this time is there; correct location, or see why none is written"
            )
        for day, files in asked:
            with TemporaryDirectory(prefix="costwatch-") as folder:
                reading = _Reading(self, place, day, files, Path(folder))
                version = reading.version
                for table in self.tables:
                    yield Batch(table.name, day, version, reading.reader(table), now < day.end)
                    if reading.is_refused:  # and told; its other tables would say the same
                        break
        if strange:
            raise SourceError("\n".join(strange))

    def _sorted_out(self, place: Place, entries: Sequence[Entry]) -> tuple[Mapping[date, Files], list[str]]:
        """The files of each day; and what is wrong with those that are of none."""
        days: dict[date, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        strange = []
        endings = tuple(Path(form).suffix for form in self.forms)
        for entry in entries:
            if entry.key.endswith("/"):
                strange.append(f"{place.name(entry.key)}: {entry.trouble}")
            elif found := self._table_and_day(entry.key):
                table, day = found
                days[day][table].append(entry)
            elif entry.key.endswith(endings):
                of, form = "table and day" if "<table>" in self.forms[0] else "day", " or ".join(self.forms)
                strange.append(f"{place.name(entry.key)}: is of no {of}; call it {form}")
        return days, strange

    def _table_and_day(self, key: str) -> tuple[str, date] | None:
        names = "|".join(table.name for table in self.tables)
        for form in self.forms:
            pattern = re.escape(form).replace("<table>", f"(?P<table>{names})")
            found = re.fullmatch(pattern.replace("<day>", r"(?P<day>\d{4}-\d{2}-\d{2})"), key)
            if found and (day := _day(found["day"])):
                return found.groupdict().get("table", self.tables[0].name), day
        return None


def parquet_parts(path: Path) -> "Iterator[pa.RecordBatch]":
    """Those of a Parquet file, and before them one without rows. Raises OSError and ValueError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        yield pa.RecordBatch.from_pylist([], parquet.schema_arrow)
        yield from parquet.iter_batches()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class _Reading:
    """The files of a day: they tell of one another, so all are read and checked when one is asked for."""

    def __init__(self, source: DayFiles, place: Place, day: Window, files: Files, folder: Path) -> None:
        self._source, self._place, self._day, self._files, self._folder = source, place, day, files, folder
        self._parts: Mapping[str, list[pa.RecordBatch]] = {}
        self.is_refused = False
        self._refusal = self._refused()

    @property
    def version(self) -> str:
        """Of the content of all files. A day that is refused has one, too: it is asked for, and told."""
        told = [
            f"{table} {version_of(self._place, entry)}"
            for table, entries in sorted(self._files.items())
            for entry in entries
        ]
        return hashlib.sha256("\n".join([self._refusal, *told]).encode()).hexdigest()

    def reader(self, table: Table) -> "Callable[[], Iterator[pa.RecordBatch]]":
        """Gives the rows of one of the tables."""

        def read() -> "Iterator[pa.RecordBatch]":
            self.is_refused = True
            if self._refusal:
                raise FileError(self._refusal)
            self._parts = self._parts or {each.name: self._read(each) for each in self._source.tables}
            self.is_refused = False
            return iter(self._parts[table.name])

        return read

    def _refused(self) -> str:
        """What is wrong with the files of the day before one is read; '' where nothing is."""
        needed = [table.name for table in self._source.tables if table not in self._source.may_lack]
        if missing := [name for name in needed if name not in self._files]:
            return (
                f"{self._place.name('')}: of {self._day.start:%Y-%m-%d} there is no "
                f"{' and no '.join(missing)}; write the files of all tables, those without rows too"
            )
        for entries in self._files.values():
            if len(entries) > 1:
                names = " and ".join(self._place.name(entry.key) for entry in entries)
                return f"{names}: tell the same day; keep one of them"
        return ""

    def _read(self, table: Table) -> "list[pa.RecordBatch]":
        if table.name not in self._files:
            return []
        file = self._place.fetch(self._files[table.name][0], self._folder)
        try:
            parts = [*self._source.parts(file.path, table)]
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
