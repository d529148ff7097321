"""Cost Explorer run after run: what is asked again, what that costs, and what may go wrong."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from costwatch.collect import Collected, collect
from costwatch.model import Window
from tests.doubles.cost_explorer import CostExplorerDouble, ce_double
from tests.made.company import NOW, Company
from tests.made.cost_explorer_company import AUTUMN, explored, spent


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[CostExplorerDouble]:
    with ce_double(monkeypatch) as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore waited, without waiting."""
    seconds: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def company(tmp_path: Path, double: CostExplorerDouble, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Its first run asks for two months only."""
    monkeypatch.setattr("collectors.cost_explorer._MONTHS_KEPT", 1)
    return explored(tmp_path)


def test_months_without_any_cost_are_no_failure(company: Company, double: CostExplorerDouble) -> None:
    double.costs.clear()
    (collected,) = company.collect()
    assert (collected.outcome, collected.error) == ("unchanged", "")


def test_running_again_changes_nothing_but_the_log_and_what_it_cost(
    company: Company, double: CostExplorerDouble
) -> None:
    company.run()
    before = company.hashes("collection", "watermark", "spend")
    double.page_size = 40
    company.run(NOW + timedelta(hours=9))
    assert company.hashes("collection", "watermark", "spend") == before
    assert spent(company)[20261103][0] == len(double.requests)


def test_in_the_first_days_of_a_month_the_last_one_is_asked_for_again(
    company: Company, double: CostExplorerDouble
) -> None:
    company.collect(NOW + timedelta(days=1))
    double.requests.clear()
    double.costs["AWS Glue", "100000000002", "Usage", "eu-west-1", "ETL"] = "7"
    company.run(NOW + timedelta(days=2))
    assert [asked["TimePeriod"]["Start"] for asked in double.requests] == ["2026-10-01", "2026-11-01"]
    assert company.billed("service")["AWS Glue"] == 7 * (31 + 4)


def test_an_answer_is_good_for_a_while(company: Company, double: CostExplorerDouble) -> None:
    company.collect()
    asked = len(double.requests)
    (collected,) = company.collect(NOW + timedelta(hours=7))
    assert (collected.outcome, len(double.requests)) == ("unchanged", asked)
    company.collect(NOW + timedelta(hours=7), AUTUMN)
    assert len(double.requests) == asked + 2  # whoever names a window wants to know
    for file in (company.root / "ledger").glob("*.parquet"):
        file.unlink()
    company.collect(NOW + timedelta(hours=7))
    assert len(double.requests) == asked + 4


def test_an_answer_that_a_clock_which_was_ahead_dated_a_year_on_keeps_it_from_nothing_and_costs_once(
    company: Company, double: CostExplorerDouble
) -> None:
    company.collect(NOW + timedelta(days=365))
    asked = len(double.requests)
    company.collect(NOW)
    assert len(double.requests) > asked
    asked = len(double.requests)
    company.collect(NOW + timedelta(hours=1))
    assert len(double.requests) == asked


# --- what it costs -------------------------------------------------------------------------------


def test_it_stops_at_its_budget_and_goes_on_the_next_day(
    tmp_path: Path, double: CostExplorerDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.cost_explorer._MONTHS_KEPT", 3)
    company = explored(tmp_path, daily_budget="0.03")
    (collected,) = company.collect()
    assert collected.error == (
        "ce: has spent $0.03 of its daily_budget of $0.03; raise it, or wait until tomorrow (UTC)"
    )
    assert (len(double.requests), len(collected.periods)) == (3, 3)
    (collected,) = company.collect(NOW + timedelta(hours=12))
    assert (len(double.requests), collected.outcome) == (3, "failed")
    (collected,) = company.collect(NOW + timedelta(days=1))
    assert (len(double.requests), collected.error) == (3 + 2, "")
    assert [asked["TimePeriod"]["Start"] for asked in double.requests[3:]] == ["2026-10-01", "2026-11-01"]
    assert spent(company) == {20261103: (3, 30_000_000), 20261104: (2, 20_000_000)}


def test_of_a_month_half_read_nothing_is_stored(company: Company, double: CostExplorerDouble) -> None:
    double.page_size = 5 * 20  # two pages for October
    company.sources = [company.sources[0].model_copy(update={"daily_budget": Decimal("0.01")})]
    (collected,) = company.collect()
    assert (len(double.requests), collected.line_count) == (1, 0)
    assert "daily_budget" in collected.error


def dry_run(company: Company, window: Window | None = None) -> Collected:
    folder = company.root / "ledger"
    (collected,) = collect(company.warehouse, folder, company.sources, NOW, window=window, dry_run=True)
    return collected


def test_a_dry_run_pays_too(company: Company, double: CostExplorerDouble) -> None:
    company.sources = [company.sources[0].model_copy(update={"daily_budget": Decimal("0.04")})]
    company.collect()
    before = company.hashes("spend")
    assert dry_run(company, AUTUMN).error == ""
    assert spent(company) == {20261103: (4, 40_000_000)}
    assert "has spent $0.04 of its daily_budget" in dry_run(company, AUTUMN).error
    assert len(double.requests) == 4
    assert company.hashes("spend") == before


def test_without_a_warehouse_the_budget_holds_all_the_same(
    tmp_path: Path, double: CostExplorerDouble
) -> None:
    company = explored(tmp_path, daily_budget="0.02")
    assert "has spent $0.02 of its daily_budget" in dry_run(company).error
    assert len(double.requests) == 2
    assert not company.warehouse.exists


# --- what goes wrong -----------------------------------------------------------------------------


def test_throttling_is_waited_for_and_every_try_is_paid(
    company: Company, double: CostExplorerDouble, waits: list[float]
) -> None:
    double.answers = ["LimitExceededException", "ThrottlingException", "serve"]
    (collected,) = company.collect(window=Window.of_days(date(2026, 10, 5), date(2026, 10, 6)))
    assert (collected.error, collected.line_count) == ("", 31 * 5)
    assert (len(waits), spent(company)) == (2, {20261103: (3, 30_000_000)})


def test_throttling_without_end_is_given_up(
    company: Company, double: CostExplorerDouble, waits: list[float]
) -> None:
    double.answers = ["LimitExceededException"] * 50
    (collected,) = company.collect()
    assert collected.error == "ce: AWS says LimitExceededException; run it again later"
    assert (len(double.requests), len(waits)) == (5, 4)
    assert 0 < sum(waits) <= 1 + 2 + 4 + 8


def test_a_try_that_the_budget_does_not_hold_is_not_made(
    tmp_path: Path, double: CostExplorerDouble, waits: list[float]
) -> None:
    double.answers = ["LimitExceededException"] * 50
    (collected,) = explored(tmp_path, daily_budget="0.02").collect()
    assert "has spent $0.02 of its daily_budget" in collected.error
    assert len(double.requests) == 2


REFUSALS = {
    "ExpiredTokenException": "renew the credentials",
    "UnrecognizedClientException": "renew the credentials",
    "AccessDeniedException": "allow ce:GetCostAndUsage, and sts:AssumeRole where a role is assumed",
    "DataUnavailableException": "switch Cost Explorer on for this account; its first data comes a day later",
    "RequestChangedException": "run it again",
}


@pytest.mark.parametrize(("code", "what_to_do"), REFUSALS.items(), ids=REFUSALS)
def test_one_request_is_refused_with_one_sentence(
    code: str, what_to_do: str, company: Company, double: CostExplorerDouble
) -> None:
    double.answers = [code]
    (collected,) = company.collect()
    assert collected.error == f"ce: AWS says {code}; {what_to_do}"
    assert (len(double.requests), spent(company)) == (1, {20261103: (1, 10_000_000)})


def test_a_network_that_is_down_is_one_sentence(
    company: Company, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (collected,) = company.collect()
    assert collected.error.startswith("ce: Could not connect to the endpoint URL")
    assert collected.error.endswith("check the network, the region and the credentials")


PAGES = {
    "a page is lost": (["lose a page"], "is not of the days that were asked for (2026-10-01, 2026-10-02, "),
    "the last page is lost": (["serve"] * 3 + ["lose a page"], "is not of the days that were asked for"),
    "a page names itself": (["serve", "same token"], "names a page twice"),
    "a page comes twice": (
        ["same token"],
        "tells 2026-10-01, Amazon Elastic Compute Cloud, 100000000001 twice",
    ),
    "the pages have no end": ([], "has more than 3 pages"),
}


@pytest.mark.parametrize(("answers", "reason"), PAGES.values(), ids=PAGES)
def test_a_month_is_refused_whole_if(
    answers: list[str],
    reason: str,
    company: Company,
    double: CostExplorerDouble,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    october = Window.of_days(date(2026, 10, 5), date(2026, 10, 6))
    company.collect(window=october)
    before = company.hashes("collection", "spend")
    double.costs["AWS Glue", "100000000002", "Usage", "eu-west-1", "ETL"] = "7"
    double.page_size = 5 * 8  # four pages for October
    double.answers = answers
    monkeypatch.setattr("collectors.cost_explorer._MAX_PAGES", 4 if answers else 3)
    (collected,) = company.collect(window=october)
    assert collected.error.startswith(f"ce: Cost Explorer's answer for 2026-10 {reason}")
    assert company.hashes("collection", "spend") == before
