"""`costwatch alerts import`: what an alertmanager.yml says, as far as costwatch has it."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from costwatch.alerts.routing import resolve
from costwatch.config import check, load_alerts
from costwatch.config.alert_rules import AlertRules
from costwatch.config.alertmanager import taken_over
from costwatch.errors import ConfigError
from tests.made.command_line import Costwatch
from tests.made.soak import in_soak

SECRETS = ("hunter2-secret", "T000/B000/XXXX", "user:webpw", "0123456789abcdef0123456789abcdef", "genie-key")
WHOLE = """\
global:
  smtp_smarthost: 'smtp.example.com:587'
  smtp_from: 'alerts@example.com'
  smtp_auth_username: alerts
  smtp_auth_password: hunter2-secret
  slack_api_url: 'https://hooks.slack.com/services/T000/B000/XXXX'
  opsgenie_api_key: genie-key
templates: ['/etc/alertmanager/*.tmpl']
route:
  receiver: mails
  group_by: ['alertname', 'cluster']
  repeat_interval: 3h
  routes:
    - match_re: {service: ^(foo1|foo2)$}
      receiver: both
      routes:
        - match: {severity: critical}
          receiver: pager
          group_wait: 10s
    - matchers: ['severity =~ "warning|critical"', 'owner="team-Y", env!=dev']
      receiver: both
      continue: true
      mute_time_intervals: [offhours, holidays]
    - match: {alertname: Watchdog}
      receiver: 'null'
    - {receiver: sre, matchers: [team=sre], active_time_intervals: [nope]}
inhibit_rules:
  - source_match: {severity: critical}
    target_match_re: {severity: warning|info}
    equal: [alertname, cluster]
  - source_matchers: ['a=b']
mute_time_intervals:
  - name: offhours
    time_intervals:
      - times: [{start_time: '18:00', end_time: '24:00'}]
        weekdays: ['monday:friday']
        location: Europe/Berlin
time_intervals:
  - name: holidays
    time_intervals: [{days_of_month: ['25:26'], months: [december], location: Local}]
receivers:
  - name: mails
    email_configs: [{to: 'a@example.org, b@example.org', headers: {subject: '{{ .GroupLabels }}'}}]
  - name: both
    slack_configs: [{channel: '#ops', title: '{{ template "x" . }}'}]
    webhook_configs: [{url: 'http://user:webpw@hook/x', max_alerts: 10}]
  - name: pager
    pagerduty_configs: [{routing_key: 0123456789abcdef0123456789abcdef}, {routing_key_file: /etc/secrets/pd}]
  - name: 'null'
  - name: sre
    opsgenie_configs: [{api_key: genie-key}]
