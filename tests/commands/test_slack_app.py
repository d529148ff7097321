"""costwatch slack: the app to make, and whether its bot may do what it must."""

import json
from pathlib import Path

import pytest
import yaml

from tests.doubles.slack import TOKEN, SlackDouble
from tests.made.command_line import Costwatch


def test_the_manifest_is_the_same_as_json_and_as_yaml(costwatch: Costwatch) -> None:
    as_json, as_yaml = costwatch("slack", "manifest"), costwatch("slack", "manifest", "--yaml")
    found = json.loads(as_json.out)
    assert found == yaml.safe_load(as_yaml.out)
    assert found["oauth_config"]["scopes"]["bot"] == ["chat:write", "channels:history", "groups:history"]
    assert found["settings"]["socket_mode_enabled"]
    assert found["settings"]["interactivity"] == {"is_enabled": True}


@pytest.mark.parametrize(
    ("scopes", "answer", "code", "said"),
    [
        pytest.param(("chat:write", "channels:history"), "serve", 0, "oncall: ok", id="one is enough"),
        pytest.param(("chat:write",), "serve", 3, "oncall: lacks channels:history, groups", id="blind"),
        pytest.param((), "serve", 3, "oncall: lacks chat:write, channels", id="it may nothing"),
        pytest.param((), "invalid_auth", 1, "does not accept its token (invalid_auth)", id="a wrong token"),
        pytest.param((), "503", 1, "Slack answered 503", id="it is away"),
    ],
)
def test_what_a_bot_may_do_is_checked(
    costwatch: Costwatch, double: SlackDouble, scopes: tuple[str, ...], answer: str, code: int, said: str
) -> None:
    double.scopes, double.answers = scopes, {"auth.test": [answer]}
    token = "${env:SLACK_BOT_TOKEN}"
    slack = f'{{name: oncall, kind: slack, channel: C1, token: "{token}", api_url: "{double.url}"}}'
    Path("costwatch.yaml").write_text("{}")
    Path("alerts.yaml").write_text(f"route: {{receiver: oncall}}\nreceivers:\n  - {slack}\n")
    run = costwatch("slack", "check")
    assert run.code == code
    assert said in run.out + run.err
    assert TOKEN not in run.out + run.err
