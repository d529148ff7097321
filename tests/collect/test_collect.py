"""Step 1 on bills that come twice, late, broken, or from somebody else's collector."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.collect import collect
from costwatch.model import Batch, DeliveredFile, Export, Window
from costwatch.plugins import CollectorSettings
from costwatch.warehouse.facts.freshness import sources
from tests.made.bills import (
    MONTHS,
    every_day,
    line,
    of_month,
    tags,
    write_csv,
    write_delivery,
    write_parquet,
)
from tests.made.company import NOW, Company

TEAMS = {"teams": [{"name": "risk", "accounts": ["100000000001"]}, {"name": "platform"}]}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path, TEAMS)


def test_running_again_changes_no_table_but_the_log_of_runs(company: Company) -> None:
    path = company.bill(every_day())
    company.run()
    before = company.hashes("collection", "watermark")
    for _ in range(3):
        company.run(NOW + timedelta(minutes=15))
    path.rename(path.with_name("another name.csv"))
    company.run()
    assert company.hashes("collection", "watermark") == before


def test_a_copy_of_a_file_beside_it_is_the_same_bill(company: Company) -> None:
    company.bill(every_day())
    company.run()
    before = company.hashes("collection", "source_version")
    company.bill(every_day(), "copy.csv")
    company.run()
    assert company.hashes("collection", "source_version") == before


def test_a_refused_bill_leaves_the_published_one_and_is_told(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.bill([line(BilledCost="x")])
    (collected,) = company.collect()
    assert collected.outcome == "failed"
    assert "bill.csv:2: column BilledCost cannot be read: 'x'" in collected.error
    company.allocate()
    assert company.effective() == {"risk": Decimal(31)}
    with company.warehouse.read() as db:
        (source,) = sources(db)
    assert source["outcome"] == "failed"
    assert "column BilledCost" in source["error"]


def test_one_refused_period_does_not_hold_up_the_others(company: Company) -> None:
    root = company.root / "bill"
    write_delivery(root, "2026-10", [line(BilledCost="")])
    november = line(
        BillingPeriodStart="2026-11-01T00:00:00Z",
        BillingPeriodEnd="2026-12-01T00:00:00Z",
        ChargePeriodStart="2026-11-01T00:00:00Z",
        ChargePeriodEnd="2026-11-02T00:00:00Z",
    )
    write_delivery(root, "2026-11", [november])
    (collected,) = company.collect()
    assert collected.outcome == "failed"
    assert [str(period) for period in collected.periods] == ["2026-11-01"]
    company.allocate()
    assert company.billed() == {"risk": Decimal("1.5")}
    write_delivery(root, "2026-10", [line()])
    company.run()
    assert company.billed() == {"risk": Decimal(3)}


def test_a_delivery_that_holds_another_billing_period_is_refused(company: Company) -> None:
    write_delivery(company.root / "bill", "2026-10", [line()])
    company.run()
    september = {"BillingPeriodStart": "2026-09-01T00:00:00Z", "BillingPeriodEnd": "2026-10-01T00:00:00Z"}
    write_delivery(company.root / "bill", "2026-10", [line(), line(**september)])
    (collected,) = company.collect()
    assert "the delivery of 2026-10 holds 1 lines of the billing period 2026-09-01" in collected.error
    company.allocate()
    assert company.billed() == {"risk": Decimal("1.5")}


def test_a_delivery_without_a_line_does_not_replace_one_that_had_some(company: Company) -> None:
    write_csv(company.root / "bill" / "data" / "BILLING_PERIOD=2026-10" / "a.csv", every_day())
    manifest = company.root / "bill" / "metadata" / "BILLING_PERIOD=2026-10" / "a-Manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"dataFiles": ["s3://b/data/BILLING_PERIOD=2026-10/a.csv"]}))
    company.run()
    path = company.root / "bill" / "data" / "BILLING_PERIOD=2026-10" / "a.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    (collected,) = company.collect()
    assert "holds no line, the one before did" in collected.error


def test_a_bill_without_a_ledger_file_keeps_what_is_published(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.bill(every_day("2"))
    company.collect()
    for file in (company.root / "ledger").glob("*.parquet"):
        file.unlink()
    (published,) = company.allocate()
    assert "costwatch collect" in published.error
    assert company.effective() == {"risk": Decimal(31)}
    company.run()
    assert company.effective() == {"risk": Decimal(62)}


def test_equal_parts_of_one_delivery_are_refused_and_other_periods_are_not(company: Company) -> None:
    company.deliver({"2026-09": [of_month("2026-09")]})
    write_delivery(company.root / "bill", "2026-10", [line(), line()], parts=2)
    (collected,) = company.collect()
    assert [str(period) for period in collected.periods] == ["2026-09-01"]
    assert "1 line is in both in 2026-10 (BilledCost $1.50)" in collected.error


def test_a_window_asked_for_first_leaves_nothing_behind_for_good(company: Company) -> None:
    company.deliver({month: [of_month(month)] for month in MONTHS})
    august = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    (collected,) = company.collect(window=august)
    assert [str(period) for period in collected.periods] == ["2026-08-01"]
    company.run()
    assert company.billed() == {"risk": Decimal("1.5") * len(MONTHS)}


def test_an_old_month_that_is_delivered_anew_is_seen(company: Company) -> None:
    company.deliver({month: [of_month(month)] for month in MONTHS})
    company.run()
    july = {"BillingPeriodStart": "2026-07-01T00:00:00Z", "BillingPeriodEnd": "2026-08-01T00:00:00Z"}
    write_delivery(company.root / "bill", "2026-07", [line(**july, BilledCost="100")])
    company.run()
    assert company.billed() == {"risk": Decimal("104.5")}


def test_a_dry_run_stores_nothing(company: Company) -> None:
    company.bill(every_day())
    (collected,) = collect(company.warehouse, company.root / "ledger", company.sources, NOW, dry_run=True)
    assert (collected.outcome, collected.line_count) == ("loaded", 31)
    assert {path.name for path in company.root.iterdir()} == {"bill"}


def test_a_dry_run_says_what_would_be_new(company: Company) -> None:
    company.bill(every_day())
    company.run()
    before = company.hashes()
    for bill, outcome in ((every_day(), "unchanged"), (every_day("2"), "loaded")):
        company.bill(bill)
        (collected,) = collect(company.warehouse, company.root / "ledger", company.sources, NOW, dry_run=True)
        assert (collected.outcome, company.hashes()) == (outcome, before)


class Stranger(CollectorSettings):
    """A collector of somebody else's that breaks."""

    @property
    def lookback(self) -> timedelta:
        return timedelta()

    def collect(self, window: Window) -> Iterator[Batch]:
        raise KeyError("hunter2")


