"""Over which days charges are weighed: their own, the day they begin on, or the whole billing period."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocation.weighing import weigh
from costwatch.plugins import Span, SplitSettings, Weighing, Weight
from costwatch.testing import a_weighing
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.bills import line, on_day, tags
from tests.made.company import Company

TEAMS = [{"name": "alpha"}, {"name": "beta"}]
# Of days 1 to 30, alpha carries 10 on each and beta 30 on each but the first; on the 31st nobody does.
USED = [
    on_day(day, BilledCost=cost, EffectiveCost=cost, Tags=tags(team=team), SubAccountId="")
    for team, cost, first in (("alpha", "10", 1), ("beta", "30", 2))
    for day in range(first, 31)
]
POOL = {"name": "pool", "split": "proportional", "match": {"Tags": {"shared": "yes"}}}
MONTH, FIRST_DAY, OTHER_DAYS, NOBODY = "25.64", "100.00", "25.00", "none"
TAX, PURCHASE, CREDIT = ({"ChargeCategory": each} for each in ("Tax", "Purchase", "Credit"))
SUPPORT, ONCE = {"ServiceName": "AWSSupportBusiness"}, {"ChargeFrequency": "One-Time"}
REFUND = {"ChargeClass": "Correction", "BilledCost": "-100", "EffectiveCost": "-100"}


def dated(first: str, after: str) -> dict[str, str]:
    return {"ChargePeriodStart": f"{first}T00:00:00Z", "ChargePeriodEnd": f"{after}T00:00:00Z"}


def day(number: int) -> dict[str, str]:
    first = date(2026, 10, number)
    return dated(f"{first}", f"{first + timedelta(days=1)}")


WHOLE = dated("2026-10-01", "2026-11-01")
SEPTEMBER = dated("2026-09-10", "2026-09-11")
SHARES: Mapping[str, tuple[dict[str, str], str | None, str]] = {
    "a tax on the first day, over the month": ({**TAX, **day(1)}, None, MONTH),
    "a tax on a last day on which nobody carries anything, over the month": (
        {**TAX, **day(31)},
        None,
        MONTH,
    ),
    "a tax of the month, over the month": ({**TAX, **WHOLE}, None, MONTH),
    "a tax dated after the month, over the month": (
        {**TAX, **dated("2026-11-02", "2026-11-03")},
        None,
        MONTH,
    ),
    "a purchase for a year, over the month": (
        {**PURCHASE, **dated("2026-10-15", "2027-10-15")},
        None,
        MONTH,
    ),
    "a credit on one day, over the month": ({**CREDIT, **REFUND, **day(1)}, None, MONTH),
    "a refund of usage of the month before, over the month": ({**REFUND, **SEPTEMBER}, None, MONTH),
    "support in the middle, over the month": ({**SUPPORT, **day(15)}, None, MONTH),
    "a one-time fee that is called usage, over the month": ({**ONCE, **day(1)}, None, MONTH),
    "usage on the first day, over it": (day(1), None, FIRST_DAY),
    "usage on another day, over it": (day(2), None, OTHER_DAYS),
    "usage of a day on which nobody carries anything, to nobody": (day(31), None, NOBODY),
    "usage of the month, over the month": (WHOLE, None, MONTH),
    "usage of the first day, where the pool says the month": (day(1), "month", MONTH),
    "a tax on the first day, where the pool says its period": ({**TAX, **day(1)}, "period", FIRST_DAY),
    "a tax of the month, where the pool says its period": ({**TAX, **WHOLE}, "period", MONTH),
    "a tax of the month, where the pool says the day": ({**TAX, **WHOLE}, "day", FIRST_DAY),
    "a purchase for a year, where the pool says the day": (
        {**PURCHASE, **dated("2026-10-15", "2027-10-15")},
        "day",
        OTHER_DAYS,
    ),
    "support, where the pool says the day": ({**SUPPORT, **day(15)}, "day", OTHER_DAYS),
    "a refund of the month before, where the pool says its period, to nobody": (
        {**REFUND, **SEPTEMBER},
        "period",
        NOBODY,
    ),
}


def company(folder: Path, lines: list[dict[str, str]], *pools: Mapping[str, Any]) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": list(pools)})
    made.bill(lines)
    made.run()
    return made


def shared(**columns: str) -> dict[str, str]:
    known = {"BilledCost": "100", "EffectiveCost": "100", "SubAccountId": "", "Tags": tags(shared="yes")}
    return line(**{**known, **columns})


@pytest.fixture(scope="module")
def alphas(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Case -> alpha's percentage, of bills in which each case is of a service of its own."""
    found = {}
    for over in {over for _, over, _ in SHARES.values()}:
        cases = {case: columns for case, (columns, known, _) in SHARES.items() if known == over}
        frequency = {"ChargeFrequency": "Usage-Based"}
        services = [f"{columns.get('ServiceName', 'Some')} {n}" for n, columns in enumerate(cases.values())]
        lines = [
            shared(**{**frequency, **columns, "ServiceName": service})
            for columns, service in zip(cases.values(), services, strict=True)
        ]
        pool = {**POOL, "over": over} if over else POOL
        used = [{**each, **frequency} for each in USED]
        made = company(tmp_path_factory.mktemp("over"), [*used, *lines], pool)
        for case, service, charge in zip(cases, services, lines, strict=True):
            rows = made.cost("team", where={"service": (service,), "pool": ("pool",)})
            amounts = {row.labels["team"]: row.amount() for row in rows}
            assert sum(amounts.values()) == Decimal(charge["EffectiveCost"])
            share = abs(amounts.get("alpha", Decimal()))
            found[case] = NOBODY if {*amounts} == {"unmeasured"} else f"{share:.2f}"
    return found


