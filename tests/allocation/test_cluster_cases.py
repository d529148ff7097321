"""Public bug reports rebuilt as small clusters: from samples in a real Prometheus to dollars made by hand."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from collectors.kubernetes import Kubernetes
from tests.doubles.prometheus_server import real_prometheus
from tests.made.bills import on_day
from tests.made.company import Company
from tests.made.kubernetes_told import told, written
from tests.made.shared_cases import series_of

pytestmark = pytest.mark.prometheus

MORNING_AFTER = datetime(2026, 10, 2, 9, tzinfo=UTC)
TEAMS = [{"name": team} for team in ("a", "b", "c", "t1", "t2", "t3", "t4")]
CORES_ONLY = {"prices": {"cpu": 1, "memory": 0}}


class Case(NamedTuple):
    """What the bill charges for which node's machine (or for a volume), and what each team carries of it."""

    cost: str
    expected: Mapping[str, float]
    settings: Mapping[str, Any] = CORES_ONLY
    node: str = "n1"
    resource: str = "i-0aaa"


ANSWERS = {
    "k01": Case("1", {"a": 0.5, "b": 0.25, "idle": 0.25}),
    "k02": Case("1", {"a": 0.25, "idle": 0.75}),
    "k04": Case("1", {"a": 0.375, "idle": 0.625}),
    "k05": Case("6", {"a": 4, "idle": 2}, {}, "", "vol-0aaa"),
    "k06": Case(
        "1.212", {**dict.fromkeys(("t1", "t2", "t3", "t4"), 0.046856), "idle": 1.024577}, {}, "g1", "i-0ggg"
    ),
    "k08": Case("1", {"a": 0.083333, "b": 0.25, "idle": 0.666667}),
    "k10": Case("1", {"a": 0.5, "idle": 0.5}),
    "k11": Case("1", {"a": 0.0125, "idle": 0.9875}),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Prometheus with all cases, told apart by a label; each node tells which machine it is."""
    every = []
    for name, case in ANSWERS.items():
        series = series_of(name)
        if case.node:
            machine = {"node": case.node, "provider_id": f"aws:///us-east-1a/{case.resource}"}
            series = [*series, told("kube_node_info", machine, "1x12")]
        every += [(metric, {**labels, "case": name}, samples) for metric, labels, samples in series]
    with real_prometheus(tmp_path_factory.mktemp("prometheus") / "server", written(every)) as url:
        yield url


@pytest.fixture(scope="module")
def company(server: str, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A source, an account of the bill with one line, and a pool for each case."""
    pools = [
        {"name": name, "split": "kubernetes", "sources": [name], "match": {"SubAccountId": name}}
        | dict(case.settings)
        for name, case in ANSWERS.items()
    ]
    company = Company(tmp_path_factory.mktemp("company"), {"teams": TEAMS, "pools": pools})
    sources: list[Any] = [
        Kubernetes.model_validate({"name": name, "url": server, "match": {"case": name}}) for name in ANSWERS
    ]
    company.sources = [*company.sources, *sources]
    company.bill(
        [
            on_day(1, SubAccountId=name, ResourceId=of.resource, EffectiveCost=of.cost, BilledCost=of.cost)
            for name, of in ANSWERS.items()
        ]
    )
    company.run(MORNING_AFTER)
    return company


@pytest.mark.parametrize("name", ANSWERS)
def test_teams_carry_the_dollars_of_a_case(name: str, company: Company) -> None:
    found = {row.labels["team"]: row.amount() for row in company.cost("team", where={"pool": (name,)})}
    assert {team: float(cost) for team, cost in found.items()} == pytest.approx(
        ANSWERS[name].expected, abs=1e-6
    )
    assert sum(found.values()) == Decimal(ANSWERS[name].cost)


def test_a_volume_is_whose_pods_mounted_it(company: Company) -> None:
    rows = company.cost("namespace", "workload", where={"pool": ("k05",)})
    found = {(row.labels["namespace"], row.labels["workload"]): row.amount() for row in rows}
    assert found == {("a", "pod/A"): 3, ("a", "pod/B"): 1, ("a", "unmounted"): 2}
