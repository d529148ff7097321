"""Alerts on error budgets, as findings become them, with what is asked once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from costwatch.alerts.lifecycle import advance, explained
from costwatch.model import Alert
from costwatch.plugins import tags_text
from costwatch.rules.slo_budget import SloBudget
from costwatch.rules.slo_burn import SloBurn
from costwatch.testing import FakeSnapshot, points
from tests.made.slo_facts import bad, slo_facts

NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)


def burning(slo: str = "checkout", route: str = "/pay", title: str = "v42", **more: str) -> Alert:
    """One that pages, twenty minutes after a deploy, of which Prometheus tells two routes."""
    deploy = {"kind": "deploy", "service": more.get("service", "shop"), "team": "", "title": title}
    facts = slo_facts(
        NOW, slo, burns={"1h": 15, "5m": 16}, used=412, allowed=600, left="0.3133", hours_left={"1h": "52.2"},
        service=deploy["service"], instance=more,
    )  # fmt: skip
    changed = points(NOW - timedelta(minutes=20), timedelta(seconds=1), 1)
    of = tags_text(more)
    live = {**bad(route, "500", 1200, NOW, slo, of), **bad("/buy", "503", 300, NOW, slo, of)}
    snapshot = FakeSnapshot(
        {**facts, "marker": {tuple(sorted(deploy.items())): changed}}, live_facts={"sli_bad_events": live}
    )
    rule = SloBurn(name="ErrorBudgetBurn", prometheus="https://prometheus.example")
    (finding,) = rule.evaluate(snapshot, NOW)
    alert, told = advance(None, finding, rule, NOW).alert, rule.explain(finding, snapshot, NOW)
    assert alert is not None
    assert told is not None
    return explained(alert, told)


def low() -> Alert:
    """One of which an eighth is left."""
    rule = SloBudget.model_validate({"name": "ErrorBudgetLow", "below": 0.25})
    facts = slo_facts(NOW, left="0.125", used=525, allowed=600, hours_left={"1d": 70})
    (finding,) = rule.evaluate(FakeSnapshot(facts), NOW)
    alert = advance(None, finding, rule, NOW).alert
    assert alert is not None
    return replace(alert, fired_at=NOW)
