"""What happens in the company, when, and the plan that holds it all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from costwatch.demo.aws import DYNAMODB, METERS
from costwatch.demo.bill import DemoBill, Matrix, bill, expected, next_month, noise
from costwatch.demo.company import EVALUATION, SHARED_PERCENT, TEAMS
from costwatch.demo.items import DAYS_IN_MONTH, Item, monthly_items, resource_id, told_since, usage_items
from costwatch.errors import UsageError

MEASURED_DAYS = 45  # before ``now``: since then clusters are tagged, and what runs on them is measured
MIN_DAYS = 45  # two weeks around the stories, and the whole month of the newest settled day
LEAK_FACTOR = 8
FIRST_FIGURE = (31, 10)  # the restated day first shows 3.1 times its cost
OVER_BUDGET = 1.12


@dataclass(frozen=True, slots=True, eq=False)
class CompanyPlan:
    """The company's history up to ``now`` (a UTC midnight), and where its stories lie.

    last_settled: the newest day that ended 48 hours before ``now``. monday: the first day of the report
    week, whose Monday to Thursday are settled. measured_since: the first day of which it is known what ran on
    the clusters. bill: as finally delivered; first_bill: as delivered before
    the restatement of ``restated_day``.
    """

    now: datetime
    seed: int
    days: int
    rows: int
    last_settled: date
    monday: date
    measured_since: date
    bill: DemoBill
    first_bill: DemoBill

    @property
    def runaway_day(self) -> date:
        """The Tuesday of the runaway training job."""
        return self.monday + timedelta(days=1)

    @property
    def restated_day(self) -> date:
        """The Wednesday whose first figure was wrong."""
        return self.monday + timedelta(days=2)


def plan(now: datetime, seed: int = 7, days: int = 395, rows: int = 150_000) -> CompanyPlan:
    """The company of ``seed``: ``days`` days before ``now`` (UTC midnight), in about ``rows`` lines.

    The same arguments give the same lines. Raises UsageError.
    """
    if now.utcoffset() != timedelta(0) or now.time() != datetime.min.time():
        raise UsageError(f"demo: it ends at a UTC midnight, not at {now.isoformat()}; give such an instant")
    if days < MIN_DAYS or rows < 1 or seed < 0:
        raise UsageError(
            f"demo: {days} days in {rows} rows from seed {seed}; "
            f"ask for {MIN_DAYS} days, 1 row and seed 0 at least"
        )
    random = np.random.default_rng(seed)
    first, last_settled = now.date() - timedelta(days=days), now.date() - timedelta(days=3)
    anchor = last_settled - timedelta(days=3)
    monday = anchor - timedelta(days=anchor.weekday())
    since = max(first, now.date() - timedelta(days=MEASURED_DAYS))
    usual = told_since(usage_items(rows / days), since)
    metered = [*usual, *_new_items(monday, random)]
    history = [first + timedelta(days=number) for number in range(days)]
    cost = expected(metered, history, history[-1]) * noise(metered, days, random)
    _leak(metered, cost[(monday - first).days :])
    _overspend(metered, cost, history, last_settled)
    final = bill(first, monday, metered, cost)
    before = _before_restatement(final, monday + timedelta(days=2))
    return CompanyPlan(now, seed, days, rows, last_settled, monday, since, final, before)


def _new_items(monday: date, random: np.random.Generator) -> list[Item]:
    """A training job that ran away on Tuesday, and instances in an account that nobody claims."""
    train, node = METERS["train"], METERS["node"]
    name = "training-embedding-sweep"
    runaway = Item(
        owner="ml-platform",
        account="ml-platform-prod",
        region="us-east-1",
        meter=train,
        name=name,
        resource_id=resource_id(train, "ml-platform-prod", "us-east-1", name),
        usd=float(random.uniform(5_900, 7_400)),
        tags=(("env", "prod"), ("system", "training"), ("team", "ml")),
        since=monday + timedelta(days=1),
        until=monday + timedelta(days=2),
    )
    untagged = [
        Item(
            owner="",
            account=EVALUATION,
            region="us-east-1",
            meter=node,
            name=f"eval-{number}",
            resource_id=resource_id(node, EVALUATION, "us-east-1", f"eval-{number}"),
            usd=float(random.uniform(140, 160)),
            since=monday,
        )
        for number in range(1, 7)
    ]
    return [runaway, *untagged]


def _leak(metered: Sequence[Item], cost: Matrix) -> None:
    """From the first row on, traffic of the feature store goes through its NAT gateways."""
    leaking = [item.owner == "feature-store" and item.meter is METERS["nat-bytes"] for item in metered]
    cost[:, np.array(leaking)] *= LEAK_FACTOR


def _overspend(metered: Sequence[Item], cost: Matrix, history: Sequence[date], last_settled: date) -> None:
    """Experimentation goes over its budget from the month before ``last_settled``'s on."""
    columns = np.array([item.owner == "experimentation" for item in metered])
    items = [item for item in metered if item.owner == "experimentation"]
    budget = next(team.budget for team in TEAMS if team.name == "experimentation")
    # The pool of the security account is spread much like the fees.
    shared = sum(fee.usd for fee in monthly_items(metered))
    shared += DAYS_IN_MONTH * sum(item.usd for item in metered if item.pool == "security")
    share = shared * SHARED_PERCENT["experimentation"] / 100
    this_month = last_settled.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    for month in (last_month, this_month):
        whole = [month + timedelta(days=number) for number in range((next_month(month) - month).days)]
        usual = expected(items, whole, history[-1]).sum()
        rows = np.array([day >= month and (month == this_month or day < this_month) for day in history])
        cost[np.ix_(rows, columns)] *= (OVER_BUDGET * budget - share) / usual


def _before_restatement(final: DemoBill, day: date) -> DemoBill:
    """The bill with the first figure of that day for DynamoDB of payments."""
    columns = final.columns(owner="payments", service=DYNAMODB)
    row, (times, over) = final.row(day), FIRST_FIGURE
    billed, effective = final.billed.copy(), final.effective.copy()
    for amounts in (billed, effective):
        amounts[row, columns] = amounts[row, columns] * times // over
    return replace(final, billed=billed, effective=effective)
