"""Every built-in kind keeps the contract that third parties are held to: one row each."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.cost_explorer import CostExplorer
from collectors.exports import Exports
from collectors.kubernetes import Kubernetes
from collectors.markers import Markers
from collectors.measure_files import MeasureFiles
from collectors.promql import Promql
from collectors.slo import Slo
from collectors.slo_files import SloFiles
from collectors.table import Table
from collectors.usage_files import UsageFiles
from costwatch import plugins
from costwatch.allocation.splits.driver import DriverPool
from costwatch.allocation.splits.even import EvenPool
from costwatch.allocation.splits.fixed import FixedPool
from costwatch.allocation.splits.kubernetes import KubernetesPool
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.allocation.splits.proportional import ProportionalPool
from costwatch.allocation.splits.provider import ProviderPool
from costwatch.evaluate import evaluate
from costwatch.model import COST_METRICS, Labels, Silence, Verdict, Window, labels
from costwatch.notify.alertmanager import Alertmanager
from costwatch.notify.email import Email
from costwatch.notify.pagerduty import PagerDuty
from costwatch.notify.slack import Slack
from costwatch.notify.stdout import Stdout
from costwatch.notify.webhook import Webhook
from costwatch.plugins import (
    Collector,
    Forwarder,
    Notifier,
    Publisher,
    Receiver,
    Rule,
    Split,
    fact_query,
)
from costwatch.rules.budget import Budget
from costwatch.rules.change import Change
from costwatch.rules.commitment_expiry import CommitmentExpiry
from costwatch.rules.coverage import Coverage
from costwatch.rules.freshness import Freshness
from costwatch.rules.k8s_efficiency import Efficiency
from costwatch.rules.quiet import Quiet
from costwatch.rules.runaway import Runaway
from costwatch.rules.slo_budget import SloBudget
from costwatch.rules.slo_burn import SloBurn
from costwatch.rules.sql import Sql
from costwatch.rules.threshold import Threshold
from costwatch.rules.unit_cost import UnitCost
from costwatch.testing import (
    Example,
    SplitExample,
    a_weighing,
    check_collector,
    check_forwarder,
    check_notifier,
    check_publisher,
    check_query,
    check_rule,
    check_split,
    daily,
)
from costwatch.warehouse.alerts.silences import save_silence
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.doubles.cloudwatch import cloudwatch_double, moto_server
from tests.doubles.cost_explorer import ce_double
from tests.doubles.pagerduty_events import ROUTING_KEY, pagerduty_events
from tests.doubles.prometheus_server import real_prometheus
from tests.doubles.slack import settled, slack_double
from tests.doubles.smtp_server import mail_server
from tests.doubles.web_server import web_server
from tests.made.cluster_company import OCTOBER, TEN, Cluster, etl, train
from tests.made.collected_usage import collected, node, used
from tests.made.kafka_metrics import MESSAGES, kafka, watching
from tests.made.kubernetes_told import capacity, cpu, told, written
from tests.made.kubernetes_told import request as pod_request
from tests.made.measures import measured, value
from tests.made.slo_buckets import objective as stored_objective
from tests.made.slo_buckets import slo_company
from tests.made.slo_facts import slo_facts, together
from tests.made.slo_history import objective
from tests.made.sql_shop import in_sqlite
from tests.made.unit_company import unit_company
from tests.made.usage_files import write_day
from tests.made.warehouse_rows import budget as budget_of
from tests.made.warehouse_rows import company

# --- collectors: kind -> a source with data in the window, and one that cannot be read -----------


class Sources(NamedTuple):
    good: Collector
    window: Window
    unreadable: Collector


@contextmanager
def cloudwatch(folder: Path) -> Iterator[Sources]:
    """Three days of a Kafka cluster."""
    good = watching(measures=[MESSAGES])
    window = Window(datetime(2026, 11, 18, 12, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC))
    with (
        pytest.MonkeyPatch.context() as patch,
        moto_server() as moto,
        cloudwatch_double(moto, patch) as double,
    ):
        double.put(*kafka())
        yield Sources(good, window, good.model_copy(update={"profile": "nobody"}))


@contextmanager
def cost_explorer(folder: Path) -> Iterator[Sources]:
    explorer = CostExplorer(name="explorer", billing_account="900000000001")
    with pytest.MonkeyPatch.context() as patch, ce_double(patch):
        yield Sources(
            explorer,
            Window.of_days(date(2026, 9, 10), date(2026, 10, 20)),
            explorer.model_copy(update={"profile": "nobody"}),
        )


@contextmanager
def exports(folder: Path) -> Iterator[Sources]:
    """Two months in AWS's manifest layout. What the files hold is the ledger's matter."""
    for month in ("2026-09", "2026-10"):
        partition = f"BILLING_PERIOD={month}"
        data, metadata = (folder / "focus" / name / partition for name in ("data", "metadata"))
        data.mkdir(parents=True)
        metadata.mkdir(parents=True)
        (data / "focus-00001.csv").write_text(f"BilledCost,BillingPeriodStart\n1.5,{month}-01T00:00:00Z\n")
        uri = f"s3://bucket/prefix/focus/data/{partition}/focus-00001.csv"
        (metadata / "focus-Manifest.json").write_text(json.dumps({"dataFiles": [uri]}))
    yield Sources(
        Exports(name="aws", location=str(folder)),
        Window.of_days(date(2026, 9, 10), date(2026, 10, 20)),
        Exports(name="aws", location=str(folder / "gone")),
    )


@contextmanager
def kubernetes(folder: Path) -> Iterator[Sources]:
    """A small cluster for two days, in a real Prometheus."""
    told = [capacity("4x576"), pod_request("1x576"), cpu("0+30x575")]
    with real_prometheus(folder / "prometheus", written(told)) as url:
        good, unreadable = (Kubernetes(name="k8s", url=each) for each in (url, "http://127.0.0.1:9"))
        window = Window(datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 10, 2, 12, tzinfo=UTC))
        yield Sources(good, window, unreadable)


@contextmanager
def markers(folder: Path) -> Iterator[Sources]:
    """Three days of deploys."""
    lines = (
        f'{{"at": "2026-11-{day}T14:05:00Z", "kind": "deploy", "title": "shop 1.{day}"}}\n'
        for day in (20, 21, 22)
    )
    (folder / "deploys.jsonl").write_text("".join(lines))
    yield Sources(
        Markers(name="deploys", location=str(folder)),
        Window(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        Markers(name="deploys", location=str(folder / "gone")),
    )


@contextmanager
def measure_files(folder: Path) -> Iterator[Sources]:
    """Three days of one volume."""
    place = folder / "volumes"
    place.mkdir()
    for day in (20, 21, 22):
        row = f"2026-11-{day},predictions,predictions,,1000,1"
        (place / f"2026-11-{day}.csv").write_text(f"day,measure,unit,labels,value,coverage\n{row}\n")
    yield Sources(
        MeasureFiles(name="volumes", location=str(place)),
        Window(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        MeasureFiles(name="volumes", location=str(folder / "gone")),
    )


@contextmanager
def promql(folder: Path) -> Iterator[Sources]:
    """Two days of a preset, and of a query, in a real Prometheus."""
    series = [told("feature_toggle_usage_total", {"appName": "shop"}, "0+5x575")]
    measures = [{"preset": "flag_evals"}, {"name": "flags", "query": "count(feature_toggle_usage_total)"}]
    with real_prometheus(folder / "prometheus", written(series)) as url:
        good, unreadable = (
            Promql.model_validate({"name": "unleash", "url": each, "measures": measures})
            for each in (url, "http://127.0.0.1:9")
        )
        window = Window(datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 10, 2, 12, tzinfo=UTC))
        yield Sources(good, window, unreadable)


@contextmanager
def slo(folder: Path) -> Iterator[Sources]:
    """Two hours of one SLO, in a real Prometheus."""
    requests = told("http_requests_total", {"job": "api", "code": "200"}, "0+100x24")
    with real_prometheus(folder / "prometheus", written([requests])) as url:
        good, unreadable = (
            Slo(name="slos", url=each).with_objectives([objective()]) for each in (url, "http://127.0.0.1:9")
        )
        start = datetime(2026, 10, 1, tzinfo=UTC)
        yield Sources(good, Window(start, start + timedelta(minutes=117)), unreadable)


@contextmanager
def slo_files(folder: Path) -> Iterator[Sources]:
    """Three days of one objective."""
    (folder / "slis").mkdir()
    for day in (20, 21, 22):
        start = int(datetime(2026, 11, day, tzinfo=UTC).timestamp())
        rows = {"start": [start], "slo": ["checkout"], "labels": [""], "good": [9.0], "total": [10.0]}
        pq.write_table(pa.table(rows), folder / "slis" / f"2026-11-{day}.parquet")
    good, unreadable = (
        SloFiles(name="slis", location=str(place)).with_objectives([stored_objective()])
        for place in (folder / "slis", folder / "gone")
    )
    window = Window(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC))
    yield Sources(good, window, unreadable)


@contextmanager
def sql(folder: Path) -> Iterator[Sources]:
    """Three days of orders, in a file of SQLite."""
    good = in_sqlite(folder).source()
    window = Window(datetime(2026, 11, 19, 12, tzinfo=UTC), datetime(2026, 11, 21, 12, tzinfo=UTC))
    yield Sources(good, window, good.model_copy(update={"url": "mysql://127.0.0.1:9/shop"}))


@contextmanager
def table(folder: Path) -> Iterator[Sources]:
    """A vendor's own table of two months, in one file."""
    (folder / "costs.csv").write_text("day,usd\n2026-09-10,1.5\n2026-10-10,2\n")
    settings = {
        "name": "vendor",
        "columns": {"day": "ChargePeriodStart", "usd": "BilledCost"},
        "constants": {"BillingCurrency": "USD"},
    }
    good, unreadable = (
        Table.model_validate({**settings, "location": str(place)}) for place in (folder, folder / "gone")
    )
    yield Sources(good, Window.of_days(date(2026, 9, 10), date(2026, 10, 20)), unreadable)


