"""Cost by what only lines know comes to what is published, however it is asked."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from costwatch.allocation.line_costs import line_costs
from costwatch.errors import UsageError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import DIMENSIONS
from tests.made.bills import Line, on_day, tags
from tests.made.company import NOW, Company

pytestmark = pytest.mark.slow

WINDOW = (date(2026, 10, 2), date(2026, 10, 9))
SETTINGS: Mapping[str, Any] = {
    "teams": [{"name": "risk"}, {"name": "web", "accounts": ["2"]}, {"name": "platform"}],
    "pools": [
        {"name": "tax", "split": "proportional", "match": {"ChargeCategory": "Tax"}},
        {
            "name": "help",
            "split": "fixed",
            "percent": {"risk": 33, "web": 67},
            "match": {"ServiceName": "Help"},
        },
        {"name": "base", "split": "even", "carried_by": "platform"},
    ],
    "systems": [{"name": "shop", "match": {"tags": {"app": "shop"}}}],
}
LABELS = (
    *("invoice", "commitment", "tag:app", "tag:team", "cost_category:Team", "billing_period", "account_name"),
    *("charge_class", "charge_kind", "team", "service", "system", "pool", "category", "source"),
)


def bill(seed: int) -> list[Line]:
    random = Random(seed)

    def one() -> Line:
        cost = str(random.randint(-(10**6), 10**10) / 10**9)
        told = {
            key: random.choice(values)
            for key, values in {"team": ["risk", "web", "platform"], "app": ["shop", "(pool help)"]}.items()
            if random.random() < 0.7
        }
        return on_day(
            random.randint(1, 10),
            BilledCost=cost,
            EffectiveCost=str(random.randint(-(10**6), 10**10) / 10**9),
            BillingCurrency=random.choice(["USD", "USD", "EUR"]),
            ChargeCategory=random.choice(["Usage", "Usage", "Tax", "Credit", "Adjustment", "Purchase"]),
            ChargeClass=random.choice(["", "", "Correction"]),
            ServiceName=random.choice(["EC2", "S3", "Help"]),
            SubAccountId=random.choice(["1", "2"]),
            SubAccountName=random.choice(["", "prod"]),
            InvoiceId=random.choice(["", "I-1", "I-2"]),
            CommitmentDiscountId=random.choice(["", "", "arn:plan"]),
            Tags=tags(**told),
            x_CostCategories=json.dumps({"Team": "data"}) if random.random() < 0.3 else "",
        )

    return [one() for _ in range(60)]


@pytest.fixture(scope="module", params=[1, 2, 3])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("company"), SETTINGS)
    company.bill(bill(request.param))
    company.run()
    return company


def asked(made: Company, by: tuple[str, ...] = (), **where: str) -> Any:
    files = LedgerFiles(made.root / "ledger")
    return line_costs(made.warehouse, files, *WINDOW, by, {name: (value,) for name, value in where.items()})


def sums(rows: Any, *by: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        labels = tuple(row.labels[name] for name in (*by, "currency"))
        for name in ("BilledCostNano", "EffectiveCostNano", "line_count"):
            found[*labels, name] += getattr(row, name)
    return Counter({key: amount for key, amount in found.items() if amount})


def published(made: Company, *by: str) -> Counter[tuple[str, ...]]:
    from costwatch.warehouse.facts.cost import cost

    with made.warehouse.read() as db:
        return sums(cost(db, *WINDOW, by), *by)


@pytest.mark.parametrize("by", [*((one,) for one in LABELS), *combinations(LABELS[:5], 2)], ids="+".join)
def test_the_sum_by_any_label_is_the_whole_to_the_nano_unit(by: tuple[str, ...], made: Company) -> None:
    assert sums(asked(made, by).rows) == published(made)


@pytest.mark.parametrize("by", [name for name in LABELS if name in DIMENSIONS])
def test_labels_that_stored_sums_know_are_told_alike_beside_those_of_lines(by: str, made: Company) -> None:
    assert sums(asked(made, (by, "invoice")).rows, by) == published(made, by)


@pytest.mark.parametrize("by", ["invoice", "tag:app", "team"])
def test_before_credits_is_the_sum_of_the_kinds_that_are_left(by: str, made: Company) -> None:
    found = asked(made, (by, "charge_kind", "commitment"))
    left = [row for row in found.rows if row.labels["charge_kind"] in ("charges", "tax")]
    assert sums(found.before_credits, by) == sums(left, by)


def test_a_filter_leaves_the_rows_that_it_names(made: Company) -> None:
    every = asked(made, ("invoice",)).rows
    for name in ("", "I-1", "I-2"):
        mine = [row for row in every if row.labels["invoice"] == name]
        assert sums(asked(made, (), invoice=name).rows) == sums(mine)


def test_what_pools_passed_on_has_no_line(made: Company) -> None:
    found = {row.labels["tag:team"] for row in asked(made, ("team", "tag:team")).rows}
    assert {"(pool tax)", "(pool help)"} <= found
    alone = asked(made, (), **{"team": "risk", "tag:team": "risk"})
    assert {row.labels["tag:team"] for row in asked(made, ("tag:team",), team="risk").rows} > {"risk"}
    assert alone.rows


def test_teams_above_teams_are_refused_with_what_to_ask_instead(made: Company) -> None:
    with pytest.raises(UsageError, match=r"--cost-center: .* use --by team"):
        asked(made, ("cost_center", "invoice"))


def test_a_pool_that_was_split_in_one_month_and_owned_in_another_counts_once(tmp_path: Path) -> None:
    made = Company(tmp_path, SETTINGS)
    made.bill(bill(4))
    made.run()
    made.allocation = {
        **SETTINGS,
        "pools": [{"name": "tax", "split": "owner", "match": {"ChargeCategory": "Tax"}}],
    }
    november = {
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    }
    made.bill([{**line, **november} for line in bill(5)], "november.csv")
    assert not any(one.error for one in made.collect())
    from costwatch.model import Window, midnight

    made.allocate(NOW, Window(midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1))))
    assert sums(asked(made, ("team", "invoice")).rows) == published(made)
