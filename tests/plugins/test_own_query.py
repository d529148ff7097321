"""A query of another package: one file, brought by a rule or by one entry point."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.errors import UsageError
from costwatch.evaluate import evaluate
from costwatch.model import Labels, Point, Series, State, Verdict, Window, labels
from costwatch.plugins import FACTS, FactQuery, fact_query, registered
from costwatch.testing import Example, FakeSnapshot, check_query, check_rule, daily, points
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.acme_runs import HOUR, RUNS, Restless
from tests.made.warehouse_rows import collected

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = Window(NOW - 24 * HOUR, NOW)
AWS = labels(source="aws")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three runs of aws, two of them in one hour, and one of gcp."""
    made = Warehouse(tmp_path / "costwatch.db")
    with made.write() as db:
        for hours in (20.5, 20.75, 3):
            collected(db, "aws", NOW - hours * HOUR)
        collected(db, "gcp", NOW - 5 * HOUR, "failed", "no answer")
    return made


@pytest.fixture
def empty(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "empty.db")
    made.migrate()
    return made


def check(query: FactQuery, warehouse: Warehouse, empty: Warehouse, *brought: FactQuery) -> None:
    with warehouse.read() as db, empty.read() as nothing:
        facts, no_facts = (WarehouseSnapshot(each, NOW, queries=brought) for each in (db, nothing))
        check_query(query, facts, no_facts, DAY)


def test_it_keeps_the_contract(warehouse: Warehouse, empty: Warehouse) -> None:
    check(RUNS, warehouse, empty, RUNS)


def test_a_rule_that_brings_it_needs_nothing_else(warehouse: Warehouse) -> None:
    check_rule(
        Restless(name="restless"),
        [
            Example(
                {"acme_runs": {AWS: points(DAY.start, HOUR, 1, None, 2), labels(source="gcp"): ()}},
                NOW,
                {AWS: Verdict.BREACH},
            )
        ],
    )
    evaluation = evaluate(warehouse, [Restless(name="restless")], NOW)
    assert evaluation.errors == {}
    assert [(alert.label("source"), alert.value) for alert in evaluation.alerts] == [("aws", Decimal(3))]


def test_an_entry_point_makes_it_known_to_all(
    warehouse: Warehouse, empty: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no query is named 'acme_runs'"):
        fact_query("acme_runs")
    register(tmp_path, "acme", "acme_runs = tests.made.acme_runs:RUNS")
    monkeypatch.syspath_prepend(tmp_path)
    check(RUNS, warehouse, empty)
    check(RUNS, warehouse, empty, RUNS)  # a rule may bring it all the same
    assert FakeSnapshot().series("acme_runs", (), DAY) == {}
    other = replace(RUNS, step=2 * HOUR)
    with pytest.raises(UsageError, match="two packages bring one of this name"):
        fact_query("acme_runs", (), [other])


def test_what_is_no_query_of_its_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(tmp_path, "acme", "runs = tests.made.acme_runs:RUNS\nrule = tests.made.acme_runs:Restless")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("runs", "rule"):
        with pytest.raises(UsageError, match="no FactQuery of this name"):
            fact_query(name)


def register(place: Path, package: str, entry_points: str) -> None:
    """As an installed package does."""
    info = place / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[costwatch.facts]\n{entry_points}\n")


@pytest.mark.parametrize(
    ("name", "by", "sentence"),
    [
        ("EffectivCost", (), "no query is named 'EffectivCost'; use EffectiveCost"),
        ("spend", (), f"no query is named 'spend'; use one of {', '.join(sorted(registered(FACTS)))}"),
        ("BilledCost", ("teams",), "BilledCost: no label is named 'teams'; use team"),
        ("freshness", ("team",), "freshness: no label is named 'team'; use one of source"),
    ],
)
def test_who_asks_for_what_nobody_has_is_told_what_there_is(
    name: str, by: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        fact_query(name, by)


def at(*instants: datetime, stored: bool = True, whole: bool = False) -> Any:
    """Answers with points at instants inside the window (``whole``: at all), if the store has runs."""

    def ask(reader: Any, by: tuple[str, ...], window: Window) -> dict[Labels, Series]:
        inside = [each for each in instants if whole or window.start <= each < window.end]
        if not inside or (stored and is_empty(reader)):
            return {}
        return {labels(**dict.fromkeys(by, "x")): tuple(Point(each, ONE, State.CLOSED) for each in inside)}

    return ask


def is_empty(reader: Any) -> bool:
    return not [*reader.rows("SELECT 1 FROM collection LIMIT 1")]


ONE = Decimal(1)
START = DAY.start
TOKYO = timezone(9 * HOUR)
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a good one": ({}, ""),
    "no summary": ({"summary": ""}, "has no summary"),
    "no step": ({"step": timedelta()}, "its step is no time at all"),
    "no points": ({"ask": at()}, "nothing in"),
    "points of an empty store": ({"ask": at(START, stored=False)}, "answers from an empty store"),
    "points between the steps": ({"ask": at(START, START + HOUR / 2)}, "whole steps"),
    "points in no order": ({"ask": at(START + HOUR, START)}, "not ascending"),
    "points of another zone": ({"ask": at(START.astimezone(TOKYO))}, "not in UTC"),
    "points outside": ({"ask": at(START, whole=True)}, "points outside"),
    "a label nobody declared": (
        {"ask": lambda reader, by, window: at(START)(reader, (*by, "colour"), window)},
        "does not declare",
    ),
    "a label that is missing": ({"ask": lambda reader, by, window: at(START)(reader, (), window)}, "lacks"),
    "money without a currency": ({"unit": "currency"}, "lacks"),
    "sums of something else": (
        {"sums": lambda reader, *_: {} if is_empty(reader) else {labels(): Decimal(7)}},
        "its sums are not those",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_query_is_refused(case: str, warehouse: Warehouse, empty: Warehouse) -> None:
    changes, reason = BROKEN[case]
    query = replace(RUNS, **{"ask": at(START, START + HOUR), "sums": None, **changes})
    if reason:
        with pytest.raises(AssertionError, match=reason):
            check(query, warehouse, empty, query)
    else:
        check(query, warehouse, empty, query)


def test_the_fake_snapshot_adds_up_money_only() -> None:
    parts = {labels(source="aws", outcome=outcome): daily(date(2026, 11, 22), 1) for outcome in ("a", "b")}
    fake = FakeSnapshot({"acme_runs": parts}, (RUNS,))
    assert fake.series("acme_runs", ("source", "outcome"), DAY) == parts
    with pytest.raises(ValueError, match="two series of acme_runs fall together"):
        fake.series("acme_runs", ("source",), DAY)
