"""Rule kind freshness over the store: sources of any kind have two ages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from costwatch.evaluate import evaluate
from costwatch.plugins import recent
from costwatch.rules.freshness import Freshness
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.intake import runs
from costwatch.warehouse.store import Warehouse
from tests.made.slo_buckets import slo_company
from tests.made.warehouse_rows import NOW, collected, company

_DAY = timedelta(days=1)


def ages(warehouse: Warehouse, now: datetime) -> dict[str, int]:
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, now)
        answer = facts.series("data_age", ("source",), recent(facts, now))
        return {dict(key)["source"]: int(series[-1].value) for key, series in answer.items()}


def test_a_source_that_delivers_old_days_is_told_whatever_it_brings(tmp_path: Path) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        collected(db, "volumes", NOW)
        runs.record_source(db, "volumes", None, NOW)
        for day in ("2026-11-10", "2026-11-12"):
            db.execute(
                "INSERT INTO source_version VALUES ('volumes', 'measure_days', ?, date(?, '+1 day')"
                " || 'T00:00:00Z', 'v', 0)",
                (f"{day}T00:00:00Z", day),
            )
    assert ages(warehouse, NOW) == {"aws": 2, "volumes": 11}
    by_delivery = Freshness.model_validate({"name": "F", "max_age": "30h"})
    assert not evaluate(warehouse, [by_delivery], NOW).alerts
    by_both = Freshness.model_validate({"name": "F", "max_age": "30h", "max_data_age": "10d"})
    (alert,) = evaluate(warehouse, [by_both], NOW).alerts
    assert alert.summary == "volumes: data ends 12 Nov 2026, 11 days ago"
    assert (alert.label("source"), alert.unit) == ("volumes", "days")


def test_objectives_are_as_old_as_what_is_known_of_them(tmp_path: Path) -> None:
    warehouse = slo_company(tmp_path / "costwatch.db")
    with warehouse.read() as db:
        (row,) = db.execute(
            "SELECT o.source, MAX(date(b.start, 'unixepoch')) AS day FROM slo o"
            " JOIN slo_instance i ON i.slo = o.id"
            " JOIN sli b ON b.instance = i.id WHERE b.known_seconds > 0"
        )
    newest = datetime.fromisoformat(f"{row['day']}T00:00:00+00:00")
    with warehouse.write() as db:
        runs.record_source(db, row["source"], None, newest)
    for days in (0, 9):
        now = datetime(newest.year, newest.month, newest.day, 12, tzinfo=UTC) + days * _DAY
        assert ages(warehouse, now)[row["source"]] == days
