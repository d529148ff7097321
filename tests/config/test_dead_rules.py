"""A rule that can never fire is a mistake: told at its line, with the nearest name there is."""

from pathlib import Path

import pytest

from costwatch.config import check, load_alerts, load_config
from costwatch.errors import ConfigError

CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bills}
teams:
  - {name: payments, parent: commerce, cost_center: CC-7, accounts: ["111122223333"]}
  - {name: commerce, parent: [{id: platform, valid_from: 2026-10-01}]}
  - {name: platform, aliases: [sre]}
pools: [{name: support, split: proportional, match: {ServiceName: AWS Support}}]
systems: [{name: checkout, team: payments, match: {tags: {app: [checkout]}}}]
budgets:
  - {team: payments, amount: 100}
  - {team: commerce, amount: 100, name: shop}
"""
HEAD = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\nrules:\n"
ROUTED = "rules: [{name: Spend, kind: threshold, above: 5}]\nreceivers: [{name: out, kind: stdout}]\n"
_SPEND = "  - {name: A, kind: threshold, above: 5, match: {%s}}\n"

DEAD = {
    "a residual": (
        _SPEND % "team: unalocated",
        "4: no team is called 'unalocated'; did you mean 'unallocated'?",
    ),
    "a team": (
        _SPEND % "team: [payments, comerce]",
        "4: no team is called 'comerce'; did you mean 'commerce'?",
    ),
    "a team by another case": (
        _SPEND % "team: Payments",
        "4: no team is called 'Payments'; did you mean 'payments'?",
    ),
    "a value on a line of its own": (
        "  - name: A\n    kind: threshold\n    match:\n      team:\n        - payments\n"
        "        - platfrom\n    above: 5\n",
        "9: no team is called 'platfrom'; did you mean 'platform'?",
    ),
    "a source of the bill": (_SPEND % "source: asw", "4: no source is called 'asw'; did you mean 'aws'?"),
    "a pool": (_SPEND % "pool: suport", "4: no pool is called 'suport'; did you mean 'support'?"),
    "a part of a trail of pools": (
        _SPEND % "pool: suport > direct",
        "4: no pool is called 'suport'; did you mean 'support'?",
    ),
    "a system": (_SPEND % "system: chekout", "4: no system is called 'chekout'; did you mean 'checkout'?"),
    "a parent that is not at the top": (
        _SPEND % "parent: payments",
        "4: at the top, no team is called 'payments'; known here: commerce, idle, platform, unallocated, ",
    ),
    "a cost center": (
        _SPEND % "cost_center: CC-8",
        "4: no cost center is called 'CC-8'; did you mean 'CC-7'?",
    ),
    "a category": (_SPEND % "category: usage", "4: no category is called 'usage'; did you mean 'Usage'?"),
    "an account with a digit too few": (
        _SPEND % "account: 11112222333",
        "4: account '11112222333' has 11 digits; did you mean '111122223333'?",
    ),
    "a currency as a label": (
        _SPEND % "currency: EUR",
        "4: match takes no currency; write it beside 'match', such as currency: EUR",
    ),
    "no value at all": (
        _SPEND % "service: []",
        "4: of 'service' no value is named; name one, or leave it out",
    ),
    "a label to match": (_SPEND % "taem: payments", "4: 'taem': 'taem' is no label; use team"),
    "a label to tell apart by": (
        "  - {name: A, kind: threshold, above: 5, by: [servce]}\n",
        "4: item 1 of 'by': 'servce' is no label; use service",
    ),
    "a source to watch": (
        "  - {name: A, kind: freshness, source: asw, max_age: 30h}\n",
        "4: no source is called 'asw'; did you mean 'aws'?",
    ),
    "one of several sources to watch": (
        "  - name: A\n    kind: freshness\n    max_age: 30h\n    source:\n      - aws\n      - gpc\n",
        "9: no source is called 'gpc'; known here: aws",
    ),
    "no source to watch": (
        "  - {name: A, kind: freshness, source: [], max_age: 30h}\n",
        "4: of 'source' no value is named; name one, or leave it out",
    ),
    "a percentage for a share": (
        "  - name: A\n    kind: budget\n    at:\n      - 80\n",
        "7: item 1 of 'at' must be at most 10, not '80'; write 0.8 for 80 %",
    ),
    "a percentage with its sign": (
        "  - {name: A, kind: budget, at: [80%]}\n",
        "4: item 1 of 'at' must be a number, not '80%'; write 0.8",
    ),
    "a percentage of the forecast": (
        "  - {name: A, kind: budget, forecast: {at: 110}}\n",
        "4: 'at' must be at most 10, not '110'; write 1.1 for 110 %",
    ),
    "a percentage for an amount": (
        "  - {name: A, kind: threshold, above: 30%}\n",
        "4: 'above' must be a number, not '30%'; write an amount, such as 300",
    ),
    "a share of nothing": (
        "  - {name: A, kind: budget, at: [0]}\n",
        "4: item 1 of 'at' must be greater than 0, not '0'",
    ),
    "a team that has no budget": (
        "  - {name: A, kind: budget, teams: [platform]}\n",
        "4: no budget is of team 'platform'; known here: commerce, payments",
    ),
    "a cost that everything is above": (
        "  - {name: A, kind: threshold, above: -5}\n",
        "4: 'above' must be at least 0, not '-5'",
    ),
    "a cost that nothing is below": (
        "  - {name: A, kind: threshold, below: -5}\n",
        "4: 'below' must be at least 0, not '-5'",
    ),
    "an impact below nothing": (
        "  - {name: A, kind: threshold, above: 5, min_impact: -1}\n",
        "4: 'min_impact' must be at least 0, not '-1'",
    ),
    "an age that cannot pass": (
        "  - {name: A, kind: freshness, max_age: 0s}\n",
        "4: 'max_age' must be more than 0s, not '0s'",
    ),
    "usage that no source brings": (
        "  - {name: A, kind: k8s_efficiency, min_used_share: 0.3}\n",
        "4: no source brings workload_days, which cpu_used_core_hours is made of; add one to 'sources'",
    ),
    "jobs that no source brings": (
        "  - {name: A, kind: runaway}\n",
        "4: no source brings node_days, which workload_cost is made of; add one to 'sources', of a kind",
    ),
    "nodes that no source brings": (
        "  - {name: A, kind: coverage, min_measured_share: 0.9}\n",
        "4: no source brings node_days, which node_expected_hours is made of",
    ),
    "a label of workloads": (
        "  - {name: A, kind: k8s_efficiency, min_used_share: 0.3, by: [namspace]}\n",
        "4: item 1 of 'by': 'namspace' is no label of workloads; use namespace",
    ),
    "a label of jobs": (
        "  - {name: A, kind: runaway, match: {wrkload: x}}\n",
        "4: 'wrkload': 'wrkload' is no label of workloads; use workload",
    ),
    "a team by which nothing is uncovered": (
        "  - {name: A, kind: coverage, max_share: 0.1, by: [team]}\n",
        "4: 'team' tells only untagged costs apart; write of: [untagged], or leave it out",
    ),
    "a label of pods by which nothing is uncovered": (
        "  - {name: A, kind: coverage, max_share: 0.1, by: [lable:app]}\n",
        "4: item 1 of 'by': 'lable:app' is no label to tell covered costs apart by; use",
    ),
    "untagged beside what is a share of other costs": (
        "  - {name: A, kind: coverage, max_share: 0.1, of: [untagged, idle]}\n",
        "4: 'untagged' is a share of other costs; give it a rule of its own",
    ),
    "a pool of what is untagged": (
        "  - {name: A, kind: coverage, max_share: 0.1, of: [untagged], by: [account, pool]}\n",
        "4: untagged costs cannot be told apart by 'pool'; use one of team, provider, account, charge_kind",
    ),
    "a metric of what is untagged": (
        "  - {name: A, kind: coverage, max_share: 0.1, of: [untagged], metric: BilledCost}\n",
        "4: what is untagged of BilledCost is not known; write metric: EffectiveCost",
    ),
    "a team that carries nothing untagged": (
        "  - {name: A, kind: coverage, max_share: 0.1, of: [untagged], match: {team: platfrom}}\n",
        "4: no team is called 'platfrom'; did you mean 'platform'?",
    ),
    "a residual that is covered": (
        "  - {name: A, kind: coverage, max_share: 0.1, of: [unalocated]}\n",
        "4: item 1 of 'of' must be one of 'unallocated', 'unmeasured', 'idle' or 'untagged', not "
        "'unalocated'; did you mean 'unallocated'?",
    ),
    "a pool of covered costs": (
        "  - {name: A, kind: coverage, max_share: 0.1, match: {pool: suport}}\n",
        "4: no pool is called 'suport'; did you mean 'support'?",
    ),
    "a coverage of nothing": (
        "  - {name: A, kind: coverage}\n",
        "4: give 'max_share', 'min_measured_share' or both",
    ),
    "a percentage for a share of cost": (
        "  - {name: A, kind: coverage, max_share: 30}\n",
        "4: 'max_share' must be at most 1, not '30'; write 0.3 for 30 %",
    ),
    "a percentage for a share of use": (
        "  - {name: A, kind: k8s_efficiency, min_used_share: 30%}\n",
        "4: 'min_used_share' must be a number, not '30%'; write 0.3",
    ),
    "times that everything is above": (
        "  - {name: A, kind: runaway, times: 1}\n",
        "4: 'times' must be greater than 1, not '1'",
    ),
    "days that are not whole": (
        "  - {name: A, kind: k8s_efficiency, min_used_share: 0.3, window: 36h}\n",
        "4: 'window' must be whole days, 1d to 35d, not '36h'",
    ),
    "a runaway that waits for the bill": (
        "  - {name: A, kind: runaway, settle: settled}\n",
        "4: 'settle' must be 'estimated', not 'settled'",
    ),
    "a severity": (
        "  - {name: A, kind: threshold, above: 5, severity: pgae}\n",
        "4: 'severity' must be one of 'page', 'ticket' or 'info', not 'pgae'; did you mean 'page'?",
    ),
}


def mistakes(folder: Path, alerts: str, config: str = CONFIG) -> list[str]:
    (folder / "costwatch.yaml").write_text(config)
    (folder / "alerts.yaml").write_text(alerts)
    found = check(folder / "costwatch.yaml")
    return [mistake.removeprefix(f"{folder}/alerts.yaml:") for mistake in found]


@pytest.mark.parametrize("case", DEAD)
def test_a_rule_that_can_never_fire_is_refused_at_its_line(tmp_path: Path, case: str) -> None:
    rule, expected = DEAD[case]
    (mistake,) = mistakes(tmp_path, HEAD + rule)
    assert mistake.startswith(expected)
    config = load_config(tmp_path / "costwatch.yaml")
    with pytest.raises(ConfigError) as caught:
        load_alerts(config.alerts, config.names)
    assert len(caught.value.mistakes) == 1


ROUTES = {
    "a team": ("matchers: ['team=\"platfrom\"']", "no team is called 'platfrom'; did you mean 'platform'?"),
    "a team that is left out": ("matchers: ['team!=\"platfrom\"']", "no team is called 'platfrom'"),
    "teams by an expression": (
        "matchers: ['team=~\"plattform.*\"']",
        "'team=~\"plattform.*\"' fits no team; did you mean 'platform'?",
    ),
    "a rule": ("matchers: [rule=Spent]", "no rule is called 'Spent'; did you mean 'Spend'?"),
    "a severity": ("matchers: [severity=pgae]", "no severity is called 'pgae'; did you mean 'page'?"),
    "a budget": ("matchers: [budget=shp]", "no budget is called 'shp'; did you mean 'shop'?"),
    "a label": ("matchers: [taem=payments]", "no alert has a label 'taem'; did you mean 'team'?"),
    "a label to group by": (
        "group_by: [rule, servcie]",
        "no alert has a label 'servcie'; did you mean 'service'?",
    ),
    "a receiver": ("receiver: oot", "no receiver is called 'oot'; did you mean 'out'?"),
    "a time of the week": ("mute_time_intervals: [nihgts]", "no time interval is called 'nihgts'"),
}


@pytest.mark.parametrize("case", ROUTES)
def test_a_route_that_no_alert_takes_is_refused_at_its_line(tmp_path: Path, case: str) -> None:
    route, expected = ROUTES[case]
    text = f"{ROUTED}route:\n  receiver: out\n  routes:\n    - {{{route}}}\n"
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(f"6: {expected}")


def test_an_inhibition_of_nothing_is_refused_at_its_line(tmp_path: Path) -> None:
    text = (
        f"{ROUTED}route: {{receiver: out}}\ninhibit_rules:\n  - source_matchers: [severity=page]\n"
        "    target_matchers: [rule=Spent]\n    equal: [taem]\n"
    )
    assert mistakes(tmp_path, text) == [
        "6: no rule is called 'Spent'; did you mean 'Spend'?",
        "7: no alert has a label 'taem'; did you mean 'team'?",
    ]


LIVE = {
    "all that is named": "match: {team: [payments, unallocated, idle], system: no system,"
    " pool: [direct, support], parent: [commerce, platform], cost_center: [CC-7, no cost center],"
    " source: aws, category: Tax}",
    "a pool that gave on": "match: {pool: direct > support}",
    "accounts that no team has": "match: {account: ['999988887777', my-vendor-org, '42']}",
    "accounts however they are spelt": "match: {account: [1111-2222-3333, 9999-8888-7777]}",
    "what only a bill can tell": "match: {service: Amazon Bedrok, region: mars, provider: X, usage_type: y}",
}


@pytest.mark.parametrize("case", LIVE)
def test_a_rule_that_may_fire_is_accepted(tmp_path: Path, case: str) -> None:
    assert (
        mistakes(tmp_path, f"{HEAD}  - {{name: A, kind: threshold, above: 0, below: 0, {LIVE[case]}}}\n")
        == []
    )


def test_labels_that_rules_give_themselves_may_be_waited_for(tmp_path: Path) -> None:
    text = (
        "rules: [{name: Spend, kind: threshold, above: 5, labels: {team: night, taem: x}}]\n"
        "receivers: [{name: out, kind: stdout}]\nroute:\n  receiver: out\n"
        "  routes: [{matchers: [team=night, taem=x, 'slo=a'], group_by: [...]}, {matchers: ['team=\"\"']}]\n"
    )
    assert mistakes(tmp_path, text) == []


def test_every_dead_rule_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    rules = (rule.replace("name: A", f"name: A{at}") for at, (rule, _) in enumerate(DEAD.values()))
    assert len(mistakes(tmp_path, HEAD + "".join(rules))) == len(DEAD)


def test_lines_are_looked_for_only_where_there_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ten thousand rules, a look through the file for each of them takes longer than all the rest."""
    looked: list[object] = []
    monkeypatch.setattr("costwatch.config.selections._lines", lambda tree, place: looked.append(place) or {})
    rules = (
        _SPEND % "team: payments, category: Usage, service: EC2" + _SPEND.replace("A,", "B,") % "team: nobody"
    )
    files = {"costwatch.yaml": CONFIG, "alerts.yaml": HEAD + rules}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match="no team is called 'nobody'"):
        load_alerts(tmp_path / "alerts.yaml", load_config(tmp_path / "costwatch.yaml").names)
    assert looked == [("rules", 1)]
