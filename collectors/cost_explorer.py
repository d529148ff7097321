"""The bill as AWS Cost Explorer tells it: sums by day and service, for $0.01 a page."""

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from collectors.aws.session import explained, limits, session
from costwatch.errors import SourceError
from costwatch.model import Batch, DeliveredFile, Export, Window, midnight
from costwatch.plugins import CollectorSettings, Duration, SpendLimit

if TYPE_CHECKING:
    from mypy_boto3_ce.client import CostExplorerClient

# https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/
_PAGE_USD = Decimal("0.01")
_MONTHS_KEPT = 13  # before the current one
_MAX_PAGES = 500  # of one month
_ALLOW = "ce:GetCostAndUsage, and sts:AssumeRole where a role is assumed"
_ADVICE = {
    "DataUnavailableException": "switch Cost Explorer on for this account; its first data comes a day later",
    "RequestChangedException": "run it again",
    "ValidationException": "correct region and group_by",
}

_Dimension = Literal["LINKED_ACCOUNT", "RECORD_TYPE", "REGION", "SERVICE", "USAGE_TYPE"]
_COLUMN_OF = {
    "LINKED_ACCOUNT": "SubAccountId",
    "RECORD_TYPE": "ChargeDescription",
    "REGION": "RegionId",
    "SERVICE": "ServiceName",
    "USAGE_TYPE": "x_UsageType",
}
_NOTHING = ("NoRegion", "NoUsageType")
# Record types by their letters: Cost Explorer has one spelling in its answers, another on its pages.
# https://docs.aws.amazon.com/cost-management/latest/userguide/ce-filtering.html
_CATEGORY_OF = {
    "usage": "Usage",
    "discountedusage": "Usage",
    "reservationappliedusage": "Usage",
    "savingsplancoveredusage": "Usage",
    "savingsplannegation": "Usage",
    "fee": "Purchase",
    "recurring": "Purchase",
    "recurringreservationfee": "Purchase",
    "rifee": "Purchase",
    "savingsplanrecurringfee": "Purchase",
    "savingsplanupfrontfee": "Purchase",
    "support": "Purchase",
    "supportfee": "Purchase",
    "upfront": "Purchase",
    "upfrontreservationfee": "Purchase",
    "tax": "Tax",
    "credit": "Credit",
}
_FOCUS = (
    *("BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd"),
    *("ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
    *("SubAccountId", "RegionId", "x_UsageType", "PricingQuantity", "PricingUnit"),
    *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "x_Estimated"),
)


