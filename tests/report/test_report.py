"""The weekly report on a small company: numbers, order, gaps, hostile names, stable bytes."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.errors import CostwatchError, UsageError
from costwatch.model import About
from costwatch.money import short
from costwatch.report import Weekly, html, markdown, weekly, write
from costwatch.report.view import in_words
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.warehouse_rows import NOW, alert, budget, collected, company, company_rows, fill, on_days

GOLDEN = Path(__file__).parents[1] / "golden"
MONDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 20)


@pytest.fixture(scope="module")
def made_company(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = company(tmp_path_factory.mktemp("company") / "costwatch.db")
    with warehouse.write() as db:
        collected(db, "cur-eu", NOW, "failed", "s3://billing-eu: access denied; check the role")
    return warehouse


@pytest.fixture
def report(made_company: Warehouse) -> Weekly:
    contacts = {"ml-platform": "@ml-leads", "feature-store": "<!subteam^S1|@fs-oncall>", "risk": "<!here>"}
    return read(made_company, public_url="https://costs.example", contacts=contacts)


def read(warehouse: Warehouse, now: datetime = NOW, **asked: Any) -> Weekly:
    with warehouse.read() as db:
        return weekly(WarehouseSnapshot(db, now), now=now, **asked)


def golden(name: str, text: str) -> None:
    """Compare with a golden file; COSTWATCH_GOLDEN=write writes it anew."""
    file = GOLDEN / name
    if os.environ.get("COSTWATCH_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


# --- as a whole -------------------------------------------------------------------------------


def test_markdown(report: Weekly) -> None:
    golden("weekly.md", markdown(report))


def test_html(report: Weekly) -> None:
    """Without its pictures, which are another program's to draw."""
    golden("weekly.html", re.sub(r"<svg.*?</svg>", "<svg/>", html(report), flags=re.DOTALL))


def test_markdown_of_one_team(made_company: Warehouse) -> None:
    golden("weekly-feature-store.md", markdown(read(made_company, team="feature-store")))


def test_every_number_of_the_week_equals_what_cost_show_reads(
    made_company: Warehouse, report: Weekly
) -> None:
    (section,) = report.sections
    after = FRIDAY + timedelta(days=1)
    with made_company.read() as db:
        for row in section.teams:
            (asked,) = cost(db, MONDAY, after, ("team",), {"team": [row.team]})
            (before,) = cost(
                db, MONDAY - timedelta(days=7), after - timedelta(days=7), (), {"team": [row.team]}
            )
            assert row.week == asked.amount()
            assert row.change is not None
            assert (row.change.before, row.change.after) == (before.amount(), asked.amount())
        assert section.whole.week == cost(db, MONDAY, after)[0].amount()
    assert sum(row.week for row in section.teams) == section.whole.week
    assert sum(one.delta for one in section.changes) == section.whole.change.delta  # type: ignore[union-attr]


def test_the_same_inputs_give_the_same_bytes(made_company: Warehouse, report: Weekly, tmp_path: Path) -> None:
    again = read(made_company, public_url=report.public_url, contacts=report.contacts)
    assert (again, html(again), markdown(again)) == (report, html(report), markdown(report))
    first = write(report, "html", tmp_path / "reports")
    before = first.read_bytes()
    assert write(again, "html", tmp_path / "reports") == first
    assert first.read_bytes() == before
    assert [file.name for file in first.parent.iterdir()] == ["weekly-2026-W47.html"]


