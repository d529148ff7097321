"""Every mistake in the configuration files is told at its line, all in one go, with what to do."""

from pathlib import Path

import pytest

from costwatch.config import check, load_alerts, load_config
from costwatch.errors import ConfigError

ROUTED = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\n"  # after the case, in alerts.yaml


def mistakes(folder: Path, config: str = "", alerts: str = ROUTED) -> list[str]:
    """What `check` says of the two files, without the names of their folder."""
    (folder / "costwatch.yaml").write_text(config, encoding="utf-8")
    (folder / "alerts.yaml").write_text(alerts, encoding="utf-8")
    return [mistake.removeprefix(f"{folder}/") for mistake in check(folder / "costwatch.yaml")]


IN_CONFIG = {
    "an unknown key": (
        "ledgr: here\n",
        ["1: unknown key 'ledgr'; did you mean 'ledger'?"],
    ),
    "an unknown key that resembles nothing": (
        "ui:\n  zzz: 1\n",
        ["2: unknown key 'zzz'; known here: host, port, public_url"],
    ),
    "a key given twice": (
        "ledger: a\nteams:\n  - name: ml\n    contact: x\n    name: db\nledger: b\n",
        ["5: 'name' is given twice; keep one", "6: 'ledger' is given twice; keep one"],
    ),
    "no number": (
        "settle:\n  age_hours: soon\n",
        ["2: 'age_hours' must be a number, not 'soon'; write e.g. age_hours: 100"],
    ),
    "no number on the line after its key": (
        "settle:\n  age_hours:\n    soon\n",
        ["3: 'age_hours' must be a number, not 'soon'; write e.g. age_hours: 100"],
    ),
    "no whole number": (
        "ui: {port: 80.5}\n",
        ["1: 'port' must be a whole number, not '80.5'; write e.g. port: 7"],
    ),
    "a number out of range": (
        "ui: {port: 99999}\nsettle: {min_line_share: 1.5, age_hours: .nan}\n",
        [
            "1: 'port' must be at most 65535, not '99999'",
            "2: 'age_hours' must be a number, not '.nan'; write e.g. age_hours: 100",
            "2: 'min_line_share' must be at most 1, not '1.5'",
        ],
    ),
    "an infinite number": (
        "settle: {age_hours: inf}\n",
        ["1: 'age_hours' must be a finite number, not 'inf'"],
    ),
    "no such day": (
        "teams: [{name: ml, accounts: [{id: 1, valid_from: 2026-13-01}]}]\n",
        ["1: 'valid_from' must be a day, not '2026-13-01'; write e.g. valid_from: 2026-10-01"],
    ),
    "a value that is missing": (
        "settle:\n  age_hours:\n",
        ["2: 'age_hours' must be a number; nothing is written there; write e.g. age_hours: 100"],
    ),
    "a mapping where a list belongs": (
        "teams:\n  ml: {aliases: [x]}\n",
        ["1: 'teams' must be a list, not a mapping"],
    ),
    "text where an entry belongs": (
        "teams:\n  - ml\n  - name: db\n",
        ["2: item 1 of 'teams' must be a mapping of keys to values, not 'ml'"],
    ),
    "neither of two types": (
        "teams: [{name: ml, aliases: [[x], {id: y, valid: 1}]}]\n",
        [
            "1: item 1 of 'aliases' must be text or a mapping of keys to values, not a list",
            "1: unknown key 'valid'; did you mean 'valid_from'?",
        ],
    ),
    "a key that is missing": (
        "budgets:\n  - team: '*'\n",
        ["2: 'amount' is missing here; add it"],
    ),
    "one of a few words": (
        "budgets: [{amount: 5, period: monthly}]\n"
        "pools:\n  - match: {RegionId: x}\n    name: p\n    split: evne\n  - name: q\n",
        [
            "1: 'period' must be 'month' or 'quarter', not 'monthly'; did you mean 'month'?",
            "5: unknown split 'evne'; did you mean 'even'?",
            "6: 'split' is missing here; add it",
        ],
    ),
    "a name with odd characters": (
        "teams: [{name: 'a/b'}]\nbudgets: [{amount: 5, currency: usd}]\n",
        [
            "1: 'name' must be made of letters, digits, spaces, _ . - and begin with letters or digits,"
            " not 'a/b'",
            "2: 'currency' must be 3 capital letters, not 'usd'",
        ],
    ),
    "a team that bears a residual's name": (
        "teams:\n  - name: Idle\n",
        ["2: 'Idle' names a residual; call the team something else"],
    ),
    "percentages that do not sum to 100": (
        "teams: [{name: a}, {name: b}]\n"
        "pools:\n"
        "  - name: p\n"
        "    split: fixed\n"
        "    percent: {a: 50, b: 49.5}\n",
        ["5: percent sums to 99.5, not to 100"],
    ),
    "teams that nobody is": (
        "teams: [{name: platform}]\n"
        "pools:\n"
        "  - {name: p, split: even, teams: [platfrom], match: {ChargeCategory: Tax}}\n"
        "  - {name: q, split: fixed, percent: {platform: 40, risk: 60}}\n"
        "budgets: [{team: Platform, amount: 5}, {team: '*', amount: 5}]\n",
        [
            "3: no team is called 'platfrom'; did you mean 'platform'?",
            "4: no team is called 'risk'; known here: platform",
            "5: no team is called 'Platform'; did you mean 'platform'?",
        ],
    ),
    "teams above each other, each circle once": (
        "teams:\n"
        "  - {name: a, parent: b}\n"
        "  - {name: b, parent: c}\n"
        "  - {name: c, parent: b}\n"
        "  - {name: g, parent: [a, {id: h, valid_from: 2026-10-01}, {id: '', valid_from: 2026-11-01}]}\n"
        "  - {name: h, parent: [{id: g, valid_from: 2026-10-10}]}\n",
        [
            "3: teams are above each other, 'b' under 'c' under 'b'; give one of them another 'parent'",
            "5: teams are above each other, 'g' under 'h' under 'g' from 2026-10-10 on; "
            "give one of them another 'parent'",
        ],
    ),
    "parents that nothing bears, or two at a time": (
        "teams:\n"
        "  - {name: payments, parent: comerce}\n"
        "  - {name: commerce, cost_center: [{id: Y, valid_from: 2026-01-01},\n"
        "       {id: Z, valid_from: 2026-01-01}]}\n"
        "  - {name: risk, parent: [commerce, payments], cost_center: no cost center}\n"
        "  - {name: ml, parent: [{id: risk, valid_form: 2026-01-01}]}\n",
        [
            "2: no team is called 'comerce'; did you mean 'commerce'?",
            "4: 'cost_center' is 'Y' from 2026-01-01 on, too; keep one, or give it a later 'valid_from'",
            "5: 'no cost center' is shown where there is none; leave 'cost_center' out",
            "5: 'parent' is 'commerce' at all times, too; keep one, or give it a later 'valid_from'",
            "6: unknown key 'valid_form'; did you mean 'valid_from'?",
        ],
    ),
    "systems that name what nothing bears, or nothing": (
        "teams: [{name: ml}]\n"
        "pools: [{name: tax, split: even, match: {RegionId: x}}, {name: on, split: even, carried_by: ml}]\n"
        "systems:\n"
        "  - {name: s, team: mll, match: {pools: [tx, on, direct]}}\n"
        "  - {name: S, match: {resources: ['']}}\n"
        "  - {name: no system, match: {tags: {a: b}}}\n"
        "  - {name: u, match: {tags: {app: []}}}\n"
        "  - {name: v, match: {}}\n"
        "  - {name: w, match: {tag: {a: b}}}\n",
        [
            "4: no pool is called 'tx'; did you mean 'tax'?",
            "4: no team is called 'mll'; did you mean 'ml'?",
            "4: pool 'on' takes no lines, it gives a team's cost on; name another",
            "5: item 1 of 'resources' must have 1 or more characters, not ''",
            "5: system 'S' is also on line 4; rename one",
            "6: 'no system' names what belongs to no system; call the system something else",
            "7: 'app' must have 1 or more items, not a list",
            "8: must name something; give tags, accounts, resources, pools, namespaces or workloads",
            "9: unknown key 'tag'; did you mean 'tags'?",
        ],
    ),
    "days that pools are weighed over": (
        "pools:\n"
        "  - {name: p, split: even, over: moth, match: {ChargeCategory: Tax}}\n"
        "  - name: q\n"
        "    split: owner\n"
        "    over: day\n",
        [
            "2: 'over' must be one of 'period', 'month' or 'day', not 'moth'; did you mean 'month'?",
            "5: over is for pools that are split, and the lines of this one go whole to owners",
        ],
    ),
    "pools that no charge reaches": (
        "pools:\n"
        "  - {name: all, split: owner}\n"
        "  - {name: support, split: proportional, match: {ServiceName: AWS Support (Business)}}\n"
        "  - {name: direct, split: even}\n",
        [
            "3: this pool takes nothing: the one on line 2 takes all; move it up",
            "4: 'direct' is the pool of what no other takes; call this one otherwise",
            "4: this pool takes nothing: the one on line 2 takes all; move it up",
        ],
    ),
    "costs that would be given round": (
        "teams: [{name: a}, {name: b}, {name: c}]\n"
        "pools:\n"
        "  - {name: p, split: fixed, carried_by: a, percent: {b: 50, c: 50}}\n"
        "  - {name: q, split: even, carried_by: b, teams: [c]}\n"
        "  - {name: r, split: even, carried_by: c, teams: [a, b]}\n",
        [
            "5: costs would go in a circle, 'c' to 'a' to 'c' (line 3); leave one of them out",
            "5: costs would go in a circle, 'c' to 'b' to 'c' (line 4); leave one of them out",
        ],
    ),
    "costs that would be given to whom they are from, or too late": (
        "teams: [{name: a}, {name: b}, {name: c}]\n"
        "pools:\n"
        "  - {name: p, split: fixed, carried_by: a, percent: {a: 10, b: 90}}\n"
        "  - name: q\n"
        "    split: even\n"
        "    carried_by: c\n"
        "    teams:\n"
        "      - b\n"
        "      - a\n"
        "  - {name: r, split: owner, carried_by: b}\n"
        "  - {name: s, split: proportional, carried_by: d}\n"
        "  - {name: t, split: proportional, carried_by: [a]}\n"
        "  - {name: u, split: even, carried_by: idle}\n",
        [
            "3: 'a' would be given its own cost; leave it out",
            "9: the pool on line 3 has given the cost of 'a' on; move this one above it, or leave 'a' out",
            "10: carried_by is for pools that are split, and the lines of this one have owners",
            "11: no team is called 'd'; known here: a, b, c",
            "12: 'carried_by' must be text, not a list",
        ],
    ),
    "a cluster's idle and lines without a node given round": (
        "teams: [{name: a}, {name: b}, {name: platform}]\n"
        "pools:\n"
        "  - {name: p, split: even, carried_by: b, teams: [a]}\n"
        "  - {name: q, split: kubernetes, carried_by: a, idle: {team: b}, fallback: {team: a}}\n"
        "  - name: r\n"
        "    split: kubernetes\n"
        "    match: {RegionId: x}\n"
        "    idle: {team: platfrom}\n"
        "    namespaces:\n"
        "      kube-system: platform\n"
        "      web: c\n"
        "    sources: [k8s-prd]\n"
        "  - {name: s, split: kubernetes, match: {RegionId: y}, idle: kept}\n"
        "  - {name: t, split: provider, match: {RegionId: z}, fallback: cluster}\n"
        "sources:\n"
        "  - {name: k8s-prod, kind: exports, location: x}\n",
        [
            "4: 'a' would be given its own cost; leave it out",
            "4: costs would go in a circle, 'a' to 'b' to 'a' (line 3); leave one of them out",
            "8: no team is called 'platfrom'; did you mean 'platform'?",
            "11: no team is called 'c'; known here: a, b, platform",
            "12: no source is called 'k8s-prd'; did you mean 'k8s-prod'?",
            "13: 'idle' must be 'keep' or 'share', not 'kept'; did you mean 'keep'?",
            "14: unknown key 'fallback'; known here: carried_by, idle, kind, labels, match, name, "
            "namespaces, over, split",
        ],
    ),
    "measures that nobody brings, and what they weigh given round": (
        "teams: [{name: a}, {name: b}]\n"
        "sources:\n"
        "  - {name: mesh, kind: exports, location: x, measures: [{name: requests}, {preset: kafka_bytes}]}\n"
        "  - {name: other, kind: exports, location: y, measures: [{preset: mysql_time, name: seconds}]}\n"
        "pools:\n"
        "  - {name: p, split: even, carried_by: b, teams: [a], match: {RegionId: x}}\n"
        "  - {name: q, split: driver, carried_by: a, driver: requests, fallback: {team: a}, owners: {x: b}}\n"
        "  - {name: r, split: driver, driver: request, match: {RegionId: y}}\n"
        "  - {name: s, split: driver, driver: kafka_bytes, match: {RegionId: z}, owners: {x: c}}\n"
        "  - {name: t, split: driver, driver: mysql_time, sources: [mesh], match: {RegionId: v}}\n"
        "  - {name: u, split: driver, driver: seconds, sources: [other], match: {RegionId: w}}\n"
        "dimensions:\n"
        "  product: {tag: []}\n"
        "  team: {tag: squad}\n"
        "  Shop: {tag: shop}\n",
        [
            "3: unknown key 'measures'; known here: external_id, kind, location, name, profile, region, "
            "role, role_arn",
            "4: unknown key 'measures'; known here: external_id, kind, location, name, profile, region, "
            "role, role_arn",
            "7: 'a' would be given its own cost; leave it out",
            "7: costs would go in a circle, 'a' to 'b' to 'a' (line 6); leave one of them out",
            "8: no source brings 'request'; did you mean 'requests'?",
            "9: no team is called 'c'; known here: a, b",
            "10: no source brings 'mysql_time'; known here: kafka_bytes, requests",
            "13: 'tag' must have 1 or more items, not a list",
            "14: 'team' is what something else is called; call the dimension otherwise",
            "15: the key 'Shop' must be made of digits, a - z _ and begin with a - z",
        ],
    ),
    "one name for two": (
        "sources:\n"
        "  - {name: aws, kind: exports, location: a}\n"
        "  - {name: aws, kind: exports, location: b}\n"
        "teams:\n"
        "  - name: ml\n"
        "  - name: ML\n"
        "pools: [{name: p, split: even, match: {RegionId: x}},\n"
        "  {name: p, split: even}]\n"
        "budgets:\n"
        "  - {amount: 5}\n"
        "  - {amount: 6, team: '*', metric: BilledCost}\n",
        [
            "3: source 'aws' is also on line 2; rename one",
            "6: team 'ML' is also on line 5; rename one",
            "8: pool 'p' is also on line 7; rename one",
            "11: budget '* month' is also on line 10; rename one",
        ],
    ),
    "one account or alias for two teams from the same day": (
        "teams:\n"
        "  - name: ml\n"
        "    aliases: [Models, DB]\n"
        "    accounts: [111122223333, {id: 5, valid_from: 2026-10-01}, {id: 6, valid_from: 2026-10-01}]\n"
        "  - name: db\n"
        "    aliases:\n"
        "      - models\n"
        "    accounts:\n"
        "      - {id: 5, valid_from: 2026-10-01}\n"
        "      - {id: 6, valid_from: 2026-10-02}\n"
        "      - 111122223333\n",
        [
            "5: name 'db' is claimed by team 'ml' too (line 3), at all times;"
            " remove one, or give it a later 'valid_from'",
            "7: name 'models' is claimed by team 'ml' too (line 3), at all times;"
            " remove one, or give it a later 'valid_from'",
            "9: account '5' is claimed by team 'ml' too (line 4), from 2026-10-01 on;"
            " remove one, or give it a later 'valid_from'",
            "11: account '111122223333' is claimed by team 'ml' too (line 4), at all times;"
            " remove one, or give it a later 'valid_from'",
        ],
    ),
    "a kind that is missing or unknown": (
        "sources:\n"
        "  - {name: a, location: x}\n"
        "  - {name: b, kind: export, location: x}\n"
        "  - {name: c, kind: [x]}\n",
        [
            "2: 'kind' is missing here; add it",
            "3: unknown kind 'export'; did you mean 'exports'?",
            "4: 'kind' must be one word; known here: cloudwatch, cost_explorer, exports, kubernetes, "
            "markers, measure_files, promql, slo, slo_files, sql, table, usage_files",
        ],
    ),
    "rates that cannot be": (
        "currency:\n"
        "  reporting: usd\n"
        "  rates:\n"
        "    2026-10: {euro: 1, GBP: -1, CHF: 0}\n"
        "    2026-11:\n"
        "      NOK: 1e400\n"
        "      SEK: some\n"
        "    2026-13: {EUR: 1}\n"
        "    2026-12: 1.08\n",
        [
            "2: 'reporting' must be 3 capital letters, not 'usd'",
            "4: 'CHF' must be greater than 0, not '0'",
            "4: 'GBP' must be greater than 0, not '-1'",
            "4: the key 'euro' must be 3 capital letters",
            "6: 'NOK' must not have more than 18 digits, not '1e400'",
            "7: 'SEK' must be a number, not 'some'; write e.g. SEK: 100",
            "8: '2026-13' is no month; write it like 2026-10",
            "9: '2026-12' must be a mapping of keys to values, not '1.08'",
        ],
    ),
    "a rate of the reporting currency itself": (
        "currency:\n  reporting: USD\n  rates: {2026-10: {USD: 2}}\n",
        ["3: rates are given for USD itself, which is 'reporting'; remove them"],
    ),
    "rates of nothing": (
        "currency: {rates: {2026-10: {EUR: 1}}}\n",
        ["1: 'reporting' is missing here; add it"],
    ),
    "links that lead nowhere": (
        "ui: {public_url: costs.example.com}\n",
        ["1: 'public_url' must begin with http:// or https://, not 'costs.example.com'"],
    ),
    "no path": (
        "ledger: ''\nreports: ~nobody-of-that-name/x\n",
        [
            "1: 'ledger' must have 1 or more characters, not ''",
            "2: 'reports': no home is known for what follows the '~'; write the whole path",
        ],
    ),
}


