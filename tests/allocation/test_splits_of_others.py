"""A split of another package: one file and one entry point, weighed by what was collected, per resource."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocate import AllocatedPeriod, allocate
from costwatch.allocation.bill import LoadFiles, keep_facts
from costwatch.allocation.focus_export import export
from costwatch.allocation.pools import completed
from costwatch.allocation.settings import Allocation
from costwatch.config import check, load_config
from costwatch.errors import CostwatchError
from costwatch.ledger.engines.duckdb import InProcess
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.plugins import SPLITS, load
from costwatch.testing import FakeBatches, SplitExample, a_weighing, check_split
from tests.made.bills import line, on_day, tags, write_parquet
from tests.made.company import EVER, NOW, Company
from tests.made.other_package import installed

ENTRY_POINTS = """
[costwatch.splits]
nodes = acme_nodes:Nodes
broken = acme_nodes:Broken
strange = acme_nodes:Strange
plain = acme_nodes:Plain
gone = acme_gone:Gone
"""
NODES = '''
"""Split ``nodes``: each machine to the teams whose pods ran on it."""

from datetime import timedelta

from costwatch.model import IDLE, Window
from costwatch.plugins import Input, Settings, SplitSettings, Weight


class Nodes(SplitSettings):
    """Each machine to the teams that used it, by hours of a cluster. prices: weight of an hour, by team."""

    columns = ("ResourceId",)

    cluster: str
    prices: dict[str, float] = {}

    def inputs(self, period, batches):
        known = batches.versions("pods", period)
        day = period.start
        while day < period.end:
            window = Window(day, day + timedelta(days=1))
            yield Input(f"pods of {self.cluster}", window, known.get((self.cluster, window), ""))
            day = window.end

    def weights(self, asked):
        hours = {}
        for row in asked.batches.rows("pods", asked.period).to_pylist():
            team = asked.team_named(row["label"], row["window_start"].date()) or IDLE
            hours.setdefault((row["node"], row["window_start"].date()), []).append((team, row["hours"]))
        for span in asked.spans:
            for team, used in hours.get((span.key[0], span.first), ()):
                yield Weight(span.number, team, used * self.prices.get(team, 1))


class Broken(SplitSettings):
    """Breaks."""

    def weights(self, asked):
        return [1 / 0]


class Strange(SplitSettings):
    """Gives to nobody known."""

    def weights(self, asked):
        return [(span.number, "nobody", 1) for span in asked.spans]


class Plain(Settings):
    """No split at all."""

    name: str
'''
CONFIG = """
teams: [{name: risk, aliases: [fraud]}, {name: payments}, {name: platform}]
pools:
  - {name: k8s, split: nodes, cluster: prod, match: {ServiceName: Amazon EC2}}
