"""What splits tell of parts: from weights to facts, and to any question of cost."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocate import AllocatedPeriod, allocate
from costwatch.allocation.settings import Allocation
from costwatch.answers.unplaced import unplaced
from costwatch.answers.verification import verification
from costwatch.errors import UsageError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import IDLE
from costwatch.proof.second_opinion import Tolerance
from costwatch.rules.threshold import Threshold
from costwatch.testing import FakeBatches
from costwatch.warehouse.facts.cost import cost, values
from costwatch.warehouse.facts.priced import priced_cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import Line, on_day, tags
from tests.made.cluster_usage import DAY, collected, node, used
from tests.made.company import EVER, NOW, Company

LATER = NOW + timedelta(days=1)
POOL = {
    "name": "k8s",
    "split": "kubernetes",
    "match": {"ServiceName": "Amazon EC2"},
    "prices": {"cpu": 1, "memory": 0},
}
TEAMS = [{"name": "risk"}, {"name": "payments"}, {"name": "platform"}]


def machine(name: str = "i-0aaa", cost: str = "8", **changes: str) -> Line:
    return on_day(
        1, ServiceName="Amazon EC2", ResourceId=name, EffectiveCost=cost, BilledCost=cost, **changes
    )


class Clustered(Company):
    """A company that collects the usage of a cluster besides its bill."""

    def steps(self, batches: FakeBatches, now: datetime = NOW) -> list[AllocatedPeriod]:
        self.collect(now)
        settings = Allocation.model_validate(self.allocation)
        ledger = self.root / "ledger"
        done = allocate(self.warehouse, ledger, self.sources, settings, now, batches=batches)
        assert {each.error for each in done} <= {""}
        return done

    def amounts(self, *by: str, **where: tuple[str, ...]) -> dict[tuple[str, ...], Decimal]:
        return {tuple(row.labels[name] for name in by): row.amount() for row in self.cost(*by, where=where)}


LABELS = json.dumps({"app.kubernetes.io/name": "scorer"}, separators=(",", ":"))
USAGE = collected(
    node_days=[node()],
    workload_days=[used("risk", 3, labels=LABELS), used("payments", 2, workload="web")],
)


@pytest.fixture
def company(tmp_path: Path) -> Clustered:
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [POOL]})
    made.bill([machine(), on_day(1, Tags=tags(team="risk"), EffectiveCost="1", BilledCost="1")])
    made.steps(USAGE)
    return made


GROUPS: dict[str, dict[str, str]] = {
    "cluster": {"prod": "8", "no cluster": "1"},
    "namespace": {"risk": "6", "payments": "4", "no namespace": "-1"},
    "workload": {"deployment/api": "6", "deployment/web": "4", "idle": "-2", "no workload": "1"},
    "label:app.kubernetes.io/name": {"scorer": "6", "no label:app.kubernetes.io/name": "3"},
    "allocated:namespace": {"risk": "6", "payments": "4", "no namespace": "-1"},
    "allocated:merchant": {"no merchant": "9"},
}


@pytest.mark.parametrize(("label", "expected"), GROUPS.items(), ids=GROUPS)
def test_cost_is_grouped_and_filtered_by_it(label: str, expected: dict[str, str], company: Clustered) -> None:
    assert company.amounts(label) == {(name,): Decimal(amount) for name, amount in expected.items()}
    for name, amount in expected.items():
        assert company.amounts(**{label: (name,)}) == {(): Decimal(amount)}
    with company.warehouse.read() as db:
        assert values(db, label, *EVER) == sorted(expected)
        rows = priced_cost(db, *EVER, (label,))
    assert {row.labels[label] for row in rows} == {*expected}


def test_parts_are_the_bill_and_idle_may_be_below_nothing(company: Clustered) -> None:
    assert company.effective() == {"risk": 7, "payments": 4, IDLE: -2}
    assert company.amounts("team", "namespace", pool=("k8s",)) == {
        ("risk", "risk"): 6,
        ("payments", "payments"): 4,
        (IDLE, "no namespace"): -2,
    }
    with company.warehouse.read() as db:
        shown = {row["AllocatedTags"] for row in db.execute("SELECT AllocatedTags FROM cost")}
    assert shown == {
        "",
        '{"cluster":"prod","workload":"idle"}',
        '{"cluster":"prod","namespace":"payments","workload":"deployment/web"}',
        '{"cluster":"prod","label:app.kubernetes.io/name":"scorer","namespace":"risk","workload":"deployment/api"}',
    }
    files = LedgerFiles(company.root / "ledger")
    verified = verification(company.warehouse, files, None, None, [], Tolerance())
    assert (verified.findings, verified.notes) == ((), ())


def test_as_known_then_it_is_as_it_was_then(company: Clustered) -> None:
    before = company.amounts("namespace")
    (changed,) = company.steps(collected(node_days=[node()], workload_days=[used("risk", 4)]), LATER)
    assert changed.changed
    assert company.amounts("namespace") == {("risk",): 8, ("no namespace",): 1}
    with company.warehouse.read() as db:
        then = cost(db, *EVER, ("namespace",), as_of=NOW)
    assert {(row.labels["namespace"],): row.amount() for row in then} == before


def test_what_is_given_on_keeps_its_tags(tmp_path: Path) -> None:
    given = {"name": "base", "split": "even", "carried_by": "platform", "teams": ["risk", "payments"]}
    pool = {**POOL, "namespaces": {"kube-system": "platform"}, "idle": {"team": "platform"}}
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [pool, given]})
    made.bill([machine()])
    made.steps(collected(node_days=[node()], workload_days=[used("kube-system", 1)]))
    assert made.amounts("team", "workload", "pool") == {
        (team, workload, "k8s > base"): Decimal(amount)
        for team in ("risk", "payments")
        for workload, amount in (("deployment/api", 1), ("idle", 3))
    }


def test_rules_ask_by_it(company: Clustered) -> None:
    rule = Threshold.model_validate(
        {
            "name": "Namespaces",
            "by": ["namespace", "label:app.kubernetes.io/name"],
            "match": {"cluster": "prod"},
            "above": 5,
            "settle": "estimated",
        }
    )
    with company.warehouse.read() as db:
        found = {
            dict(each.labels)["namespace"]: each.value
            for each in rule.evaluate(WarehouseSnapshot(db, NOW), NOW)
        }
    assert found == {"risk": 6, "payments": 4, "no namespace": -2}


WRONG = {
    "another word before the key": "tags:app",
    "no key": "label:",
    "a key that no path can name": 'label:a"b',
}


@pytest.mark.parametrize("label", WRONG.values(), ids=WRONG)
def test_what_is_no_label_is_refused(label: str, company: Clustered) -> None:
    with pytest.raises(UsageError, match="cost cannot be grouped or filtered by it"):
        company.cost(label)


def test_a_workload_of_several_days_is_counted_once_a_day(tmp_path: Path) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [POOL]})
    made.bill(
        [
            {**machine(), **on_day(number + 1, ServiceName="Amazon EC2", ResourceId="i-0aaa")}
            for number in range(3)
        ]
    )
    made.steps(
        collected(
            node_days=[node(day=day) for day in days],
            workload_days=[used("risk", 4, day=day) for day in days],
        )
    )
    assert made.effective() == {"risk": sum(row.amount() for row in made.cost())}
    assert [row.line_count for row in made.cost("workload")] == [3]


def test_days_without_usage_are_unmeasured_and_estimated(tmp_path: Path) -> None:
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [POOL]})
    made.bill([machine()])
    made.steps(FakeBatches())
    assert made.effective() == {"unmeasured": 8}
    with made.warehouse.read() as db:
        assert [tuple(row) for row in db.execute("SELECT estimated FROM day_line")] == [(1,)]
    made.steps(USAGE, LATER)
    assert made.effective() == {"risk": 6, "payments": 4, IDLE: -2}


def test_what_could_not_be_placed_is_kept_and_told(tmp_path: Path) -> None:
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [POOL]})
    made.bill([machine(), machine("i-0ccc", "2")])
    made.steps(collected(node_days=[node(), node(node="n2", instance="i-0bbb", provider_id="")]))
    with made.warehouse.read() as db:
        lost, unbilled = unplaced(WarehouseSnapshot(db, NOW))
    assert lost.startswith("2026-10: pool k8s: no cluster knows 1 machine or disk of the bill, i-0ccc;")
    assert unbilled.startswith("2026-10: pool k8s: no line of the bill is of 1 node, prod/n2/i-0bbb;")
    assert made.effective() == {IDLE: 8, "unmeasured": 2}


AMOUNTS = {
    "a credit": "-3",
    "a nano-unit": "0.000000001",
    "nothing": "0",
    "a large amount": "123456789.123456784",
}


@pytest.mark.parametrize("amount", AMOUNTS.values(), ids=AMOUNTS)
def test_the_whole_is_what_the_line_costs(amount: str, tmp_path: Path) -> None:
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [POOL]})
    made.bill([machine(cost=amount, ContractedCost=amount, PricingQuantity="7.3")])
    made.steps(USAGE)
    assert sum(made.effective().values()) == Decimal(amount)
    assert sum(made.billed().values()) == Decimal(amount)
    with made.warehouse.read() as db:
        rows = priced_cost(db, date(2026, 10, 1), DAY + timedelta(days=31), ("team",))
    assert sum(row.PricingQuantityNano or 0 for row in rows) == 7_300_000_000
    assert sum(row.ContractedCostNano or 0 for row in rows) == Decimal(amount) * 10**9


def test_nothing_is_told_by_splits_that_tell_nothing(tmp_path: Path) -> None:
    made = Clustered(tmp_path, {"teams": TEAMS, "pools": [{**POOL, "split": "even", "prices": None}]})
    made.allocation = {"teams": TEAMS, "pools": [{"name": "e", "split": "even", "match": POOL["match"]}]}
    made.bill([machine()])
    made.steps(FakeBatches())
    found: dict[Any, Any] = made.amounts("namespace")
    assert found == {("no namespace",): 8}
