"""Dimensions that ``costwatch.yaml`` adds: from tags and labels to any question of cost."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocate import allocate
from costwatch.allocation.kept import Kept
from costwatch.allocation.settings import Allocation
from costwatch.answers.trail import trail
from costwatch.answers.verification import verification
from costwatch.cost.dimensions import Dimension, of_part, passed_on
from costwatch.errors import UsageError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.plugins import PluginContext
from costwatch.proof.second_opinion import Tolerance
from costwatch.rules.threshold import Threshold
from costwatch.testing import FakeBatches
from costwatch.warehouse.facts.cost import cost, values
from costwatch.warehouse.facts.dimensions import dimensions, ever_had
from costwatch.warehouse.facts.priced import priced_cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import on_day, tags
from tests.made.company import EVER, NOW, Company
from tests.made.measures import measured, value

TEAMS = [{"name": "risk"}, {"name": "payments"}, {"name": "platform"}]
DIMENSIONS = {"product": {"tag": "product"}, "merchant": {"tag": ["merchant", "Shop Name"]}}
DRIVER = {"name": "gateway", "split": "driver", "driver": "requests", "label": "caller"}
RDS = {"ServiceName": "RDS"}


def charge(
    cost: str, team: str = "risk", day: int = 1, service: str = "EC2", **tagged: str
) -> dict[str, str]:
    known = {"Tags": tags(**({"team": team} if team else {}), **tagged), "ServiceName": service}
    return on_day(day, BilledCost=cost, EffectiveCost=cost, SubAccountId="", **known)


class Measuring(Company):
    """A company with dimensions, that collects measures besides its bill."""

    def steps(self, batches: FakeBatches | None = None, **allocation: Any) -> None:
        self.allocation = {"teams": TEAMS, "dimensions": DIMENSIONS, **allocation}
        self.collect()
        settings = Allocation.model_validate(self.allocation)
        ledger, batches = self.root / "ledger", batches or FakeBatches()
        done = allocate(self.warehouse, ledger, self.sources, settings, NOW, batches=batches)
        assert {each.error for each in done} <= {""}

    def amounts(self, *by: str, **where: tuple[str, ...]) -> dict[Any, Decimal]:
        found = {tuple(row.labels[name] for name in by): row.amount() for row in self.cost(*by, where=where)}
        return {key[0]: amount for key, amount in found.items()} if len(by) == 1 else dict(found)


@pytest.fixture
def made(tmp_path: Path) -> Measuring:
    return Measuring(tmp_path)


def test_a_lines_tag_says_it_however_it_is_spelt_and_of_several_the_first_that_has_a_value(
    made: Measuring,
) -> None:
    made.bill(
        [
            charge("1", product="Gift Cards"),
            charge("2", **{"user:Product": "gift-cards"}),
            charge("4", product=" \u00a0", merchant="", **{"Shop Name": "M-17"}),
            charge("8", merchant="m_18", **{"shop_name": "m-17"}),
            charge("16", team=""),
        ]
    )
    made.steps()
    assert made.amounts("product") == {"gift-cards": 3, "no product": 28}
    assert made.amounts("merchant") == {"m-17": 4, "m-18": 8, "no merchant": 19}
    assert made.amounts("team", "product", merchant=("no merchant",)) == {
        ("risk", "gift-cards"): 3,
        ("unallocated", "no product"): 16,
    }
    assert made.amounts("allocated:product") == made.amounts("product")
    with made.warehouse.read() as db:
        assert dimensions(db) == ("merchant", "product")
        assert values(db, "product", *EVER) == ["gift-cards", "no product"] == ever_had(db, "product")
        assert {row.labels["product"] for row in priced_cost(db, *EVER, ("product",))} == {
            *("gift-cards", "no product")
        }
    verified = verification(made.warehouse, LedgerFiles(made.root / "ledger"), None, None, [], Tolerance())
    assert (verified.findings, verified.notes) == ((), ())


MEASURED = measured(
    value(1, caller="risk", product="Cards"),
    value(1, caller="risk"),
    value(2, caller="payments", product="loans"),
)


def test_what_a_weight_says_wins_and_else_the_lines_own_stays(made: Measuring) -> None:
    made.bill(
        [
            charge("8", "", service="RDS", product="cards", merchant="m-1"),
            charge("4", "", service="RDS"),
            charge("6", "platform", service="Tax", product="cards"),
        ]
    )
    even = {"name": "tax", "split": "even", "match": {"ServiceName": "Tax"}, "teams": ["risk", "payments"]}
    made.steps(MEASURED, pools=[{**DRIVER, "match": RDS}, even])
    assert made.amounts("team", "product", "merchant", pool=("gateway",)) == {
        ("risk", "cards", "m-1"): 4,  # told, and the line's own
        ("risk", "cards", "no merchant"): 1,
        ("risk", "no product", "no merchant"): 1,
        ("payments", "loans", "m-1"): 4,
        ("payments", "loans", "no merchant"): 2,
    }
    assert made.amounts("team", "product", pool=("tax",)) == {("risk", "cards"): 3, ("payments", "cards"): 3}
    assert made.amounts("allocated:caller", pool=("gateway",)) == {"risk": 6, "payments": 6}
    assert made.amounts("product") == {"cards": 11, "loans": 6, "no product": 1}


def test_what_is_given_on_keeps_it_unless_a_weight_says_another(made: Measuring) -> None:
    made.bill([charge("8", "", service="RDS", product="own"), charge("4", "platform", product="mesh")])
    first = {"name": "db", "split": "fixed", "match": RDS, "percent": {"platform": 50, "payments": 50}}
    made.steps(MEASURED, pools=[first, {**DRIVER, "carried_by": "platform"}])
    assert made.amounts("team", "pool", "product") == {
        ("payments", "db", "own"): 4,
        ("payments", "db > gateway", "loans"): 2,
        ("risk", "db > gateway", "cards"): 1,
        ("risk", "db > gateway", "own"): 1,
        ("payments", "direct > gateway", "loans"): 2,
        ("risk", "direct > gateway", "cards"): 1,
        ("risk", "direct > gateway", "mesh"): 1,
    }
    assert sum(made.amounts("product").values()) == 12


def test_labels_of_pods_tell_it_too() -> None:
    known = {"product": Dimension(tag=("squad", "Product")), "shop": Dimension(tag="shop")}
    pod = {"namespace": "risk", "label:app.kubernetes.io/name": "x", "label:product": "Big Cards"}
    assert of_part(known, pod) == {**pod, "product": "big-cards"}
    assert of_part(known, {**pod, "product": "Told"}) == {**pod, "product": "told"}
    assert passed_on(known, {"shop": "s", "namespace": "a"}, {}) == {"shop": "s", "namespace": "a"}
    assert passed_on(known, {"shop": "s", "namespace": "a"}, {"caller": "b"}) == {"shop": "s", "caller": "b"}


def test_other_dimensions_change_open_periods_and_closed_ones_only_when_asked(made: Measuring) -> None:
    made.bill([charge("1", product="cards")])
    made.steps(dimensions={})
    with pytest.raises(UsageError, match="'product': cost cannot be grouped or filtered by it"):
        made.cost("product")
    later = NOW + timedelta(days=100)
    settings = Allocation.model_validate({"teams": TEAMS, "dimensions": DIMENSIONS})

    def run(window: Window | None = None) -> list[bool]:
        ledger = made.root / "ledger"
        found = allocate(made.warehouse, ledger, made.sources, settings, later, window=window)
        return [each.changed for each in found]

    assert run() == [False]
    with made.warehouse.read() as db:
        kept = Kept.of(WarehouseSnapshot(db, later), settings)
    assert kept.periods == (date(2026, 10, 1),)
    assert run(Window.of_days(date(2026, 10, 1), date(2026, 11, 1))) == [True]
    assert made.amounts("product") == {"cards": 1}
    with made.warehouse.read() as db:
        then = cost(db, *EVER, ("product",), as_of=NOW + timedelta(days=1))
    assert [(row.labels["product"], row.amount()) for row in then] == [("no product", 1)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Measuring:
    made = Measuring(tmp_path_factory.mktemp("shared"))
    made.bill([charge("8", "", service="RDS", product="cards"), charge("4", product="Cards")])
    made.steps(MEASURED, pools=[{**DRIVER, "match": RDS}])
    return made


def test_a_trail_knows_it_by_its_name(shared: Measuring) -> None:
    with shared.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        found = trail(facts, "risk", *EVER, {"product": ("cards",)}, "EffectiveCost")
        assert {row.pool: row.amount for row in found.rows} == {"direct": 4, "gateway": 4}


RULES: Mapping[str, tuple[dict[str, Any], dict[str, int]]] = {
    "by it": ({"by": ["product"]}, {"cards": 8, "loans": 4}),
    "where it is, as people write it": ({"by": ["team"], "match": {"product": "CARDS"}}, {"risk": 8}),
    "where there is none": ({"by": ["team"], "match": {"product": "no product"}}, {}),
}


@pytest.mark.parametrize(("keys", "expected"), RULES.values(), ids=RULES)
def test_a_rule_asks(keys: dict[str, Any], expected: dict[str, int], shared: Measuring) -> None:
    entry = {"name": "Products", "above": 5, "settle": "estimated", **keys}
    context = PluginContext(shared.root, "threshold", dimensions=("product",))
    rule = Threshold.model_validate(entry, context=context)
    with shared.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        found = {each.labels[0][1]: each.value for each in rule.evaluate(facts, NOW)}
    assert found == expected
    with pytest.raises(ValueError, match="'product' is no label"):
        Threshold.model_validate(entry)
