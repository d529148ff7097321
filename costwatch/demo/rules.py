"""The company's ``alerts.yaml``, written as a person would."""

from costwatch.demo.aws import DYNAMODB, SAGEMAKER, VPC
from costwatch.demo.bill import CURRENCY
from costwatch.demo.measures import CompanyMeasures
from costwatch.demo.shared import BUSY_SCHEMA, ENDED_EXPERIMENT
from costwatch.demo.stories import CompanyPlan

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

  # A schema of MySQL that takes a larger part of it than its team has money for.
  - name: MySQLSpend
    kind: threshold
    by: [team, "allocated:schema"]
    match: {{pool: mysql, "allocated:schema": {schema}}}
    above: 120
    runbook: https://runbooks.example/cost/mysql

  # What nobody has read for a month is streamed and stored for nothing.
  - name: UnreadFeatureView
    kind: threshold
    metric: measure
    by: ["label:feature_view"]
    match: {{measure: feature_values}}
    window: 30d
    below: 1
    runbook: https://runbooks.example/features/unread-view

  # Ended on {ended}: by then its flag should have been removed.
  - name: EndedExperiment
    kind: threshold
    metric: measure
    by: ["label:experiment"]
    match: {{measure: experiment_requests, "label:experiment": {experiment}}}
    above: 0
    runbook: https://runbooks.example/experiments/ended

  # Google's windows: burns that somebody must see to now, or today.
  - name: ErrorBudgetBurn
    kind: slo_burn
    slo: "*"
    runbook: https://runbooks.example/slo/burn

  # A quarter is left, or at this rate it is gone within two days.
  - name: ErrorBudgetLow
    kind: slo_budget
    slo: "*"
    below: 0.25
    within: 2d
    runbook: https://runbooks.example/slo/budget

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


def alerts_text(plan: CompanyPlan) -> str:
    """The rules, where alerts go, and how."""
    return _ALERTS.format(
        currency=CURRENCY,
        sagemaker=SAGEMAKER,
        vpc=VPC,
        dynamodb=DYNAMODB,
        schema=BUSY_SCHEMA,
        experiment=ENDED_EXPERIMENT,
        ended=CompanyMeasures(plan).experiment_ended,
    )
