"""The company's ``costwatch.yaml`` and ``alerts.yaml``, written as a person would."""

from pathlib import Path

from costwatch.demo.aws import DYNAMODB, SAGEMAKER, SUPPORT, VPC
from costwatch.demo.bill import CURRENCY
from costwatch.demo.clusters import CLUSTER_POOL, CLUSTERS, NAMESPACE_TEAMS
from costwatch.demo.company import (
    ACCOUNTS,
    COMPANY_BUDGET,
    PLATFORM_ACCOUNTS,
    SECURITY,
    SHARED_PERCENT,
    SYSTEMS,
    TEAMS,
    DemoSystem,
    DemoTeam,
)
from costwatch.demo.delivery import LOCATION, USAGE
from costwatch.demo.stories import CompanyPlan

_COSTWATCH = """\
# A made-up company, written by `costwatch demo`: seed {seed}, up to {now:%Y-%m-%d} 00:00 UTC.
# Paths are relative to this file.
warehouse: costwatch.db
ledger: ledger
reports: reports
alerts: alerts.yaml

sources:
  # A FOCUS 1.2 export as AWS Data Exports delivers it. A real one: location: s3://bucket/prefix/export
  - {{name: aws, kind: exports, role: bill, location: {location}}}
  # What pods requested and used. Clusters whose Prometheus can be reached: kind: kubernetes, url: http://...
  - {{name: k8s, kind: usage_files, location: {usage}}}

# A charge belongs to the team its `team` tag names (case does not matter, aliases count); without the
# tag, to the team that claims its account. What neither tells is `unallocated`.
teams:
{teams}

# What nobody owns alone. The first pool that matches takes a charge.
pools:
  # Audit and threat detection, day by day, in proportion to what each team carries itself that day.
  - name: security
    split: proportional
    match: {{SubAccountId: "{security}"}}
  # What nobody used of Savings Plans and reserved instances: platform buys them, platform answers for it.
  - name: unused-commitments
    split: fixed
    match: {{CommitmentDiscountStatus: Unused}}
    percent: {{platform: 100}}
  # Monthly fees, by fixed shares agreed for the year: nobody's past days move while a month goes on.
  - name: support
    split: fixed
    match: {{ServiceName: {support}}}
    percent: {{{percent}}}
  - name: tax
    split: fixed
    match: {{ChargeCategory: Tax}}
    percent: {{{percent}}}
  # Machines, disks and load balancers of clusters, by what pods requested or used, whichever is more. What
  # nothing held or used is `idle`.
  - name: {cluster_pool}
    split: kubernetes
    match: {{Tags: {{eks:cluster-name: [{clusters}]}}}}
    namespaces: {{{namespaces}}}
  # Everything else goes to its owner.
  - {{name: direct, split: owner, tags: [team]}}

# What engineers own and run. A charge belongs to the first system that it matches; staging, which nobody
# tags, and what is shared by all belong to `no system`.
systems:
{systems}

# By the month, in amortised cost.
budgets:
{budgets}

settle:
  age_hours: 48  # a day counts once AWS has had two days to complete it

ui: {{host: 127.0.0.1, port: 8501, public_url: "http://127.0.0.1:8501"}}
"""