class CostExplorer(CollectorSettings):
    """The bill as AWS Cost Explorer tells it, by day. Each page of an answer costs $0.01.

    With ``role: check`` it is a second opinion on an export of the same bill; as the bill itself it serves
    where there is no export. BilledCost is Cost Explorer's UnblendedCost, EffectiveCost its AmortizedCost;
    what it knows nothing of (list prices, quantities, tags, resources) stays empty. Each group of its
    answer is a line, also one of 0. Days that are not over are not asked for.

    billing_account: the number of the account that pays the bill, as exports call it.
    group_by: SERVICE alone or with one of LINKED_ACCOUNT, RECORD_TYPE, REGION and USAGE_TYPE; AWS groups by
    no more than two. Only RECORD_TYPE tells credits, refunds and fees from usage; without it they are
    netted into their services, except tax.
    net: after discounts; to hold against an export with net costs.
    daily_budget: what asking may cost in a UTC day, in USD; what would pass it is not asked.
    every: how long an answer is good for. AWS refreshes the data up to three times a day.
    region, profile, role_arn, external_id: how to reach AWS; Cost Explorer is in us-east-1 for all regions
    but those of China.

        - {name: second-opinion, kind: cost_explorer, role: check, billing_account: 012345678901}
    """

    lines_are_sums: ClassVar[bool] = True

    billing_account: str = Field(pattern=r"^\d{12}$")
    group_by: tuple[_Dimension, ...] = Field(default=("SERVICE", "LINKED_ACCOUNT"), max_length=2)
    net: bool = False
    daily_budget: Decimal = Field(default=Decimal(1), ge=0, max_digits=12)
    every: Duration = timedelta(hours=8)
    region: str = "us-east-1"
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""

    @field_validator("group_by")
    @classmethod
    def _by_service(cls, group_by: tuple[_Dimension, ...]) -> tuple[_Dimension, ...]:
        if "SERVICE" not in group_by or len(set(group_by)) < len(group_by):
            raise ValueError("must be SERVICE, alone or with one other dimension")
        return group_by

    @property
    def lookback(self) -> timedelta:
        """Fifteen days: so long after its end AWS still corrects a month, and until its invoice is issued
        calls its days estimated.
        """
        return timedelta(days=15)

    def collect(self, window: Window) -> Iterator[Batch]:
        """Refuses: nothing would count what it costs."""
        raise SourceError(f"{self.name}: asking Cost Explorer costs money; ask by collect_paid, with a purse")

    def collect_paid(self, window: Window, now: datetime, purse: SpendLimit) -> Iterator[Batch]:
        """One batch for each month with days in ``window`` that are over; see ``plugins.PaidCollector``."""
        today, earliest = now.date(), _first_kept(now.date())
        kept = _months(max(window.start.date(), earliest), today)
        months = [month for month in kept if month.overlaps(window)]
        if not months:
            raise SourceError(
                f"{self.name}: Cost Explorer has the whole days from {earliest} up to {today}, "
                "not included; ask for some of them"
            )
        client = self._client(purse)
        for month in months:
            days = Window(month.start, min(month.end, midnight(today)))
            with TemporaryDirectory(prefix="costwatch-") as folder:
                lines = self._lines(self._pages(client, days), month, days)
                yield _batch(month, lines, Path(folder))

    def _client(self, purse: SpendLimit) -> "CostExplorerClient":
        aws = session(
            self.name,
            region=self.region,
            profile=self.profile,
            role_arn=self.role_arn,
            external_id=self.external_id,
        )
        client: CostExplorerClient = aws.client("ce", config=limits())
        # botocore's own retries pass here, too.
        client.meta.events.register("before-send.ce.GetCostAndUsage", lambda **_: purse.pay(_PAGE_USD))
        return client

    @property
    def _metrics(self) -> tuple[str, str]:
        return ("NetUnblendedCost", "NetAmortizedCost") if self.net else ("UnblendedCost", "AmortizedCost")

    def _pages(self, client: "CostExplorerClient", days: Window) -> Iterator[Mapping[str, Any]]:
        """All pages of the answer for ``days``: one lost would be a smaller bill."""
        asked: dict[str, Any] = {
            "TimePeriod": {"Start": f"{days.start:%Y-%m-%d}", "End": f"{days.end:%Y-%m-%d}"},
            "Granularity": "DAILY",
            "Metrics": list(self._metrics),
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in self.group_by],
        }
        tokens: set[str] = set()
        while len(tokens) < _MAX_PAGES:
            with explained(self.name, allow=_ALLOW, advice=_ADVICE):
                page = client.get_cost_and_usage(**asked)
            yield page
            token = page.get("NextPageToken")
            if not token:
                return
            if token in tokens:
                raise self._refused(days, "names a page twice")
            tokens.add(token)
            asked["NextPageToken"] = token
        raise self._refused(days, f"has more than {_MAX_PAGES} pages")

    def _lines(self, pages: Iterable[Mapping[str, Any]], month: Window, days: Window) -> list[dict[str, str]]:
        """FOCUS lines by day and group, whatever the order of the answer."""
        lines: dict[tuple[str, ...], dict[str, str]] = {}
        told: set[str] = set()
        try:
            for result in (result for page in pages for result in page["ResultsByTime"]):
                day = result["TimePeriod"]["Start"]
                told.add(day)
                for group in result["Groups"]:
                    key = (day, *group["Keys"])
                    if key in lines:
                        raise self._refused(days, f"tells {', '.join(key)} twice")
                    lines[key] = self._line(month, day, result["Estimated"], group)
        except (KeyError, ValueError):
            raise self._refused(days, "lacks a part") from None
        if odd := told ^ {f"{day}" for day in _days(days)}:
            raise self._refused(days, f"is not of the days that were asked for ({', '.join(sorted(odd))})")
        return [lines[key] for key in sorted(lines)]

    def _line(self, month: Window, day: str, estimated: bool, group: Mapping[str, Any]) -> dict[str, str]:
        billed, effective = (group["Metrics"][metric] for metric in self._metrics)
        known = dict(zip(self.group_by, group["Keys"], strict=True))
        if billed["Unit"] != effective["Unit"]:
            raise self._refused(month, f"mixes {billed['Unit']} and {effective['Unit']}")
        return {
            "BillingAccountId": self.billing_account,
            "BillingCurrency": billed["Unit"],
            "BillingPeriodStart": month.start.isoformat(),
            "BillingPeriodEnd": month.end.isoformat(),
            "ChargePeriodStart": day,
            "ChargePeriodEnd": f"{date.fromisoformat(day) + timedelta(days=1)}",
            **_category(known),
            "InvoiceIssuerName": "Amazon Web Services",
            "ProviderName": "AWS",
            "PublisherName": "Amazon Web Services",
            "ServiceCategory": "Other",
            **{_COLUMN_OF[key]: "" if value in _NOTHING else value for key, value in known.items()},
            "BilledCost": billed["Amount"],
            "EffectiveCost": effective["Amount"],
            "x_Estimated": "true" if estimated else "false",
        }

    def _refused(self, days: Window, what: str) -> SourceError:
        return SourceError(
            f"{self.name}: Cost Explorer's answer for {days.start:%Y-%m} {what}; nothing of that month is "
            "taken, run it again later"
        )


def _category(known: Mapping[str, str]) -> dict[str, str]:
    """ChargeCategory, and ChargeClass where money came back."""
    if (kind := known.get("RECORD_TYPE")) is None:
        return {"ChargeCategory": "Tax" if known["SERVICE"] == "Tax" else "Usage"}
    letters = re.sub("[^a-z]", "", kind.lower())
    correction = {"ChargeClass": "Correction"} if letters == "refund" else {}
    return {"ChargeCategory": _CATEGORY_OF.get(letters, "Adjustment"), **correction}


def _batch(month: Window, lines: Iterable[Mapping[str, str]], folder: Path) -> Batch:
    name = f"cost-explorer-{month.start:%Y-%m}.csv"
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _FOCUS, restval="")
        writer.writeheader()
        writer.writerows(lines)
    version = hashlib.sha256(path.read_bytes()).hexdigest()
    return Batch("bill", month, version, lambda: Export((DeliveredFile(name, path),)))


def _months(first: date, after: date) -> Iterator[Window]:
    """The calendar months that hold a day from ``first`` up to, not including, ``after``."""
    start = first.replace(day=1)
    while start < after:
        end = (start + timedelta(days=31)).replace(day=1)
        yield Window.of_days(start, end)
        start = end


def _first_kept(today: date) -> date:
    """The first day that Cost Explorer keeps by day."""
    months = today.year * 12 + today.month - 1 - _MONTHS_KEPT
    return date(months // 12, months % 12 + 1, 1)


def _days(window: Window) -> Iterator[date]:
    day = window.start.date()
    while day < window.end.date():
        yield day
        day += timedelta(days=1)
