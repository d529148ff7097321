"""A bill that ended is told by command, badge, tile and strip of days, however new its delivery."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from costwatch import cli
from tests.made.bills import Line, line, tags, write_csv
from tests.made.command_line import configure
from tests.made.opened_pages import Open

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # the bill ends 29 days before
CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
teams:
  - {name: risk}
budgets:
  - {team: risk, amount: 250}
  - {amount: 5000}
"""
ALERTS = """\
rules:
  - {name: MonthBudget, kind: budget, at: [0.8, 1.0], forecast: {at: 1.0}}
RULES
route: {receiver: default}
receivers:
  - {name: default, kind: stdout}
"""
STALE = '  - {name: StaleData, kind: freshness, source: "*", max_age: 30h}'
NAMED = "  - {name: StaleData, kind: freshness, source: aws, max_age: 30h, max_data_age: 4d}"
ENDS = "bill ends 31 Oct 2026, 29 days ago"


def two_months() -> Iterator[Line]:
    """$10 on each day of September and October."""
    for number in range(61):
        day = date(2026, 9, 1) + timedelta(days=number)
        after = date(2026, 10, 1) if day.month == 9 else date(2026, 11, 1)
        yield line(
            BillingPeriodStart=f"{day.replace(day=1)}T00:00:00Z",
            BillingPeriodEnd=f"{after}T00:00:00Z",
            ChargePeriodStart=f"{day}T00:00:00Z",
            ChargePeriodEnd=f"{day + timedelta(days=1)}T00:00:00Z",
            BilledCost="10",
            EffectiveCost="10",
            Tags=tags(team="risk"),
        )


def delivered(folder: Path, rules: str = STALE) -> Path:
    configure(folder, CONFIG, ALERTS.replace("RULES", rules))
    write_csv(folder / "bill" / "bill.csv", [*two_months()])
    file = folder / "costwatch.yaml"
    assert cli.run(["-c", str(file), "collect"], NOW) == 0
    return file


def allocated(folder: Path, rules: str = STALE) -> Path:
    file = delivered(folder, rules)
    assert cli.run(["-c", str(file), "allocate"], NOW) == 0
    return file


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return allocated(tmp_path_factory.mktemp("ended"))


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(STALE, id="by what settles a day"),
        pytest.param(NAMED, id="by the rule"),
        pytest.param("", id="without a rule"),
    ],
)
def test_status_says_so_and_ends_with_3(
    rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = allocated(tmp_path, rules)
    assert cli.run(["-c", str(file), "status"], NOW) == 3
    told = capsys.readouterr().out
    assert "settled through 2026-10-31" in told
    assert f"  aws: {ENDS}\n" in told
    assert cli.run(["-c", str(file), "doctor"], NOW) == 3
    assert f"mend  source aws: {ENDS}" in capsys.readouterr().out


def test_the_rule_fires(ended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["-c", str(ended), "alerts", "eval", "--dry-run"], NOW) == 0
    told = capsys.readouterr().out
    assert f"aws: {ENDS}" in told
    assert "2026-11-29 12:00 UTC" in told
    assert "risk: October 2026 came to $310.00 of $250.00 (124 %)" in told


@pytest.mark.parametrize("page", ["overview", "costs", "data"])
def test_no_page_calls_it_fresh(open_page: Open, ended: Path, page: str) -> None:
    shown = open_page(ended, page, NOW)
    assert f'<span class="badge warn"><a href="data">▲ aws: {ENDS}</a></span>' in shown.html
    for calm in ("fresh", "no source is late", "Month to date", "month to date", "Forecast"):
        assert calm not in shown.text


def test_the_tiles_name_their_month(open_page: Open, ended: Path) -> None:
    shown = open_page(ended, "overview", NOW)
    assert "Spend, October 2026, complete $310" in shown.text
    assert "In all, by 31 Oct $310" in shown.text
    assert "risk : October 2026 came to $310, $60 over its budget of $250" in shown.text
    assert "is forecast at" not in shown.text


def test_what_an_alert_says_needs_attention_once(open_page: Open, tmp_path: Path) -> None:
    file = allocated(tmp_path)
    assert cli.run(["-c", str(file), "alerts", "eval"], NOW) == 0
    _, attention = open_page(file, "overview", NOW).text.split("Needs attention")
    assert attention.count(f"aws: {ENDS}") == 1
    assert f"aws: {ENDS}. See the source" in attention


def test_a_month_that_ended_halfway_is_named_with_its_last_day(open_page: Open, tmp_path: Path) -> None:
    configure(tmp_path, CONFIG, ALERTS.replace("RULES", STALE))
    write_csv(tmp_path / "bill" / "bill.csv", [*two_months()][:50])
    file = tmp_path / "costwatch.yaml"
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(file), step], NOW) == 0
    text = open_page(file, "overview", NOW).text
    assert "Spend, October 2026, to 20 Oct 2026 $200" in text
    assert "Forecast, 31 Oct $310" in text
    assert "the month is forecast at $310, $60 over its budget of $250" in text


def test_the_strip_of_days_runs_up_to_yesterday(open_page: Open, ended: Path) -> None:
    text = open_page(ended, "data", NOW).text
    assert "closed 32 settled 0 estimated 0 missing 28" in text


def test_what_is_collected_and_not_allocated_is_told(
    open_page: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = delivered(tmp_path)
    waits = "61 lines of 2026-09, 2026-10 are loaded, not yet allocated: run costwatch allocate"
    assert cli.run(["-c", str(file), "status"], NOW) == 0
    assert f"no day is settled yet\n{waits}\n" in capsys.readouterr().out
    for page in ("overview", "costs", "data"):
        assert waits in open_page(file, page, NOW).text
    assert cli.run(["-c", str(file), "allocate"], NOW) == 0
    cli.run(["-c", str(file), "status"], NOW)
    assert "not yet allocated" not in capsys.readouterr().out