sources: [{name: aws, kind: exports, location: bill}]
"""
Row = tuple[int, str, str, float]  # day, node, label, hours


def pods(*rows: Row, days: int = 31) -> FakeBatches:
    """Batches of the first days of October."""
    found: dict[tuple[str, Window], list[dict[str, Any]]] = {}
    for number in range(days):
        day = date(2026, 10, number + 1)
        found["prod", Window.of_days(day, day + timedelta(days=1))] = [
            {"node": node, "label": label, "hours": hours}
            for of_day, node, label, hours in rows
            if of_day == day.day
        ]
    return FakeBatches({"pods": found})


def node(day: int, name: str, cost: str) -> dict[str, str]:
    return on_day(day, ServiceName="Amazon EC2", ResourceId=name, EffectiveCost=cost, BilledCost=cost)


def disk(name: str) -> dict[str, str]:
    tagged = tags(team="platform")
    return on_day(5, ServiceName="Amazon S3", ResourceId=name, Tags=tagged, BilledCost="1", EffectiveCost="1")


USED: list[Row] = [
    (5, "i-1", "fraud", 3.0),
    (5, "i-1", "Payments", 1.0),
    (5, "i-2", "nobody", 2.0),
    (6, "i-1", "risk", 1.0),
]
LINES = [
    node(5, "i-1", "8"),
    node(5, "i-2", "4"),
    node(5, "i-3", "2"),  # nothing is known of it
    node(6, "i-1", "-0.000000003"),
    disk("b-1"),
    disk("b-2"),
]


@pytest.fixture(autouse=True)
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with installed(tmp_path / "site", monkeypatch, ENTRY_POINTS, {"acme_nodes": NODES}):
        yield


class Configured(Company):
    """A company whose pools are read from a file, and which collects more than bills."""

    def steps(self, batches: FakeBatches, now: datetime = NOW) -> list[AllocatedPeriod]:
        self.collect(now)
        config = load_config(self.root / "costwatch.yaml")
        ledger = self.root / "ledger"
        return allocate(self.warehouse, ledger, self.sources, config.allocation, now, batches=batches)

    def states(self) -> dict[int, str]:
        return dict(self.rows("SELECT day % 100, state FROM day_state"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse.read() as db:
            return [tuple(row) for row in db.execute(sql)]


@pytest.fixture
def company(tmp_path: Path) -> Configured:
    (tmp_path / "costwatch.yaml").write_text(CONFIG)
    made = Configured(tmp_path)
    made.bill(LINES)
    return made


def test_it_keeps_the_contract() -> None:
    split = load(SPLITS, "nodes")(name="k8s", split="nodes", cluster="prod", prices={"risk": 2.0})
    batches = pods((1, "i-1", "risk", 1.5), (1, "i-1", "payments", 1))
    asked = a_weighing(keys=[("i-1",), ("i-2",)], batches=batches)
    check_split(split, [SplitExample(asked, {0: {"risk": 0.75, "payments": 0.25}, 1: {}})])


def test_it_is_allocated_by_resource_and_by_what_was_collected(company: Configured) -> None:
    (published,) = company.steps(pods(*USED))
    assert published.error == ""
    assert company.effective() == {
        "risk": Decimal("5.999999997"),
        "payments": Decimal(2),
        "idle": Decimal(4),
        "unmeasured": Decimal(2),
        "platform": Decimal(2),
    }
    assert company.cost()[0].line_count == len(LINES)
    assert company.rows("SELECT DISTINCT estimated FROM day_line") == [(0,)]


def test_it_is_allocated_anew_only_where_its_inputs_changed(company: Configured) -> None:
    company.steps(pods(*USED))
    assert [each.changed for each in company.steps(pods(*USED))] == [False]
    used: list[Row] = [USED[0], (5, "i-1", "payments", 3.0), *USED[2:]]
    assert [each.changed for each in company.steps(pods(*used), NOW + timedelta(days=1))] == [True]
    assert company.effective()["payments"] == 4
    revisions = "SELECT cause, SUM(EffectiveCostNano), COUNT(*) FROM team_cost_revision GROUP BY cause"
    assert company.rows(revisions) == [("usage", 0, 2)]
    ((inputs,),) = company.rows("SELECT inputs FROM published")
    assert json.loads(inputs)[4][:3] == [0, "pods of prod", "2026-10-05T00:00:00+00:00"]
    # A closed period is as it was invoiced.
    assert [each.changed for each in company.steps(pods(*USED), NOW + timedelta(days=30))] == [False]


def test_days_whose_inputs_are_missing_are_unmeasured_and_stay_estimated(company: Configured) -> None:
    company.steps(pods(*USED, days=4))
    assert company.effective()["unmeasured"] == Decimal("13.999999997")
    assert company.states() == {5: "estimated", 6: "estimated"}
    company.steps(pods(*USED, days=5), NOW + timedelta(hours=1))
    assert company.effective()["risk"] == 6
    assert company.states() == {5: "settled", 6: "estimated"}
    company.steps(pods(*USED), NOW + timedelta(hours=2))
    assert company.effective()["risk"] == Decimal("5.999999997")
    assert company.rows("SELECT DISTINCT estimated FROM day_line") == [(0,)]


def test_without_anything_collected_all_of_it_is_unmeasured(company: Configured) -> None:
    company.collect()
    config = load_config(company.root / "costwatch.yaml")
    (published,) = allocate(
        company.warehouse, company.root / "ledger", company.sources, config.allocation, NOW
    )
    assert published.error == ""
    assert company.effective() == {"unmeasured": Decimal("13.999999997"), "platform": Decimal(2)}


def test_only_its_own_lines_are_told_apart_by_its_columns(tmp_path: Path) -> None:
    names = [f"r-{number}" for number in range(50)]
    services = ("Amazon EC2", "Amazon S3")
    lines = [line(ServiceName=service, ResourceId=name) for name in names for service in services]
    path = write_parquet(tmp_path / "bill.parquet", lines)
    pool = {"name": "k8s", "split": "nodes", "cluster": "c", "match": {"ServiceName": "Amazon EC2"}}
    by = completed(Allocation.model_validate({"pools": [pool]}))
    engine = InProcess()
    try:
        keep_facts(engine, [LoadFiles("aws", "focus", (path,))], date(2026, 10, 1), by)
        kinds = engine.con.table("line_kinds").to_pyarrow().to_pylist()
    finally:
        engine.close()
    keys = sorted((kind["ServiceName"], kind["key ResourceId"]) for kind in kinds)
    assert keys == [*(("Amazon EC2", name) for name in sorted(names)), ("Amazon S3", "")]


TROUBLE = {
    "it breaks": (
        "broken",
        "pool k8s: split 'broken' broke with ZeroDivisionError: division by zero;"
        " report it to the split's package",
    ),
    "it gives to nobody that is known": (
        "strange",
        "pool k8s: split 'strange' gives to 'nobody', which is no team;"
        " correct the pool, or report it to the split's package",
    ),
}


@pytest.mark.parametrize(("kind", "sentence"), TROUBLE.values(), ids=TROUBLE)
def test_a_period_keeps_its_published_bill_where(kind: str, sentence: str, company: Configured) -> None:
    company.steps(pods(*USED))
    before = company.effective()
    file = company.root / "costwatch.yaml"
    file.write_text(CONFIG.replace("split: nodes, cluster: prod", f"split: {kind}"))
    (published,) = company.steps(pods(*USED))
    assert published.error == sentence
    assert company.effective() == before


def test_what_a_split_allocated_that_is_gone_stays_and_says_so(company: Configured) -> None:
    company.steps(pods(*USED))
    before = company.effective()
    sys.path.remove(str(company.root / "site"))
    (company.root / "costwatch.yaml").write_text("teams: [{name: risk}]")
    company.bill([*LINES, node(7, "i-1", "1")])
    (published,) = company.steps(FakeBatches(), datetime(2026, 12, 3, tzinfo=UTC))
    says = "period 2026-10-01: was allocated by split kind 'nodes', which is not installed, and stays as"
    assert published.error.startswith(says)
    assert company.effective() == before
    with pytest.raises(CostwatchError, match="which is not installed"):
        export(company.warehouse, LedgerFiles(company.root / "ledger"), *EVER, (), company.root / "out.csv")


MISTAKES = {
    "an unknown split": ("split: node", "unknown split 'node'; did you mean 'nodes'?"),
    "an unknown key": ("split: nodes, clustr: prod", "unknown key 'clustr'; did you mean 'cluster'?"),
    "a missing key": ("split: nodes", "'cluster' is missing here; add it"),
    "a value of another type": (
        "split: nodes, cluster: a, prices: {risk: x}",
        "'risk' must be a number, not 'x'; write e.g. risk: 100",
    ),
    "a package that cannot be imported": (
        "split: gone",
        "kind 'gone': package acme-costs 1.2 cannot be imported"
        " (ModuleNotFoundError: No module named 'acme_gone'); reinstall it",
    ),
    "a class that is no split": (
        "split: plain",
        "kind 'plain': package acme-costs 1.2 offers no settings model; update it",
    ),
}


@pytest.mark.parametrize(("pool", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_at_their_line(pool: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text(f"pools:\n  - {{name: k8s, {pool}}}\n")
    assert f"{file}:2: {sentence}" in check(file)
