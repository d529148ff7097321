"""What the stories amount to, summed from the generator's own lines: the product must find the same.

Nothing but tests reads it. Amounts are exact; in ``spent`` there are shares, which depend on how finely
weights are kept, so that one is to be compared to the cent.
"""

import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from costwatch.demo.aws import DYNAMODB, EC2, SAGEMAKER, VPC
from costwatch.demo.bill import CURRENCY
from costwatch.demo.cluster_truth import ClusterTruth
from costwatch.demo.company import SHARED_PERCENT, SYSTEMS, TEAMS, DemoSystem
from costwatch.demo.measure_truth import MeasureTruth
from costwatch.demo.slo_truth import SloTruth
from costwatch.demo.stories import CompanyPlan
from costwatch.model import UNALLOCATED
from costwatch.money import units


def write_ground_truth(folder: Path, plan: CompanyPlan) -> None:
    """Write ``ground-truth.json``: each story's team, service, days and exact amounts (EffectiveCost)."""
    text = json.dumps(ground_truth(plan), indent=2) + "\n"
    (folder / "ground-truth.json").write_text(text, encoding="utf-8")


def ground_truth(plan: CompanyPlan) -> dict[str, Any]:
    """The stories as JSON-able values; amounts are decimal text, exact to 1e-9.

    What ``clusters``, systems, unit costs and stories come to is to date: from the 1st through the last
    settled day. Runs are those that began since the 1st, with all that they cost so far.
    """
    year, week, _ = plan.monday.isocalendar()
    common = {"currency": CURRENCY, "metric": "EffectiveCost"}
    to_date = plan.last_settled.replace(day=1), plan.last_settled
    clusters, measures = ClusterTruth(plan, *to_date), MeasureTruth(plan, *to_date)
    slos = SloTruth(plan)
    return {
        "now": plan.now.isoformat(),
        "seed": plan.seed,
        "data_through": plan.last_settled.isoformat(),
        "week": f"{year}-W{week:02}",
        "systems": {system.name: _system(plan, system) for system in SYSTEMS},
        "clusters": clusters.clusters(),
        "unit_costs": measures.unit_costs(),
        "runs": clusters.runs(),
        "slos": slos.budgets(),
        "slo_stories": slos.stories(),
        "stories": [
            {**story, **common}
            for story in (
                _runaway_training(plan),
                _nat_leak(plan),
                _untagged_account(plan),
                _restated_day(plan),
                _over_budget(plan, measures),
                *clusters.stories(),
                *measures.stories(),
            )
        ],
    }


def _runaway_training(plan: CompanyPlan) -> dict[str, Any]:
    return {
        "story": "runaway-training",
        "rule": "TrainingSpend",
        "team": "ml-platform",
        "service": SAGEMAKER,
        **_on_day(plan, "ml-platform", SAGEMAKER, plan.runaway_day),
    }


def _nat_leak(plan: CompanyPlan) -> dict[str, Any]:
    return {
        "story": "nat-leak",
        "rule": "NatGatewaySpend",
        "team": "feature-store",
        "service": VPC,
        "since": plan.monday.isoformat(),
        **_on_day(plan, "feature-store", VPC, plan.last_settled),
    }


def _untagged_account(plan: CompanyPlan) -> dict[str, Any]:
    # Nobody owns the account, and a residual has no share of any pool: its own lines are all it carries.
    return {
        "story": "untagged-account",
        "rule": "UnallocatedSpend",
        "team": UNALLOCATED,
        "service": EC2,
        "since": plan.monday.isoformat(),
        **_on_day(plan, "", EC2, plan.last_settled),
    }


def _restated_day(plan: CompanyPlan) -> dict[str, Any]:
    day = plan.restated_day
    first = plan.first_bill.effective_nano("payments", DYNAMODB, day, day)
    return {
        "story": "restated-day",
        "rule": "DynamoDBSpend",
        "team": "payments",
        "service": DYNAMODB,
        "first_amount": _amount(first),
        **_on_day(plan, "payments", DYNAMODB, day),
    }


def _over_budget(plan: CompanyPlan, measures: MeasureTruth) -> dict[str, Any]:
    team = next(team for team in TEAMS if team.name == "experimentation")
    return {
        "story": "over-budget",
        "rule": "MonthBudget",
        "team": team.name,
        "month": f"{plan.last_settled:%Y-%m}",
        "day": plan.last_settled.isoformat(),
        "budget": f"{team.budget}.00",
        "spent": _amount(_month_to_date_nano(plan, team.name, measures)),
    }


def _on_day(plan: CompanyPlan, owner: str, service: str, day: date) -> dict[str, str]:
    """One day's amount; and the settled days of the report week beside the same days a week before.

    No shared pool holds a charge of the stories' services by day, so what the team owns is what it
    carries.
    """
    last = min(plan.last_settled, plan.monday + timedelta(days=6))
    week = timedelta(days=7)
    now = plan.bill.effective_nano(owner, service, plan.monday, last)
    before = plan.bill.effective_nano(owner, service, plan.monday - week, last - week)
    return {
        "day": day.isoformat(),
        "amount": _amount(plan.bill.effective_nano(owner, service, day, day)),
        "week_last_day": last.isoformat(),
        "week_amount": _amount(now),
        "week_before_amount": _amount(before),
        "week_change": _amount(now - before),
    }


def _system(plan: CompanyPlan, system: DemoSystem) -> dict[str, str]:
    """Its owner, and what its lines cost from the 1st through the last settled day, whoever carries them."""
    last = plan.last_settled
    columns = [
        number for number, item in enumerate(plan.bill.items) if dict(item.tags).get("system") in system.tags
    ]
    rows = slice(plan.bill.row(last.replace(day=1)), plan.bill.row(last) + 1)
    nano = int(plan.bill.effective[rows, columns].sum())
    return {"team": system.team, "currency": CURRENCY, "month_to_date": _amount(nano)}


def _month_to_date_nano(plan: CompanyPlan, team: str, measures: MeasureTruth) -> int:
    """What the team carries from the 1st through the last settled day, shares of pools included."""
    bill, last = plan.bill, plan.last_settled
    start = last.replace(day=1)
    fees = sum(_pool_nano(plan, pool, start) for pool in ("support", "tax"))
    carried = Fraction(bill.effective_nano(team, None, start, last))
    carried += Fraction(fees * SHARED_PERCENT[team], 100)
    for number in range((last - start).days + 1):
        day = start + timedelta(days=number)
        owned = {name: max(0, bill.effective_nano(name, None, day, day)) for name in SHARED_PERCENT}
        carried += Fraction(_pool_nano(plan, "security", day) * owned[team], sum(owned.values()))
        carried += Fraction(measures.carried_nano(team, day))
    return round(carried)


def _pool_nano(plan: CompanyPlan, pool: str, day: date) -> int:
    columns = [number for number, item in enumerate(plan.bill.items) if item.pool == pool]
    return int(plan.bill.effective[plan.bill.row(day), columns].sum())


def _amount(nano: int) -> str:
    return f"{units(nano):.9f}"
