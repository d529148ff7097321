"""The two steps together: run twice, run late, restated, moved between teams."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.exports import Exports
from costwatch import allocate as allocate_step
from costwatch.collect import collect
from costwatch.model import Batch, DeliveredFile, Export, Window
from costwatch.plugins import CollectorSettings
from costwatch.warehouse import queries
from tests.bills import line, on_day, tags, write_csv, write_delivery, write_parquet
from tests.steps import NOW, Company

OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
CLOSED = datetime(2026, 11, 20, tzinfo=UTC)
TEAMS = {"teams": [{"name": "risk", "accounts": ["100000000001"]}, {"name": "platform"}]}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path, TEAMS)


def bill(company: Company, lines: list[dict[str, str]], name: str = "bill.csv") -> Path:
    return write_csv(company.root / "bill" / name, lines)


def days(amount: str = "1") -> list[dict[str, str]]:
    return [on_day(day, BilledCost=amount, EffectiveCost=amount) for day in range(1, 32)]


def test_running_again_changes_no_table_but_the_log_of_runs(company: Company) -> None:
    path = bill(company, days())
    company.run()
    before = company.hashes("collection")
    for _ in range(3):
        company.run(NOW + timedelta(minutes=15))
    path.rename(path.with_name("another name.csv"))
    company.run()
    assert company.hashes("collection") == before


def test_a_copy_of_a_file_beside_it_is_the_same_bill(company: Company) -> None:
    bill(company, days())
    company.run()
    before = company.hashes("collection", "source_version")
    bill(company, days(), "copy.csv")
    company.run()
    assert company.hashes("collection", "source_version") == before


def test_a_restated_bill_replaces_the_old_one_and_says_what_changed(company: Company) -> None:
    bill(company, days())
    company.run()
    restated = days()
    restated[9]["EffectiveCost"] = "5"
    bill(company, restated)
    company.run(NOW + timedelta(days=1))
    assert company.effective() == {"risk": Decimal(35)}
    with company.warehouse.read() as db:
        (change,) = queries.rows(db, "restatements", {"first": 20261001, "after": 20261101})
    assert (change["day"], change["x_Team"]) == (20261010, "risk")


def test_a_day_that_comes_later_is_no_restatement(company: Company) -> None:
    bill(company, days()[:20])
    company.run(datetime(2026, 10, 23, tzinfo=UTC))
    bill(company, days())
    company.run()
    assert company.effective() == {"risk": Decimal(31)}
    with company.warehouse.read() as db:
        assert queries.rows(db, "restatements", {"first": 20261001, "after": 20261101}) == []


def test_a_refused_bill_leaves_the_published_one_and_is_told(company: Company) -> None:
    bill(company, days())
    company.run()
    bill(company, [line(BilledCost="x")])
    (collected,) = company.collect()
    assert collected.outcome == "failed"
    assert "bill.csv:2: column BilledCost cannot be read: 'x'" in collected.error
    company.allocate()
    assert company.effective() == {"risk": Decimal(31)}
    with company.warehouse.read() as db:
        (source,) = queries.rows(db, "sources")
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
    write_csv(company.root / "bill" / "data" / "BILLING_PERIOD=2026-10" / "a.csv", days())
    manifest = company.root / "bill" / "metadata" / "BILLING_PERIOD=2026-10" / "a-Manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"dataFiles": ["s3://b/data/BILLING_PERIOD=2026-10/a.csv"]}))
    company.run()
    path = company.root / "bill" / "data" / "BILLING_PERIOD=2026-10" / "a.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    (collected,) = company.collect()
    assert "holds no line, the one before did" in collected.error


def test_a_team_that_changes_moves_an_open_period(company: Company) -> None:
    bill(company, days())
    company.run()
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run()
    assert company.effective() == {"platform": Decimal(31)}


def test_a_closed_period_moves_only_when_asked(company: Company) -> None:
    bill(company, days())
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run(CLOSED)
    assert company.effective() == {"risk": Decimal(31)}
    company.allocate(CLOSED, OCTOBER)
    assert company.effective() == {"platform": Decimal(31)}


def test_a_closed_period_that_is_restated_is_split_as_it_was(company: Company) -> None:
    bill(company, days())
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    bill(company, days("2"))
    company.run(CLOSED)
    assert company.effective() == {"risk": Decimal(62)}


def test_two_sources_that_bill_one_account_are_refused(company: Company) -> None:
    bill(company, days())
    company.run()
    write_csv(company.root / "other" / "bill.csv", days("3"))
    company.sources = [*company.sources, Exports(name="twin", location=str(company.root / "other"))]
    company.collect()
    (published,) = company.allocate()
    assert "sources 'aws' and 'twin' both bill account 900000000001" in published.error
    assert company.effective() == {"risk": Decimal(31)}


def test_a_source_to_check_against_is_no_bill(company: Company) -> None:
    bill(company, days())
    write_csv(company.root / "other" / "bill.csv", days("3"))
    other = Exports(name="twin", role="check", location=str(company.root / "other"))
    company.sources = [*company.sources, other]
    company.run()
    assert company.effective() == {"risk": Decimal(31)}


def test_a_bill_without_a_ledger_file_keeps_what_is_published(company: Company) -> None:
    bill(company, days())
    company.run()
    bill(company, days("2"))
    company.collect()
    for file in (company.root / "ledger").glob("*.parquet"):
        file.unlink()
    (published,) = company.allocate()
    assert "collect again" in published.error
    assert company.effective() == {"risk": Decimal(31)}
    company.run()
    assert company.effective() == {"risk": Decimal(62)}


def test_tags_are_only_text(company: Company) -> None:
    hostile = "'); DROP TABLE team_cost; --<script>"
    bill(company, [line(ServiceName=hostile, SubAccountName=hostile, Tags=tags(team=hostile))])
    company.run()
    assert company.billed("service") == {hostile: Decimal("1.5")}


def test_equal_parts_of_one_delivery_are_both_billed(company: Company) -> None:
    write_delivery(company.root / "bill", "2026-10", [line(), line()], parts=2)
    company.run()
    assert company.billed() == {"risk": Decimal(3)}


def billed_months(company: Company) -> list[str]:
    with company.warehouse.read() as db:
        return [f"{row['period']}" for row in queries.rows(db, "published")]


MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


def deliver_months(company: Company) -> None:
    for month in MONTHS:
        year, number = month.split("-")
        period = {
            "BillingPeriodStart": f"{month}-01T00:00:00Z",
            "BillingPeriodEnd": f"{year}-{int(number) + 1:02d}-01T00:00:00Z",
            "ChargePeriodStart": f"{month}-01T00:00:00Z",
            "ChargePeriodEnd": f"{month}-02T00:00:00Z",
        }
        write_delivery(company.root / "bill", month, [line(**period)])


def test_a_window_asked_for_first_leaves_nothing_behind_for_good(company: Company) -> None:
    deliver_months(company)
    august = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    (collected,) = company.collect(window=august)
    assert [str(period) for period in collected.periods] == ["2026-08-01"]
    company.run()
    assert len(billed_months(company)) == len(MONTHS)


def test_an_old_month_that_is_delivered_anew_is_seen(company: Company) -> None:
    deliver_months(company)
    company.run()
    july = {"BillingPeriodStart": "2026-07-01T00:00:00Z", "BillingPeriodEnd": "2026-08-01T00:00:00Z"}
    write_delivery(company.root / "bill", "2026-07", [line(**july, BilledCost="100")])
    company.run()
    assert company.billed() == {"risk": Decimal("104.5")}


def test_a_dry_run_stores_nothing(company: Company) -> None:
    bill(company, days())
    (collected,) = collect(company.warehouse, company.root / "ledger", company.sources, NOW, dry_run=True)
    assert (collected.outcome, collected.line_count) == ("loaded", 31)
    assert {path.name for path in company.root.iterdir()} == {"bill"}


class Stranger(CollectorSettings):
    """A collector of somebody else's that breaks."""

    @property
    def lookback(self) -> timedelta:
        return timedelta()

    def collect(self, window: Window) -> Iterator[Batch]:
        raise KeyError("hunter2")