"""


def imported(folder: Path, text: str) -> tuple[AlertRules, list[str]]:
    """The rules file that is made of it, which `check` takes, and the remarks."""
    (folder / "alertmanager.yml").write_text(text)
    found = taken_over(folder / "alertmanager.yml")
    (folder / "costwatch.yaml").write_text("sources: []\nteams: [{name: sre}]\n")
    (folder / "alerts.yaml").write_text(found.text)
    assert check(folder / "costwatch.yaml") == []
    return load_alerts(folder / "alerts.yaml"), [each.split("alertmanager.yml:")[1] for each in found.remarks]


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"service": "foo1", "severity": "page"}, ["pager", "pager-2"]),
        ({"service": "foo2", "severity": "ticket"}, ["both", "both-2"]),
        ({"severity": "ticket", "owner": "team-Y"}, ["both", "both-2"]),
        ({"severity": "page", "owner": "team-Y", "team": "sre"}, ["both", "both-2", "sre"]),
        ({"severity": "page", "owner": "team-Y", "env": "dev"}, ["mails"]),
        ({"rule": "Watchdog"}, ["null"]),
        ({}, ["mails"]),
    ],
)
def test_alerts_go_where_alertmanager_would_send_them(
    labels: dict[str, str], receivers: list[str], tmp_path: Path
) -> None:
    rules, _ = imported(tmp_path, WHOLE)
    nodes = resolve(rules.route, rules.time_intervals).match(labels)
    assert [node.receiver for node in nodes] == receivers


def test_timers_are_alertmanagers_and_what_told_nobody_still_does_not(tmp_path: Path) -> None:
    rules, _ = imported(tmp_path, WHOLE)
    root = resolve(rules.route, rules.time_intervals)
    assert [str(each) for each in (root.group_wait, root.group_interval, root.repeat_interval)] == [
        "0:00:30", "0:05:00", "3:00:00",
    ]  # fmt: skip
    assert root.group_by == ("rule", "cluster")
    (silent,) = root.match({"rule": "Watchdog"})
    assert [each.name for each in silent.mute_time_intervals] == ["always"]
    (rule,) = rules.inhibit_rules
    assert (rule.source_matchers, rule.target_matchers, rule.equal) == (
        ('severity="page"',), ('severity=~"ticket|info"',), ("rule", "cluster"),
    )  # fmt: skip


def test_receivers_are_of_our_kinds_and_secrets_are_references(tmp_path: Path) -> None:
    imported(tmp_path, WHOLE)
    made = yaml.safe_load((tmp_path / "alerts.yaml").read_text())["receivers"]
    assert made == [
        {
            "name": "mails", "kind": "email", "host": "smtp.example.com", "port": 587, "tls": "starttls",
            "user": "alerts", "password": "${env:SMTP_PASSWORD_MAILS}", "from": "alerts@example.com",
            "to": ["a@example.org", "b@example.org"],
        },
        {"name": "both", "kind": "slack", "channel": "C0000000000", "token": "${env:SLACK_BOT_TOKEN_BOTH}"},
        {"name": "both-2", "kind": "webhook", "url": "${env:WEBHOOK_URL_BOTH}", "max_alerts": 10},
        {"name": "pager", "kind": "pagerduty", "routing_key": "${env:PAGERDUTY_ROUTING_KEY_PAGER}"},
        {"name": "pager-2", "kind": "pagerduty", "routing_key": "${file:/etc/secrets/pd}"},
        {"name": "null", "kind": "stdout"},
        {"name": "sre", "kind": "stdout"},
    ]  # fmt: skip


def test_what_is_not_taken_over_is_told_by_line(tmp_path: Path) -> None:
    _, remarks = imported(tmp_path, WHOLE)
    told = {line.split(":")[0]: line for line in remarks}
    for line, said in {
        "7": "'opsgenie_api_key' is not taken over",
        "8": "'templates' is not taken over",
        "17": "'severity=\"critical\"' is 'severity=\"page\"' here",
        "26": "no time interval is called 'nope'; it is left out",
        "31": "an inhibit rule without matchers on both sides is left out",
        "40": "location Local is UTC here",
        "45": "write the id of channel 'ops' in place of C0000000000",
        "46": "a secret is not copied: put this 'url' where ${env:WEBHOOK_URL_BOTH} finds it",
        "50": "receiver 'sre' writes to stdout now; give it a kind",
        "51": "'opsgenie_configs' is not taken over",
    }.items():
        assert any(each.startswith(f"{line}: ") and said in each for each in remarks), (said, told.get(line))


def test_the_command_prints_a_file_and_keeps_every_secret(costwatch: Costwatch, tmp_path: Path) -> None:
    (tmp_path / "am.yml").write_text(WHOLE)
    answer = costwatch("alerts", "import", "am.yml")
    assert answer.code == 0
    assert answer.err.startswith("costwatch: am.yml:7: 'opsgenie_api_key' is not taken over")
    assert not [secret for secret in SECRETS if secret in answer.out + answer.err]
    assert costwatch("alerts", "import", "am.yml", "--strict").code == 1


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        pytest.param("route: {receiver: a}\nreceivers: [{name: b}]\n", 1, "has no", id="no such receiver"),
        pytest.param("", 1, "has no 'route' that names a receiver", id="an empty file"),
        pytest.param("a: [", 2, "am.yml:", id="no YAML"),
        pytest.param("a: &x 1\nb: *x\n", 2, "anchors (&name) are not allowed", id="anchors"),
        pytest.param("- a\n", 2, "must be a mapping", id="a list"),
    ],
)
def test_what_cannot_be_used_at_all_prints_nothing(
    text: str, code: int, told: str, costwatch: Costwatch, tmp_path: Path
) -> None:
    (tmp_path / "am.yml").write_text(text)
    answer = costwatch("alerts", "import", "am.yml")
    assert (answer.code, answer.out, told in answer.err) == (code, "", True)
    assert costwatch("alerts", "import", "none.yml").code == 2


@pytest.mark.parametrize("seed", range(in_soak(2_000, else_=40)))
def test_whatever_a_file_says_what_is_made_of_it_is_accepted(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    odd: list[Any] = [
        None,
        "",
        [],
        {},
        "0",
        "-1",
        "{{ .x }}",
        ["a", {"b": "c"}],
        {"a": ["b"]},
        "Ä‮x",
        "a: b",
        "((",
    ]
    whole = yaml.safe_load(WHOLE)
    for _ in range(rng.randint(1, 4)):
        node: Any = whole
        while isinstance(node, (dict, list)) and node:
            key = rng.choice([*node] if isinstance(node, dict) else [*range(len(node))])
            if rng.random() < 0.3 or not isinstance(node[key], (dict, list)):
                break
            node = node[key]
        if isinstance(node, (dict, list)) and node:
            if rng.random() < 0.3:
                del node[key]
            else:
                node[key] = rng.choice(odd)
    try:
        imported(tmp_path, yaml.dump(whole, allow_unicode=True))
    except ConfigError:
        return
    except AssertionError:
        if (tmp_path / "alerts.yaml").read_text():  # else nothing could be used, and that is told
            raise
