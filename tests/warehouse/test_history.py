"""A table as it was: whatever came and went, in whatever order commands were given their --now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.warehouse import history
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.store import Warehouse

START = datetime(2026, 10, 2, tzinfo=UTC)
Rows = dict[str, int | None]  # name -> data_through
ROWS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([None, 20261001, 20261002]), max_size=3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), ROWS), max_size=8))
def test_a_table_is_read_as_it_was_noted(changes: list[tuple[int, Rows]]) -> None:
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "costwatch.db")
        warehouse.migrate()
        noted: dict[int, Rows] = {}
        for hour, rows in changes:
            with warehouse.write() as db:
                db.execute("DELETE FROM source")
                db.executemany(
                    "INSERT INTO source (name, role, data_through) VALUES (?, 'bill', ?)", rows.items()
                )
                history.note(db, "source", START + timedelta(hours=hour))
            noted[hour] = rows
            assert as_of(warehouse, hour) == rows  # even where a later hour was noted before
        ascending = [hour for hour, _ in changes] == sorted(hour for hour, _ in changes)
        for hour in range(-1, 6) if ascending else ():
            known = [then for then in noted if then <= hour]
            assert as_of(warehouse, hour) == (noted[max(known)] if known else {})


def as_of(warehouse: Warehouse, hour: int) -> Rows:
    instant = START + timedelta(hours=hour)
    with warehouse.read() as db:
        found = db.execute(
            f"SELECT name, data_through FROM {history.table_as_of('source', instant)}",
            {"as_of": to_text(instant)},
        )
        return {row["name"]: row["data_through"] for row in found}


def test_only_what_changes_is_written(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    for hour, through in enumerate((None, None, 20261001, 20261001)):
        with warehouse.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO source (name, role, data_through) VALUES ('aws', 'bill', ?)",
                (through,),
            )
            history.note(db, "source", START + timedelta(hours=hour))
    with warehouse.read() as db:
        known = [row["known_at"] for row in db.execute("SELECT known_at FROM source_history ORDER BY 1")]
    assert known == [to_text(START), to_text(START + timedelta(hours=2))]