def test_a_collector_that_breaks_does_not_keep_the_others_from_being_read(company: Company) -> None:
    bill(company, days())
    company.sources = [Stranger(name="stranger"), *company.sources]
    broken, fine = company.collect()
    assert (broken.outcome, broken.error) == ("failed", "stranger: failed with KeyError; -v shows where")
    assert fine.outcome == "loaded"


def test_a_source_that_is_no_longer_configured_is_forgotten(company: Company) -> None:
    bill(company, days())
    company.run()
    company.sources = [company.sources[0].model_copy(update={"name": "renamed"})]
    company.run()
    with company.warehouse.read() as db:
        assert [row["source"] for row in queries.rows(db, "sources")] == ["renamed"]
    assert company.effective("source") == {"renamed": Decimal(31)}


def test_a_bill_that_becomes_a_check_is_no_longer_published(company: Company) -> None:
    bill(company, days())
    company.run()
    company.sources = [company.sources[0].model_copy(update={"role": "check"})]
    company.run()
    assert company.effective() == {}


def test_large_sums_over_many_periods_stay_exact(company: Company) -> None:
    deliver_months(company)
    for month in MONTHS:
        year, number = month.split("-")
        period = {
            "BillingPeriodStart": f"{month}-01T00:00:00Z",
            "BillingPeriodEnd": f"{year}-{int(number) + 1:02d}-01T00:00:00Z",
        }
        yen = line(**period, BillingCurrency="JPY", BilledCost="8000000000", EffectiveCost="-8000000000")
        write_delivery(company.root / "bill", month, [yen])
    company.run()
    (row,) = company.cost("provider")
    assert (row.amount("BilledCost"), row.amount()) == (Decimal(32_000_000_000), Decimal(-32_000_000_000))
    assert company.billed() == {"risk": Decimal(32_000_000_000)}


