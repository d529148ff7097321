"""Rules on a real warehouse: what is stored, what survives, what is corrected."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.errors import BusyError, SourceError
from costwatch.evaluate import Evaluation, evaluate
from costwatch.model import Finding, Verdict, labels
from costwatch.plugins import RuleSettings, Snapshot
from costwatch.rules.budget import Budget
from costwatch.rules.freshness import Freshness
from costwatch.rules.threshold import Threshold
from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.warehouse_rows import Row, budget, collected, fill

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def november(*values: object, team: str = "ml-platform", states: str = "") -> list[Row]:
    """A value a day from 1 November on, settled unless ``states`` has an ``e`` there."""
    return [
        (
            date(2026, 11, 1) + number * DAY,
            team,
            "Amazon EC2",
            "USD",
            value,
            value,
            "estimated" if states[number : number + 1] == "e" else "settled",
        )
        for number, value in enumerate(values)
    ]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    fill(warehouse, november(100, 5000))
    return warehouse


SPEND = Threshold(name="Spend", by=("team",), above=Decimal(3000))


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with warehouse.read() as db:
        return [tuple(row) for row in db.execute(sql)]


def states(found: Evaluation) -> list[str]:
    return [f"{alert.rule} {alert.state}" for alert in found.alerts]


def hashes(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.read() as db:
        return {name: held.sha256 for name, held in contents(db).items()}


def test_a_breach_is_stored_with_its_log_line(warehouse: Warehouse) -> None:
    found = evaluate(warehouse, [SPEND], NOW)
    assert states(found) == ["Spend firing"]
    assert [alert.summary for alert in found.changes] == [
        "ml-platform: $5,000.00 on 2 Nov 2026, above $3,000.00"
    ]
    assert rows(warehouse, "SELECT rule, state, value, threshold, unit, labels, fired_at FROM alert") == [
        (
            "Spend",
            "firing",
            "5000",
            "3000",
            "USD",
            '{"rule": "Spend", "severity": "ticket", "team": "ml-platform"}',
            "2026-11-20T06:00:00Z",
        )
    ]
    assert rows(warehouse, "SELECT rule, at, state FROM alert_event") == [
        ("Spend", "2026-11-20T06:00:00Z", "firing")
    ]
    assert rows(warehouse, "SELECT rule, at, error FROM evaluation") == [
        ("Spend", "2026-11-20T06:00:00Z", "")
    ]


def test_evaluating_twice_changes_no_byte(warehouse: Warehouse) -> None:
    rules = [SPEND, Budget(name="Budget"), Freshness(name="Stale", max_age=DAY, max_data_age=30 * DAY)]
    evaluate(warehouse, rules, NOW)
    before = hashes(warehouse)
    again = evaluate(warehouse, rules, NOW)
    assert hashes(warehouse) == before
    assert (states(again), again.changes) == (["Spend firing"], ())


def test_a_dry_run_tells_and_stores_nothing(warehouse: Warehouse) -> None:
    before = hashes(warehouse)
    assert states(evaluate(warehouse, [SPEND], NOW, dry_run=True)) == ["Spend firing"]
    assert hashes(warehouse) == before


def test_two_evaluations_do_not_run_at_once(warehouse: Warehouse) -> None:
    with warehouse.job_lock("alerts-eval"), pytest.raises(BusyError):
        evaluate(warehouse, [SPEND], NOW)


def test_the_clock_of_for_runs_on_across_restarts(warehouse: Warehouse) -> None:
    rule = SPEND.model_copy(update={"for_": timedelta(hours=2)})
    seen = []
    for hour in range(3):
        fresh = Warehouse(warehouse.path)
        seen += states(evaluate(fresh, [rule], NOW + timedelta(hours=hour)))
    assert seen == ["Spend pending", "Spend pending", "Spend firing"]


def test_a_pending_alert_that_goes_away_leaves_only_its_log(warehouse: Warehouse) -> None:
    rule = SPEND.model_copy(update={"for_": timedelta(hours=2)})
    evaluate(warehouse, [rule], NOW)
    fill(warehouse, november(100, 200))
    evaluate(warehouse, [rule], NOW + timedelta(hours=1))
    assert rows(warehouse, "SELECT count(*) FROM alert") == [(0,)]
    assert rows(warehouse, "SELECT state FROM alert_event ORDER BY id") == [("pending",), ("resolved",)]


class Broken(RuleSettings):
    """A rule that raises what it is told to, or finds what it is told to."""

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterable[Finding]:
        raise SourceError("prometheus: no answer; start it")


class Clumsy(RuleSettings):
    """A rule that finds one instance twice."""

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        for value in (1, 2):
            yield Finding(labels(team="x"), Verdict.BREACH, Decimal(value), None, "USD", "x")


class Ignorant(RuleSettings):
    """A rule that knows nothing at all."""

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        yield Finding((), Verdict.UNKNOWN, None, None, "", "nothing known")


SAID = "ml-platform: $5,000.00 on 2 Nov 2026, above $3,000.00"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(Broken, "prometheus: no answer; start it", id="its own error"),
        pytest.param(Clumsy, "ValueError: two findings have the labels {'team': 'x'}", id="a mistake in it"),
    ],
)
def test_a_rule_that_fails_keeps_its_alerts_and_lets_the_others_run(
    warehouse: Warehouse, kind: type[RuleSettings], said: str
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    found = evaluate(warehouse, [kind(name="Spend"), SPEND.model_copy(update={"name": "Other"})], NOW + DAY)
    assert found.errors == {"Spend": said}
    assert states(found) == ["Other firing", "Spend firing"]
    assert rows(warehouse, "SELECT rule, error FROM evaluation ORDER BY rule") == [
        ("Other", ""),
        ("Spend", said),
    ]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(Broken, "prometheus: no answer; start it", id="its own error"),
        pytest.param(Clumsy, "ValueError", id="of a stranger's error only the type"),
    ],
)
def test_a_rule_that_fails_may_say_so_until_it_does_not(
    warehouse: Warehouse, kind: type[RuleSettings], said: str
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    failing = evaluate(warehouse, [kind(name="Spend", on_error="alert")], NOW + DAY)
    assert [alert.summary for alert in failing.alerts] == [f"Spend cannot be evaluated: {said}", SAID]
    again = evaluate(warehouse, [kind(name="Spend", on_error="alert")], NOW + DAY)
    assert (again.alerts, again.changes) == (failing.alerts, ())
    mended = evaluate(warehouse, [SPEND], NOW + 2 * DAY)
    assert [alert.summary for alert in mended.alerts] == [SAID]
    assert [(alert.state, alert.summary) for alert in mended.changes] == [
        ("resolved", f"Spend cannot be evaluated: {said}")
    ]


@pytest.mark.parametrize(
    ("no_data", "firing"),
    [
        pytest.param("keep", [SAID], id="keep: its alerts stay"),
        pytest.param("ok", [], id="ok: they are over"),
        pytest.param("alert", ["no data: nothing known", SAID], id="alert: they stay, and it is told"),
    ],
)
def test_a_rule_that_knows_nothing_at_all_speaks_for_all_its_instances(
    warehouse: Warehouse, no_data: str, firing: list[str]
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    rule = Ignorant.model_validate({"name": "Spend", "no_data": no_data})
    assert [alert.summary for alert in evaluate(warehouse, [rule], NOW + DAY).alerts] == firing
    after = evaluate(warehouse, [SPEND], NOW + 2 * DAY)
    assert [alert.summary for alert in after.alerts] == [SAID]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        pytest.param([], "(its rule is no longer in the file)", id="the rule is gone"),
        pytest.param(
            [SPEND.model_copy(update={"match": {"team": "risk"}})],
            "(no longer reported by its rule)",
            id="the rule does not report it",
        ),
    ],
)
def test_what_nobody_looks_after_any_more_is_resolved(
    warehouse: Warehouse, rules: list[Threshold], why: str
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    found = evaluate(warehouse, rules, NOW + DAY)
    assert found.alerts == ()
    assert [(str(alert.state), alert.summary) for alert in found.changes] == [
        ("resolved", f"ml-platform: $5,000.00 on 2 Nov 2026, above $3,000.00 {why}")
    ]


def test_late_data_raises_no_false_alarm_and_resolves_nothing(warehouse: Warehouse) -> None:
    rules = [SPEND, SPEND.model_copy(update={"name": "Drop", "above": None, "below": Decimal(50)})]
    evaluate(warehouse, rules, NOW)
    fill(warehouse, november(100, 5000, 1, states="sse"))
    found = evaluate(warehouse, rules, NOW + DAY)
    assert (states(found), found.changes) == (["Spend firing"], ())


def test_before_any_day_is_settled_nothing_changes(warehouse: Warehouse) -> None:
    evaluate(warehouse, [SPEND], NOW)
    fill(warehouse, november(100, 5000, states="ee"))
    assert states(evaluate(warehouse, [SPEND], NOW + DAY)) == ["Spend firing"]


@pytest.mark.parametrize(
    ("restated", "state", "summary"),
    [
        pytest.param(
            [100, 2100],
            "resolved",
            f"{SAID} · 2 Nov is $2,100.00 now (was $5,000.00)",
            id="below the threshold: resolved and corrected at once",
        ),
        pytest.param(
            [100, 4100],
            "firing",
            "ml-platform: $4,100.00 on 2 Nov 2026, above $3,000.00 · 2 Nov is $4,100.00 now (was $5,000.00)",
            id="still above: corrected",
        ),
        pytest.param([50, 5000], "firing", SAID, id="another day: nothing to correct"),
        pytest.param(
            [100, 5000, 10],
            "resolved",
            SAID,
            id="the next day is below: resolved as told",
        ),
        pytest.param(
            [100, 4000, 10],
            "resolved",
            f"{SAID} · 2 Nov is $4,000.00 now (was $5,000.00)",
            id="the next day is below and this one restated",
        ),
    ],
)
def test_a_restated_day_corrects_the_alert_that_rests_on_it(
    warehouse: Warehouse, restated: list[int], state: str, summary: str
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    fill(warehouse, november(*restated))
    evaluate(warehouse, [SPEND], NOW + DAY)
    assert rows(warehouse, "SELECT state, summary FROM alert") == [(state, summary)]
    logged = rows(warehouse, "SELECT state, summary FROM alert_event ORDER BY id")
    assert logged[0] == ("firing", SAID)
    assert logged[1:] == ([(state, summary)] if (state, summary) != ("firing", SAID) else [])


@pytest.mark.parametrize(
    ("days_later", "corrected"),
    [
        pytest.param(13, True, id="within fourteen days of being resolved"),
        pytest.param(16, False, id="after that it is history"),
    ],
)
def test_a_resolved_alert_is_corrected_for_a_while(
    warehouse: Warehouse, days_later: int, corrected: bool
) -> None:
    evaluate(warehouse, [SPEND], NOW)
    fill(warehouse, november(100, 5000, 10))
    evaluate(warehouse, [SPEND], NOW + DAY)
    fill(warehouse, november(100, 4000, 10))
    changes = evaluate(warehouse, [SPEND], NOW + days_later * DAY).changes
    assert bool(changes) is corrected
    if corrected:
        assert changes[0].summary == f"{SAID} · 2 Nov is $4,000.00 now (was $5,000.00)"


def test_a_restated_day_that_is_unsettled_again_is_unknown_not_zero(warehouse: Warehouse) -> None:
    evaluate(warehouse, [SPEND], NOW)
    fill(warehouse, november(100, 5000, 10))
    evaluate(warehouse, [SPEND], NOW + DAY)
    with warehouse.write() as db:
        db.execute("DELETE FROM place_day")
        db.execute("UPDATE source SET data_through = NULL")
    assert evaluate(warehouse, [SPEND], NOW + 2 * DAY).changes == ()


def test_budget_and_freshness_on_the_warehouse(warehouse: Warehouse) -> None:
    budget(warehouse, "ml-platform", 4000)
    with warehouse.write() as db:
        collected(db, "gcp", NOW - 2 * DAY, outcome="failed", error="no answer")
    rules = [
        Budget(name="Budget"),
        Freshness(name="Stale", max_age=timedelta(hours=30), max_data_age=30 * DAY),
    ]
    now = datetime(2026, 11, 24, 6, tzinfo=UTC)
    found = evaluate(warehouse, rules, now)
    assert [alert.summary for alert in found.alerts] == [
        "ml-platform: $5,100.00 of $4,000.00 spent by 2 Nov 2026 (128 %);"
        " month-end forecast $145k, 3,528 % over",
        "gcp: nothing new for 6 d, over 30 h",
    ]
