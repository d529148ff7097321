"""Any day as it was known then: what was published, restated, moved between teams since."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.model import Window
from costwatch.warehouse.bill.ids import ids_for
from costwatch.warehouse.bill.publish import Publication, publish
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts.cost import Cost, cost, days_held
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.bills import every_day, line, on_day, write_csv
from tests.made.company import EVER, NOW, Company
from tests.made.warehouse_rows import SOURCE, by_place_of, fill, in_batches, summary_of

START = datetime(2026, 10, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
HUGE = 10**18  # eight of them are a month that can be stored, two such months are not a sum of 64 bits

Fact = tuple[str, str, int, str, str]  # team, service, day of October, region, currency
Costs = tuple[int, int, int]

FACTS = st.dictionaries(
    st.tuples(
        st.sampled_from(["risk", "payments", "unallocated"]),
        st.sampled_from(["EC2", "S3"]),
        st.integers(1, 4),
        st.sampled_from(["eu-west-1", "us-east-1"]),
        st.sampled_from(["USD", "EUR"]),
    ),
    st.tuples(
        st.sampled_from([0, 1, -1, 10**9 + 1, -HUGE, HUGE]), st.integers(-(10**12), 10**12), st.integers(0, 2)
    ),
    max_size=8,
)
VERSIONS = st.lists(
    st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from(MONTHS), FACTS, min_size=1)),
    min_size=2,
    max_size=5,
)
ASKED: tuple[tuple[tuple[str, ...], Mapping[str, Sequence[str]], bool], ...] = (
    ((), {}, False),
    (("team",), {}, False),
    (("team", "service"), {}, True),
    (("region",), {"team": ["risk", "payments"]}, True),
    (("account", "team"), {"service": ["S3"], "currency": ["EUR"]}, False),
)


@settings(max_examples=25, deadline=None)
@given(VERSIONS)
def test_a_day_is_answered_as_it_was_answered_then(
    versions: list[tuple[int, dict[date, dict[Fact, Costs]]]],
) -> None:
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "costwatch.db")
        at, said = START, {START - HOUR: [[] for _ in ASKED]}
        for hours, months in versions:
            at += hours * HOUR
            with warehouse.write() as db:
                for month, facts in months.items():
                    published(db, month, facts, at)
            said[at] = answers(warehouse)
        for instant, answer in said.items():
            assert answers(warehouse, instant) == answer


def answers(warehouse: Warehouse, as_of: datetime | None = None) -> list[list[Cost]]:
    """What is answered to each of ``ASKED``; a row of nothing at all says nothing."""
    with warehouse.read() as db:
        return [
            [
                row
                for row in cost(db, *EVER, by, where, per_day=per_day, as_of=as_of)
                if row.BilledCostNano or row.EffectiveCostNano or row.line_count
            ]
            for by, where, per_day in ASKED
        ]


def published(db, month: date, facts: Mapping[Fact, Costs], now: datetime) -> None:
    """These facts as all of a month; their days are of October, whatever month bills them."""
    slices = {
        (region, currency): (
            SOURCE,
            "AWS",
            "1",
            f"2-{region}",
            "",
            region,
            "Usage",
            "",
            "",
            currency,
            "direct",
            "no system",
            "",
            "",
        )
        for _, _, _, region, currency in facts
    }
    ids = ids_for(db, {key[0] for key in facts}, {key[1] for key in facts}, slices.values())
    rows = [
        (ids.team[team], ids.service[service], 20261000 + day, ids.slice[slices[region, currency]], *costs)
        for (team, service, day, region, currency), costs in facts.items()
    ]
    totals: dict[str, dict[str, int]] = {}
    for (*_, currency), costs in facts.items():
        sums = totals.setdefault(
            currency, dict.fromkeys(("BilledCostNano", "EffectiveCostNano", "line_count"), 0)
        )
        for name, value in zip(sums, costs, strict=True):
            sums[name] += value
    days = sorted({row[2] for row in rows})
    publish(
        db,
        ids,
        Publication(
            period=month,
            period_end=month + timedelta(days=30),
            inputs_key=str(now),
            loads=(to_int(now.date()),),
            config="{}",
            totals=totals,
            day_lines=[(SOURCE, day, 1, 0) for day in days],
            summary=summary_of(rows, ids),
            by_place=in_batches(by_place_of(rows, ids)),
            facts=in_batches(rows),
        ),
        now,
    )


# --- with the steps themselves ------------------------------------------------------------------

ONE, OTHER = "100000000001", "100000000002"
CLOSED = datetime(2026, 11, 20, tzinfo=UTC)
OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
ALL = ("team", "account", "service")


def known(company: Company, *by: str, as_of: datetime | None = None) -> dict[tuple[object, ...], Decimal]:
    """EffectiveCost by labels and day."""
    with company.warehouse.read() as db:
        rows = cost(db, *EVER, by, per_day=True, as_of=as_of)
    return {(*(row.labels[name] for name in by), row.day): row.amount() for row in rows}


def test_of_four_loads_of_a_growing_month_the_last_counts_and_each_can_be_read(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": [ONE]}]})
    loaded = []
    for day in (5, 12, 20, 31):
        now = datetime(2026, 10, day, 12, tzinfo=UTC)
        company.bill(every_day()[:day])
        company.run(now)
        loaded.append((now, Decimal(day)))
    assert company.effective() == {"risk": Decimal(31)}
    for now, total in loaded:
        for instant in (now, now + timedelta(days=2)):
            assert sum(known(company, as_of=instant).values()) == total
    assert known(company, as_of=loaded[0][0] - HOUR) == {}


def test_an_account_that_moves_changes_what_it_costs_and_nothing_else(tmp_path: Path) -> None:
    both = [{"name": "risk", "accounts": [ONE, OTHER]}, {"name": "payments"}]
    moved = [{"name": "risk", "accounts": [ONE]}, {"name": "payments", "accounts": [OTHER]}]
    company = Company(tmp_path, {"teams": both})
    company.bill([*every_day("2"), *(on_day(day, SubAccountId=OTHER) for day in range(1, 32))])
    company.run(NOW)
    before = known(company, *ALL)
    company.allocation = {"teams": moved}
    company.run(NOW + timedelta(days=1))
    after = known(company, *ALL)
    assert known(company, *ALL, as_of=NOW) == before
    assert known(company, *ALL, as_of=NOW + timedelta(days=1)) == after
    changed = {key: amount for key, amount in after.items() if before.get(key) != amount}
    assert {key[:2] for key in changed} == {("payments", OTHER)}
    assert {key[:2] for key in before.keys() - after.keys()} == {("risk", OTHER)}
    assert known(company, "account") == known(company, "account", as_of=NOW)


def test_a_bill_restated_after_closing_changes_what_it_touches_and_nothing_else(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": [ONE]}]})
    company.bill(every_day())
    company.run(CLOSED)
    before = known(company, "service")
    restated = every_day()
    restated[9]["EffectiveCost"] = "5"
    company.bill([*restated, line(ServiceName="AWS Tax", EffectiveCost="3", ChargeCategory="Tax")])
    company.run(CLOSED + timedelta(days=1))
    ec2 = before.keys()
    assert known(company, "service", as_of=CLOSED) == before
    assert known(company, "service") == dict.fromkeys(ec2, Decimal(1)) | {
        ("Amazon Elastic Compute Cloud", date(2026, 10, 10)): Decimal(5),
        ("AWS Tax", date(2026, 10, 1)): Decimal(3),
    }
    company.allocation = {"teams": [{"name": "payments", "accounts": [ONE]}]}
    company.allocate(CLOSED + timedelta(days=2), OCTOBER)
    assert {key[0] for key in known(company, "team")} == {"payments"}
    assert {key[0] for key in known(company, "team", as_of=CLOSED + timedelta(days=1))} == {"risk"}


def test_days_that_a_later_bill_lost_are_still_found_as_they_were(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill(every_day())
    company.run(NOW)
    company.bill(every_day()[:20])
    company.run(NOW + timedelta(days=1))
    with company.warehouse.read() as db:
        assert days_held(db) == (date(2026, 10, 1), date(2026, 10, 20))
        assert days_held(db, NOW) == (date(2026, 10, 1), date(2026, 10, 31))
        last = date(2026, 10, 25), date(2026, 11, 1)
        assert cost(db, *last) == []
        (lost,) = cost(db, *last, as_of=NOW)
        assert (lost.amount(), lost.line_count) == (Decimal(7), 7)


def test_a_snapshot_as_of_an_instant_has_the_costs_of_then(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    day = date(2026, 10, 1)
    for version, amount in enumerate((3, 5)):
        fill(warehouse, [(day, "risk", "EC2", "USD", amount, amount, "settled")], NOW + version * HOUR)
    window = Window.of_days(day, day + timedelta(days=1))
    with warehouse.read() as db:
        for as_of, value in ((NOW, 3), (NOW + HOUR, 5), (None, 5)):
            (points,) = (
                WarehouseSnapshot(db, NOW, as_of=as_of).series("BilledCost", ("team",), window).values()
            )
            assert [point.value for point in points] == [value]
        assert WarehouseSnapshot(db, NOW, as_of=NOW - HOUR).series("BilledCost", (), window) == {}


@pytest.mark.parametrize("by", [(), ("team",), ("region",)])
def test_before_anything_was_published_nothing_is_known(tmp_path: Path, by: tuple[str, ...]) -> None:
    company = Company(tmp_path)
    write_csv(company.root / "bill" / "bill.csv", every_day())
    company.run(NOW)
    with company.warehouse.read() as db:
        assert cost(db, *EVER, by, as_of=NOW - HOUR) == []
        assert cost(db, *EVER, by, as_of=NOW) == cost(db, *EVER, by)
