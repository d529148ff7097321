"""What lines say of their owner is kept with each period, before any of it is shared; the sum is the bill."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocation import owners
from costwatch.cost.conversion import Conversion
from costwatch.model import Window, labels
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import Line, on_day, tags
from tests.made.company import NOW, Company

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))
TEAMS: list[dict[str, Any]] = [
    {"name": "risk", "accounts": ["100000000001", {"id": "100000000002", "valid_from": "2026-10-10"}]},
    {"name": "payments"},
    {"name": "platform", "accounts": ["100000000002"]},
]
POOLS = [
    {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
    {"name": "db", "split": "owner", "match": {"ServiceName": "RDS"}, "tags": ["squad", "app"]},
    {
        "name": "logs",
        "split": "owner",
        "match": {"ServiceName": "Logs"},
        "tags": [],
        "cost_categories": [],
    },
    {"name": "rest", "split": "proportional", "carried_by": "platform"},
]


def company(folder: Path, lines: list[Line], **allocation: Any) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": POOLS, **allocation})
    made.bill(lines)
    made.run()
    return made


def told(made: Company, *by: str, **snapshot: Any) -> dict[tuple[str, ...], int]:
    """What the lines of October cost, by labels."""
    with made.warehouse.read() as db:
        sums = WarehouseSnapshot(db, NOW, **snapshot).totals("tagging_cost", by, [OCTOBER])[OCTOBER]
    return {tuple(dict(key)[name] for name in by): amount for key, amount in sums.items()}


CASES = {
    "a tag that names a team": ({"Tags": tags(team="payments")}, ("payments", "tagged")),
    "a tag that names nobody": ({"Tags": tags(team="nobody")}, ("risk", "tagged")),
    "a cost category": ({"x_CostCategories": '{"team": "payments"}'}, ("payments", "tagged")),
    "no tag, in the account of a team": ({}, ("risk", "untagged")),
    "no tag, in nobody's account": ({"SubAccountId": "100000000009"}, ("unallocated", "untagged")),
    "a tag of blanks": ({"Tags": tags(team=" \t")}, ("risk", "untagged")),
    "a tag that its pool does not ask for": ({"Tags": tags(owner="payments")}, ("risk", "untagged")),
    "the second tag that its pool asks for": (
        {"ServiceName": "RDS", "Tags": tags(app="payments", team="x")},
        ("payments", "tagged"),
    ),
    "none of those that its pool asks for": (
        {"ServiceName": "RDS", "Tags": tags(team="payments")},
        ("risk", "untagged"),
    ),
    "a pool that asks for none": ({"ServiceName": "Logs"}, ("risk", "not asked")),
    "a pool that is split": ({"ChargeCategory": "Tax"}, ("", "not asked")),
    "an account before it moved": (
        {"SubAccountId": "100000000002", "day": "9"},
        ("platform", "untagged"),
    ),
    "an account after it moved": ({"SubAccountId": "100000000002", "day": "10"}, ("risk", "untagged")),
    "a credit without a tag": ({"ChargeCategory": "Credit", "EffectiveCost": "-2"}, ("risk", "untagged")),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One bill in which every case is of a provider of its own."""
    lines = []
    for name, (columns, _) in CASES.items():
        known = {"x_CostCategories": "", "ProviderName": name, **columns}
        lines.append(on_day(int(known.pop("day", "1")), **known))
    return company(tmp_path_factory.mktemp("cases"), lines)


@pytest.mark.parametrize("case", CASES)
def test_a_line_is(case: str, cases: Company) -> None:
    found = told(cases, "provider", "team", "tagging")
    assert [key[1:] for key in found if key[0] == case] == [CASES[case][1]]


def test_all_of_it_is_the_bill_of_each_day(cases: Company) -> None:
    with cases.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        bill, lines = (facts.series(name, (), OCTOBER) for name in ("EffectiveCost", "tagging_cost"))
    assert dict(lines) == dict(bill)


def test_what_is_untagged_in_nobodys_account_is_what_no_team_claims_by_its_account(cases: Company) -> None:
    with cases.warehouse.read() as db:
        (nobodys,) = db.execute("SELECT EffectiveCostNano FROM unclaimed WHERE kind = 'account'").fetchall()
    assert told(cases, "team", "tagging")["unallocated", "untagged"] == nobodys[0] / 10**9


def test_sums_are_those_of_the_lines(tmp_path: Path) -> None:
    """By currency, day, account and kind of charge, of a bill of all combinations, against plain Python."""
    expected: Counter[tuple[str, ...]] = Counter()
    lines = []
    choices = product(
        ("USD", "EUR"), (1, 9, 10, 31), ("100000000001", "100000000002", "7"), ("Usage", "Credit"), "tu"
    )
    for number, (currency, day, account, category, tag) in enumerate(choices, start=1):
        lines.append(
            on_day(
                day,
                BillingCurrency=currency,
                SubAccountId=account,
                ChargeCategory=category,
                Tags=tags(team="payments") if tag == "t" else "",
                EffectiveCost=f"{number}.000000001",
            )
        )
        kind = "credits" if category == "Credit" else "charges"
        tagging = "tagged" if tag == "t" else "untagged"
        expected[currency, account, kind, tagging] += number * 10**9 + 1
    made = company(tmp_path, lines)
    with made.warehouse.read() as db:
        by = ("account", "charge_kind", "tagging")
        sums = WarehouseSnapshot(db, NOW).totals("tagging_cost", by, [OCTOBER])[OCTOBER]
    found = {
        (of["currency"], *(of[name] for name in by)): int(amount * 10**9)
        for key, amount in sums.items()
        for of in [dict(key)]
    }
    assert found == expected


def test_a_restated_period_says_what_its_lines_say_now(tmp_path: Path) -> None:
    made = company(tmp_path, [on_day(1), on_day(2)])
    assert told(made, "tagging") == {("untagged",): 2.5}
    made.bill([on_day(1, Tags=tags(team="risk")), on_day(2)])
    made.run(NOW + timedelta(hours=1))
    assert told(made, "tagging") == {("tagged",): 1.25, ("untagged",): 1.25}
    before = made.hashes("published")
    made.allocate(NOW + timedelta(hours=2), OCTOBER)
    assert made.hashes("published") == before


def test_it_can_be_read_in_one_currency_and_not_as_it_was_known(tmp_path: Path) -> None:
    made = company(tmp_path, [on_day(1), on_day(1, BillingCurrency="EUR"), on_day(1, BillingCurrency="GBP")])
    rates = Conversion.model_validate({"reporting": "USD", "rates": {"2026-10": {"EUR": "2"}}})
    with made.warehouse.read() as db:
        converted = WarehouseSnapshot(db, NOW, conversion=rates)
        sums = converted.totals("tagging_cost", ("tagging",), [OCTOBER])[OCTOBER]
        then = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 11, 4, tzinfo=UTC))
        assert then.series("tagging_cost", (), OCTOBER) == {}
    assert sums == {
        labels(currency="USD", tagging="untagged"): 3.75,
        labels(currency="GBP", tagging="untagged"): 1.25,
    }


def test_nothing_is_published_where_it_is_not_the_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Company(tmp_path, {"teams": TEAMS, "pools": POOLS})
    made.bill([on_day(1), on_day(2, ChargeCategory="Tax")])
    made.collect()
    monkeypatch.setattr(owners, "NEVER", 20_261_002)  # what other pools split gets lost from then on
    (period,) = made.allocate()
    assert "lines with and without tags cost {'USD': 1250000000}, the bill is {'USD': 2500000000}" in (
        period.error
    )
    assert made.effective() == {}
