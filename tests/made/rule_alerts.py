"""Alerts of the kinds of rules that look at what is stored, as their findings become them."""

from datetime import timedelta
from typing import Any

from costwatch.model import Alert, labels
from costwatch.rules.budget import Budget
from costwatch.rules.change import Change
from costwatch.rules.commitment_expiry import CommitmentExpiry
from costwatch.rules.quiet import Quiet
from costwatch.rules.sql import Sql
from costwatch.testing import FakeSnapshot, daily
from tests.made.usage_alerts import FIRST, NOW, fired

_SQL = "SELECT team, count(*) AS value FROM cost GROUP BY team"


def moved(team: str = "ml-platform", service: str = "Amazon EC2") -> Alert:
    """A team whose one service costs more, and whose other one less."""
    costs = {
        labels(team=team, service=service, usage_type="box", region="eu", currency="USD"): (400, 910.5),
        labels(team=team, service="Amazon S3", usage_type="disk", region="eu", currency="USD"): (90, 60),
    }
    days = {key: daily(FIRST, *[usual] * 16, now) for key, (usual, now) in costs.items()}
    rule = {"name": "DayOverDay", "compare": "same_weekday", "by": ["team"], "above_pct": 40}
    return fired(Change.model_validate(rule), {"EffectiveCost": days})


def stepped(team: str = "ml-platform") -> Alert:
    """A budget of which another step is spent."""
    key = labels(name="month", team=team, metric="EffectiveCost", period="month", currency="USD")
    spend = {labels(team=team, service="Amazon EC2", currency="USD"): daily(FIRST, *[1300] * 17)}
    rule = Budget.model_validate({"name": "EveryTenThousand", "at": [], "steps": 10_000})
    return fired(rule, {"budget": {key: daily(FIRST, 30_000)}, "EffectiveCost": spend})


def ending(id: str = "arn:aws:savingsplans::1:savingsplan/p1", team: str = "ml-platform") -> Alert:
    """A savings plan that ends in a week."""
    of = {"commitment": id, "commitment_kind": "savings plan", "source": "aws", "service": "Amazon EC2"}
    facts: dict[str, Any] = {
        "commitment_cost": {labels(**of, team=team, currency="USD"): daily(NOW.date(), 7600)},
        "commitment_days_left": {labels(**of, team=team): daily(NOW.date(), 6.5)},
    }
    return fired(CommitmentExpiry(name="CommitmentEnds"), facts)


def dead(matchers: str = 'team="mll"', who: str = "ann") -> Alert:
    """A silence that matches nothing."""
    silence = labels(silence="5f2e", matchers=matchers, who=who)
    rule = Quiet(name="DeadRules", rule=(), max_age=timedelta(days=30))
    return fired(rule, {"silence_quiet_days": {silence: daily(NOW.date(), 31)}})


def counted(team: str = "ml-platform") -> Alert:
    """A row of a SELECT."""
    rule = Sql.model_validate({"name": "Lines", "sql": _SQL, "above": 1000, "unit": "lines"})
    facts = FakeSnapshot(sql_rows={_SQL: [{"team": team, "value": 1234}]})
    return fired(rule, facts)