_ALERTS = """\
# Rules look at the newest settled day; amounts are EffectiveCost (amortised) in {currency}.
rules:
  # Training costs about $1,500 a day, under $2,500 at its busiest.
  - name: TrainingSpend
    kind: threshold
    by: [team, service]
    match: {{service: {sagemaker}}}
    above: 4000
    severity: page
    runbook: https://runbooks.example/cost/training-spend

  # NAT gateways are charged by the byte: a route that misses its VPC endpoint shows here first.
  - name: NatGatewaySpend
    kind: threshold
    by: [team, service]
    match: {{service: {vpc}}}
    above: 300
    runbook: https://runbooks.example/cost/nat-gateway

  - name: DynamoDBSpend
    kind: threshold
    by: [team, service]
    match: {{service: {dynamodb}}}
    above: 1000
    runbook: https://runbooks.example/cost/dynamodb

  # Every account should be claimed by a team: what is not, lands on `unallocated`.
  - name: UnallocatedSpend
    kind: threshold
    by: [team]
    match: {{team: unallocated}}
    above: 250
    runbook: https://runbooks.example/cost/unclaimed-account

  # Over budget already, or by the month's end if the spending goes on.
  - name: MonthBudget
    kind: budget
    at: [1.0]
    forecast: {{at: 1.0}}
    runbook: https://runbooks.example/cost/over-budget

  # Jobs last four hours at most; what runs for days is seen before it is billed.
  - name: RunawayJob
    kind: runaway
    times: 3
    min_cost: 50
    runbook: https://runbooks.example/kubernetes/runaway-job

  - name: OverRequested
    kind: k8s_efficiency
    by: [cluster, namespace]
    min_used_share: 0.3
    runbook: https://runbooks.example/kubernetes/over-requested

  # AWS delivers at least once a day.
  - name: StaleData
    kind: freshness
    source: "*"
    max_age: 30h
    runbook: https://runbooks.example/cost/stale-data

route:
  receiver: console
  group_by: [rule, team]
  repeat_interval: 24h

receivers:
  - {{name: console, kind: stdout}}
  # To Slack instead: name it in `route`, invite the app to the channel, and set SLACK_BOT_TOKEN.
  # - {{name: slack, kind: slack, channel: C0123456789, token: "${{env:SLACK_BOT_TOKEN}}"}}
"""


def write_configuration(folder: Path, plan: CompanyPlan) -> None:
    """Write ``costwatch.yaml`` and ``alerts.yaml``, over what was there."""
    percent = ", ".join(f"{team}: {share}" for team, share in SHARED_PERCENT.items())
    budgets = [f"  - {{team: {team.name}, amount: {team.budget}}}" for team in TEAMS]
    costwatch = _COSTWATCH.format(
        seed=plan.seed,
        now=plan.now,
        location=LOCATION,
        teams="\n".join(_team(team) for team in TEAMS),
        security=ACCOUNTS[SECURITY],
        usage=USAGE,
        cluster_pool=CLUSTER_POOL,
        clusters=", ".join(CLUSTERS),
        namespaces=", ".join(f"{name}: {team}" for name, team in NAMESPACE_TEAMS.items()),
        support=SUPPORT,
        percent=percent,
        systems="\n".join(map(_system, SYSTEMS)),
        budgets="\n".join([*budgets, f'  - {{team: "*", amount: {COMPANY_BUDGET}}}']),
    )
    alerts = _ALERTS.format(currency=CURRENCY, sagemaker=SAGEMAKER, vpc=VPC, dynamodb=DYNAMODB)
    (folder / "costwatch.yaml").write_text(costwatch, encoding="utf-8")
    (folder / "alerts.yaml").write_text(alerts, encoding="utf-8")


def _team(team: DemoTeam) -> str:
    shared = PLATFORM_ACCOUNTS if team.name == "platform" else ()
    accounts = ", ".join(
        f'"{ACCOUNTS[name]}"' for name in (f"{team.name}-prod", f"{team.name}-staging", *shared)
    )
    aliases = f"    aliases: [{', '.join(team.aliases)}]\n" if team.aliases else ""
    parent = f"\n    parent: {team.parent}" if team.parent else ""
    return f"""\
  - name: {team.name}
{aliases}    accounts: [{accounts}]
    contact: "{team.contact}"
    cost_center: {team.cost_center}{parent}"""


def _system(system: DemoSystem) -> str:
    match = f"{{tags: {{system: [{', '.join(system.tags)}]}}}}"
    return f"  - {{name: {system.name}, team: {system.team}, tier: {system.tier}, match: {match}}}"