def test_a_collector_that_breaks_does_not_keep_the_others_from_being_read(company: Company) -> None:
    company.bill(every_day())
    company.sources = [Stranger(name="stranger"), *company.sources]
    broken, fine = company.collect()
    assert (broken.outcome, broken.error) == ("failed", "stranger: failed with KeyError; -v shows where")
    assert fine.outcome == "loaded"


def test_a_source_that_is_no_longer_configured_is_forgotten(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.sources = [company.sources[0].model_copy(update={"name": "renamed"})]
    company.run()
    with company.warehouse.read() as db:
        assert [row["source"] for row in sources(db)] == ["renamed"]
    assert company.effective("source") == {"renamed": Decimal(31)}


def test_a_folder_that_lost_a_period_says_that_it_stays(company: Company) -> None:
    company.bill(every_day())
    company.run()
    november = {"BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z"}
    company.bill([line(**november)])
    (collected,) = company.collect()
    assert "nothing of the billing periods 2026-10-01 is there any more" in collected.note
    company.allocate()
    assert company.billed() == {"risk": Decimal("32.5")}


def test_parts_of_one_bill_may_have_other_columns_and_types(company: Company) -> None:
    root = company.root / "bill"
    write_parquet(root / "1.parquet", [line(Tags=tags(team="platform"))])
    write_csv(root / "2.csv", [line(Tags=tags(team="platform"), BilledCost="2", x_Extra="text")])
    plain = pq.read_table(write_parquet(company.root / "plain.parquet", [line()]))
    text = pa.array([tags(team="platform")])
    place = plain.column_names.index("Tags")
    pq.write_table(plain.set_column(place, "Tags", text).drop_columns("RegionId"), root / "3.parquet")
    company.run()
    assert company.billed() == {"platform": Decimal(5)}


class Meter(Stranger):
    """Delivers something that is no bill."""

    def collect(self, window: Window) -> Iterator[Batch]:
        file = DeliveredFile("bill.csv", Path(self.path))
        yield Batch("usage", None, "1", lambda: Export((file,)))

    path: str


def test_another_table_is_not_taken_for_a_bill(company: Company) -> None:
    path = company.bill(every_day())
    company.sources = [Meter(name="meter", path=str(path))]
    (collected,) = company.collect()
    assert collected.error == (
        "meter: delivers table 'usage', which it does not declare; correct its collector"
    )
    assert company.allocate() == []
