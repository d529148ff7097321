"""Each example in the shipped files is right by itself, and every kind of rule and receiver has one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from costwatch.config import check, default_text, load_alerts
from costwatch.plugins import NOTIFIERS, RULES, registered
from tests.made.slo_files import SLOTH

_EXAMPLE = re.compile("^#(?=  )", re.MULTILINE)
# What examples name that are examples themselves.
_NAMED = ("oncall", "weekend")
FITTING = """\
sources:
  - {name: aws, kind: exports, location: exports}
  - {name: k8s, kind: kubernetes, url: "http://prometheus:9090", cluster: prod, pod_labels: [team]}
  - name: mesh
    kind: promql
    url: http://prometheus:9090
    measures: [{name: requests, unit: calls, query: "sum by (caller) (increase(requests_total[$window]))"}]
  - {name: objectives, kind: slo, url: "http://prometheus:9090"}
teams: [{name: payments}, {name: platform}]
budgets: [{team: payments, amount: 30000}]
unit_costs: [{name: request, volume: requests, per: 1000}]
slos: [slos]
include: [budgets.d/*.yaml]
"""


def examples() -> Iterator[tuple[int, int]]:
    """First and last line of each: one that is indented least, and those below it."""
    lines = default_text("alerts.yaml").splitlines()
    starts = [at for at, line in enumerate(lines) if re.match(r"#  (?=\S)|#    max_data_age", line)]
    for start in starts:
        after = start + 1
        while after < len(lines) and lines[after].startswith("#    "):
            after += 1
        yield start, after


EXAMPLES = {
    default_text("alerts.yaml").splitlines()[start][1:].strip(): (start, after) for start, after in examples()
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With all that examples name."""
    for name, text in {
        "costwatch.yaml": FITTING,
        "slos/shop.yaml": SLOTH,
        "budgets.d/platform.yaml": "budgets: [{team: platform, amount: 10}]\n",
        "rules.d/platform.yaml": "rules: [{name: Platform, kind: threshold, above: 5}]\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_is_right_by_itself(folder: Path, example: str) -> None:
    lines = default_text("alerts.yaml").splitlines()
    start, after = EXAMPLES[example]
    text = "\n".join(lines[start:after])
    named = [
        EXAMPLES[other] for other in EXAMPLES for name in _NAMED if name in text and f"name: {name}" in other
    ]
    for first, last in ((start, after), *named):
        lines[first:last] = [_EXAMPLE.sub("", line) for line in lines[first:last]]
    (folder / "alerts.yaml").write_text("\n".join(lines), "utf-8")
    assert check(folder / "costwatch.yaml") == []


def test_every_kind_has_one(folder: Path) -> None:
    text = _EXAMPLE.sub("", default_text("alerts.yaml"))
    (folder / "alerts.yaml").write_text(text, "utf-8")
    assert check(folder / "costwatch.yaml") == []
    alerts = load_alerts(folder / "alerts.yaml")
    assert {rule.kind for rule in alerts.rules} >= {*registered(RULES)}
    kinds = set(re.findall(r"kind: (\w+)", text))
    assert kinds >= {*registered(NOTIFIERS)}
    assert alerts.tests
    assert any(route.receiver == "oncall" for route in alerts.route.routes)
