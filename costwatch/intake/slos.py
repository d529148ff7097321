"""SLOs: good and total by bucket, with gaps that are bridged, and the short windows that ended just now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import lcm

from costwatch.errors import RefusedError, SourceError
from costwatch.intake.batches import Intake, Stores
from costwatch.model import Batch, Labels, Window
from costwatch.slo.collecting import Answered, Growth, Kept, Reading, ShortAnswer, Told
from costwatch.slo.folding import can_be_bridged
from costwatch.slo.merging import HOUR, Changes, Gap, changes, gaps
from costwatch.slo.objectives import Objective
from costwatch.warehouse.slo import keeping
from costwatch.warehouse.slo.definitions import instance_id, instances, put_objectives

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK = timedelta(days=7)  # read, and stored, at once
_LOOKBACK = timedelta(hours=2)
_MOST_IN_A_ROW = 3  # SLOs that a server does not answer, before it is taken for down
_AT_ONCE = 20_000  # buckets that are held before they are stored


def take_slos(stores: Stores, batch: Batch) -> Intake:
    """Store what a server tells of each SLO. One that it does not answer is told, the others are stored."""
    reading = batch.read()
    if batch.window is None or not isinstance(reading, Reading):
        raise RefusedError([f"{stores.source}: hands over SLOs as something else; correct its collector"])
    return _Taking(stores, reading, batch.window).all()


@dataclass(slots=True)
class _Read:
    """What is to be stored of one SLO. through: up to when it is known then; None: there is a hole before."""

    objective: Objective
    found: dict[Labels, Changes] = field(default_factory=dict)
    short: ShortAnswer | None = None
    through: int | None = None
    is_last: bool = False

    @property
    def count(self) -> int:
        return sum(len(each.put) + len(each.removed) for each in self.found.values())


class _Taking:
    """One run."""

    def __init__(self, stores: Stores, reading: Reading, window: Window) -> None:
        self.stores, self.reading, self.window = stores, reading, window
        self.numbers: dict[tuple[str, Labels], int] = {}  # of instances that are known
        self.read: Mapping[str, int] = {}
        self.row_count = 0
        self.errors: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self.waiting: list[_Read] = []

    def all(self) -> Intake:
        """Every SLO, as far as the server answers."""
        self._begin()  # first, so that one of which nothing can be read is told as unknown
        self.reading.check()
        objectives = self.reading.objectives
        in_a_row = 0
        for number, objective in enumerate(objectives):
            self.stores.progress(number, len(objectives))
            try:
                for read in self._of(objective):
                    self._keep(read)
                in_a_row = 0
            except SourceError as error:
                self.errors[str(error)] = None
                in_a_row = in_a_row + 1 if getattr(error, "may_pass", False) else 0
            if in_a_row == _MOST_IN_A_ROW and number + 1 < len(objectives):
                left = len(objectives) - number - 1
                self.errors[f"{self.stores.source}: {left} more SLOs were not asked for; run it again"] = None
                break
        self._store()
        return Intake(
            self.row_count, self.row_count > 0, note="\n".join(self.notes), error="\n".join(self.errors)
        )

    def _begin(self) -> None:
        if not self.stores.dry_run:
            with self.stores.warehouse.write() as db:
                put_objectives(db, self.stores.source, self.reading.objectives, self.reading.now)
        if self.stores.warehouse.exists:
            with self.stores.warehouse.read() as db:
                self.numbers = {(each.slo, each.labels): each.id for each in instances(db)}
                self.read = keeping.read_through(db, self.reading.now)

    def _of(self, objective: Objective) -> Iterator[_Read]:
        """In parts that are stored one after the other, first the short windows, which alerts wait for."""
        try:
            yield _Read(objective, short=self.reading.short_windows(objective))
        except SourceError as error:
            if not getattr(error, "is_of_query", False):
                raise
            self.errors[str(error)] = None  # six hours may be too much where five minutes are not
        bucket = int(objective.bucket.total_seconds())
        through = self.read.get(objective.id)
        window, has_hole = self._due(objective, through)
        start, grid = window.start, timedelta(seconds=lcm(bucket, HOUR))
        while start < window.end:
            # Parts begin on whole hours, which is what old buckets are kept by.
            end = min(window.end, _on_grid(start + max(_CHUNK, 2 * grid), int(grid.total_seconds())))
            answered = self.reading.buckets(objective, Window(start, end))
            self.notes.update(dict.fromkeys(answered.notes))
            is_last = end == window.end
            known = None if has_hole else int(end.timestamp()) // bucket * bucket
            yield _Read(objective, self._changes(objective, answered), None, known, is_last)
            start = end

    def _due(self, objective: Objective, through: int | None) -> tuple[Window, bool]:
        """What is to be read of it, and whether something before that is not known.

        Without a window from outside: from a little before where it was read to, if a bucket has ended since.
        """
        bucket = int(objective.bucket.total_seconds())
        end = min(self.window.end, self.reading.now)
        whole = _on_grid(end, bucket)
        if self.window.start > _EVER:
            has_hole = through is None or self.window.start.timestamp() > through
            return Window(min(self.window.start, end), end), has_hole
        if through is None:
            return Window(min(_on_grid(self.reading.first_start(objective), HOUR), end), end), False
        if through >= whole.timestamp():
            return Window(end, end), False
        return Window(datetime.fromtimestamp(through, UTC) - _LOOKBACK, end), False

    def _changes(self, objective: Objective, answered: Answered) -> dict[Labels, Changes]:
        """What is newer than what is stored, and the gaps that it closes."""
        found: dict[Labels, Changes] = {}
        open_gaps: dict[Gap, list[tuple[Labels, frozenset[int]]]] = {}
        with_bridges = can_be_bridged(objective)
        bucket = int(objective.bucket.total_seconds())
        for labels, told in answered.instances.items():
            if not told.buckets:
                continue
            kept, last = self._kept(objective, labels, told, bucket)
            found[labels] = changes(kept, told)
            if not with_bridges:
                continue
            noted = frozenset(start for start, each in kept.items() if not each.known_seconds)
            starts = {each.start for each in told.buckets}
            known = sorted(
                starts.union(_starts(kept.values(), bucket), _starts([last] if last else [], bucket))
            )
            for gap in gaps(known, starts, noted, bucket):
                open_gaps.setdefault(gap, []).append((labels, noted))
        for gap, of in open_gaps.items():
            growth = self._growth(objective, gap)
            for labels, noted in of:
                found[labels] = found[labels].closing(
                    gap, growth.get(labels, Growth(None, None)), bucket, noted
                )
        return {labels: each for labels, each in found.items() if each.put or each.removed}

    def _kept(
        self, objective: Objective, labels: Labels, told: Told, bucket: int
    ) -> tuple[dict[int, Kept], Kept | None]:
        """What is stored of an instance around what is told of it, and the last known bucket before that."""
        number = self.numbers.get((objective.id, labels))
        if number is None:
            return {}, None
        first, last = told.buckets[0].start, told.buckets[-1].start
        with self.stores.warehouse.read() as db:
            before = keeping.last_known(db, number, first)
            start = before.start if before else first // HOUR * HOUR
            return keeping.kept(db, number, min(start, first // HOUR * HOUR), last + 1), before

    def _growth(self, objective: Objective, gap: Gap) -> Mapping[Labels, Growth]:
        """What happened in a gap; nothing where the server does not answer: then that stays unknown."""
        last, first = (datetime.fromtimestamp(each, UTC) for each in (gap.last, gap.first))
        try:
            return self.reading.growth(objective, last, first)
        except SourceError as error:
            if getattr(error, "may_pass", False):
                raise
            self.notes[
                f"{error}; what happened from {last:%Y-%m-%d %H:%M} to {first:%H:%M} stays unknown"
            ] = None
            return {}

    def _keep(self, read: _Read) -> None:
        """Hold what is read until it is worth a transaction; more of an SLO rests on what is stored of it."""
        self.waiting.append(read)
        self.row_count += read.count
        if (not read.is_last and read.short is None) or sum(each.count for each in self.waiting) > _AT_ONCE:
            self._store()

    def _store(self) -> None:
        waiting, self.waiting = self.waiting, []
        if self.stores.dry_run or not waiting:
            return
        with self.stores.warehouse.write() as db:
            for read in waiting:
                slo = read.objective.id
                for labels, of in read.found.items():
                    number = self.numbers.get((slo, labels)) or instance_id(db, slo, labels)
                    self.numbers[slo, labels] = number
                    keeping.put_changes(db, number, of)
                if read.short is not None:
                    keeping.put_short_windows(db, slo, read.short)
                if read.through is not None:
                    keeping.mark_read(db, slo, read.through, self.reading.now)
                if read.is_last:
                    starts = [bucket.start for each in read.found.values() for bucket in each.put]
                    changed = min(starts, default=None)
                    keeping.compact(db, slo, self.reading.now, self.reading.keep_days, changed)


def _starts(kept: Iterable[Kept], bucket: int) -> Iterator[int]:
    """Of each bucket that is known, its start; of an hour, of each bucket in it."""
    for each in kept:
        if each.known_seconds:
            yield from range(each.start, each.start + each.seconds, bucket)


def _on_grid(instant: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(instant.timestamp()) // seconds * seconds, UTC)