@pytest.mark.parametrize("case", IN_CONFIG)
def test_in_costwatch_yaml(tmp_path: Path, case: str) -> None:
    text, expected = IN_CONFIG[case]
    assert mistakes(tmp_path, text) == [f"costwatch.yaml:{mistake}" for mistake in expected]


IN_ALERTS = {
    "an unknown key": (
        "rules:\n  - {name: A, kind: threshold, abov: 5, above: 5}\n" + ROUTED,
        ["2: unknown key 'abov'; did you mean 'above'?"],
    ),
    "a duration": (
        "rules: [{name: A, kind: freshness, max_age: 30 hours, for: 9999999y}]\n" + ROUTED,
        [
            "1: 'for' must be a duration of at most 100y, not '9999999y'",
            "1: 'max_age' must be a duration such as 15m, 2h or 1d, not '30 hours'; write 30h",
        ],
    ),
    "a label to group by": (
        "rules:\n  - name: A\n    kind: threshold\n    above: 5\n    by: [team, servce]\n" + ROUTED,
        ["5: item 2 of 'by': 'servce' is no label; use service or source"],
    ),
    "a severity": (
        "rules: [{name: A, kind: budget, at: [1.0], severity: pager}]\n" + ROUTED,
        ["1: 'severity' must be one of 'page', 'ticket' or 'info', not 'pager'; did you mean 'page'?"],
    ),
    "a receiver that is not there": (
        "route:\n"
        "  receiver: defalt\n"
        "  routes:\n"
        "    - {matchers: ['team=\"ml\"'], receiver: oncall}\n"
        "    - matchers: ['team=\"db\"']\n"
        "      routes: [{matchers: ['a=b'], receiver: nobody}]\n"
        "receivers: [{name: default, kind: stdout}]\n",
        [
            "2: no receiver is called 'defalt'; did you mean 'default'?",
            "4: no receiver is called 'oncall'; known here: default",
            "6: no receiver is called 'nobody'; known here: default",
        ],
    ),
    "time intervals that are not there, are there twice, or are none": (
        "route:\n"
        "  receiver: out\n"
        "  routes:\n"
        "    - {matchers: ['a=b'], mute_time_intervals: [nihgts, nights]}\n"
        "    - {matchers: ['a=c'], active_time_intervals: [office]}\n"
        "time_intervals:\n"
        "  - {name: nights, time_intervals: [{times: [{start_time: 22:00, end_time: 06:00}]}]}\n"
        "  - name: nights\n"
        "    time_intervals:\n"
        "      - {weekdays: [saturdy], location: Berlin}\n"
        "receivers: [{name: out, kind: stdout}]\n",
        [
            "4: no time interval is called 'nihgts'; did you mean 'nights'?",
            "5: no time interval is called 'office'; known here: nights",
            "7: 'end_time' must be after 'start_time'; write two ranges to go past midnight",
            "8: time interval 'nights' is also on line 7; rename one",
            "10: 'location' must be a time zone such as Europe/Berlin, or UTC, not 'Berlin'",
            "10: item 1 of 'weekdays' must be a day such as saturday, or a range such as monday:friday",
        ],
    ),
    "time intervals on the first route": (
        "route: {receiver: out, mute_time_intervals: [n]}\nreceivers: [{name: out, kind: stdout}]\n"
        "time_intervals: [{name: n, time_intervals: [{}]}]\n",
        ["1: the first route is never muted; put time intervals into 'routes'"],
    ),
    "a matcher of an inhibit rule": (
        "inhibit_rules:\n  - source_matchers: ['severity']\n    target_matchers: [a=b]\n" + ROUTED,
        ["2: item 1 of 'source_matchers' must read label=\"value\""],
    ),
    "an inhibit rule about every alert": (
        "inhibit_rules:\n  - source_matchers: [a=b]\n    target_matchers: []\n" + ROUTED,
        ["3: 'target_matchers': empty, it would take every alert; write a matcher"],
    ),
    "a fallback that is not there": (
        "fallback: oot\n" + ROUTED,
        ["1: no receiver is called 'oot'; did you mean 'out'?"],
    ),
    "a fallback of itself": (
        "fallback: out\n" + ROUTED,
        ["1: 'out' is the only receiver of 'route' and would be its own fallback; name another"],
    ),
    "a fallback that is no name": (
        "fallback: [out]\n" + ROUTED,
        ["1: 'fallback' must be text, not a list"],
    ),
    "a first route that takes only some": (
        "route:\n  matchers: ['team=\"ml\"']\n  receiver: out\nreceivers: [{name: out, kind: stdout}]\n",
        ["1: the first route takes every alert"],
    ),
    "no route and no receivers": ("rules: []\n", ["1: 'route' is missing here; add it"]),
    "rules and receivers of one name": (
        "rules:\n  - {name: A, kind: threshold, above: 5}\n  - {name: A, kind: threshold, above: 6}\n"
        "route: {receiver: out}\nreceivers:\n  - {name: out, kind: stdout}\n  - {name: out, kind: stdout}\n",
        ["3: rule 'A' is also on line 2; rename one", "7: receiver 'out' is also on line 6; rename one"],
    ),
}