def test_a_write_that_fails_leaves_the_old_report(report: Weekly, tmp_path: Path, monkeypatch: Any) -> None:
    target = write(report, "md", tmp_path)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(report, "md", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


# --- which week, which days -------------------------------------------------------------------


def test_the_default_is_the_last_week_that_ended(made_company: Warehouse) -> None:
    assert read(made_company).week == "2026-W47"
    assert read(made_company, NOW - timedelta(days=1)).week == "2026-W46"


def test_a_running_week_counts_its_settled_days(made_company: Warehouse) -> None:
    running = read(made_company, datetime(2026, 11, 21, 12, tzinfo=UTC), week="2026-W47")
    assert in_words(running.counted) == "Mon 16 to Fri 20 Nov"
    assert running.caveats[:2] == (
        "Sat 21 Nov is estimated ($9,345.73 so far) and not counted.",
        "Sun 22 Nov not over yet.",
    )


def test_days_without_data_are_named(report: Weekly) -> None:
    assert "Sun 22 Nov not yet billed." in report.caveats
    assert "Source cur-eu failed on 2026-11-23 06:00 UTC: s3://billing-eu: access denied; check the role" in (
        report.caveats
    )
    assert "unallocated: $481.50, 1 % of the week, is carried by no team." in report.caveats


def test_a_closed_week_is_told_as_of_its_own_end(made_company: Warehouse) -> None:
    past = read(made_company, week="2026-W42")
    assert (past.through, len(past.counted), len(past.compared)) == (date(2026, 10, 18), 7, 7)
    text = markdown(past)
    assert "UTC days · closed through 18 Oct 2026" in text
    assert "| Sun 18 Oct | $7,383.84 | closed |" in text
    assert "for Mon 12 to Sun 18 Oct" in text
    assert "against the week before" in text
    assert "October is forecast at" in text
    assert "No alert fired in this week, or about it." in text
    assert "stand as of 18 Oct 2026" in text


def test_a_month_that_is_over_has_no_forecast(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    fill(warehouse, [row for row in company_rows() if row[0] < date(2026, 11, 1)])
    for team, amount in (("*", 200000), ("risk", 24000), ("payments", 25000)):
        budget(warehouse, team, amount)
    report = read(warehouse, week="2026-W44")
    for text in (markdown(report), html(report)):
        assert "forecast" not in text.lower()
        assert "Month to date" not in text
    told = markdown(report)
    total = sum(row[5] for row in company_rows() if row[0].month == 10)
    assert f"October came to **{short(total, 'USD')}**" in told
    assert "1 of 2 team budgets was passed." in told
    assert "risk: October 2026 came to $24.3k, $274 over its budget of $24.0k, passed on 31 Oct 2026" in told
    assert "| Team | Week | Change | October | Budget | Used | In all |" in told
    assert told.endswith("**October** is complete.\n")


def test_a_quiet_week_says_so(made_company: Warehouse) -> None:
    quiet = read(made_company, week="2026-W42", team="payments")
    assert "Nothing needs a person" in markdown(quiet)
    assert "Nothing needs a person" in html(quiet)
    assert "No change reaches 0.2 % of the week; together they are +$3.43." in markdown(quiet)


def test_the_first_week_is_compared_with_nothing(made_company: Warehouse) -> None:
    first = read(made_company, week="2026-W38")
    assert first.caveats[0] == "No settled day of the week before is known, so nothing is compared with it."
    assert "There is nothing to compare with." in markdown(first)
    assert "not known" in markdown(first)


@pytest.mark.parametrize(
    ("week", "team", "error", "message"),
    [
        pytest.param(
            "47", None, UsageError, "--week 47: no ISO week; write it like 2026-W48", id="no ISO week"
        ),
        pytest.param("2026-W54", None, UsageError, "--week 2026-W54: no ISO week", id="a week no year has"),
        pytest.param("9999-W52", None, UsageError, "--week 9999-W52: no ISO week", id="the end of time"),
        pytest.param(
            "2026-W47\x1b[2J", None, UsageError, r"--week 2026-W47\x1b[2J: no", id="control characters"
        ),
        pytest.param(
            "2026-W48",
            None,
            CostwatchError,
            "2026-W48: no day of that week is settled; costs are settled through 20 Nov 2026: "
            "collect newer data, or ask for --week 2026-W47",
            id="a week to come",
        ),
        pytest.param("2020-W01", None, CostwatchError, "2020-W01: no day of that week", id="before all data"),
        pytest.param(
            None,
            "riks",
            UsageError,
            "--team riks: no cost is known of it; use one of feature-store, ml-platform, payments, ",
            id="a team that is not there",
        ),
    ],
)
def test_refusals(
    made_company: Warehouse, week: str | None, team: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(made_company, week=week, team=team)


def test_an_empty_warehouse_says_what_to_run(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    with pytest.raises(CostwatchError, match="no cost day is settled yet; run: costwatch collect"):
        read(warehouse)


# --- one team, several currencies -------------------------------------------------------------


def test_a_team_report_shows_nothing_of_others(made_company: Warehouse) -> None:
    one = read(made_company, team="feature-store")
    assert {alert.rule for alert in one.alerts} == {"NatLeak"}
    assert {action.team for action in one.actions} == {"feature-store"}
    text = markdown(one)
    for other in ("ml-platform", "SageMaker", "risk", "unallocated", "All teams"):
        assert other not in text
    assert "ml-platform" not in html(one)


def test_the_page_needs_nothing_else(report: Weekly) -> None:
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\(| on[a-z]+=", html(report))


def test_currencies_have_their_own_sections_and_no_sum(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    euros = [
        (*row[:4], Decimal(str(row[4])) / 10, Decimal(str(row[5])) / 10, row[6])
        for row in company_rows("EUR")
    ]
    fill(warehouse, [*company_rows(), *euros])
    both = read(warehouse)
    assert [(one.currency, one.whole.week) for one in both.sections] == [
        ("EUR", Decimal("5423.420")),
        ("USD", Decimal("54234.200")),
    ]
    text = markdown(both)
    assert text.count("## What changed in ") == text.count("## Teams in ") == 2
    assert "€5.4k** for Mon 16" in text
    assert "$59.7k" not in text


# --- alerts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fired", "resolved", "about", "told"),
    [
        pytest.param("2026-11-18", None, None, True, id="fired in the week"),
        pytest.param("2026-11-02", None, None, True, id="firing since before"),
        pytest.param("2026-11-02", "2026-11-17", None, True, id="resolved in the week"),
        pytest.param("2026-11-02", "2026-11-10", None, False, id="over before the week"),
        pytest.param("2026-11-23", None, on_days(FRIDAY), True, id="fired later, about a day of it"),
        pytest.param(
            "2026-11-23",
            None,
            on_days(date(2026, 11, 10), date(2026, 11, 16)),
            True,
            id="fired later, days reach into it",
        ),
        pytest.param(
            "2026-11-23", None, on_days(date(2026, 11, 15)), False, id="fired later, about a day before it"
        ),
        pytest.param(
            "2026-11-23", None, on_days(date(2026, 11, 23)), False, id="fired and about a day later"
        ),
        pytest.param("2026-11-23", None, None, False, id="fired later, about no day"),
    ],
)
def test_alerts_of_the_week(
    tmp_path: Path, fired: str, resolved: str | None, about: About | None, told: bool
) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    until = None if resolved is None else datetime.fromisoformat(resolved).replace(tzinfo=UTC)
    at = datetime.fromisoformat(fired).replace(tzinfo=UTC)
    alert(warehouse, "Mine", "risk: said so", at, labels={"team": "risk"}, resolved_at=until, about=about)
    assert ("risk: said so" in markdown(read(warehouse))) == told


def test_an_alert_that_fired_in_the_week_and_again_later_belongs_to_both(tmp_path: Path) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    alert(warehouse, "Mine", "risk: again", datetime(2026, 11, 17, tzinfo=UTC), labels={"team": "risk"})
    with warehouse.write() as db:
        db.execute("UPDATE alert SET fired_at = '2026-11-23T05:00:00Z' WHERE rule = 'Mine'")
    assert "Mine" in {one.rule for one in read(warehouse).alerts}
