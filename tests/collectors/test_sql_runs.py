"""Measures by SQL, run after run: what is read again, what is stored anew, and what failures leave alone."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.made.company import Company
from tests.made.sql_shop import in_sqlite

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path / "company")
    made.root.mkdir()
    made.sources = [in_sqlite(tmp_path).source(first_day=date(2026, 11, 18))]  # type: ignore[list-item]
    return made


def stored(company: Company) -> dict[str, float | None]:
    """Day -> what is known of m-1, of the days that have rows."""
    with company.warehouse.read() as db:
        return {
            str(row["day"]): row["value"]
            for row in db.execute(
                'SELECT day, MAX(CASE WHEN labels = \'{"merchant":"m-1"}\' THEN value END) AS value'
                " FROM x_measure_days GROUP BY day"
            )
        }


def run(company: Company, line: str) -> None:
    with sqlite3.connect(company.root.parent / "shop.db") as db:
        db.execute(line)
    db.close()


def test_days_are_read_once_and_late_rows_within_the_lookback(company: Company) -> None:
    (first,) = company.collect(NOON)
    assert (first.error, first.rows, first.partial_count) == ("", {"measure_days": 2 + 3 + 1}, 1)
    assert stored(company) == {"20261118": None, "20261119": 100, "20261120": 3.75, "20261121": 100}
    run(company, "INSERT INTO orders VALUES ('2026-11-20 23:00:00', 'm-1', 10)")  # late
    run(company, "INSERT INTO orders VALUES ('2026-11-18 23:00:00', 'm-1', 10)")  # too late
    run(company, "INSERT INTO orders VALUES ('2026-11-21 12:10:00', 'm-1', 10)")  # of an hour not over
    (again,) = company.collect(NOON + timedelta(minutes=30))
    assert (again.error, again.rows) == ("", {"measure_days": 3 + 1})
    assert stored(company) == {"20261118": None, "20261119": 100, "20261120": 13.75, "20261121": 100}
    (tomorrow,) = company.collect(NOON + timedelta(days=1))
    assert (tomorrow.rows, tomorrow.partial_count) == ({"measure_days": 1 + 1}, 1)
    assert stored(company)["20261121"] == 110


def test_a_first_run_goes_back_five_weeks(company: Company) -> None:
    company.sources = [company.sources[0].model_copy(update={"first_day": None})]
    company.collect(NOON)
    assert (min(stored(company)), len(stored(company))) == ("20261017", 36)


def test_a_statement_that_broke_takes_nothing_away(company: Company) -> None:
    company.collect(NOON)
    before = stored(company)
    run(company, "ALTER TABLE orders RENAME TO old_orders")
    (broken,) = company.collect(NOON + timedelta(days=1))
    assert "measure turnover, 19 Nov 2026 and 3 more days: the database says: no such table" in broken.error
    # What was incomplete may be replaced; what was whole stays, and is asked for again.
    assert stored(company) == {**before, "20261121": None, "20261122": None}
    run(company, "ALTER TABLE old_orders RENAME TO orders")
    (mended,) = company.collect(NOON + timedelta(days=1, hours=1))
    assert mended.error == ""
    assert stored(company) == {**before, "20261122": None}


def test_a_database_that_is_away_leaves_its_days_for_the_next_run(company: Company) -> None:
    company.collect(NOON)
    before = stored(company)
    shop = company.root.parent / "shop.db"
    shop.rename(shop.with_suffix(".away"))
    (away,) = company.collect(NOON + timedelta(days=3))
    assert (away.outcome, away.rows, stored(company)) == ("failed", {}, before)
    shop.with_suffix(".away").rename(shop)
    company.collect(NOON + timedelta(days=4))
    assert list(stored(company)) == [*before, *(f"202611{day}" for day in (22, 23, 24, 25))]
