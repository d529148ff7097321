"""Rule kind sql: what rows become, what is refused, and that it sees what other rules see."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.config import check
from costwatch.errors import UsageError
from costwatch.evaluate import evaluate
from costwatch.model import Impact, labels
from costwatch.rules.sql import Sql
from costwatch.testing import FakeSnapshot
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.migrations import empty_copy
from costwatch.warehouse.store import Warehouse
from tests.made.rule_facts import BREACH, NOW, OK, UNKNOWN
from tests.made.warehouse_rows import NOW as COMPANY_NOW
from tests.made.warehouse_rows import company, fill

ASKED = "SELECT 1 AS value"
HEAD = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\nrules:\n"


def rule(**settings: Any) -> Sql:
    return Sql.model_validate({"name": "S", "sql": ASKED, **settings})


def found(asked: Sql, *rows: dict[str, Any]) -> dict[Any, Any]:
    return {each.labels: each for each in asked.evaluate(FakeSnapshot(sql_rows={ASKED: rows}), NOW)}


def test_each_row_is_an_instance() -> None:
    told = found(
        rule(above=100, below=10, unit="USD"),
        {"team": "ml", "day": 20261117, "value": 250.5, "impact": 12},
        {"team": "risk", "day": None, "value": 100},
        {"team": "feed", "day": 1, "value": 9},
        {"team": "shop", "day": 1, "value": None},
    )
    assert [(finding.summary, finding.verdict) for finding in told.values()] == [
        ("20261117 · ml: $250.50, above $100.00; $12.00 a month if it stays", BREACH),
        ("no day · risk: $100.00", OK),
        ("1 · feed: $9.00, below $10.00", BREACH),
        ("1 · shop: is not known", UNKNOWN),
    ]
    assert told[labels(team="ml", day="20261117")].impact == Impact(Decimal(12), "USD")
    assert found(rule(above=0), {"value": 0.004})[()].summary == "all of it: 0.004, above 0"
    assert found(rule(above=0)) == {}


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        pytest.param([{"total": 1}], "no column is called 'value'; write AS value", id="no value"),
        pytest.param([{"value": "12"}], "'value' holds what is no number", id="a text"),
        pytest.param([{"value": float("inf")}], "'value' holds what is no number", id="infinity"),
        pytest.param([{"value": 5, "impact": 5}], "'unit' is no currency", id="impact without a currency"),
        pytest.param([{"team": "a", "value": 1}] * 2, "two rows have the labels a; GROUP BY", id="twice"),
        pytest.param([{"rule": "a", "value": 1}], "column 'rule' is the alert's own", id="its own label"),
        pytest.param([{"team": b"a", "value": 1}], "column 'team' is no short text", id="bytes"),
        pytest.param([{"team": "a" * 1001, "value": 1}], "column 'team' is no short text", id="a long text"),
    ],
)
def test_rows_that_are_no_findings_are_an_error(rows: list[dict[str, Any]], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        found(rule(above=0), *rows)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({}, "give 'above', 'below' or both", id="no limit"),
        pytest.param({"above": 1, "below": 2}, "every amount would be in breach", id="crossed"),
        pytest.param({"above": 1, "sql": ""}, "at least 1 character", id="nothing asked"),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        rule(**settings)


MISTAKES = {
    "a table misspelt": ("SELECT count(*) AS value FROM colection", "no such table: colection"),
    "a column misspelt": ("SELECT tem, 1 AS value FROM cost", "no such column: tem"),
    "a function that is none": ("SELECT kount(1) AS value", "no such function: kount"),
    "no value": ("SELECT count(*) AS vale FROM cost", "no column is called 'value'; did you mean 'vale'?"),
    "no question": ("DELETE FROM cost", "write one SELECT"),
    "two questions": ("SELECT 1 AS value; SELECT 2", "only one statement"),
    "a parameter": ("SELECT :x AS value", "nothing fills parameters in"),
    "the alert's own label": (
        "SELECT 'a' AS rule, 1 AS value",
        "column 'rule' is a label of the alert's own",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_check_refuses_a_statement_by_line_without_running_it(name: str, tmp_path: Path) -> None:
    sql, said = MISTAKES[name]
    (tmp_path / "costwatch.yaml").write_text("sources: []\n")
    entry = f'  - name: A\n    kind: sql\n    above: 1\n    sql: "{sql}"\n'
    (tmp_path / "alerts.yaml").write_text(HEAD + entry)
    (mistake,) = check(tmp_path / "costwatch.yaml")
    assert mistake.startswith(f"{tmp_path / 'alerts.yaml'}:7: ")
    assert said in mistake


def test_check_takes_any_right_statement_also_over_tables_of_collectors(tmp_path: Path) -> None:
    (tmp_path / "costwatch.yaml").write_text("sources: []\n")
    (tmp_path / "alerts.yaml").write_text(
        f"{HEAD}"
        "  - {name: A, kind: sql, above: 1, sql: SELECT sum(value) AS value FROM x_measure_days}\n"
        "  - name: B\n    kind: sql\n    above: 1\n    sql: |\n"
        "      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) -- without an end\n"
        "      SELECT x_Team, instr(printf('%.*c',9999999,'a'), 'b') + sum(i) AS value\n"
        "      FROM cost, n GROUP BY x_Team\n"
    )
    assert check(tmp_path / "costwatch.yaml") == []


def test_the_empty_copy_has_the_schema_of_a_new_warehouse(tmp_path: Path) -> None:
    made = Warehouse(tmp_path / "costwatch.db")
    made.migrate()
    tables = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_sqlite%' ESCAPE '\\' ORDER BY name"
    with made.read() as db:
        stored = {row["name"]: row["sql"] for row in db.execute(tables)}
    copy = dict(empty_copy().execute(tables).fetchall())
    assert copy == {name: stored[name] for name in copy}


def test_a_rule_of_sql_alerts_like_any_other(tmp_path: Path) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    sql = "SELECT x_Team AS team, sum(EffectiveCost) AS value FROM cost WHERE day = '2026-11-20' GROUP BY 1"
    dear = rule(name="Dear", above=3000, unit="USD", sql=sql)
    broken = rule(name="Broken", above=1, sql="SELECT tem AS value FROM cost", on_error="alert")
    evaluation = evaluate(warehouse, [dear, broken], COMPANY_NOW)
    assert {(alert.rule, alert.label("team")) for alert in evaluation.alerts} >= {("Dear", "ml-platform")}
    assert "no such column: tem" in evaluation.errors["Broken"]


def test_a_bill_published_meanwhile_is_asked_again_next_time(tmp_path: Path) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, COMPANY_NOW)
        assert facts.data_through is not None
        assert facts.sql("SELECT 1 AS value") == [{"value": 1}]
        later = COMPANY_NOW.replace(hour=12)
        fill(warehouse, [(facts.data_through, "risk", "S", "USD", 1, 1, "settled")], later)
        with pytest.raises(UsageError, match="published anew just now"):
            facts.sql("SELECT 2 AS value")
