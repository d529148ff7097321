"""What a rule finds is stored whole, or refused as its mistake."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import PrivateAttr

from costwatch.evaluate import evaluate
from costwatch.model import About, Driver, Finding, Impact, Severity, Verdict, Window, labels
from costwatch.plugins import RuleSettings, Snapshot
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.store import Warehouse

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    return warehouse


class Telling(RuleSettings):
    """A rule that finds what it is told to."""

    _make: Callable[[], Finding] = PrivateAttr()

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        yield self._make()


def telling(name: str, make: Callable[[], Finding], **settings: Any) -> Telling:
    rule = Telling(name=name, **settings)
    rule._make = make
    return rule


def a_finding(**changes: Any) -> Finding:
    return replace(Finding(labels(team="x"), Verdict.BREACH, Decimal(1), None, "USD", "x"), **changes)


def test_all_that_a_finding_says_is_stored(warehouse: Warehouse) -> None:
    drivers = (
        Driver(labels(service="Amazon EC2"), Decimal("1.5")),
        Driver(labels(service="S3"), Decimal(-1)),
    )
    about = About(
        "EffectiveCost", ("team",), {"team": ("x", "y")}, Window.of_days(NOW.date(), NOW.date() + DAY)
    )
    found = a_finding(
        about=about,
        evidence={"mine": [1, None]},
        impact=Impact(Decimal("7.25"), "EUR"),
        severity=Severity.PAGE,
        change=Decimal("0.5"),
        drivers=drivers,
    )
    rule = telling("Telling", lambda: found, annotations={"hint": "ask {team}"})
    (alert,) = evaluate(warehouse, [rule], NOW).alerts
    with warehouse.read() as db:
        (stored,) = current_alerts(db, NOW).values()
    assert stored == alert
    assert (stored.about, stored.impact, stored.drivers) == (about, found.impact, drivers)
    assert (stored.severity, stored.annotations) == (Severity.PAGE, {"hint": "ask x"})
    assert evaluate(warehouse, [rule], NOW).changes == ()


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        pytest.param(
            lambda: a_finding(value=Decimal("NaN")), "ValueError: NaN is no finite Decimal", id="no number"
        ),
        pytest.param(lambda: a_finding(value=0.5), "ValueError: 0.5 is no finite Decimal", id="a float"),
        pytest.param(lambda: a_finding(summary="\ud800"), "surrogates not allowed", id="half a character"),
        pytest.param(
            lambda: a_finding(about=About("Q", where={"team": "risk"})),  # type: ignore[dict-item]
            "tuple",
            id="a text for a tuple",
        ),
        pytest.param(lambda: a_finding(drivers=(("x", 1),)), "Driver", id="a driver that is none"),
    ],
)
def test_what_could_not_be_read_again_is_the_mistake_of_its_rule(
    warehouse: Warehouse, finding: Callable[[], Finding], said: str
) -> None:
    found = evaluate(warehouse, [telling("Wrong", finding), telling("Fine", a_finding)], NOW)
    assert said in found.errors["Wrong"]
    assert [alert.rule for alert in found.alerts] == ["Fine"]


def test_an_alert_on_a_query_that_is_gone_stays_as_it_was_told(warehouse: Warehouse) -> None:
    day = Window.of_days(NOW.date() - DAY, NOW.date())
    found = a_finding(about=About("moon", window=day, value=Decimal(1)))
    evaluate(warehouse, [telling("Moon", lambda: found)], NOW)
    (over,) = evaluate(warehouse, [], NOW + DAY).changes
    assert over.summary == "x (its rule is no longer in the file)"
