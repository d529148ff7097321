"""Files that are made to cost more than they are worth: refused, or read, in a bounded time."""

from pathlib import Path
from time import process_time

import pytest

from costwatch.config import check, load_alerts
from costwatch.config.tree import MAX_MISTAKES
from costwatch.errors import ConfigError

TEAMS = "teams: [" + ", ".join(f"{{name: team-number-{number}}}" for number in range(200)) + "]\n"
HEAD = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\n"
TEST = (
    "tests: [{name: a, at: 2026-12-01, data: {cost: [{from: 2026-01-01, values: '%s'}]},"
    " expect: [{rule: A}]}]\n"
)
NESTED = (
    "route: {receiver: out, routes: [{matchers: ['a=~\"%s\"']}]}\nreceivers: [{name: out, kind: stdout}]\n"
)


def rule(more: str = "", above: str = "5") -> str:
    return f"{HEAD}rules: [{{name: A, kind: threshold, above: {above}{more}}}]\n"


def rules(each: str, count: int = 20_000) -> str:
    return HEAD + "rules:\n" + many(f"  - {{{each}}}\n", count)


def many(text: str, count: int = 60_000) -> str:
    return "".join(text.replace("#", str(number)) for number in range(count))


# File -> what its first mistake says; None: it has none.
BOMBS = {
    "60,000 unknown keys": (HEAD + many("k#: 1\n"), "unknown key 'k0'"),
    "50,000 unknown keys of a rule": (rule(many(", k#: 1", 50_000)), "unknown key 'k0'"),
    "20,000 rules of an unknown kind": (rules("name: R#, kind: x"), "unknown kind"),
    "20,000 rules of one name": (rules("name: A, kind: threshold, above: 5"), "is also on line 4"),
    "a team that is none, 100,000 times": (
        rule(f", match: {{team: [{'a,' * 100_000}]}}"),
        "no team is called 'a'",
    ),
    "20,000 teams that are none": (rule(f", match: {{team: [{many('a#,', 20_000)}]}}"), "is called 'a0'"),
    "a list of 200 kB where rules belong": (
        HEAD + f"rules: [{'a,' * 100_000}]\n",
        "item 1 of 'rules' must be",
    ),
    "a number of 900 kB": (rule(above="9" * 900_000), "fewer than 19 digits"),
    "a number with a long exponent": (rule(above="1e999999"), "fewer than 19 digits"),
    "a duration of 800 kB": (rule(f", for: {'1d' * 400_000}"), "must be a duration"),
    "more values than memory": (rule() + TEST % "1x999999999", "at most 100,000 values"),
    "values of 800 kB": (rule() + TEST % ("1x100 " * 130_000), "at most 100,000 values"),
    "60,000 patterns of files": (f"include: [{many('a#/*.yaml,')}]\n{HEAD}", "no file below"),
    "a pattern of 300 folders": (f"include: ['{'*/' * 300}*']\n{HEAD}", "is too long"),
    "a pattern of all folders": (f"include: ['**/**/**/**/*.yaml']\n{HEAD}", "no file below"),
    "a nested expression": (NESTED % ("(a+)+" * 150), None),
    "100,000 placeholders": (rule(", annotations: {x: '%s'}" % ("{a}" * 100_000)), "label 'a'"),
    "10,000 labels": (rule(f", labels: {{{many('k#: 1,', 10_000)}}}"), None),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_takes_seconds_at_most(tmp_path: Path, bomb: str) -> None:
    text, expected = BOMBS[bomb]
    (tmp_path / "costwatch.yaml").write_text(TEAMS)
    (tmp_path / "alerts.yaml").write_text(text)
    began = process_time()
    found = check(tmp_path / "costwatch.yaml")
    assert process_time() - began < 4
    assert len(found) <= MAX_MISTAKES + 1
    assert expected in found[0] if expected else found == []


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(HEAD + many("k#: 1\n", MAX_MISTAKES + 1))
    with pytest.raises(ConfigError) as error:
        load_alerts(file)
    assert error.value.mistakes[-1] == f"{file}: has more than 200 mistakes; correct these first"