@pytest.mark.parametrize("case", IN_ALERTS)
def test_in_alerts_yaml(tmp_path: Path, case: str) -> None:
    text, expected = IN_ALERTS[case]
    found = mistakes(tmp_path, alerts=text)
    assert len(found) == len(expected)
    for mistake, start in zip(found, expected, strict=True):
        assert mistake.startswith(f"alerts.yaml:{start}")


def test_mistakes_of_both_files_come_together(tmp_path: Path) -> None:
    config = (
        "ledgr: x\n"
        "settle: {age_hours: abc}\n"
        "teams: [{name: ml}, {name: db}]\n"
        "pools: [{name: p, split: fixed, percent: {ml: 60, db: 39}}]\n"
        "budgets:\n"
        "  - amount: 5\n"
        "    amount: 6\n"
    )
    assert mistakes(
        tmp_path, config, "route: {receiver: oncal}\nreceivers: [{name: oncall, kind: stdout}]\n"
    ) == [
        "costwatch.yaml:1: unknown key 'ledgr'; did you mean 'ledger'?",
        "costwatch.yaml:2: 'age_hours' must be a number, not 'abc'; write e.g. age_hours: 100",
        "costwatch.yaml:4: percent sums to 99, not to 100",
        "costwatch.yaml:7: 'amount' is given twice; keep one",
        "alerts.yaml:1: no receiver is called 'oncal'; did you mean 'oncall'?",
    ]


