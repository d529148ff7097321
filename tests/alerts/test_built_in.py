"""Alerts on costwatch itself: what fails, what nobody watches, what matches far too much."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.alerts.built_in import NAMES, RECEIVER, with_own_routes
from costwatch.alerts.routing import RootRoute, resolve
from costwatch.errors import NotifyError
from costwatch.evaluate import Evaluation, evaluate
from costwatch.model import Alert, Finding, Verdict, labels
from costwatch.plugins import PluginContext, RuleSettings, Snapshot
from costwatch.rules.freshness import Freshness
from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, REFUSED, START, House, Recorder, new_house
from tests.made.warehouse_rows import collected

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    return warehouse


class Shaky(RuleSettings):
    """A rule that raises while it is told to."""

    broken: bool = True

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        if self.broken:
            raise ValueError("token xoxb-secret is odd")
        yield Finding(labels(team="a"), Verdict.OK, None, None, "", "fine")


def own(found: Evaluation) -> dict[str, str]:
    return {alert.rule: alert.summary for alert in found.alerts if alert.rule in NAMES}


def run(warehouse: Warehouse, *rules: RuleSettings, at: datetime = NOW) -> Evaluation:
    return evaluate(warehouse, rules, at, watches_itself=True)


def watch(**changes: object) -> Freshness:
    given = {"name": "Stale", "max_age": "30h", **changes}
    return Freshness.model_validate(given, context=PluginContext(Path(), "freshness"))


# --- rules that fail ---------------------------------------------------------------------------


@pytest.mark.parametrize("on_error", ["keep", "alert"])
def test_a_rule_that_failed_three_times_in_a_row_is_told_until_it_can_be_evaluated(
    warehouse: Warehouse, on_error: str
) -> None:
    rule = Shaky.model_validate({"name": "Shaky", "on_error": on_error})
    told = [own(run(warehouse, rule, watch(), at=NOW + number * HOUR)) for number in range(4)]
    said = "rule Shaky cannot be evaluated since 2026-11-20 06:00 UTC: ValueError"
    assert told == [{}, {}, {"EvaluationFailing": said}, {"EvaluationFailing": said}]
    mended = run(warehouse, rule.model_copy(update={"broken": False}), watch(), at=NOW + 5 * HOUR)
    assert own(mended) == {}
    assert f"{said} (it can be evaluated again)" in [alert.summary for alert in mended.changes]


def test_failures_in_between_begin_anew_and_the_same_evaluation_counts_once(warehouse: Warehouse) -> None:
    rule, right = Shaky(name="Shaky"), Shaky(name="Shaky", broken=False)
    for number, one in enumerate([rule, rule, right, rule, rule]):
        assert own(run(warehouse, one, watch(), at=NOW + number * HOUR)) == {}
    for _ in range(3):
        assert own(run(warehouse, rule, watch(), at=NOW + 4 * HOUR)) == {}
    with warehouse.read() as db:
        before = contents(db)
    run(warehouse, rule, watch(), at=NOW + 4 * HOUR)
    with warehouse.read() as db:
        assert contents(db) == before
    assert own(run(warehouse, rule, watch(), at=NOW + 5 * HOUR)).keys() == {"EvaluationFailing"}


def test_each_rule_that_fails_is_told_by_itself_and_one_that_is_gone_is_over(warehouse: Warehouse) -> None:
    rules = [Shaky(name="One"), Shaky(name="Two"), watch()]
    for number in range(3):
        found = run(warehouse, *rules, at=NOW + number * HOUR)
    failing = sorted(alert.label("failing_rule") for alert in found.alerts)
    assert failing == ["One", "Two"]
    found = run(warehouse, rules[0], watch(), at=NOW + 3 * HOUR)
    assert [alert.label("failing_rule") for alert in found.alerts] == ["One"]


# --- sources nobody watches --------------------------------------------------------------------


def delivered(warehouse: Warehouse, at: datetime) -> None:
    with warehouse.write() as db:
        collected(db, "aws", at)


@pytest.mark.parametrize(
    ("rules", "is_told"),
    [
        pytest.param([], True, id="no rule at all"),
        pytest.param([Shaky(name="Stale", broken=False)], True, id="its kind misspelt as another"),
        pytest.param([watch(source="azure", no_data="ok")], True, id="a rule for what is not there"),
        pytest.param([watch(source="aws", max_age="9d")], False, id="a rule for this source"),
        pytest.param([watch(max_age="9d")], False, id="a rule for all"),
    ],
)
def test_sources_that_no_rule_watches_are_watched_all_the_same(
    warehouse: Warehouse, rules: list[RuleSettings], is_told: bool
) -> None:
    delivered(warehouse, NOW - 3 * DAY)
    found = run(warehouse, *rules)
    assert ("BuiltInFreshness" in own(found), found.is_watched) == (is_told, not is_told)
    if is_told:
        assert own(found)["BuiltInFreshness"] == "aws: nothing new for 3 d, over 2 d"
        delivered(warehouse, NOW + HOUR)
        assert own(run(warehouse, *rules, at=NOW + HOUR)) == {}


# --- the clock ---------------------------------------------------------------------------------


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


def looked(house: House) -> dict[str, str]:
    found = evaluate(house.warehouse, [house.rule, watch()], house.now, watches_itself=True)
    return own(found)


@pytest.mark.parametrize(("jump", "said"), [(365 * DAY, "365 d"), (2 * HOUR, "2 h")])
def test_that_the_clock_went_back_is_told_once_with_by_how_much(
    house: House, jump: timedelta, said: str
) -> None:
    house.wait(jump)
    house.find(ec2="a")
    house.deliver()
    house.now = START
    told = looked(house)["ClockWentBack"]
    assert told.startswith(f"the clock went back by {said}: it had shown 202")
    house.wait(HOUR)
    assert looked(house)["ClockWentBack"] == told
    house.wait(DAY)
    assert "ClockWentBack" not in looked(house)


def test_a_clock_that_is_set_right_by_seconds_is_no_news(house: House) -> None:
    house.wait(MINUTE)
    house.find(ec2="a")
    house.deliver()
    house.now = START
    assert looked(house) == {}


# --- receivers ---------------------------------------------------------------------------------


def test_a_receiver_that_refuses_is_told_at_once_and_over_when_it_takes_messages_again(house: House) -> None:
    house.route |= {"group_interval": "5m"}
    house.receiver.failures = [REFUSED]
    house.find(ec2="a")
    house.deliver()
    assert looked(house) == {
        RECEIVER: "receiver default has not taken what it was sent since 2026-11-20 06:00 UTC: "
        "receiver 'default': refused; mend it"
    }
    house.wait(10 * MINUTE)
    house.deliver()
    assert looked(house) == {}


def test_a_receiver_that_is_away_is_told_after_an_hour(house: House) -> None:
    house.receiver.failures = [DOWN] * 9
    house.find(ec2="a")
    told = []
    for _ in range(5):
        house.deliver()
        told.append(RECEIVER in looked(house))
        house.wait(20 * MINUTE)
    assert told == [False, False, False, True, True]
    house.receiver.failures = []
    house.deliver()
    assert looked(house) == {}


@dataclass
class Relay:
    """A receiver of all that fires, which fails as it is told."""

    name: str = "relay"
    failing: bool = True
    got: list[Alert] = field(default_factory=list)

    def forward(self, alerts: tuple[Alert, ...], now: datetime) -> None:
        if self.failing:
            raise NotifyError("receiver 'relay': away; start it", permanent=False)


def test_a_receiver_of_all_that_fires_is_told_of_after_an_hour(house: House) -> None:
    relay = Relay()
    for number in range(5):
        house.deliver(relay)
        assert (RECEIVER in looked(house)) is (number >= 3)
        house.wait(20 * MINUTE)
    relay.failing = False
    house.deliver(relay)
    assert looked(house) == {}


ABOUT = {"rule": RECEIVER, "severity": "ticket", "receiver": "slack"}


@pytest.mark.parametrize(
    ("routes", "fallback", "expected"),
    [
        pytest.param([], "mail", ["mail"], id="to the fallback"),
        pytest.param([], None, ["page"], id="without one, to the first other receiver"),
        pytest.param([], "slack", ["page"], id="the fallback itself fails"),
        pytest.param(
            [{"receiver": "mail", "matchers": ["severity=ticket"]}], None, ["mail"], id="a route does"
        ),
        pytest.param(
            [{"receiver": "slack", "continue": True}, {"receiver": "mail"}], None, ["slack", "mail"],
            id="a route leads elsewhere, too",
        ),
    ],
)  # fmt: skip
def test_that_a_receiver_fails_is_never_told_to_that_receiver_alone(
    routes: list[object], fallback: str | None, expected: list[str]
) -> None:
    root = RootRoute.model_validate({"receiver": "slack", "routes": routes})
    receivers = [Recorder("slack"), Relay(), Recorder("page"), Recorder("mail")]
    changed = with_own_routes(root, resolve(root), receivers, fallback)
    assert [node.receiver for node in resolve(changed).match(ABOUT)] == expected
    other = {**ABOUT, "rule": "Spend"}
    assert [n.key for n in resolve(changed).match(other)] == [n.key for n in resolve(root).match(other)]


def test_the_only_receiver_is_told_of_itself_for_there_is_no_other() -> None:
    root = RootRoute.model_validate({"receiver": "slack"})
    assert with_own_routes(root, resolve(root), [Recorder("slack")], None) is root


# --- the limit of one rule ---------------------------------------------------------------------


class Flood(RuleSettings):
    """A rule that finds so many in breach."""

    count: int = 0

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        for number in range(5000):
            verdict = Verdict.BREACH if number < self.count else Verdict.OK
            yield Finding(labels(pod=f"pod-{number}"), verdict, None, None, "", f"pod-{number} is wrong")


def fires(found: Evaluation) -> list[str]:
    return sorted(alert.label("pod") or alert.label("limit") for alert in found.alerts if alert.is_firing)


def test_a_rule_that_matches_too_much_tells_that_once_and_what_was_told_goes_on(warehouse: Warehouse) -> None:
    assert len(fires(run(warehouse, Flood(name="Flood", count=3), watch()))) == 3
    flooded = run(warehouse, Flood(name="Flood", count=5000), watch(), at=NOW + HOUR)
    assert fires(flooded) == ["max_alerts", "pod-0", "pod-1", "pod-2"]
    (one,) = (alert.summary for alert in flooded.alerts if alert.label("limit"))
    assert one == (
        "rule Flood matches 5,000, more than its max_alerts of 100: refine it; those that did not fire "
        "before are not told one by one, such as: pod-0 is wrong"
    )
    assert fires(run(warehouse, Flood(name="Flood", count=1), watch(), at=NOW + 2 * HOUR)) == ["pod-0"]
    assert len(fires(run(warehouse, Flood(name="Flood", count=100), watch(), at=NOW + 3 * HOUR))) == 100


def test_each_rule_has_its_own_limit_and_it_is_as_urgent_as_the_worst(warehouse: Warehouse) -> None:
    rule = Flood(name="Flood", count=7, max_alerts=6)
    assert fires(run(warehouse, rule, watch())) == ["max_alerts"]
    assert len(fires(run(warehouse, rule.model_copy(update={"max_alerts": 7}), watch(), at=NOW + HOUR))) == 7


def test_a_flood_is_pending_for_as_long_as_each_of_it_would_be(warehouse: Warehouse) -> None:
    rule = Flood(name="Flood", count=200).model_copy(update={"for_": 2 * HOUR})
    assert [fires(run(warehouse, rule, watch(), at=NOW + n * HOUR)) for n in range(3)] == [
        [],
        [],
        ["max_alerts"],
    ]
