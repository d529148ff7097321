"""What sources measured: parts add up, and what is missing makes the whole unknown and not smaller."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.measures import Measured
from costwatch.allocate import allocate
from costwatch.allocation.settings import Allocation
from costwatch.collect import collect
from costwatch.model import State, Window, labels
from costwatch.warehouse.facts.measures import measured
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.measured import DAY, Measures
from tests.made.measured import measured as said

FIRST = date(2026, 10, 1)
NOW = datetime(2026, 10, 20, tzinfo=UTC)
OCTOBER = Window.of_days(FIRST, date(2026, 11, 1))


def stored(folder: Path, now: datetime = NOW, **sources: list[Measured]) -> Warehouse:
    """What these sources say, collected; allocate makes them known as configured."""
    warehouse, made = Warehouse(folder / "costwatch.db"), [Measures(name=name) for name in sources]
    for source in made:
        source.says(sources[source.name])
    collect(warehouse, folder / "ledger", made, now)
    allocate(warehouse, folder / "ledger", made, Allocation(), now)  # type: ignore[arg-type]
    return warehouse


def coverage(warehouse: Warehouse, *, as_of: datetime | None = None) -> Mapping[date, float]:
    """Of ``requests``, by day."""
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW, as_of=as_of)
        return {
            day: of.coverage
            for day, of in measured(facts, (), OCTOBER, "requests").get("requests", {}).items()
        }


def series(warehouse: Warehouse, *by: str) -> Mapping[Any, list[tuple[date, Decimal, State]]]:
    with warehouse.read() as db:
        found = WarehouseSnapshot(db, NOW).series("measure", by, OCTOBER)
        return {
            key: [(point.day, point.value, point.state) for point in points] for key, points in found.items()
        }


def of_model(**values: float) -> Mapping[tuple[tuple[str, str], ...], float]:
    return {(("model", name),): value for name, value in values.items()}


def test_sources_of_one_measure_add_up(tmp_path: Path) -> None:
    warehouse = stored(
        tmp_path,
        eu=[said(FIRST, "requests", of_model(a=1, b=2)), said(FIRST, "others", 7)],
        us=[said(FIRST, "requests", of_model(a=10))],
    )
    settled = State.SETTLED
    assert series(warehouse) == {
        labels(measure="others"): [(FIRST, Decimal(7), settled)],
        labels(measure="requests"): [(FIRST, Decimal(13), settled)],
    }
    by_model = series(warehouse, "label:model")
    assert by_model[labels(**{"measure": "requests", "label:model": "a"})] == [(FIRST, Decimal(11), settled)]
    assert by_model[labels(**{"measure": "others", "label:model": ""})] == [(FIRST, Decimal(7), settled)]
    by_source = series(warehouse, "source")
    assert by_source[labels(measure="requests", source="us")] == [(FIRST, Decimal(10), settled)]
    assert {dict(key)['label:a"b'] for key in series(warehouse, 'label:a"b')} == {""}


def days(*counts: float | None) -> list[Measured]:
    """Requests of the days from the first of October on."""
    return [said(FIRST + number * DAY, "requests", count) for number, count in enumerate(counts)]


def on(day: int) -> date:
    return FIRST + (day - 1) * DAY


WHOLE = days(1, 1, 1, 1, 1)
MISSING: dict[str, tuple[dict[str, list[Measured]], dict[int, float]]] = {
    "all is there": ({"a": WHOLE, "b": WHOLE}, {}),
    "one of two sources did not deliver a day": ({"a": WHOLE, "b": WHOLE[:2] + WHOLE[3:]}, {3: 0}),
    "one of two fell silent, for good so far": ({"a": WHOLE, "b": WHOLE[:2]}, {3: 0, 4: 0, 5: 0}),
    "one of two began later": ({"a": WHOLE, "b": WHOLE[3:]}, {}),
    "a source that was never of it is silent": (
        {"a": WHOLE, "b": [said(on(1), "others", 1)]},
        {},
    ),
    "a source that brings it no longer": (
        {"a": WHOLE, "b": [*WHOLE[:2], *(said(on(day), "others", 1) for day in (3, 4))]},
        {},
    ),
    "one of two could not tell it": (
        {"a": WHOLE, "b": [*WHOLE[:2], *days(1, 1, None)[2:], *WHOLE[3:]]},
        {3: 0},
    ),
    "one of two measured half a day": (
        {"a": WHOLE, "b": [said(on(1), "requests", 1, coverage=0.5), *WHOLE[1:]]},
        {1: 0.5},
    ),
    "two tell it in different units": (
        {"a": WHOLE, "b": [said(on(1), "requests", 1, unit="ms"), *WHOLE[1:]]},
        {1: 0},
    ),
}


@pytest.mark.parametrize(("sources", "lacking"), MISSING.values(), ids=MISSING)
def test_what_is_missing_of_a_day(
    tmp_path: Path, sources: dict[str, list[Measured]], lacking: dict[int, float]
) -> None:
    assert coverage(stored(tmp_path, **sources)) == {on(day): lacking.get(day, 1.0) for day in range(1, 6)}


def test_a_source_that_is_configured_no_more_is_not_waited_for(tmp_path: Path) -> None:
    stored(tmp_path, old=WHOLE[:2], new=WHOLE)
    warehouse = stored(tmp_path, NOW + timedelta(hours=1), new=WHOLE)
    assert coverage(warehouse) == {on(day): 1.0 for day in range(1, 6)}


def test_a_window_knows_of_deliveries_before_it(tmp_path: Path) -> None:
    """So that a part of a window has the days that the whole of it has."""
    warehouse = stored(tmp_path, a=WHOLE, b=WHOLE[:2])
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        found = measured(facts, (), Window.of_days(on(4), on(6)), "requests")["requests"]
    assert {day: of.coverage for day, of in found.items()} == {on(4): 0, on(5): 0}


def test_a_day_that_is_not_over_is_estimated_and_one_to_come_was_not_known(tmp_path: Path) -> None:
    noon = datetime(2026, 10, 5, 12, tzinfo=UTC)
    warehouse = stored(tmp_path, noon, a=WHOLE)
    (points,) = series(warehouse).values()
    assert [state for _, _, state in points] == [*[State.SETTLED] * 4, State.ESTIMATED]
    assert coverage(warehouse, as_of=datetime(2026, 10, 3, tzinfo=UTC)).keys() == {on(1), on(2)}


def test_before_any_source_measured_anything_there_is_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    assert series(warehouse) == {}
