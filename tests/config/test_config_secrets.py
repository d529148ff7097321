"""A secret written into a configuration file is refused, and no message repeats it."""

from pathlib import Path

import pytest

from costwatch.config import check


def mistakes(folder: Path, *, config: str = "", alerts: str = "route: {receiver: out}") -> str:
    """What `check` says of the two files, by lines."""
    (folder / "costwatch.yaml").write_text(config, encoding="utf-8")
    (folder / "alerts.yaml").write_text(alerts, encoding="utf-8")
    return "\n".join(check(folder / "costwatch.yaml"))


SECRET = "xoxb-1234-verysecret"
HOOK = "https://hooks.slack.com/services/T0/B0/verysecret"
CLEAR = "a secret must be a reference: ${env:NAME}, ${file:/path} or ${aws-sm:name#key}"


@pytest.mark.parametrize(
    ("receiver", "complaint"),
    [
        pytest.param(
            f"{{channel: C1, token: {SECRET}}}", f"1: 'token': {CLEAR}", id="where a reference belongs"
        ),
        pytest.param(
            "{channel: C1, token: verysecret}", f"1: 'token': {CLEAR}", id="of a shape nobody knows"
        ),
        pytest.param(
            "{channel: C1, token: [verysecret]}", "1: 'token' must be text, not a list", id="in a list"
        ),
        pytest.param(
            f"{{channel: {SECRET}, token: '${{env:T}}'}}", f"1: 'channel': {CLEAR}", id="in another key"
        ),
        pytest.param(
            f"{{channel: C1, token: '${{env:T}}', {SECRET}: x}}", "1: unknown key (not shown)", id="as a key"
        ),
        pytest.param(
            f"{{channel: C1, token: '${{env:T}}', url: '{HOOK}'}}",
            f"1: 'url': {CLEAR}",
            id="in an unknown key",
        ),
        pytest.param(
            "{channel: C1, token: '${env:T}', proxy: 'http://me:verysecret@proxy'}",
            f"1: 'proxy': {CLEAR}",
            id="as the password of a URL",
        ),
    ],
)
def test_a_secret_in_clear_is_refused_and_never_repeated(
    tmp_path: Path, receiver: str, complaint: str
) -> None:
    entry = "{name: out, kind: slack, " + receiver[1:]
    found = mistakes(tmp_path, alerts=f"receivers: [{entry}]\nroute: {{receiver: out}}\n")
    assert f"alerts.yaml:{complaint}" in found
    assert "verysecret" not in found


def test_a_value_under_a_secrets_key_is_never_repeated(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path, config="teams: [{name: ml, contact: {password: hunter2}}]\nui: {token: hunter2}\n"
    )
    assert "1: 'contact' must be text, not a mapping" in found
    assert "2: unknown key 'token'" in found
    assert "hunter2" not in found
