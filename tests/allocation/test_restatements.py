"""A delivery that takes settled days, lines or cost away is doubted: published with a finding, or held."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.allocate import AllocatedPeriod, allocate
from costwatch.allocation.settings import Allocation
from costwatch.errors import UsageError
from costwatch.proof.restatement import Restatement
from costwatch.warehouse.bill.restatements import standing
from tests.made.bills import Line, every_day, on_day, write_csv
from tests.made.company import Company

pytestmark = pytest.mark.slow

# The month is closed; in the middle of it most of its days were settled.
CLOSED, RUNNING = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOLD = {"settle": {"hold": True}}


def month(*days: int, amount: str = "10", lines: int = 2) -> list[Line]:
    """So many equal lines on each of these days of October."""
    return [
        on_day(day, BilledCost=amount, EffectiveCost=amount, ResourceId=f"{number}")
        for day in days
        for number in range(lines)
    ]


WHOLE = month(*range(1, 31))


def restated(company: Company, *deliveries: Sequence[Line], now: datetime = CLOSED) -> list[AllocatedPeriod]:
    """Deliver one after the other, an hour apart; what came of the last."""
    done: list[AllocatedPeriod] = []
    for number, lines in enumerate(deliveries):
        at = now + number * HOUR
        company.bill(lines)
        assert [each.error for each in company.collect(at)] == [""]
        done = company.allocate(at)
    return done


def stands(company: Company) -> list[Restatement]:
    with company.warehouse.read() as db:
        return standing(db)


LOSSES: Mapping[str, tuple[Sequence[Line], tuple[str, ...]]] = {
    "days": (
        month(1, 2, 3, *range(7, 31), amount="11"),
        ("3 of 30 settled days (4 Oct 2026 to 6 Oct 2026)",),
    ),
    "days here and there": (
        month(*(day for day in range(1, 31) if day not in (4, 6, 7))),
        ("3 of 30 settled days (4 Oct 2026, 6 Oct 2026 to 7 Oct 2026)",),
    ),
    "lines": (
        [*month(*range(1, 15), lines=1, amount="20"), *month(*range(15, 31))],
        ("14 of 60 lines in USD (23 %)",),
    ),
    "cost": (
        month(*range(1, 31), amount="7.9"),
        ("EffectiveCost and BilledCost from $600.00 to $474.00",),
    ),
    "one of both costs": (
        [{**line, "EffectiveCost": "-7.9"} for line in WHOLE],
        ("EffectiveCost from $600.00 to -$474.00",),
    ),
    "the whole of a currency": (
        [{**line, "BillingCurrency": "EUR"} for line in WHOLE],
        ("60 of 60 lines in USD (100 %)", "EffectiveCost and BilledCost from $600.00 to $0.00"),
    ),
}


@pytest.mark.parametrize(("lines", "losses"), LOSSES.values(), ids=LOSSES)
def test_a_closed_month_is_doubted_that_loses(
    lines: Sequence[Line], losses: tuple[str, ...], tmp_path: Path
) -> None:
    company = Company(tmp_path)
    (done,) = restated(company, WHOLE, lines)
    (doubted,) = stands(company)
    assert doubted.losses == losses
    assert (done.changed, done.doubts) == (True, (doubted.text,))
    assert "it is published all the same" in doubted.text
    assert "costwatch allocate --accept 2026-10" in doubted.text
    billed = sum((Decimal(line["BilledCost"]) for line in lines), Decimal())
    assert sum(company.billed("currency").values()) == billed


KEPT: Mapping[str, Sequence[Line]] = {
    "as much as before": month(*range(1, 31), amount="10.01"),
    "a fifth of the lines, and a fifth of the cost": [
        *month(*range(1, 13), lines=1),
        *month(*range(13, 31)),
    ],
    "late usage of less than half": [*month(*range(1, 32)), *month(*range(1, 15))],
    "more than half of lines, and not of cost": month(*range(1, 31), lines=4, amount="6"),
    "new days only": [*WHOLE, *month(31, lines=60)],
}


@pytest.mark.parametrize("lines", KEPT.values(), ids=KEPT)
def test_a_closed_month_is_not_doubted_that_keeps(lines: Sequence[Line], tmp_path: Path) -> None:
    company = Company(tmp_path)
    (done,) = restated(company, WHOLE, lines)
    assert (done.changed, done.doubts, stands(company)) == (True, (), [])


def test_in_a_running_month_only_settled_days_are_missed(tmp_path: Path) -> None:
    company = Company(tmp_path)
    (done,) = restated(company, month(*range(1, 20)), month(*range(1, 18)), now=RUNNING)
    assert done.doubts == ()  # 18 and 19 October were estimated
    (done,) = restated(company, month(*range(1, 11), *range(12, 20)), now=RUNNING + 2 * HOUR)
    assert "1 of 17 settled days (11 Oct 2026)" in done.doubts[0]


def test_other_teams_are_no_restatement(tmp_path: Path) -> None:
    company = Company(tmp_path)
    restated(company, WHOLE)
    company.allocation = {"teams": [{"name": "risk", "accounts": ["100000000001"]}]}
    company.allocate(CLOSED + HOUR)
    assert stands(company) == []


def test_it_stands_until_what_was_lost_is_back(tmp_path: Path) -> None:
    company = Company(tmp_path)
    restated(company, WHOLE, month(1, 2, 3))
    (first,) = stands(company)
    (done,) = restated(
        company, month(*range(1, 21)), now=CLOSED + 2 * HOUR
    )  # more than before, not all of it
    (second,) = stands(company)
    assert second.known_at == first.known_at == CLOSED + HOUR
    assert second.losses[0] == "10 of 30 settled days (21 Oct 2026 to 30 Oct 2026)"
    assert done.doubts == (second.text,)
    (done,) = restated(company, [*WHOLE, *month(31)], now=CLOSED + 3 * HOUR)
    assert (done.changed, done.doubts, stands(company)) == (True, (), [])
    with company.warehouse.read() as db:
        assert standing(db, CLOSED + 2 * HOUR + HOUR / 2) == [second]


def accept(company: Company, now: datetime, accepted: date = date(2026, 10, 1)) -> list[AllocatedPeriod]:
    return allocate(
        company.warehouse,
        company.root / "ledger",
        company.sources,
        Allocation.model_validate(company.allocation),
        now,
        accepted=accepted,
    )


def test_it_stands_until_someone_accepts_it(tmp_path: Path) -> None:
    company = Company(tmp_path)
    restated(company, WHOLE, month(1, 2, 3))
    with pytest.raises(UsageError, match="--accept 2026-09: nothing is doubted of that month"):
        accept(company, CLOSED + 2 * HOUR, date(2026, 9, 1))
    accept(company, CLOSED + 2 * HOUR)
    assert stands(company) == []
    (done,) = restated(company, month(1, 2, 3, amount="9"), now=CLOSED + 3 * HOUR)
    assert (done.doubts, stands(company)) == ((), [])


def test_what_is_held_is_published_once_it_is_accepted(tmp_path: Path) -> None:
    company = Company(tmp_path, HOLD)
    (done,) = restated(company, WHOLE, month(1, 2, 3))
    assert (done.changed, company.billed()) == (False, {"unallocated": Decimal(600)})
    (held,) = stands(company)
    assert held.is_held
    assert (
        "what was published before is kept; to take it, run: costwatch allocate --accept 2026-10" in held.text
    )
    again = company.allocate(CLOSED + 2 * HOUR)
    assert [(each.changed, each.line_count, each.doubts) for each in again] == [
        (False, 0, ())
    ]  # not computed
    (taken,) = accept(company, CLOSED + 3 * HOUR)
    assert (taken.changed, taken.doubts, stands(company)) == (True, (), [])
    assert company.billed() == {"unallocated": Decimal(60)}


def test_what_is_held_gives_way_to_a_whole_delivery(tmp_path: Path) -> None:
    company = Company(tmp_path, HOLD)
    (done,) = restated(company, WHOLE, month(1, 2, 3), [*WHOLE, *month(31)])
    assert (done.changed, done.doubts, stands(company)) == (True, (), [])
    assert company.billed() == {"unallocated": Decimal(620)}


def test_what_is_held_gives_way_to_the_same_bill_as_before(tmp_path: Path) -> None:
    company = Company(tmp_path, HOLD)
    (done,) = restated(company, WHOLE, month(1, 2, 3), WHOLE)
    assert (done.doubts, stands(company)) == ((), [])
    assert [each.changed for each in company.allocate(CLOSED + 4 * HOUR)] == [False]


def test_one_source_is_not_missed_in_another_ones_delivery(tmp_path: Path) -> None:
    from collectors.exports import Exports

    company = Company(tmp_path)
    company.sources.append(Exports(name="gcp", location=str(tmp_path / "gcp")))
    others = [{**line, "BillingAccountId": "g-1"} for line in every_day()]
    write_csv(tmp_path / "gcp" / "bill.csv", others)
    company.bill(WHOLE)
    company.run(CLOSED)
    write_csv(tmp_path / "gcp" / "bill.csv", others[:10])
    company.run(CLOSED + HOUR)
    (doubted,) = stands(company)
    assert doubted.source == "gcp"
    assert doubted.losses[0].startswith("21 of 31 settled days")


def shrunk(lines: int) -> list[Line]:
    """So many lines on each day, of one cost: 50, 41 and 34 are 18 and 17 per cent less."""
    return month(1, 2, 3, lines=lines)


def test_losses_that_creep_are_doubted_against_what_was_settled_first(tmp_path: Path) -> None:
    company = Company(tmp_path)
    (done,) = restated(company, shrunk(50), shrunk(41))
    assert done.doubts == ()
    (done,) = restated(company, shrunk(34), now=CLOSED + 2 * HOUR)
    (doubted,) = stands(company)
    assert doubted.losses == (
        "48 of 150 lines in USD (32 %)",
        "EffectiveCost and BilledCost from $1,500.00 to $1,020.00",
    )
    assert doubted.known_at == CLOSED + 2 * HOUR
    restated(company, shrunk(41), now=CLOSED + 3 * HOUR)
    assert stands(company) == []
    restated(company, shrunk(33), now=CLOSED + 4 * HOUR)
    accept(company, CLOSED + 5 * HOUR)
    (done,) = restated(company, shrunk(28), now=CLOSED + 6 * HOUR)  # 15 per cent of what was accepted
    assert (done.doubts, stands(company)) == ((), [])
    (done,) = restated(company, shrunk(25), now=CLOSED + 7 * HOUR)
    assert "24 of 99 lines" in done.doubts[0]


def test_a_day_that_grew_is_missed_as_it_grew(tmp_path: Path) -> None:
    company = Company(tmp_path)
    (done,) = restated(company, shrunk(50), shrunk(45), shrunk(60), shrunk(47))
    assert "39 of 180 lines in USD (22 %)" in done.doubts[0]


@pytest.mark.parametrize("settings", [{}, HOLD], ids=["published", "held"])
def test_the_delivery_is_named_that_lost_a_day(settings: Mapping[str, object], tmp_path: Path) -> None:
    company = Company(tmp_path, settings)
    without_5 = month(*range(1, 5), *range(6, 31))
    restated(company, WHOLE, without_5)
    (done,) = restated(company, month(*range(1, 5), *range(6, 20), *range(21, 31)), now=CLOSED + 2 * HOUR)
    (doubted,) = stands(company)
    assert doubted.known_at == CLOSED + 2 * HOUR
    assert "that came by 2026-11-20 02:00 UTC takes away 2 of 30 settled days" in done.doubts[0]
    (done,) = restated(company, without_5, now=CLOSED + 3 * HOUR)
    assert "that came by 2026-11-20 02:00 UTC takes away 1 of 30 settled days (5 Oct" in done.doubts[0]
    with company.warehouse.read() as db:
        (first,) = standing(db, CLOSED + HOUR + HOUR / 2)
    assert first.known_at == CLOSED + HOUR


@pytest.mark.parametrize("settings", [{}, HOLD], ids=["published", "held"])
def test_a_month_that_doubles_is_doubted_until_the_true_one_is_back(
    settings: Mapping[str, object], tmp_path: Path
) -> None:
    company = Company(tmp_path, settings)
    true, double = month(*range(1, 32), lines=10), month(*range(1, 32), lines=20)
    (done,) = restated(company, true, double)
    assert (
        "aws: the delivery of 2026-10 that came by 2026-11-20 01:00 UTC adds "
        "310 to 310 lines in USD (100 %); "
        "EffectiveCost and BilledCost from $3,100.00 to $6,200.00: "
    ) in done.doubts[0]
    (doubted,) = stands(company)
    assert (doubted.losses, len(doubted.additions)) == ((), 2)
    (done,) = restated(company, true, now=CLOSED + 2 * HOUR)
    assert (done.doubts, stands(company)) == ((), [])
    (done,) = restated(company, true[:300], now=CLOSED + 3 * HOUR)
    assert "1 of 31 settled days (31 Oct 2026)" in done.doubts[0]


def test_days_that_settle_in_a_doubled_bill_are_no_measure_of_the_true_one(tmp_path: Path) -> None:
    company = Company(tmp_path)
    restated(company, month(*range(1, 5), lines=10), now=datetime(2026, 10, 7, tzinfo=UTC))
    restated(company, month(*range(1, 18), lines=20), now=datetime(2026, 10, 19, tzinfo=UTC))
    assert len(stands(company)) == 1
    later = datetime(2026, 10, 21, tzinfo=UTC)
    restated(company, month(*range(1, 19), lines=20), now=later)
    (done,) = restated(company, month(*range(1, 19), lines=10), now=later + HOUR)
    assert (done.doubts, stands(company)) == ((), [])
