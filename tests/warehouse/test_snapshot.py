"""What rules see: sums made in the store, how far facts reach, live answers, SQL of a user's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.cost.conversion import Conversion
from costwatch.errors import UsageError
from costwatch.model import DIMENSIONS, Labels, SeriesByLabels, Window, labels
from costwatch.testing import daily
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.acme_runs import RUNS
from tests.made.warehouse_rows import NOW, company, fill

NOVEMBER = Window.of_days(date(2026, 11, 1), date(2026, 12, 1))
WEEK = Window.of_days(date(2026, 11, 9), date(2026, 11, 16))
NEVER = Window.of_days(date(2025, 1, 1), date(2025, 2, 1))
RATES = Conversion.model_validate({"reporting": "EUR", "rates": {"2026-11": {"USD": "0.9137"}}})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return company(tmp_path_factory.mktemp("company") / "costwatch.db")


@pytest.fixture
def facts(warehouse: Warehouse) -> Iterator[WarehouseSnapshot]:
    with warehouse.read() as db:
        yield WarehouseSnapshot(db, NOW)


@pytest.mark.parametrize("conversion", [None, RATES], ids=["as billed", "converted"])
@pytest.mark.parametrize("as_of", [None, NOW - timedelta(days=1)], ids=["now", "as known before"])
@pytest.mark.parametrize("by", [(), ("team",), ("team", "service"), ("account",)])
def test_totals_are_the_sums_of_the_series(
    by: tuple[str, ...], as_of: datetime | None, conversion: Conversion | None, warehouse: Warehouse
) -> None:
    windows = [NOVEMBER, WEEK, NEVER]
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW, as_of=as_of, conversion=conversion)
        totals = facts.totals("EffectiveCost", by, windows)
        assert list(totals) == windows
        for window in windows:
            series = facts.series("EffectiveCost", by, window)
            assert totals[window] == {
                key: sum((point.value for point in points), Decimal()) for key, points in series.items()
            }
    assert totals[NOVEMBER]
    assert not totals[NEVER]


def test_totals_of_costs_are_one_statement_a_window(facts: WarehouseSnapshot) -> None:
    asked: list[str] = []
    facts.db.set_trace_callback(asked.append)
    for _ in range(2):  # the second time it is known
        facts.totals("EffectiveCost", ("team",), [NOVEMBER, WEEK])
    assert len(asked) == 3  # and once, which dimensions there are


def test_a_question_asked_twice_is_answered_once(facts: WarehouseSnapshot) -> None:
    first = facts.series("BilledCost", ("team",), WEEK)
    assert facts.series("BilledCost", ("team",), WEEK) is first


def test_how_far_facts_reach(facts: WarehouseSnapshot, warehouse: Warehouse, tmp_path: Path) -> None:
    assert facts.data_through == date(2026, 11, 20)
    assert facts.through("BilledCost") == datetime(2026, 11, 21, tzinfo=UTC)
    assert facts.through("freshness") == datetime(2026, 11, 23, tzinfo=UTC)
    assert facts.through("budget") == datetime(2026, 11, 1, tzinfo=UTC)
    hour = WarehouseSnapshot(facts.db, NOW + timedelta(hours=2), queries=(RUNS,))
    assert hour.through("acme_runs") == NOW
    with pytest.raises(ValueError, match="no query is named 'acme_runs'"):
        facts.through("acme_runs")
    nothing = Warehouse(tmp_path / "nothing.db")
    nothing.migrate()
    with nothing.read() as db:
        assert WarehouseSnapshot(db, NOW).through("EffectiveCost") is None


@dataclass
class Source:
    answer: SeriesByLabels | None
    asked: list[tuple[tuple[str, ...], Window]] = field(default_factory=list)

    def __call__(self, by: tuple[str, ...], window: Window, _: Labels = ()) -> SeriesByLabels | None:
        self.asked.append((by, window))
        return self.answer


def test_a_live_answer_comes_from_who_was_handed_in(warehouse: Warehouse) -> None:
    source = Source({labels(source="aws"): daily(date(2026, 11, 23), 7)})
    silent = Source(None)
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW, live={"freshness": source, "budget": silent})
        for _ in range(2):
            assert facts.live("freshness", ("source",), WEEK) is source.answer
        assert source.asked == [(("source",), WEEK)]
        assert facts.live("budget", (), WEEK) is None
        assert facts.live("BilledCost", (), WEEK) is None
        with pytest.raises(ValueError, match="no label is named 'team'"):
            facts.live("freshness", ("team",), WEEK)
        then = WarehouseSnapshot(db, NOW, as_of=NOW, live={"freshness": source})
        assert then.live("freshness", ("source",), WEEK) is None


def test_sql_of_a_users_own_reads_a_bounded_number_of_rows(warehouse: Warehouse) -> None:
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        assert facts.sql("SELECT 1 AS one, 'a' AS two") == [{"one": 1, "two": "a"}]
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {}) SELECT x FROM n"
        assert len(facts.sql(numbers.format(10_000))) == 10_000
        for text, reason in (
            (numbers.format(10_001), "more than 10000 rows"),
            ("DELETE FROM alert", "can only be read"),
            ("SELECT * FROM nowhere", "no such table"),
        ):
            with pytest.raises(UsageError, match=reason):
                facts.sql(text)
        assert facts.series("BilledCost", (), WEEK)  # the snapshot can still be read
        with pytest.raises(UsageError, match="without as_of"):
            WarehouseSnapshot(db, NOW, as_of=NOW).sql("SELECT 1")


def test_days_lie_in_a_window_by_their_midnight(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    day = date(2026, 11, 2)
    fill(warehouse, [(day + timedelta(days=n), "risk", "EC2", "USD", 1, 1, "settled") for n in range(3)])
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        (points,) = facts.series("BilledCost", (), Window(noon, noon + timedelta(days=1))).values()
        assert [point.at for point in points] == [datetime(2026, 11, 3, tzinfo=UTC)]
        assert [point.day for point in points] == [date(2026, 11, 3)]


def test_as_of_an_instant_ages_are_measured_from_there(warehouse: Warehouse) -> None:
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW, as_of=NOW - timedelta(days=3))
        assert facts.now == NOW - timedelta(days=3)
        ((_, (age,)),) = facts.series("freshness", ("source",), NOVEMBER).items()
        assert age.value == 24
        assert age.day == date(2026, 11, 20)


def test_a_delivery_that_a_wrong_clock_dated_later_than_now_makes_nothing_fresh(warehouse: Warehouse) -> None:
    asked = ("freshness", ("source",), NOVEMBER)
    with warehouse.read() as db:
        before = WarehouseSnapshot(db, NOW).series(*asked)
    with warehouse.write() as db:
        (source,) = db.execute("SELECT DISTINCT source FROM collection").fetchone()
        sql = "INSERT INTO collection (source, started_at, outcome) VALUES (?, ?, 'loaded')"
        db.execute(sql, (source, to_text(NOW + timedelta(days=365))))
    with warehouse.read() as db:
        assert WarehouseSnapshot(db, NOW).series(*asked) == before


def test_every_dimension_can_be_asked(facts: WarehouseSnapshot) -> None:
    assert set(facts.series("EffectiveCost", tuple(DIMENSIONS), WEEK))
