"""Good and total as they are kept: windows are the sums of their buckets, by the hour too, exactly."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.model import Window, labels
from costwatch.slo.collecting import Kept
from costwatch.slo.folding import QUANTUM
from costwatch.warehouse.slo import keeping
from costwatch.warehouse.slo.buckets import Sums, by_day, by_hour, series, sums, windows
from costwatch.warehouse.slo.definitions import instance_id, put_objectives
from costwatch.warehouse.store import Warehouse
from tests.made.slo_history import objective

DAY, HOUR, BUCKET = 86_400, 3600, 300
START = 1_790_812_800


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


class Made(NamedTuple):
    warehouse: Warehouse
    buckets: list[Kept]

    def truth(self, window: Window) -> Sums:
        """Summed without rounding."""
        first, after = window.start.timestamp(), window.end.timestamp()
        of = [each for each in self.buckets if first <= each.start < after]
        columns = [[each[column] for each in of] for column in range(2, 6)]
        good, total, known, bridged = (math.fsum(column) for column in columns)
        return Sums(good, total, int(known), int(bridged))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Forty days of two instances, of which the first has gaps; one of every ten buckets is bridged."""
    warehouse = Warehouse(tmp_path_factory.mktemp("slo") / "costwatch.db")
    random = np.random.default_rng(5)
    count = 40 * 288
    total = np.round(random.lognormal(5, 2, count) / QUANTUM) * QUANTUM
    good = np.round(total * random.uniform(0.9, 1, count) / QUANTUM) * QUANTUM
    buckets = [
        Kept(START + number * BUCKET, BUCKET, float(good[number]), float(total[number]), BUCKET, bridged)
        for number in range(count)
        if number % 100 > 3
        for bridged in (BUCKET * (number % 10 == 0),)
    ]
    with warehouse.write() as db:
        put_objectives(db, "slos", [objective()], at(0))
        keeping.put_buckets(db, instance_id(db, "availability", ()), buckets)
        other = instance_id(db, "availability", labels(host="b"))
        keeping.put_buckets(db, other, [Kept(START, BUCKET, 1, 2, BUCKET)])
    return Made(warehouse, buckets)


SECONDS = st.integers(0, 40 * 288).map(lambda number: number * BUCKET)


@given(SECONDS, SECONDS)
def test_a_window_is_the_sum_of_its_buckets(made: Made, one: int, other: int) -> None:
    window = Window(at(min(one, other)), at(max(one, other)))
    with made.warehouse.read() as db:
        found = sums(db, window)
        assert windows(db, [window, window]) == [found, found]
    truth = made.truth(window)
    assert found.get(1, Sums()) == truth
    assert (2 in found) == (window.start == at(0) and window.end > at(0))


def test_old_buckets_become_hours_and_their_sums_stay(made: Made) -> None:
    whole = [Window(at(first * HOUR), at(after * HOUR)) for first, after in ((0, 960), (7, 31), (100, 700))]
    recent = Window(at(27 * DAY + 17 * BUCKET), at(40 * DAY - BUCKET))
    asked = [*whole, recent]
    with made.warehouse.write() as db:
        before = windows(db, asked)
        sizes = [db.execute("SELECT count(*) FROM sli").fetchone()[0]]
        for keep_days in (400, 400):
            keeping.compact(db, "availability", at(40 * DAY), keep_days, 0)
            assert windows(db, asked) == before
            sizes.append(db.execute("SELECT count(*) FROM sli").fetchone()[0])
        days = Window(at(0), at(40 * DAY))
        assert sum(day.total for day in by_day(db, [1], days)[1]) == made.truth(days).total
        assert sum(hour.good for hour in by_hour(db, [1], days)[1]) == made.truth(days).good
        kinds = {bucket.seconds for bucket in series(db, [1], Window(at(0), at(26 * DAY)))[1]}
        assert kinds == {HOUR}
    assert sizes[1] == sizes[2] < sizes[0] / 2


def test_what_is_older_than_is_kept_is_gone(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        put_objectives(db, "slos", [objective()], at(0))
        number = instance_id(db, "availability", ())
        keeping.put_buckets(db, number, [Kept(START + day * DAY, BUCKET, 1, 2, BUCKET) for day in range(30)])
        keeping.compact(db, "availability", at(30 * DAY), 20, None)
        assert sums(db, Window(at(0), at(30 * DAY)))[number].total == 2 * 20
        assert db.execute("SELECT min(start) FROM sli_sum").fetchone()[0] == START + 10 * DAY


def test_sums_follow_whatever_is_done_to_buckets(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        put = "INSERT OR REPLACE INTO sli VALUES (1, ?, 300, ?, ?, 300, 0)"
        db.executemany(put, [(START, 1, 2), (START + 300, 3, 4), (START, 5, 6)])
        db.execute("UPDATE sli SET good = 7, known_seconds = 60 WHERE start = ?", (START + 300,))
        db.execute("DELETE FROM sli WHERE start = ?", (START,))
        rows = db.execute("SELECT seconds, start, good, total, known_seconds FROM sli_sum ORDER BY 1")
        assert [tuple(row) for row in rows] == [(HOUR, START, 7, 4, 60), (DAY, START, 7, 4, 60)]


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        put_objectives(db, "slos", [objective()], at(0))
        assert keeping.read_through(db) == {}
        for through in (START, START - 300):
            keeping.mark_read(db, "availability", through)
        put_objectives(db, "slos", [objective()], at(0) + timedelta(days=1))
        assert keeping.read_through(db) == {"availability": START}


def test_what_a_clock_that_was_ahead_has_read_to_is_not_known(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        put_objectives(db, "slos", [objective()], at(0))
        keeping.mark_read(db, "availability", START + 365 * 86400)
        assert keeping.read_through(db, at(0)) == {}
        keeping.mark_read(db, "availability", START - 600, at(0))
        assert keeping.read_through(db, at(0)) == {"availability": START - 600}
