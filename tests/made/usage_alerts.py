"""Alerts of the rules on clusters, as their findings become them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from costwatch.alerts.lifecycle import advance
from costwatch.model import Alert, State, labels
from costwatch.plugins import Rule
from costwatch.rules.coverage import Coverage
from costwatch.rules.k8s_efficiency import Efficiency
from costwatch.rules.runaway import Runaway
from costwatch.testing import FakeSnapshot, daily

NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)
FIRST = date(2026, 11, 1)


def fired(rule: Rule, facts: Mapping[str, Any]) -> Alert:
    """The one alert that a rule fires."""
    (alert,) = (advance(None, found, rule, NOW).alert for found in rule.evaluate(FakeSnapshot(facts), NOW))
    assert alert is not None
    return alert


def runaway(name: str, namespace: str = "ml", team: str = "ml-platform", cluster: str = "prod") -> Alert:
    """A cronjob of that name."""
    key = {
        "team": team,
        "cluster": cluster,
        "namespace": namespace,
        "workload_kind": "cronjob",
        "workload": name,
    }
    priced = labels(**key, currency="USD")
    running = labels(**key, currency="USD", instance_type="p4d.24xlarge")
    today = daily(NOW.date(), 812.1, state=State.ESTIMATED)
    costs = {priced: (*daily(FIRST, *[40] * 18), *today)}
    rates = {running: daily(NOW.date(), 32.77)}
    facts = {"workload_cost": costs, "running_cost_per_hour": rates}
    return fired(Runaway.model_validate({"name": "Runaway", "severity": "page"}), facts)


def wasted(namespace: str = "shop") -> Alert:
    """A namespace that uses an eighth of what it requests."""
    key = labels(cluster="prod", namespace=namespace)
    facts = {
        "cpu_used_core_hours": {key: daily(FIRST, *[12 * 24] * 18)},
        "cpu_unused_core_hours": {key: daily(FIRST, *[84 * 24] * 18)},
        "cpu_unused_cost": {labels(**dict(key), currency="USD"): daily(FIRST, *[96] * 15)},
    }
    rule = Efficiency(name="Waste", resource="cpu", min_used_share=Decimal("0.3"))
    return fired(rule, facts)


def unmeasured(pool: str = "k8s-prod") -> Alert:
    """A pool of which a fifth is unmeasured."""
    costs = {
        labels(team="risk", pool=pool, currency="USD"): daily(FIRST, *[80] * 18),
        labels(team="unmeasured", pool=pool, currency="USD"): daily(FIRST, *[0] * 14, *[35] * 4),
    }
    rule = Coverage(name="Unmeasured", of=("unmeasured",), by=("pool",), max_share=Decimal("0.1"))
    return fired(rule, {"EffectiveCost": costs})