def test_what_mutes_alerts_and_who_gets_what_others_refuse_is_read(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(
        "inhibit_rules:\n"
        "  - {source_matchers: [severity=page], target_matchers: [severity=ticket], equal: [slo]}\n"
        "time_intervals:\n"
        "  - {name: weekend, time_intervals: [{weekdays: ['saturday:sunday'], location: Europe/Berlin}]}\n"
        "route:\n"
        "  receiver: out\n"
        "  routes: [{matchers: [severity=info], receiver: log, mute_time_intervals: [weekend]}]\n"
        "receivers: [{name: out, kind: stdout}, {name: log, kind: stdout}]\n"
        "fallback: log\n"
    )
    rules = load_alerts(file)
    assert (rules.fallback, rules.inhibit_rules[0].equal) == ("log", ("slo",))
    assert [interval.name for interval in rules.time_intervals] == ["weekend"]


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    says = "no such file; `costwatch init` writes one, `costwatch demo` needs none"
    gone = tmp_path / "costwatch.yaml"
    assert check(gone) == [f"{gone}: {says}"]
    gone.write_text("alerts: other.yaml\n")
    assert check(gone) == [f"{tmp_path / 'other.yaml'}: {says}"]
    with pytest.raises(ConfigError, match=r"other\.yaml: no such file"):
        load_alerts(tmp_path / "other.yaml")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory; check the path and its rights"):
        load_config(tmp_path)


def test_files_below_the_current_folder_are_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/costwatch.yaml").write_text("ledgr: x\n")
    (tmp_path / "conf/alerts.yaml").write_text("rules: []\n")
    names = [mistake.partition(":")[0] for mistake in check(tmp_path / "conf/costwatch.yaml")]
    assert names == ["conf/costwatch.yaml", "conf/alerts.yaml"]
