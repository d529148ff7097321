"""Good and total of SLOs from files: of a Prometheus that costwatch cannot reach, written by whoever can."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from pydantic import Field, PrivateAttr

from collectors.aws.located import Located
from collectors.aws.places import Entry, FileError, Place
from costwatch.errors import SourceError
from costwatch.model import Batch, Labels, Window, labels, midnight
from costwatch.plugins import tags_of
from costwatch.slo.collecting import Answered, Events, Kept, ShortAnswer, Told
from costwatch.slo.objectives import Objective
from costwatch.wording import printable, shortened

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = {"start": "int64", "slo": "string", "labels": "string", "good": "double", "total": "double"}
_LATE = timedelta(hours=2)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=31)


class SloFiles(Located):
    """Good and total of service level objectives by five minutes, from one Parquet file for each UTC day.

    For what a Prometheus that cannot be reached from here measures. Which objectives there are is told by
    ``slos`` of ``costwatch.yaml``; files call them by their ids. The columns are exactly ``start`` (of the
    bucket, seconds since 1970), ``slo``, ``labels`` (JSON of the instance, '' where it is the only one),
    ``good`` and ``total``, in events, or in slices where slices are counted. A bucket without a row is
    unknown.

    location: a folder, or ``s3://bucket/prefix``, with files such as ``2026-11-21.parquet``. A run reads on
    from two hours before where the last one ended; older days again by ``costwatch collect --from --to``.
    keep_days: for so long good and total are kept; by the hour once they are two weeks old.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: slis, kind: slo_files, location: "s3://acme-slis/prod"}
    """

    role: None = None
    keep_days: int = Field(default=400, ge=15)

    _objectives: tuple[Objective, ...] = PrivateAttr(default=())

    @property
    def lookback(self) -> timedelta:
        """So late may a bucket be written."""
        return _LATE

    def with_objectives(self, objectives: Sequence[Objective]) -> Self:
        """See ``slo.collecting.SloCollector``."""
        copy = self.model_copy()
        copy._objectives = tuple(objectives)
        return copy

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: one batch, read as a ``slo.collecting.Reading``."""
        if not self._objectives:
            raise SourceError(f"{self.name}: there is no SLO to read; name their files in 'slos'")
        place = self.place()
        days, strange = {}, []
        for entry in place.entries():
            if (day := _day(entry.key)) is not None:
                days[day] = entry
            elif entry.key.endswith((".parquet", "/")):
                wrong = entry.trouble or "is of no day; call it <day>.parquet"
                strange.append(f"{place.name(entry.key)}: {wrong}")
        if not days and not strange:
            raise SourceError(
                f"{place.name('')}: no file such as {now:%Y-%m-%d}.parquet is there; correct location"
            )
        with TemporaryDirectory(prefix="costwatch-") as folder:
            reading = _FileReading(place, days, Path(folder), self._objectives, now, self.keep_days)
            tags = "\n".join(f"{day} {days[day].tag}" for day in sorted(days))
            if days:
                yield Batch(
                    "sli", window, hashlib.sha256(f"{now}{tags}".encode()).hexdigest(), lambda: reading
                )
        if strange:
            raise SourceError("\n".join(strange))


class _FileReading:
    """See ``slo.collecting.Reading``."""

    def __init__(
        self,
        place: Place,
        days: Mapping[date, Entry],
        folder: Path,
        objectives: Sequence[Objective],
        now: datetime,
        keep_days: int,
    ) -> None:
        self.objectives, self.now, self.keep_days = objectives, now, keep_days
        self._place, self._days, self._folder = place, days, folder
        self._read: dict[date, dict[str, dict[Labels, list[Kept]]]] = {}
        self._seconds = {one.id: int(one.bucket.total_seconds()) for one in objectives}

    def check(self) -> None:
        """Files that cannot be read are told of by name."""

    def first_start(self, objective: Objective) -> datetime:
        """As far back as the window of its objective reaches, where there are files."""
        reach = max(objective.period.duration, objective.period.months * _MONTH)
        return max(midnight(min(self._days)), self.now - reach)

    def buckets(self, objective: Objective, window: Window) -> Answered:
        """See ``slo.collecting.Reading``."""
        first, after = int(window.start.timestamp()), int(window.end.timestamp())
        found: dict[Labels, list[Kept]] = defaultdict(list)
        day = window.start.date()
        while midnight(day) < window.end:
            for instance, kept in self._of_day(day).get(objective.id, {}).items():
                found[instance] += [
                    one for one in kept if first <= one.start and one.start + one.seconds <= after
                ]
            day += _DAY
        return Answered({instance: Told(kept) for instance, kept in found.items()})

    def growth(self, objective: Objective, last: datetime, first: datetime) -> Mapping[Labels, Events]:
        """Of what no file tells nothing is known."""
        return {}

    def short_windows(self, objective: Objective) -> ShortAnswer:
        """None: they are summed up from buckets, which are as new."""
        return ShortAnswer(self.now)

    def _of_day(self, day: date) -> dict[str, dict[Labels, list[Kept]]]:
        if day not in self._days:
            return {}
        if day not in self._read:
            self._read[day] = self._loaded(day)
        return self._read[day]

    def _loaded(self, day: date) -> dict[str, dict[Labels, list[Kept]]]:
        import pyarrow.parquet as pq

        file = self._place.fetch(self._days[day], self._folder)
        found: dict[str, dict[Labels, list[Kept]]] = defaultdict(lambda: defaultdict(list))
        try:
            for start, slo, text, good, total in _rows(pq.read_table(file.path), day):
                if seconds := self._seconds.get(slo):
                    found[slo][_instance(text)].append(Kept(start, seconds, good, total, seconds))
        except (OSError, ValueError) as error:  # what pyarrow raises is one of both
            reason = shortened(printable(str(error)), 200)
            raise FileError(f"{file.name}: {reason}; write it again") from None
        for of_slo in found.values():
            for kept in of_slo.values():
                kept.sort()
        return found


def _rows(table: "pa.Table", day: date) -> Iterator[tuple[int, str, str, float, float]]:
    """Raises ValueError for what is no such table, or is of another day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if sorted(table.schema.names) != sorted(COLUMNS):
        raise ValueError(f"has the columns {', '.join(table.schema.names)}, not {', '.join(COLUMNS)}")
    table = table.select([*COLUMNS]).cast(pa.schema([*COLUMNS.items()]))
    if not table.num_rows:
        return
    if any(column.null_count for column in table.columns):
        raise ValueError("has a row without a value; leave out what is unknown")
    for name in ("good", "total"):
        if not pc.all(pc.and_(pc.is_finite(table[name]), pc.greater_equal(table[name], 0))).as_py():
            raise ValueError(f"column '{name}' holds a number below 0, or none")
    bounds = pc.min_max(table["start"]).as_py()
    first = int(midnight(day).timestamp())
    if bounds["min"] < first or bounds["max"] >= first + int(_DAY.total_seconds()):
        raise ValueError(f"column 'start' holds another day than {day}")
    yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


@cache
def _instance(text: str) -> Labels:
    return labels(**tags_of(text))


def _day(key: str) -> date | None:
    """The day that a file is of; None: its name is of no day."""
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.parquet", key)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
