"""How settled days are by what is published of them: by lines, by amounts, and beside other sources."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from collectors.cost_explorer import CostExplorer
from collectors.exports import Exports
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import on_day, write_csv
from tests.made.company import Company

NOW = datetime(2026, 10, 25, tzinfo=UTC)  # 22 October is old enough


class Sums(Exports):
    """A bill whose lines are sums of a day."""

    lines_are_sums: ClassVar[bool] = True


def through(company: Company) -> date | None:
    with company.warehouse.read() as db:
        return WarehouseSnapshot(db, NOW).data_through


@pytest.mark.parametrize(
    ("kind", "cost", "expected"),
    [
        pytest.param(Exports, "1", date(2026, 10, 22), id="lines tell that a cheap day is whole"),
        pytest.param(Sums, "1", date(2026, 10, 21), id="of sums only the amount tells that it is not"),
        pytest.param(Sums, "9", date(2026, 10, 22), id="nor that it is"),
    ],
)
def test_a_day_settles_by_its_source(kind: type[Exports], cost: str, expected: date, tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources = [kind(name="aws", location=str(tmp_path / "bill"))]
    amounts = dict.fromkeys(range(1, 25), "10") | {22: cost}
    company.bill([on_day(day, BilledCost=each, EffectiveCost=each) for day, each in amounts.items()])
    company.run(NOW)
    assert through(company) == expected


def test_lines_of_cost_explorer_are_sums() -> None:
    assert CostExplorer.lines_are_sums


def test_a_source_that_bills_once_a_month_holds_no_other_back(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources.append(Exports(name="vendor", location=str(tmp_path / "vendor")))
    monthly = [
        on_day(
            1,
            BillingAccountId="v-1",
            BillingPeriodStart=f"2026-{month:02}-01T00:00:00Z",
            BillingPeriodEnd=f"2026-{month + 1:02}-01T00:00:00Z",
        )
        | {
            "ChargePeriodStart": f"2026-{month:02}-01T00:00:00Z",
            "ChargePeriodEnd": f"2026-{month + 1:02}-01T00:00:00Z",
        }
        for month in (8, 9, 10)
    ]
    write_csv(tmp_path / "vendor" / "bill.csv", monthly)
    company.bill([on_day(day) for day in range(1, 25)])
    company.run(NOW)
    assert through(company) == date(2026, 10, 22)
    with company.warehouse.read() as db:
        sources = dict(db.execute("SELECT name, data_through FROM source").fetchall())
    assert sources == {"aws": 20261022, "vendor": 20261001}


def test_alone_it_is_settled_through_its_last_day(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill([on_day(1), on_day(8), on_day(15)])
    company.run(NOW)
    assert through(company) == date(2026, 10, 15)