@contextmanager
def usage_files(folder: Path) -> Iterator[Sources]:
    """Three days of a cluster."""
    for day in (20, 21, 22):
        write_day(folder / "usage", date(2026, 11, day))
    yield Sources(
        UsageFiles(name="prod", location=str(folder / "usage")),
        Window(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        UsageFiles(name="prod", location=str(folder / "gone")),
    )


COLLECTORS: dict[str, Callable[[Path], AbstractContextManager[Sources]]] = {
    "cloudwatch": cloudwatch,
    "cost_explorer": cost_explorer,
    "exports": exports,
    "kubernetes": kubernetes,
    "markers": markers,
    "measure_files": measure_files,
    "promql": promql,
    "slo": slo,
    "slo_files": slo_files,
    "sql": sql,
    "table": table,
    "usage_files": usage_files,
}

# --- rules: kind -> a rule, and what it finds in facts --------------------------------------------

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIRST = date(2026, 10, 1)
RISK, PAYMENTS = labels(team="risk", currency="USD"), labels(team="payments", currency="USD")
SHOP, ML = labels(namespace="shop"), labels(namespace="ml")
ETL = labels(
    team="ml", cluster="prod", namespace="ml", workload_kind="cronjob", workload="etl", currency="USD"
)
PREDICTION = {"unit_cost": "prediction", "unit": "per 1,000 predictions"}
DECISION = {"unit_cost": "decision", "unit": "per decision"}
FAILED = "SELECT source, count(*) AS value FROM collection WHERE outcome = 'failed' GROUP BY source"
SPEND = {"EffectiveCost": {RISK: daily(FIRST, *[900] * 50), PAYMENTS: daily(FIRST, *[100] * 50)}}


def budget(team: str, amount: int) -> dict[Labels, Any]:
    key = labels(name=f"{team} month", team=team, metric="EffectiveCost", period="month", currency="USD")
    return {key: daily(FIRST, amount, *[None] * 30, amount)}


def committed(id: str, source: str = "aws", **more: str) -> Labels:
    """The labels of a savings plan."""
    return labels(
        commitment=id, commitment_kind="savings plan", source=source, service="EC2", team="risk", **more
    )


def one_budget(team: str) -> Labels:
    return labels(team=team, period="2026-11", budget=f"{team} month")


RULES: dict[str, tuple[Rule, list[Example]]] = {
    "budget": (
        Budget.model_validate({"name": "MonthBudget", "at": [0.8, 1.0], "forecast": {"at": 1.0}}),
        [
            Example(
                {**SPEND, "budget": budget("risk", 20_000) | budget("payments", 3_100)},
                NOW,
                {one_budget("risk"): Verdict.BREACH, one_budget("payments"): Verdict.OK},
            ),
        ],
    ),
    "change": (
        Change.model_validate(
            {"name": "Moved", "compare": "week", "by": ["team"], "above_pct": 40, "below_pct": 40}
        ),
        [
            Example(
                {
                    "EffectiveCost": {
                        labels(team="risk", service="EC2", currency="USD"): daily(
                            FIRST, *[80] * 43, *[160] * 7
                        ),
                        labels(team="payments", service="EC2", currency="USD"): daily(FIRST, *[80] * 50),
                        labels(team="payments", service="RDS", currency="USD"): daily(FIRST, *[20] * 43),
                    }
                },
                NOW,
                {
                    labels(team="risk"): Verdict.BREACH,
                    labels(team="payments"): Verdict.OK,
                    labels(team="payments", service="RDS"): Verdict.BREACH,
                },
            ),
        ],
    ),
    "commitment_expiry": (
        CommitmentExpiry(name="Ends"),
        [
            Example(
                {
                    "commitment_cost": {
                        committed("plan/soon", currency="USD"): daily(NOW.date(), 900),
                        committed("plan/later", currency="USD"): daily(NOW.date(), 90),
                        committed("plan/ended", currency="USD"): daily(NOW.date(), 9),
                        committed("ri-1", source="azure", currency="EUR"): daily(NOW.date(), 90),
                    },
                    "commitment_days_left": {
                        committed("plan/soon"): daily(NOW.date(), 7.5),
                        committed("plan/later"): daily(NOW.date(), 70),
                        committed("plan/ended"): daily(NOW.date(), -1),
                    },
                },
                NOW,
                {
                    labels(commitment="plan/soon", team="risk"): Verdict.BREACH,
                    labels(commitment="plan/later", team="risk"): Verdict.OK,
                    labels(commitment="plan/ended", team="risk"): Verdict.OK,
                    labels(source="azure"): Verdict.UNKNOWN,
                },
            ),
        ],
    ),
    "coverage": (
        Coverage.model_validate({"name": "Unowned", "max_share": 0.1, "min_measured_share": 0.9}),
        [
            Example(
                {
                    "EffectiveCost": {
                        labels(team="risk", pool="direct", currency="USD"): daily(FIRST, *[80] * 50),
                        labels(team="unallocated", pool="direct", currency="USD"): daily(FIRST, *[20] * 50),
                    },
                    "node_expected_hours": {labels(cluster="prod"): daily(FIRST, *[24] * 50)},
                    "node_measured_hours": {labels(cluster="prod"): daily(FIRST, *[23] * 50)},
                },
                NOW,
                {(): Verdict.BREACH, labels(cluster="prod", coverage="nodes"): Verdict.OK},
            ),
        ],
    ),
    "freshness": (
        Freshness.model_validate({"name": "StaleData", "max_age": "30h"}),
        [
            Example(
                {
                    "freshness": {
                        labels(source="aws"): daily(NOW.date(), 31),
                        labels(source="db"): daily(NOW.date(), 5),
                        labels(source="ended"): daily(NOW.date(), 5),
                    },
                    "data_age": {
                        labels(source="db"): daily(NOW.date(), 7),
                        labels(source="ended"): daily(NOW.date(), 8),
                    },
                    "data_age_limit": {
                        labels(source="db"): daily(NOW.date(), 7),
                        labels(source="ended"): daily(NOW.date(), 7),
                    },
                },
                NOW,
                {
                    labels(source="aws"): Verdict.BREACH,
                    labels(source="db"): Verdict.OK,
                    labels(source="ended"): Verdict.BREACH,
                },
            ),
        ],
    ),
    "k8s_efficiency": (
        Efficiency.model_validate(
            {"name": "Waste", "min_used_share": 0.3, "resource": "cpu", "by": ["namespace"]}
        ),
        [
            Example(
                {
                    "cpu_used_core_hours": {SHOP: daily(FIRST, *[24] * 50), ML: daily(FIRST, *[240] * 50)},
                    "cpu_unused_core_hours": {SHOP: daily(FIRST, *[216] * 50), ML: daily(FIRST, *[24] * 50)},
                },
                NOW,
                {SHOP: Verdict.BREACH, ML: Verdict.OK},
            ),
        ],
    ),
    "quiet": (
        Quiet.model_validate({"name": "Dead", "max_age": "90d"}),
        [
            Example(
                {
                    "rule_quiet_days": {
                        labels(rule="Spend"): daily(NOW.date(), 91),
                        labels(rule="Burn"): daily(NOW.date(), 2),
                    },
                    "silence_quiet_days": {
                        labels(silence="1", matchers="team=ml", who="ann"): daily(NOW.date(), 95)
                    },
                },
                NOW,
                {
                    labels(quiet_rule="Spend"): Verdict.BREACH,
                    labels(quiet_rule="Burn"): Verdict.OK,
                    labels(silence="1"): Verdict.BREACH,
                },
            ),
        ],
    ),
    "runaway": (
        Runaway.model_validate({"name": "Runaway", "times": 3}),
        [
            Example(
                {
                    "workload_cost": {ETL: daily(FIRST, *[20] * 52, 100)},
                    "running_cost_per_hour": {
                        labels(**dict(ETL), instance_type="m5.large"): daily(NOW.date(), 9)
                    },
                },
                NOW,
                {tuple(pair for pair in ETL if pair[0] != "currency"): Verdict.BREACH},
            ),
        ],
    ),
    "slo_budget": (
        SloBudget.model_validate({"name": "BudgetLow", "below": 0.25, "within": "5d"}),
        [
            Example(
                together(
                    slo_facts(NOW, "checkout", left="0.2"),
                    slo_facts(NOW, "search", service="find", hours_left={"1d": 100}),
                    slo_facts(NOW, "feed", service="feed", left=None),
                    slo_facts(NOW, "flags", service="flags", hours_left={"1d": 200}),
                ),
                NOW,
                {
                    labels(slo="checkout", service="shop", team="payments"): Verdict.BREACH,
                    labels(slo="search", service="find", team="payments"): Verdict.BREACH,
                    labels(slo="feed", service="feed", team="payments"): Verdict.UNKNOWN,
                    labels(slo="flags", service="flags", team="payments"): Verdict.OK,
                },
            ),
        ],
    ),
    "slo_burn": (
        SloBurn(name="Burn"),
        [
            Example(
                together(
                    slo_facts(NOW, "checkout", burns={"1h": 15, "5m": 16}),
                    slo_facts(NOW, "edge", burns={"1d": 4, "2h": 5}, instance={"host": "a"}),
                    slo_facts(NOW, "edge", burns=0, instance={"host": "b"}),
                    slo_facts(NOW, "edge", age=None, burns=9, instance={"host": "gone"}),
                    slo_facts(NOW, "feed", burns=9, age=3),
                ),
                NOW,
                {
                    labels(slo="checkout", service="shop", team="payments"): Verdict.BREACH,
                    labels(slo="edge", service="shop", team="payments", host="a"): Verdict.BREACH,
                    labels(slo="edge", service="shop", team="payments", host="b"): Verdict.OK,
                    labels(slo="feed", service="shop", team="payments"): Verdict.UNKNOWN,
                },
            ),
        ],
    ),
    "sql": (
        Sql.model_validate({"name": "Failed", "sql": FAILED, "above": 3, "unit": "runs"}),
        [
            Example(
                {},
                NOW,
                {
                    labels(source="aws"): Verdict.BREACH,
                    labels(source="db"): Verdict.OK,
                    labels(source=""): Verdict.UNKNOWN,
                },
                {
                    FAILED: [
                        {"source": "aws", "value": 4},
                        {"source": "db", "value": 2.5},
                        {"source": None, "value": None},
                    ]
                },
            ),
        ],
    ),
    "threshold": (
        Threshold.model_validate({"name": "TeamDailySpend", "by": ["team"], "above": 500}),
        [
            Example(SPEND, NOW, {labels(team="risk"): Verdict.BREACH, labels(team="payments"): Verdict.OK}),
        ],
    ),
    "unit_cost": (
        UnitCost.model_validate({"name": "Dear", "unit_cost": ["prediction", "decision"], "above": 0.5}),
        [
            Example(
                {
                    **SPEND,
                    "unit_cost": {
                        labels(**PREDICTION, currency="USD"): daily(FIRST, *[0.6] * 50),
                        labels(**DECISION, currency="USD"): daily(FIRST, *[0.4] * 50),
                    },
                    "unit_volume": dict.fromkeys(
                        (labels(**PREDICTION), labels(**DECISION)), daily(FIRST, *[9] * 50)
                    ),
                },
                NOW,
                {
                    labels(unit_cost="prediction"): Verdict.BREACH,
                    labels(unit_cost="decision"): Verdict.OK,
                },
            ),
        ],
    ),
}

# --- notifiers: kind -> one that is answered, one that is not, one that is refused ----------------


NOWHERE = "http://127.0.0.1:9/"  # nothing listens there


class Receivers(NamedTuple):
    good: Receiver
    unavailable: Receiver | None = None
    refusing: Receiver | None = None


@contextmanager
def slack() -> Iterator[Receivers]:
    with slack_double() as double, slack_double() as strict:
        strict.answers["chat.postMessage"] = ["channel_not_found"]
        common = {"name": "finops", "channel": "C0123", "token": "${env:SLACK_BOT_TOKEN}"}
        yield Receivers(
            Slack(**common, api_url=double.url),
            Slack(**common, api_url=NOWHERE, timeout_seconds=1),
            Slack(**common, api_url=strict.url),
        )


@contextmanager
def alertmanager() -> Iterator[Receivers]:
    with web_server() as double, web_server() as strict:
        strict.answers = [404]
        yield Receivers(
            *(
                Alertmanager(name="am", urls=(url,), timeout_seconds=1)
                for url in (double.url, NOWHERE, strict.url)
            )
        )


@contextmanager
def webhook() -> Iterator[Receivers]:
    with web_server() as double, web_server() as strict:
        strict.answers = [410]
        yield Receivers(
            *(Webhook(name="hook", url=url, timeout_seconds=1) for url in (double.url, NOWHERE, strict.url))
        )


@contextmanager
def pagerduty() -> Iterator[Receivers]:
    with pagerduty_events() as double, pagerduty_events() as strict:
        strict.web.answers = [400]
        key = "${env:PAGERDUTY_ROUTING_KEY}"
        yield Receivers(
            *(
                PagerDuty(name="pager", routing_key=key, url=url, timeout_seconds=5)
                for url in (double.url, NOWHERE, strict.url)
            )
        )


@contextmanager
def email() -> Iterator[Receivers]:
    with mail_server() as double, mail_server() as strict:
        strict.answers = {"RCPT": ["550 nobody"] * 2}
        common = {"name": "mail", "host": "127.0.0.1", "tls": "none", "from": "c@example.com"}
        yield Receivers(
            *(
                Email.model_validate({**common, "port": port, "to": ["a@example.com"]})
                for port in (double.port, 9, strict.port)
            )
        )


NOTIFIERS: dict[str, Callable[[], AbstractContextManager[Receivers]]] = {
    "alertmanager": alertmanager,
    "email": email,
    "pagerduty": pagerduty,
    "slack": slack,
    "stdout": lambda: nullcontext(Receivers(Stdout(name="default"))),
    "webhook": webhook,
}

# --- splits: kind -> a pool, and how it shares spans ----------------------------------------------

THIRDS = {"risk": 1 / 6, "payments": 2 / 6, "platform": 3 / 6}
SPLIT_LINES = [
    {**used(team), "parent": "i-0aaa", "split": split, "unused": 0.5}
    for team, split in (("risk", 2.0), ("payments", 1.0))
]
SPLITS: dict[str, tuple[Split, list[SplitExample]]] = {
    "driver": (
        DriverPool.model_validate(
            {
                "name": "p",
                "split": "driver",
                "driver": "requests",
                "label": "caller",
                "owners": {"batch": "payments"},
                "fallback": {"team": "platform"},
                "resource": "db",
            }
        ),
        [
            SplitExample(
                a_weighing(
                    keys=[("arn:aws:rds:eu-west-1:1:db:shop",), ("",)],
                    batches=measured(
                        value(1, db="shop", caller="risk"),
                        value(2, db="shop", caller="batch"),
                        value(1, db="shop", caller="x"),
                    ),
                ),
                {0: {"risk": 0.25, "payments": 0.5, "platform": 0.25}, 1: {"platform": 1}},
            )
        ],
    ),
    "even": (
        EvenPool.model_validate({"name": "p", "split": "even", "teams": ["risk", "platform"]}),
        [SplitExample(a_weighing(), {0: {"risk": 0.5, "platform": 0.5}})],
    ),
    "fixed": (
        FixedPool.model_validate(
            {"name": "p", "split": "fixed", "percent": {"risk": 12.5, "platform": 87.5}}
        ),
        [SplitExample(a_weighing(), {5: {"risk": 0.125, "platform": 0.875}})],
    ),
    "kubernetes": (
        KubernetesPool.model_validate(
            {
                "name": "p",
                "split": "kubernetes",
                "prices": {"cpu": 1, "memory": 0},
                "fallback": {"team": "platform"},
                "namespaces": {"batch": "payments"},
            }
        ),
        [
            SplitExample(
                a_weighing(
                    keys=[("i-0aaa",), ("",)],
                    batches=collected(node_days=[node()], workload_days=[used("risk", 1), used("batch", 2)]),
                ),
                {0: {"risk": 0.25, "payments": 0.5, "idle": 0.25}, 1: {"platform": 1}},
            )
        ],
    ),
    "owner": (OwnerPool.model_validate({"name": "p", "split": "owner", "tags": ["squad"]}), []),
    "proportional": (
        ProportionalPool.model_validate({"name": "p", "split": "proportional", "carried_by": "search"}),
        [SplitExample(a_weighing(), {1: THIRDS, 2: {}, 3: {}, 5: THIRDS})],
    ),
    "provider": (
        ProviderPool.model_validate({"name": "p", "split": "provider"}),
        [
            SplitExample(
                a_weighing(keys=[("i-0aaa",), ("i-0bbb",)], batches=collected(split_lines=SPLIT_LINES)),
                {0: {"risk": 0.5, "payments": 0.25, "idle": 0.25}, 1: {}},
            )
        ],
    ),
}
# --- facts: query -> a window in which a made-up company has some --------------------------------

NOVEMBER = Window.of_days(date(2026, 11, 1), date(2026, 12, 1))


def clusters(path: Path) -> Warehouse:
    """One with usage of a cluster, and a bill that is two days behind."""
    made = Cluster(path.parent)
    made.today(etl(hours=4), train(hours=10))
    made.run(TEN)
    return made.warehouse


def watched(path: Path) -> Warehouse:
    """One whose rules were evaluated, with a silence, and a budget of which a step was told."""
    made = company(path)
    budget_of(made, "risk", 10)
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    evaluate(made, [Budget(name="Steps", steps=Decimal(5))], now)
    with made.write() as db:
        save_silence(db, Silence("1", ('team="ml"',), "", now, now + timedelta(days=9), "ann", "why"))
    return made


def committing(path: Path) -> Warehouse:
    """One that has a savings plan."""
    made = company(path)
    with made.write() as db:
        db.execute(
            "INSERT INTO commitment VALUES (20261101, 'plan/1', 'savings plan', NULL, '2026-12-01T00:00:00Z',"
            " 'aws', 'EC2', 'risk', 'USD', 1000000000, 20)"
        )
    return made


FACTS: dict[str, tuple[Callable[[Path], Warehouse], Window]] = {
    **dict.fromkeys(
        (*COST_METRICS, "budget", "data_age", "data_age_limit", "freshness"), (company, NOVEMBER)
    ),
    **dict.fromkeys(
        (
            *(f"{part}_{what}" for part in ("cpu", "memory") for what in ("efficiency", "unused_cost")),
            *(f"cpu_{what}_core_hours" for what in ("requested", "unused", "used")),
            *(f"memory_{what}_gib_hours" for what in ("requested", "unused", "used")),
            *("node_coverage", "node_expected_hours", "node_measured_hours"),
            *("running_cost_per_hour", "tagging_cost", "workload_cost"),
        ),
        (clusters, OCTOBER),
    ),
    **dict.fromkeys(
        (
            *("sli_bad_events", "sli_total_events", "slo_budget_left", "slo_burn_rate", "slo_coverage"),
            *("slo_data_age", "slo_errors_allowed", "slo_errors_used", "slo_hours_left", "slo_objective"),
            *("marker", "slo_window_events"),
        ),
        (slo_company, NOVEMBER),
    ),
    **dict.fromkeys(("budget_reached", "rule_quiet_days", "silence_quiet_days"), (watched, NOVEMBER)),
    **dict.fromkeys(("commitment_cost", "commitment_days_left"), (committing, NOVEMBER)),
    **dict.fromkeys(("measure", "unit_cost", "unit_volume"), (unit_company, OCTOBER)),
}


MARKED = dict.fromkeys(("kubernetes", "promql"), pytest.mark.prometheus)


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=MARKED.get(kind, ())) for kind in COLLECTORS])
def test_collector(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.prometheus.session._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    with COLLECTORS[kind](tmp_path) as sources:
        check_collector(sources.good, sources.window, unreadable=sources.unreadable)


@pytest.mark.parametrize("kind", RULES)
def test_rule(kind: str) -> None:
    check_rule(*RULES[kind])


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_notifier(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(monkeypatch)
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", ROUTING_KEY)
    doors = [(Notifier, check_notifier), (Forwarder, check_forwarder), (Publisher, check_publisher)]
    with NOTIFIERS[kind]() as (good, unavailable, refusing):
        mine = [check for door, check in doors if isinstance(good, door)]
        assert mine
        for check in mine:
            check(good, unavailable=unavailable, refusing=refusing)


@pytest.mark.parametrize("kind", SPLITS)
def test_split(kind: str) -> None:
    check_split(*SPLITS[kind])


@pytest.mark.parametrize("name", FACTS)
def test_query(name: str, tmp_path: Path) -> None:
    made, window = FACTS[name]
    full, empty = made(tmp_path / "full.db"), Warehouse(tmp_path / "empty.db")
    empty.migrate()
    now = datetime(2026, 11, 23, 7, tzinfo=UTC)
    with full.read() as facts, empty.read() as nothing:
        check_query(fact_query(name), WarehouseSnapshot(facts, now), WarehouseSnapshot(nothing, now), window)


@pytest.mark.parametrize(
    ("group", "rows"),
    [
        (plugins.COLLECTORS, COLLECTORS),
        (plugins.RULES, RULES),
        (plugins.NOTIFIERS, NOTIFIERS),
        (plugins.SPLITS, SPLITS),
        (plugins.FACTS, FACTS),
    ],
    ids=["collectors", "rules", "notifiers", "splits", "facts"],
)
def test_every_kind_we_ship_has_a_row(group: str, rows: dict[str, object]) -> None:
    ours = {
        name
        for name, point in plugins.registered(group).items()
        if point.dist is not None and point.dist.name == "costwatch"
    }
    assert ours == set(rows)