@pytest.mark.parametrize("case", SHARES)
def test_weighed_is(case: str, alphas: Mapping[str, str]) -> None:
    assert alphas[case] == SHARES[case][2]


@needs_data
@pytest.mark.parametrize("name", ["taxday1.csv", "taxmonth.csv"])
def test_a_real_tax_is_split_alike_whatever_its_dates(name: str, tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": TEAMS, "pools": [{**POOL, "match": {"ChargeCategory": "Tax"}}]})
    (tmp_path / "bill").mkdir()
    (tmp_path / "bill" / name).write_bytes((DATA / "cases" / name).read_bytes())
    made.run()
    found = {
        row.labels["team"]: f"{row.amount():.2f}" for row in made.cost("team", where={"pool": ("pool",)})
    }
    assert found == {"alpha": "25.64", "beta": "74.36"}


GIVEN: Mapping[str, tuple[dict[str, str], str | None, str]] = {
    "a tax, over the month": ({**TAX, **day(1)}, None, MONTH),
    "usage, over its day": (day(1), None, FIRST_DAY),
    "usage of the month, over the day on which it is carried": (WHOLE, "period", FIRST_DAY),
    "usage, where the pool says the month": (day(1), "month", MONTH),
    "a tax, where the pool says the day": ({**TAX, **day(1)}, "day", FIRST_DAY),
}


@pytest.mark.parametrize(("columns", "over", "expected"), GIVEN.values(), ids=GIVEN)
def test_given_on_is(columns: dict[str, str], over: str | None, expected: str, tmp_path: Path) -> None:
    giving = {"name": "on", "split": "proportional", "carried_by": "unallocated", "over": over}
    made = company(tmp_path, [*USED, shared(**columns)], giving)
    found = {row.labels["team"]: row.amount() for row in made.cost("team", where={"pool": ("direct > on",)})}
    assert f"{found['alpha']:.2f}" == expected
    assert sum(found.values()) == 100


def test_what_an_even_pool_gives_does_not_depend_on_it(tmp_path: Path) -> None:
    teams = [{"name": "alpha", "accounts": [{"id": "1", "valid_from": "2026-10-20"}]}, {"name": "beta"}]
    for over in ("period", "month", "day", None):
        made = Company(
            tmp_path / f"{over}", {"teams": teams, "pools": [{**POOL, "split": "even", "over": over}]}
        )
        made.bill([*USED, shared(**TAX, **day(1)), shared(**day(25))])
        made.run()
        found = {row.labels["team"]: row.amount() for row in made.cost("team", where={"pool": ("pool",)})}
        assert found == {"alpha": 100, "beta": 100}


class Asked(SplitSettings):
    """Gives all to alpha, and keeps which spans it was asked for."""

    def weights(self, asked: Weighing) -> Iterator[Weight]:
        return (Weight(span.number, "alpha", 1) for span in asked.spans)


MISSING = {
    "some of its days are known": (range(1, 31), {0, 1}),
    "none of its days is known": (range(1, 32), {1}),
    "its own day is not known, others are": ({1}, {0, 1}),
}


@pytest.mark.parametrize(("missing", "expected"), MISSING.values(), ids=MISSING)
def test_a_month_is_weighed_unless(missing: Iterator[int], expected: set[int]) -> None:
    spans = [
        Span(0, date(2026, 10, 1), date(2026, 11, 1), "USD"),
        Span(1, date(2026, 11, 2), date(2026, 11, 3), "USD"),
    ]
    asked = replace(a_weighing(), spans=spans, teams=["alpha"])
    days = {date(2026, 10, number) for number in missing}
    found = weigh(Asked(name="p", split="asked"), asked, (), days)
    assert {*found["span"].to_pylist()} == expected
