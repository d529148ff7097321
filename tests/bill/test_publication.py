"""Step 2: restated bills, teams that change, closed periods, several sources."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.exports import Exports
from costwatch.allocation.attribution import Attribution
from costwatch.model import Window
from costwatch.warehouse import queries
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import MONTHS, every_day, line, of_month, tags, write_csv
from tests.made.company import NOW, Company

OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
CLOSED = datetime(2026, 11, 20, tzinfo=UTC)
TEAMS = {"teams": [{"name": "risk", "accounts": ["100000000001"]}, {"name": "platform"}]}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path, TEAMS)


def test_a_restated_bill_replaces_the_old_one_and_says_what_changed(company: Company) -> None:
    company.bill(every_day())
    company.run()
    restated = every_day()
    restated[9]["EffectiveCost"] = "5"
    company.bill(restated)
    company.run(NOW + timedelta(days=1))
    assert company.effective() == {"risk": Decimal(35)}
    with company.warehouse.read() as db:
        (change,) = queries.rows(db, "restatements", {"first": 20261001, "after": 20261101})
    assert (change["day"], change["x_Team"]) == (20261010, "risk")


def test_a_day_that_comes_later_is_no_restatement(company: Company) -> None:
    company.bill(every_day()[:20])
    company.run(datetime(2026, 10, 23, tzinfo=UTC))
    company.bill(every_day())
    company.run()
    assert company.effective() == {"risk": Decimal(31)}
    with company.warehouse.read() as db:
        assert queries.rows(db, "restatements", {"first": 20261001, "after": 20261101}) == []


def test_a_team_that_changes_moves_an_open_period(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run()
    assert company.effective() == {"platform": Decimal(31)}


def test_a_closed_period_moves_only_when_asked(company: Company) -> None:
    company.bill(every_day())
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run(CLOSED)
    assert company.effective() == {"risk": Decimal(31)}
    company.allocate(CLOSED, OCTOBER)
    assert company.effective() == {"platform": Decimal(31)}


def test_a_closed_period_that_is_restated_is_split_as_it_was(company: Company) -> None:
    company.bill(every_day())
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.bill(every_day("2"))
    company.run(CLOSED)
    assert company.effective() == {"risk": Decimal(62)}


def test_two_sources_that_bill_one_account_are_refused(company: Company) -> None:
    company.bill(every_day())
    company.run()
    write_csv(company.root / "other" / "bill.csv", every_day("3"))
    company.sources = [*company.sources, Exports(name="twin", location=str(company.root / "other"))]
    company.collect()
    (published,) = company.allocate()
    assert "sources 'aws' and 'twin' both bill account 900000000001" in published.error
    assert company.effective() == {"risk": Decimal(31)}


def test_a_source_to_check_against_is_no_bill(company: Company) -> None:
    company.bill(every_day())
    write_csv(company.root / "other" / "bill.csv", every_day("3"))
    other = Exports(name="twin", role="check", location=str(company.root / "other"))
    company.sources = [*company.sources, other]
    company.run()
    assert company.effective() == {"risk": Decimal(31)}


def test_tags_are_only_text(company: Company) -> None:
    hostile = "'); DROP TABLE team_cost; --<script>"
    company.bill([line(ServiceName=hostile, SubAccountName=hostile, Tags=tags(team=hostile))])
    company.run()
    assert company.billed("service") == {hostile: Decimal("1.5")}


def test_a_bill_that_becomes_a_check_is_no_longer_published(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.sources = [company.sources[0].model_copy(update={"role": "check"})]
    company.run()
    assert company.effective() == {}


def test_large_sums_over_many_periods_stay_exact(company: Company) -> None:
    yen = {"BillingCurrency": "JPY", "BilledCost": "8000000000", "EffectiveCost": "-8000000000"}
    company.deliver({month: [of_month(month, **yen)] for month in MONTHS})
    company.run()
    (row,) = company.cost("provider")
    assert (row.amount("BilledCost"), row.amount()) == (Decimal(32_000_000_000), Decimal(-32_000_000_000))
    assert company.billed() == {"risk": Decimal(32_000_000_000)}


def test_closed_months_that_are_restated_keep_each_its_teams(company: Company) -> None:
    """Two configurations in turn, in one run."""
    company.deliver({month: [of_month(month)] for month in MONTHS})
    company.run(CLOSED)
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    august = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    company.allocate(CLOSED, august)
    company.deliver({month: [of_month(month, BilledCost=f"1{int(month[-2:])}")] for month in MONTHS})
    company.run(CLOSED)
    assert company.billed() == {"risk": Decimal(17 + 19 + 110), "platform": Decimal(18)}


def test_a_change_of_teams_is_no_restatement(company: Company) -> None:
    company.bill(every_day())
    company.run()
    company.allocation = {"teams": [{"name": "platform", "accounts": ["100000000001"]}]}
    company.run()
    with company.warehouse.read() as db:
        assert queries.rows(db, "restatements", {"first": 20261001, "after": 20261101}) == []


def test_a_day_that_is_missing_holds_back_what_comes_after(company: Company) -> None:
    company.bill([row for number, row in enumerate(every_day()) if number != 27])
    company.run(NOW)
    with company.warehouse.read() as db:
        assert WarehouseSnapshot(db, NOW).data_through == date(2026, 10, 27)


def test_a_publication_that_is_not_the_bill_is_undone(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.bill(every_day())
    company.run()
    company.bill(every_day("2"))
    company.collect()
    facts = Attribution.facts
    monkeypatch.setattr(Attribution, "facts", lambda self: [batch.slice(1) for batch in facts(self)])
    (published,) = company.allocate()
    assert "nothing was published, please report this" in published.error
    assert company.effective() == {"risk": Decimal(31)}
