"""The company's ``costwatch.yaml``, written as a person would, beside its ``alerts.yaml``."""

from pathlib import Path

from costwatch.demo.aws import SUPPORT
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
from costwatch.demo.delivery import LOCATION, MEASURES, RELEASES, SLIS, USAGE
from costwatch.demo.objectives import FOLDER, write_objectives
from costwatch.demo.rules import alerts_text
from costwatch.demo.shared import FLEETS, SHARED_SYSTEM, UNIT_COSTS, DemoUnitCost, Fleet
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
  # What MySQL, streams, models and experiments did, by day. From a Prometheus: kind: promql, url: http://...
  - {{name: measures, kind: measure_files, location: {measures}}}
  # How many events were good, for the objectives below. From a Prometheus: kind: slo, url: http://...
  - {{name: slis, kind: slo_files, location: {slis}}}
  # What was deployed and switched, a line each.
  - {{name: releases, kind: markers, location: {releases}}}

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
  # What many share, by what is measured of each, such as the time that MySQL took for each schema.
{fleets}
  # Everything else goes to its owner.
  - {{name: direct, split: owner, tags: [team]}}

# What engineers own and run. A charge belongs to the first system that it matches; staging, which nobody
# tags, and what is shared by all belong to `no system`.
systems:
{systems}

# What risk decides on, where a line says so: costwatch cost show --by product
dimensions: {{product: {{tag: product}}}}

# A part of the cost ÷ a volume that is measured: costwatch cost units
unit_costs:
{unit_costs}

# Ten promises, in the formats of Sloth and OpenSLO: costwatch slo status
slos: [{slos}]

# By the month, in amortised cost.
budgets:
{budgets}

settle:
  age_hours: 48  # a day counts once AWS has had two days to complete it

ui: {{host: 127.0.0.1, port: 8501, public_url: "http://127.0.0.1:8501"}}
"""


def write_configuration(folder: Path, plan: CompanyPlan) -> None:
    """Write ``costwatch.yaml``, ``alerts.yaml`` and the SLO files, over what was there."""
    percent = ", ".join(f"{team}: {share}" for team, share in SHARED_PERCENT.items())
    budgets = [f"  - {{team: {team.name}, amount: {team.budget}}}" for team in TEAMS]
    costwatch = _COSTWATCH.format(
        seed=plan.seed,
        now=plan.now,
        location=LOCATION,
        teams="\n".join(_team(team) for team in TEAMS),
        security=ACCOUNTS[SECURITY],
        usage=USAGE,
        measures=MEASURES,
        slis=SLIS,
        releases=RELEASES,
        slos=FOLDER,
        fleets="\n".join(_fleet(name, fleet) for name, fleet in FLEETS.items()),
        unit_costs="\n".join(_unit_cost(name, of) for name, of in UNIT_COSTS.items()),
        cluster_pool=CLUSTER_POOL,
        clusters=", ".join(CLUSTERS),
        namespaces=", ".join(f"{name}: {team}" for name, team in NAMESPACE_TEAMS.items()),
        support=SUPPORT,
        percent=percent,
        systems="\n".join(map(_system, SYSTEMS)),
        budgets="\n".join([*budgets, f'  - {{team: "*", amount: {COMPANY_BUDGET}}}']),
    )
    (folder / "costwatch.yaml").write_text(costwatch, encoding="utf-8")
    (folder / "alerts.yaml").write_text(alerts_text(plan), encoding="utf-8")
    write_objectives(folder)


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
    runs = {"namespaces": system.namespaces, "workloads": system.workloads}
    where = "".join(f", {key}: [{', '.join(names)}]" for key, names in runs.items() if names)
    match = f"{{tags: {{system: [{', '.join(system.tags)}]}}{where}}}"
    return f"  - {{name: {system.name}, team: {system.team}, tier: {system.tier}, match: {match}}}"


def _fleet(name: str, fleet: Fleet) -> str:
    owners = "\n".join(f"      {value}: {team}" for value, team in fleet.owners.items())
    return f"""\
  - name: {name}
    split: driver
    match: {{Tags: {{fleet: {name}}}}}
    driver: {fleet.driver}
    label: {fleet.label}
    owners:
{owners}"""


def _unit_cost(name: str, of: DemoUnitCost) -> str:
    where = f"system: {of.system}"
    if of.pool:
        where += f", pool: {of.pool}"
    if of.team:
        where = f"team: {of.team}, system: [{of.system}, {SHARED_SYSTEM}]"
    by = f", by: [{of.by}]" if of.by else ""
    return f"  - {{name: {name}, volume: {of.volume}, per: {of.per}, where: {{{where}}}{by}}}"
