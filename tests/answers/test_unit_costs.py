"""What one unit costs, of a company whose cost and volumes are known to the digit."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.answers.unit_costs import never_known, of_system, unit_cost_answer, usual_window
from costwatch.cost.conversion import Conversion
from costwatch.evaluate import evaluate
from costwatch.model import State, Window, labels
from costwatch.rules.threshold import Threshold
from costwatch.rules.unit_cost import UnitCost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.unit_company import (
    AFTER,
    DEARER,
    FIRST,
    HALF,
    NOW,
    SILENT,
    UNIT_COSTS,
    UNKNOWN,
    ZERO,
    UnitCompany,
    days,
    volumes,
)

OCTOBER = Window.of_days(FIRST, AFTER)
LATER = NOW + timedelta(days=1)
NOT_KNOWN = {HALF, ZERO, SILENT, UNKNOWN}
Settings = list[dict[str, object]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> UnitCompany:
    made = UnitCompany(tmp_path_factory.mktemp("units"))
    made.run(NOW)
    return made


@pytest.fixture
def facts(company: UnitCompany) -> Iterator[WarehouseSnapshot]:
    with company.warehouse.read() as db:
        yield WarehouseSnapshot(db, NOW)


def test_a_day_is_cost_by_volume_and_unknown_where_the_volume_is(facts: WarehouseSnapshot) -> None:
    found = facts.series("unit_cost", ("label:namespace",), OCTOBER)
    unit = {"currency": "USD", "unit": "per 1,000 predictions", "unit_cost": "prediction"}
    assert found.keys() == {
        labels(**unit, **{"label:namespace": namespace}) for namespace in ("fraud", "ranking")
    }
    for points in found.values():  # $6 by 1M, $18 by 3M
        assert {point.day: point.value for point in points} == {
            day: Decimal("0.012") if day >= DEARER else Decimal("0.006") for day in {*days()} - NOT_KNOWN
        }
        assert {point.state for point in points} == {State.SETTLED}
    volume = facts.series("unit_volume", ("label:namespace",), OCTOBER)
    assert sorted(points[0].value for points in volume.values()) == [1000, 3000]


def test_all_of_it_is_its_whole_cost_by_its_whole_volume(facts: WarehouseSnapshot) -> None:
    answer = unit_cost_answer(facts, FIRST, AFTER)
    rows = {(row.of.name, *row.group.values()): row for row in answer.rows}
    assert [*rows] == [
        ("decision",),
        ("experiment",),
        ("prediction",),
        ("prediction", "ranking"),
        ("prediction", "fraud"),
    ]
    whole = rows["prediction",]
    assert (whole.found.known_days, whole.found.unknown_days) == (27, 4)
    assert (whole.found.cost, whole.found.unknown_cost) == (24 * 24 + 3 * 48, 4 * 24)
    assert whole.found.volume == 27 * 4_000_000
    assert whole.told == "$0.00667 per 1,000 predictions"
    parts = [rows["prediction", name] for name in ("fraud", "ranking")]
    assert sum(part.found.cost for part in parts) == whole.found.cost
    assert rows["decision",].told == "$2.00 per decision"
    assert rows["decision",].found.unknown_days == 30
    # A slice that has a cost and no volume at all is told, and is not 0.
    experiment = rows["experiment",]
    assert (experiment.told, experiment.found.unknown_cost) == ("unknown", 31 * 13)


def test_a_week_is_held_against_the_same_weekdays(facts: WarehouseSnapshot) -> None:
    answer = unit_cost_answer(facts, date(2026, 10, 25), AFTER, {"prediction"})
    assert answer.before == date(2026, 10, 18)
    whole = answer.rows[0]
    # Four days at $24 and three at $48, against seven at $24.
    assert whole.value_before == Decimal("0.006")
    assert whole.change == Decimal("0.428571")
    assert unit_cost_answer(facts, date(2026, 10, 24), AFTER).before == date(2026, 10, 10)  # two whole weeks


def test_days_are_told_alone(facts: WarehouseSnapshot) -> None:
    answer = unit_cost_answer(facts, FIRST, AFTER, {"prediction"}, per_day=True)
    whole = {row.day: row for row in answer.rows if not row.group}
    assert [*whole] == days()
    assert {day for day, row in whole.items() if row.value is None} == NOT_KNOWN
    assert whole[HALF].found.unknown_cost == 24


def test_the_usual_window_ends_with_the_newest_settled_day(facts: WarehouseSnapshot) -> None:
    assert facts.data_through == date(2026, 10, 31)
    assert usual_window(facts) == (date(2026, 10, 4), AFTER)


def test_a_system_has_its_unit_costs(facts: WarehouseSnapshot) -> None:
    assert (of_system(facts, "model-server"), of_system(facts, "x")) == ({"prediction"}, frozenset())


def test_one_whose_volume_never_arrived_is_told_by_name(facts: WarehouseSnapshot) -> None:
    found = never_known(facts)
    assert found.keys() == {"experiment"}
    assert found["experiment"].startswith("its volume experiments never arrived; run costwatch collect")


def test_rules_of_it_say_so_too(company: UnitCompany) -> None:
    rules = [
        UnitCost.model_validate({"name": "Never", "unit_cost": "experiment", "above": 1}),
        UnitCost.model_validate(
            {"name": "Dear", "unit_cost": "prediction", "by": ["namespace"], "above": 0.01}
        ),
        Threshold.model_validate(
            {"name": "Few", "metric": "measure", "match": {"measure": "predictions"}, "below": 5e6}
        ),
    ]
    found = evaluate(company.warehouse, rules, NOW, dry_run=True)
    assert found.errors == {}
    assert found.unmatched.keys() == {"Never"}
    assert "unit cost experiment: its volume experiments never arrived" in found.unmatched["Never"]
    told = {(alert.rule, alert.label("namespace")): alert.summary for alert in found.alerts}
    assert told["Dear", "fraud"] == (
        "prediction · fraud: $0.012 per 1,000 predictions on 31 Oct 2026, above $0.01; "
        "100 % more than usual ($0.006)"
    )
    assert told["Few", ""] == "predictions: 4,000,000 on 31 Oct 2026, below 5,000,000"


def test_converted_costs_have_none(company: UnitCompany) -> None:
    conversion = Conversion.model_validate({"reporting": "EUR", "rates": {"2026-10": {"USD": 2}}})
    with company.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW, conversion=conversion)
        assert facts.series("unit_cost", (), OCTOBER) == {}


def changed(company: UnitCompany, unit_costs: Settings, now: datetime = LATER) -> None:
    company.allocation = {**company.allocation, "unit_costs": unit_costs}
    company.run(now)


def test_it_is_told_as_it_was_known_then(tmp_path: Path) -> None:
    made = UnitCompany(tmp_path)
    made.run(NOW)
    (prediction, *_) = UNIT_COSTS
    changed(made, [{**prediction, "per": 1, "by": []}])
    with made.warehouse.read() as db:
        now, then = (WarehouseSnapshot(db, LATER, as_of=at) for at in (None, NOW))
        assert {row.of.name: row.of.per for row in unit_cost_answer(now, FIRST, AFTER).rows} == {
            "prediction": 1
        }
        assert len(unit_cost_answer(then, FIRST, AFTER).rows) == 5
        assert unit_cost_answer(then, FIRST, AFTER).rows[2].told == "$0.00667 per 1,000 predictions"
    # A volume that stops is told, and so is a slice of which there is no cost.
    made.measures.says(one for one in volumes() if one.measure != "predictions" or one.day < date(2026, 9, 1))
    changed(made, [{**prediction, "volume": "decisions", "where": {"service": "Amazon Sagemaker"}}])
    with made.warehouse.read() as db:
        (why,) = never_known(WarehouseSnapshot(db, LATER)).values()
    assert why == "no cost of the last 35 settled days is of it; correct its service, or wait until there is"


def test_before_credits_are_asked_as_such(tmp_path: Path) -> None:
    metric = {"metric": "EffectiveCostBeforeCredits"}
    made = UnitCompany(tmp_path, [{**one, **metric} for one in UNIT_COSTS])
    made.run(NOW)
    with made.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        (decision, *_) = unit_cost_answer(facts, FIRST, AFTER).rows
    assert decision.told == "$2.00 per decision"