def test_closed_months_that_are_restated_keep_each_its_teams(company: Company) -> None:
    """Two configurations in turn, in one run."""
    deliver_months(company)
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    august = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    company.allocate(CLOSED, august)
    for month in MONTHS:
        year, number = month.split("-")
        period = {
            "BillingPeriodStart": f"{month}-01T00:00:00Z",
            "BillingPeriodEnd": f"{year}-{int(number) + 1:02d}-01T00:00:00Z",
        }
        write_delivery(company.root / "bill", month, [line(**period, BilledCost=f"1{int(number)}")])
    company.run(CLOSED)
    assert company.billed() == {"risk": Decimal(17 + 19 + 110), "platform": Decimal(18)}


def test_a_folder_that_lost_a_period_says_that_it_stays(company: Company) -> None:
    bill(company, days())
    company.run()
    november = {"BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z"}
    bill(company, [line(**november)])
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


def test_a_change_of_teams_is_no_restatement(company: Company) -> None:
    bill(company, days())
    company.run()
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run()
    with company.warehouse.read() as db:
        assert queries.rows(db, "restatements", {"first": 20261001, "after": 20261101}) == []


def test_a_day_that_is_missing_holds_back_what_comes_after(company: Company) -> None:
    bill(company, [row for number, row in enumerate(days()) if number != 27])
    company.run(NOW)
    with company.warehouse.read() as db:
        assert queries.rows(db, "data_through")[0]["day"] == 20261027


class Meter(Stranger):
    """Delivers something that is no bill."""

    def collect(self, window: Window) -> Iterator[Batch]:
        file = DeliveredFile("bill.csv", Path(self.path))
        yield Batch("usage", None, "1", lambda: Export((file,)))

    path: str


def test_another_table_is_not_taken_for_a_bill(company: Company) -> None:
    path = bill(company, days())
    company.sources = [Meter(name="meter", path=str(path))]
    (collected,) = company.collect()
    assert "delivers table 'usage', but only a bill can be stored" in collected.error
    assert company.allocate() == []


def test_a_publication_that_is_not_the_bill_is_undone(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill(company, days())
    company.run()
    bill(company, days("2"))
    company.collect()
    rows = allocate_step._rows
    monkeypatch.setattr(allocate_step, "_rows", lambda table: list(rows(table))[1:])
    (published,) = company.allocate()
    assert "nothing was published, please report this" in published.error
    assert company.effective() == {"risk": Decimal(31)}
