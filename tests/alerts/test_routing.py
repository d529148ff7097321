"""Which receiver, and which message."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.alerts.matchers import Matcher
from costwatch.alerts.routing import RootRoute, group, resolve
from costwatch.model import Alert, AlertState, labels
from costwatch.testing import an_alert

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRING, RESOLVED = AlertState.FIRING, AlertState.RESOLVED


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ('severity="page"', {"severity": "page"}, True),
        ('severity="page"', {"severity": "pager"}, False),
        ("severity=page", {"severity": "page"}, True),
        (' team != "risk" ', {"team": "ml"}, True),
        ('team!="risk"', {}, True),
        ('team=""', {}, True),
        ('team=""', {"team": "risk"}, False),
        ('team=~"ml-.*|risk"', {"team": "ml-platform"}, True),
        ('team=~"ml"', {"team": "ml-platform"}, False),
        ('team=~"l-plat"', {"team": "ml-platform"}, False),
        ('team!~"ml-.*"', {"team": "ml-platform"}, False),
        ('team!~".+"', {}, True),
        (r'team="say \"hi\" \\ \n"', {"team": 'say "hi" \\ \n'}, True),
        ('team=~"a{2}"', {"team": "aa"}, True),
        ('service="Amazon EC2, other"', {"service": "Amazon EC2, other"}, True),
    ],
)
def test_matchers(text: str, given: dict[str, str], expected: bool) -> None:
    assert Matcher.parse(text).matches(given) is expected


@pytest.mark.parametrize(
    "text", ["", "team", '="x"', 'team=="x"', 'team="x', "team=x y", '{team="x"', 'a="x" b="y"', 'team=~"("']
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"must read|no regular expression"):
        RootRoute.model_validate({"receiver": "r", "routes": [{"matchers": [text]}]})


@pytest.mark.parametrize(
    ("route", "said"),
    [
        pytest.param({}, "needs a 'receiver'", id="no receiver"),
        pytest.param({"receiver": "r", "matchers": ['a="b"']}, "takes every alert", id="matchers"),
        pytest.param({"receiver": "r", "continue": True}, "takes every alert", id="continue"),
        pytest.param({"receiver": "r", "reciever": "x"}, "Extra inputs", id="a key it does not know"),
    ],
)
def test_a_first_route_that_makes_no_sense_is_refused(route: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RootRoute.model_validate(route)


TREE = resolve(
    RootRoute.model_validate(
        {
            "receiver": "default",
            "group_by": ["rule"],
            "repeat_interval": "4h",
            "routes": [
                {
                    "matchers": ['severity="page"'],
                    "receiver": "oncall",
                    "continue": True,
                    "group_wait": "30s",
                    "routes": [{"matchers": ['team="ml"'], "receiver": "ml-oncall", "group_by": ["team"]}],
                },
                {"matchers": ['team=~"ml|risk"', 'severity!="info"'], "receiver": "teams"},
                {"matchers": ['team="ml"'], "receiver": "never"},
            ],
        }
    )
)


@pytest.mark.parametrize(
    ("given", "receivers"),
    [
        pytest.param({"team": "web", "severity": "ticket"}, ["default"], id="nothing matches: the root"),
        pytest.param({"team": "risk", "severity": "ticket"}, ["teams"], id="the first that matches"),
        pytest.param(
            {"team": "web", "severity": "page"}, ["oncall"], id="continue, but nothing after it matches"
        ),
        pytest.param(
            {"team": "risk", "severity": "page"}, ["oncall", "teams"], id="continue to the next match"
        ),
        pytest.param({"team": "ml", "severity": "page"}, ["ml-oncall", "teams"], id="the deepest match"),
        pytest.param({"team": "ml", "severity": "info"}, ["never"], id="all matchers must hold"),
        pytest.param({}, ["default"], id="no labels"),
    ],
)
def test_the_tree(given: dict[str, str], receivers: list[str]) -> None:
    assert [node.receiver for node in TREE.match(given)] == receivers


def test_routes_inherit_what_they_leave_out() -> None:
    assert (TREE.group_by, TREE.group_interval, TREE.repeat_interval) == (("rule",), 5 * HOUR / 60, 4 * HOUR)
    oncall = TREE.children[0]
    deepest = oncall.children[0]
    assert (oncall.group_by, oncall.group_wait.total_seconds(), oncall.goes_on) == (("rule",), 30, True)
    assert (deepest.group_by, deepest.group_wait, deepest.repeat_interval) == (
        ("team",),
        oncall.group_wait,
        4 * HOUR,
    )
    assert not deepest.goes_on, "continue is not inherited"
    assert deepest.key == '{}/{severity="page"}/{team="ml"}'


def test_without_settings_alerts_are_grouped_by_rule_and_team_and_told_daily() -> None:
    plain = resolve(RootRoute(receiver="r"))
    assert (plain.group_by, plain.group_wait, plain.repeat_interval) == (
        ("rule", "team"),
        0 * HOUR,
        24 * HOUR,
    )


def alert(name: str = "a", state: AlertState = FIRING, at: datetime = NOW, **changes: Any) -> Alert:
    given = {"team": "ml", "rule": "Spend", "severity": "ticket", **changes.pop("labels", {})}
    return an_alert(
        fingerprint=name,
        labels=labels(**given),
        state=state,
        fired_at=at,
        resolved_at=NOW if state is RESOLVED else None,
        summary=changes.pop("summary", name),
        **changes,
    )


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        pytest.param(["rule", "team"], [("a", "b"), ("c",)], id="by rule and team"),
        pytest.param(["rule"], [("a", "b", "c")], id="by rule"),
        pytest.param([], [("a", "b", "c")], id="by nothing: all in one"),
        pytest.param(["..."], [("a",), ("b",), ("c",)], id="by all labels: each alone"),
        pytest.param(["account"], [("a", "b", "c")], id="by a label nobody has"),
    ],
)
def test_grouping(group_by: list[str], expected: list[tuple[str, ...]]) -> None:
    root = resolve(RootRoute.model_validate({"receiver": "r", "group_by": group_by}))
    alerts = [
        alert("a", labels={"service": "x"}),
        alert("b", labels={"service": "y"}),
        alert("c", labels={"team": "risk"}),
    ]
    bundles = group(root, alerts)
    assert [tuple(each.fingerprint for each in bundle.alerts) for bundle in bundles] == expected
    assert len({bundle.key for bundle in bundles}) == len(bundles)
    again = group(root, reversed(alerts))
    assert {bundle.key for bundle in again} == {bundle.key for bundle in bundles}
