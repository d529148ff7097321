"""Cost Explorer: what it is asked, and what becomes of its answers."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from collectors.cost_explorer import CostExplorer
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.bill.test_real_bills import DATA, needs_data
from tests.doubles.cost_explorer import CostExplorerDouble, ce_double, lead_to
from tests.made.cost_explorer_company import AUTUMN, PAYER, explored, lines, spent


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[CostExplorerDouble]:
    with ce_double(monkeypatch) as running:
        yield running


# --- a real answer, served by moto ---------------------------------------------------------------


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The days of a real answer, which moto gives out a month at a time.

    It was asked for UnblendedCost alone; here every group says the same for AmortizedCost.
    """
    days = json.loads((DATA / "cost-explorer/ce_daily_by_service_real.json").read_text())["ResultsByTime"]
    for group in (group for day in days for group in day["Groups"]):
        group["Metrics"]["AmortizedCost"] = group["Metrics"]["UnblendedCost"]
    months = ("2024-02", "2024-03", "2024-04")
    answers = [
        {"ResultsByTime": [day for day in days if day["TimePeriod"]["Start"].startswith(month)]}
        for month in months
    ]
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    primed = urllib.request.Request(
        f"{url}/moto-api/static/ce/cost-and-usage-results",
        json.dumps({"results": answers}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(primed).close()
    lead_to(monkeypatch, url)
    yield days
    server.stop()


@needs_data
def test_a_real_answer_is_published_to_the_nano(real: list[dict[str, Any]], tmp_path: Path) -> None:
    amounts = [
        Decimal(group["Metrics"]["UnblendedCost"]["Amount"]) for day in real for group in day["Groups"]
    ]
    assert (sum(amounts), len(amounts)) == (Decimal("67.2540521894"), 945)
    company = explored(
        tmp_path, group_by=["SERVICE"], role_arn="arn:aws:iam::123456789012:role/cost", external_id="x-1"
    )
    now = datetime(2024, 4, 27, tzinfo=UTC)
    window = Window.of_days(date(2024, 2, 1), date(2024, 4, 27))
    (collected,) = company.collect(now, window)
    assert (collected.outcome, collected.line_count, collected.error) == ("loaded", 945, "")
    company.allocate(now)
    with company.warehouse.read() as db:
        totals = [json.loads(row["totals"])["USD"] for row in db.execute("SELECT totals FROM load")]
    assert sum(Decimal(total["BilledCostControl"]) for total in totals) == Decimal("67.2540521894")
    rounded = sum(amount.quantize(Decimal("1e-9"), ROUND_HALF_UP) for amount in amounts)
    assert sum(company.billed().values()) == sum(company.effective().values()) == rounded
    assert company.billed("category")["Tax"] == sum(
        Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
        for day in real
        for group in day["Groups"]
        if group["Keys"] == ["Tax"]
    )
    assert spent(company) == {20240427: (3, 30_000_000)}

    there = lines(window, now, group_by=["SERVICE"])
    assert len(there) == 945
    assert len({line["ChargePeriodStart"] for line in there if line["x_Estimated"] == "true"}) == 26
    assert sorted(Decimal(line["BilledCost"]) for line in there) == sorted(amounts)


# --- what is asked -------------------------------------------------------------------------------


def test_it_asks_a_month_at_a_time_for_days_that_are_over(double: CostExplorerDouble) -> None:
    lines()
    assert double.requests == [
        {
            "TimePeriod": {"Start": start, "End": end},
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost", "AmortizedCost"],
            "GroupBy": [
                {"Type": "DIMENSION", "Key": "SERVICE"},
                {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"},
            ],
        }
        for start, end in (("2026-10-01", "2026-11-01"), ("2026-11-01", "2026-11-03"))
    ]
    assert double.scopes == {"us-east-1/ce"}


PERIODS = {
    "the first run, for all that is kept": (
        (date(1970, 1, 1), date(2026, 11, 22)),
        datetime(2026, 11, 22, 9, tzinfo=UTC),
        ["2025-10-01", *(f"2025-{month}-01" for month in (11, 12))]
        + [f"2026-{month:02d}-01" for month in range(1, 12)],
        "2026-11-22",
    ),
    "the first day of a month, for no empty one": (
        (date(2026, 10, 31), date(2026, 11, 1)),
        datetime(2026, 11, 1, 9, tzinfo=UTC),
        ["2026-10-01"],
        "2026-11-01",
    ),
    "some days of an old month, for all of it": (
        (date(2026, 9, 10), date(2026, 9, 12)),
        datetime(2026, 11, 22, 9, tzinfo=UTC),
        ["2026-09-01"],
        "2026-10-01",
    ),
    "the future, for nothing of it": (
        (date(2026, 11, 20), date(2027, 2, 1)),
        datetime(2026, 11, 22, 9, tzinfo=UTC),
        ["2026-11-01"],
        "2026-11-22",
    ),
    "a leap year's January, for thirteen months before it": (
        (date(1970, 1, 1), date(2024, 1, 15)),
        datetime(2024, 1, 15, tzinfo=UTC),
        ["2022-12-01", *(f"2023-{month:02d}-01" for month in range(1, 13)), "2024-01-01"],
        "2024-01-15",
    ),
}


@pytest.mark.parametrize(("days", "now", "starts", "end"), PERIODS.values(), ids=PERIODS)
def test_it_asks(
    days: tuple[date, date], now: datetime, starts: list[str], end: str, double: CostExplorerDouble
) -> None:
    double.today = now.date()
    lines(Window.of_days(*days), now)
    periods = [asked["TimePeriod"] for asked in double.requests]
    assert [period["Start"] for period in periods] == starts
    assert [period["End"] for period in periods] == [*starts[1:], end]


@pytest.mark.parametrize(
    "window",
    [
        Window.of_days(date(2020, 1, 1), date(2020, 2, 1)),
        Window.of_days(date(2026, 11, 1), date(2026, 11, 2)),
    ],
    ids=["too long ago", "of which no day is over"],
)
def test_days_are_refused_without_a_request(window: Window, double: CostExplorerDouble) -> None:
    first = datetime(2026, 11, 1, 2, tzinfo=UTC)
    with pytest.raises(
        SourceError, match="has the whole days from 2025-10-01 up to 2026-11-01, not included"
    ):
        lines(window, first)
    assert not double.requests


def test_without_a_purse_nothing_is_asked(double: CostExplorerDouble) -> None:
    with pytest.raises(SourceError, match="costs money"):
        CostExplorer(name="ce", billing_account=PAYER).collect(AUTUMN)
    assert not double.requests


SETTINGS = {
    "three groups": {"group_by": ["SERVICE", "REGION", "LINKED_ACCOUNT"]},
    "no service": {"group_by": ["LINKED_ACCOUNT"]},
    "one group twice": {"group_by": ["SERVICE", "SERVICE"]},
    "something that cannot be grouped by": {"group_by": ["SERVICE", "SAVINGS_PLAN_ARN"]},
    "a payer that is no account": {"billing_account": "acme"},
    "a budget below nothing": {"daily_budget": "-1"},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_are_refused_with(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CostExplorer.model_validate({"name": "ce", "billing_account": PAYER, **settings})


# --- what becomes of the answer ------------------------------------------------------------------


def test_a_line_says_what_cost_explorer_said(double: CostExplorerDouble) -> None:
    there = lines()
    assert len(there) == 33 * 5
    (line,) = (
        line
        for line in there
        if (line["ChargePeriodStart"], line["ServiceName"], line["SubAccountId"])
        == ("2026-10-31", "Amazon Elastic Compute Cloud", "100000000001")
    )
    assert {key: value for key, value in line.items() if value} == {
        "BillingAccountId": PAYER,
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00+00:00",
        "BillingPeriodEnd": "2026-11-01T00:00:00+00:00",
        "ChargePeriodStart": "2026-10-31",
        "ChargePeriodEnd": "2026-11-01",
        "ChargeCategory": "Usage",
        "InvoiceIssuerName": "Amazon Web Services",
        "ProviderName": "AWS",
        "PublisherName": "Amazon Web Services",
        "ServiceCategory": "Other",
        "ServiceName": "Amazon Elastic Compute Cloud",
        "SubAccountId": "100000000001",
        "BilledCost": "1.2345678901",
        "EffectiveCost": "1.2335678901",
        "x_Estimated": "false",
    }
    assert {line["ChargeCategory"] for line in there if line["ServiceName"] == "Tax"} == {"Tax"}
    assert {line["x_Estimated"] for line in there if line["ChargePeriodStart"] > "2026-11"} == {"true"}


def test_net_costs_are_held_against_net_costs(double: CostExplorerDouble) -> None:
    amounts = {(line["BilledCost"], line["EffectiveCost"]) for line in lines(net=True)}
    assert ("1.2325678901", "1.2315678901") in amounts


def test_what_has_no_region_has_none(double: CostExplorerDouble) -> None:
    assert {line["RegionId"] for line in lines(group_by=["SERVICE", "REGION"])} == {"", "eu-west-1"}


RECORD_TYPES = {
    "Usage": ("Usage", ""),
    "DiscountedUsage": ("Usage", ""),
    "SavingsPlanCoveredUsage": ("Usage", ""),
    "SavingsPlanNegation": ("Usage", ""),
    "Fee": ("Purchase", ""),
    "RIFee": ("Purchase", ""),
    "SavingsPlanRecurringFee": ("Purchase", ""),
    "Recurring reservation fee": ("Purchase", ""),
    "Support": ("Purchase", ""),
    "Tax": ("Tax", ""),
    "Credit": ("Credit", ""),
    "Refund": ("Adjustment", "Correction"),
    "Enterprise Discount Program Discount": ("Adjustment", ""),
    "Other out-of-cycle charges": ("Adjustment", ""),
}


@pytest.mark.parametrize(("kind", "expected"), RECORD_TYPES.items(), ids=RECORD_TYPES)
def test_a_record_type_becomes_a_charge_category(
    kind: str, expected: tuple[str, str], double: CostExplorerDouble
) -> None:
    double.costs = {("Amazon EC2", "100000000001", kind, "eu-west-1", "BoxUsage"): "1"}
    line = lines(group_by=["RECORD_TYPE", "SERVICE"])[0]
    assert (line["ChargeCategory"], line["ChargeClass"]) == expected
    assert (line["ChargeDescription"], line["ServiceName"]) == (kind, "Amazon EC2")


def test_the_order_and_the_pages_of_the_answer_do_not_matter(double: CostExplorerDouble) -> None:
    whole = lines()
    double.page_size = 7
    double.costs = dict(reversed(double.costs.items()))
    assert lines() == whole
