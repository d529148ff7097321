"""Alerts that fire and are over again and again go on in one message and interrupt nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from costwatch.alerts.flapping import Flapping, flapping
from costwatch.model import Severity
from tests.made.delivery_world import HOUR, MINUTE, House, Recorder, Script, Teller, new_house

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("minutes_ago", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([10, 5], None, id="fired and over"),
        pytest.param([10, 5, 0], 3, id="and fired again"),
        pytest.param([30, 10, 5], None, id="the first is too old"),
        pytest.param([24, 20, 14], 3, id="quiet for less than a window"),
        pytest.param([24, 20, 15], None, id="quiet for a window"),
        pytest.param([40, 21, 18, 12, 8, 7], 5, id="counted in the window before the newest"),
    ],
)
def test_three_changes_within_a_window_are_flapping(minutes_ago: list[int], expected: int | None) -> None:
    found = flapping([NOW - number * MINUTE for number in minutes_ago], WINDOW, NOW)
    assert (found.changes if found else None) == expected


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (15 * MINUTE, "flapping: fired 2 times within 15 minutes"),
        (24 * HOUR, "flapping: fired 2 times within 24 h"),
    ],
)
def test_how_often_it_fired_is_said(window: timedelta, text: str) -> None:
    assert Flapping(3, window).text == text


@pytest.fixture
def house() -> Iterator[House]:
    """A page that is no matter of cost."""
    rule = Script(severity=Severity.PAGE, queries={"ec2": "freshness", "s3": "freshness"})
    with new_house(rule=rule, route={"group_interval": "1m"}) as house:
        yield house


def flap(house: House, minutes: int, every: int = 3) -> None:
    for minute in range(minutes):
        house.find(**({"ec2": "a"} if minute // every % 2 == 0 else {}))
        house.deliver()
        house.wait(MINUTE)


def mentions(house: House) -> int:
    return sum(group.is_aloud and any(it.is_firing for it in group.alerts) for group, _ in house.receiver.got)


@pytest.mark.parametrize("receiver", [Recorder, Teller], ids=["edits", "cannot edit"])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_24_minutes_of_flapping_mention_on_call_once(
    house: House, every: int, receiver: type[Teller]
) -> None:
    house.receiver = receiver()
    flap(house, 24, every)
    assert mentions(house) == 1


def test_it_begins_no_more_messages_and_its_last_one_is_edited_and_says_how_often(house: House) -> None:
    flap(house, 24)
    posts = [group for group, previous in house.receiver.got if previous is None]
    assert len(posts) == 2
    group, previous = house.receiver.got[-1]
    assert previous is not None
    assert [text for said in group.remarks.values() for text in said] == [
        "flapping: fired 3 times within 15 minutes"
    ]


@pytest.mark.parametrize("receiver", [Recorder, Teller], ids=["edits", "cannot edit"])
def test_what_stays_after_a_quiet_window_is_told_aloud_once(house: House, receiver: type[Teller]) -> None:
    house.receiver = receiver()
    flap(house, 24)
    for _ in range(40):
        house.find(ec2="a")
        house.deliver()
        house.wait(MINUTE)
    assert mentions(house) == 2
    for _ in range(3):
        house.find()
        house.deliver()
        house.wait(MINUTE)
    assert house.receiver.said[-1] == "resolved: (a)"


def test_another_alert_of_its_group_is_told_as_ever(house: House) -> None:
    flap(house, 24)
    before = mentions(house)
    house.find(s3="b")
    house.deliver()
    assert mentions(house) == before + 1


def test_rules_on_cost_are_given_a_day(house: House) -> None:
    house.rule = Script()
    flap(house, 40, every=10)
    house.wait(2 * HOUR)
    house.find(ec2="a")
    house.deliver()
    assert mentions(house) == 1
    house.route["flap_window"] = "15m"
    house.wait(2 * HOUR)
    house.find()
    house.deliver()
    house.wait(2 * HOUR)
    house.find(ec2="a")
    house.deliver()
    assert mentions(house) == 2, "or what the route says"
