"""Steps of budgets: each is told once in a period, whatever is delivered, restarted or taken back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from costwatch.evaluate import evaluate
from costwatch.rules.budget import Budget
from costwatch.warehouse.store import Warehouse
from tests.made.warehouse_rows import budget, fill

_RULE = Budget.model_validate({"name": "Steps", "at": [0.5], "steps": 100})
_DAY = timedelta(days=1)


def spent(path: Path, *amounts: int, today: date) -> list[str]:
    """What fires anew once the days of November cost as much; every run opens the store afresh."""
    warehouse = Warehouse(path)
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    first = date(2026, 11, 1)
    rows = [
        (first + number * _DAY, "risk", "S", "USD", amount, amount, "settled")
        for number, amount in enumerate(amounts)
    ]
    fill(warehouse, rows, now)
    return fired(warehouse, now)


def fired(warehouse: Warehouse, now: datetime) -> list[str]:
    told = []
    for minutes in (0, 5):  # the second one changes nothing
        evaluation = evaluate(warehouse, [_RULE], now + timedelta(minutes=minutes))
        told += [
            str(alert.evidence["reached"])
            for alert in evaluation.changes
            if alert.is_firing and alert.fired_at == now + timedelta(minutes=minutes)
        ]
    return told


def test_every_step_is_told_once_in_a_period(tmp_path: Path) -> None:
    path = tmp_path / "costwatch.db"
    Warehouse(path).migrate()
    budget(Warehouse(path), "risk", 300)
    assert spent(path, 90, today=date(2026, 11, 4)) == []
    assert spent(path, 90, 20, today=date(2026, 11, 5)) == ["100"]
    assert spent(path, 90, 5, today=date(2026, 11, 6)) == [], "a restatement took it back: still told"
    assert spent(path, 90, 15, 5, today=date(2026, 11, 7)) == [], "and it came back"
    assert spent(path, 90, 15, 50, today=date(2026, 11, 8)) == ["150"], "half of the budget"
    assert spent(path, 90, 15, 300, 1, today=date(2026, 11, 9)) == ["400"], "of several, the highest"
    assert spent(path, 90, 15, 10, 1, today=date(2026, 11, 10)) == []
    assert spent(path, 90, 15, 310, 1, 1, today=date(2026, 11, 11)) == []
    assert spent(path, 90, 15, 310, 1, 90, today=date(2026, 11, 12)) == ["500"], "beyond the budget, too"


def test_a_new_period_begins_anew(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    budget(warehouse, "risk", 1000)
    november = [(date(2026, 11, 30), "risk", "S", "USD", 120, 120, "settled")]
    fill(warehouse, november, datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert fired(warehouse, datetime(2026, 12, 1, 12, tzinfo=UTC)) == ["100"]
    december = [*november, (date(2026, 12, 1), "risk", "S", "USD", 110, 110, "settled")]
    fill(warehouse, december, datetime(2026, 12, 3, 12, tzinfo=UTC))
    assert fired(warehouse, datetime(2026, 12, 3, 12, tzinfo=UTC)) == ["100"]
