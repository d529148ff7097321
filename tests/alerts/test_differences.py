"""Where costwatch differs from Alertmanager on purpose: D1 to D7, acknowledgements, and what moved."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from costwatch.act import acknowledge, silence
from costwatch.alerts.lifecycle import fingerprint
from costwatch.model import Receipt, Severity, labels
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, House, Recorder, Teller, new_house

ROUTE = {"group_wait": "2m", "group_interval": "5m", "repeat_interval": "24h"}


@pytest.fixture
def house() -> Iterator[House]:
    """Its receiver cannot edit, as Alertmanager's."""
    with new_house(route=dict(ROUTE), receiver=Teller()) as house:
        yield house


def silenced(house: House, *matchers: str, span: timedelta = HOUR) -> None:
    silence(house.warehouse, matchers or ("team=ml",), span, "ann", "test", house.now)


def run(house: House, minutes: int) -> None:
    """One delivery a minute."""
    for _ in range(minutes):
        house.deliver()
        house.wait(MINUTE)


def test_d1_the_end_of_what_was_told_is_told_though_it_is_silenced_and_interrupts_nobody(
    house: House,
) -> None:
    house.find(ec2="a")
    run(house, 3)
    silenced(house)
    house.find()
    run(house, 6)
    assert house.receiver.said == ["first: a", "resolved: (a)"]
    assert [group.is_aloud for group, _ in house.receiver.got] == [True, False]


def test_d1_where_a_message_can_be_edited_its_end_is_an_edit(house: House) -> None:
    house.receiver = Recorder()
    house.find(ec2="a")
    run(house, 3)
    silenced(house)
    house.find()
    run(house, 6)
    assert house.receiver.got[-1][1] == Receipt({"ts": "1"})
    assert house.receiver.said[-1] == "resolved: (a)"


def test_d2_a_silenced_alert_stays_in_its_message_which_says_until_when_and_by_whom(house: House) -> None:
    house.receiver = Recorder()
    house.find(ec2="a", s3="b")
    run(house, 3)
    silenced(house, "service=ec2")
    run(house, 1)
    group, _ = house.receiver.got[-1]
    assert house.receiver.said[-1] == "changed: a b"
    (remarks,) = group.remarks.values()
    assert remarks == ("silenced until 2026-11-20 07:03 UTC by ann: test",)
    assert not group.is_aloud


def test_d2_what_was_silenced_before_anybody_heard_of_it_joins_no_message(house: House) -> None:
    silenced(house, "service=ec2")
    house.find(ec2="a", s3="b")
    run(house, 3)
    assert house.receiver.said == ["first: b"]


def test_d3_a_group_is_over_only_when_its_silenced_alerts_are_too(house: House) -> None:
    house.find(ec2="a", s3="b")
    run(house, 3)
    silenced(house, "service=ec2")
    house.find(ec2="a")
    run(house, 6)
    house.find()
    run(house, 6)
    assert house.receiver.said == ["first: a b", "some_resolved: a (b)", "resolved: (a)"]


def test_d4_what_fired_and_was_over_while_the_receiver_was_down_is_told_in_one_message(house: House) -> None:
    house.find(ec2="a")
    house.receiver.failures = [DOWN] * 1_000
    run(house, 10)
    over_at = house.now
    house.find()
    run(house, 50)
    house.receiver.failures = []
    run(house, 5)
    ((group, _),) = house.receiver.got
    (alert,) = group.alerts
    assert (alert.fired_at, alert.resolved_at) == (over_at - 10 * MINUTE, over_at)


def test_what_is_over_within_group_wait_is_never_told_and_what_lasted_is_even_if_no_run_came_by(
    house: House,
) -> None:
    house.find(ec2="a")
    run(house, 1)
    house.find()
    run(house, 9)
    assert house.receiver.said == []
    house.find(ec2="a2")
    house.wait(3 * MINUTE)
    house.find()
    house.wait(HOUR)
    run(house, 1)
    assert house.receiver.said == ["first: (a2)"]


def test_d5_nothing_is_forgotten_by_a_process_that_dies(house: House) -> None:
    silenced(house, "service=s3")
    house.find(ec2="a", s3="b")
    run(house, 3)
    house.warehouse = Warehouse(house.warehouse.path)
    run(house, 6)
    house.find(s3="b")
    house.warehouse = Warehouse(house.warehouse.path)
    run(house, 6)
    assert house.receiver.said == ["first: a", "resolved: (a)"]


def test_d6_a_repeat_comes_exactly_repeat_interval_after_the_last_message(house: House) -> None:
    house.route["repeat_interval"] = "9m"
    house.find(ec2="a")
    told_at = []
    for minute in range(30):
        if house.deliver().sent:
            told_at.append(minute)
        house.wait(MINUTE)
    assert told_at == [2, 11, 20, 29]
    house.route |= {"repeat_interval": "1m"}
    for minute in range(30, 45):
        if house.deliver().sent:
            told_at.append(minute)
        house.wait(MINUTE)
    assert told_at[4:] == [34, 39, 44], "but never within group_interval"


def test_d7_what_joins_is_told_at_once_where_the_last_message_is_older_than_group_interval(
    house: House,
) -> None:
    house.find(ec2="a")
    run(house, 9)
    house.find(ec2="a", s3="b")
    assert [str(group.reason) for group in house.deliver().sent] == ["new"]
    house.wait(MINUTE)
    house.find(ec2="a", s3="b", rds="c")
    assert house.deliver().sent == (), "and waits where it is not"
    house.wait(4 * MINUTE)
    assert [str(group.reason) for group in house.deliver().sent] == ["new"]


def test_flushes_that_no_run_came_by_for_are_caught_up_once(house: House) -> None:
    house.find(ec2="a", s3="b")
    run(house, 3)
    house.find(ec2="a")
    house.wait(MINUTE)
    house.wait(3 * HOUR)
    assert len(house.deliver().sent) == 1
    house.wait(15 * MINUTE)
    assert house.deliver().sent == ()


def test_what_only_reads_differently_is_told_to_those_who_can_edit_alone_and_at_once(house: House) -> None:
    editor = Recorder("editor")
    house.route["routes"] = [{"receiver": "editor", "continue": True}, {"receiver": "default"}]
    house.find(ec2="a")
    for _ in range(3):
        house.deliver(editor)
        house.wait(MINUTE)
    house.find(ec2="a2")
    house.deliver(editor)
    house.wait(10 * MINUTE)
    house.deliver(editor)
    assert (house.receiver.said, editor.said) == (["first: a"], ["first: a", "changed: a2"])


# --- acknowledged ------------------------------------------------------------------------------

EC2 = fingerprint("Spend", labels(team="ml", service="ec2"))


@pytest.mark.parametrize(
    ("severity", "quiet", "loud"),
    [(Severity.PAGE, 3 * HOUR, HOUR), (Severity.TICKET, 6 * DAY, DAY)],
    ids=["a page: 4 h", "a ticket: 7 d"],
)
def test_an_acknowledgement_keeps_repeats_back_until_it_is_too_old(
    house: House, severity: Severity, quiet: timedelta, loud: timedelta
) -> None:
    house.route["repeat_interval"] = "30m"
    house.rule.severity = severity
    house.find(ec2="a")
    run(house, 3)
    acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
    house.wait(quiet)
    house.deliver()
    assert house.receiver.said == ["first: a"]
    house.wait(loud)
    house.deliver()
    assert house.receiver.said[1:] == ["repeat: a"]


def test_an_acknowledgement_ends_where_another_alert_joins(house: House) -> None:
    house.route["repeat_interval"] = "30m"
    house.receiver = Recorder()
    house.find(ec2="a")
    run(house, 3)
    acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
    run(house, 1)
    group, _ = house.receiver.got[-1]
    assert group.remarks == {EC2: ("Ack by ann, 2026-11-20 06:03 UTC",)}
    house.wait(MINUTE)
    house.find(ec2="a", s3="b")
    house.wait(5 * MINUTE)
    house.deliver()
    house.find(ec2="a")
    house.wait(6 * MINUTE)
    house.deliver()
    house.wait(31 * MINUTE)
    house.deliver()
    assert house.receiver.said == ["first: a", "changed: a", "new: a b", "some_resolved: a (b)"], (
        "of what is left its author knew"
    )


# --- moved -------------------------------------------------------------------------------------


def test_when_one_group_becomes_two_nothing_is_news_and_each_is_told_to_be_over(house: House) -> None:
    house.find(ec2="a", s3="b")
    run(house, 3)
    house.route["group_by"] = ["service"]
    run(house, 10)
    assert house.receiver.said == ["first: a b"]
    house.find(ec2="a")
    run(house, 6)
    house.find()
    run(house, 6)
    assert house.receiver.said == ["first: a b", "resolved: (b)", "resolved: (a)"]


def test_a_message_that_can_be_edited_says_that_its_alerts_are_told_elsewhere(house: House) -> None:
    house.receiver = Recorder()
    house.find(ec2="a", s3="b")
    run(house, 3)
    house.route["group_by"] = ["service"]
    run(house, 10)
    assert house.receiver.said == ["first: a b", "changed: a b"]
    assert {text for said in house.receiver.got[1][0].remarks.values() for text in said} == {
        "told elsewhere since the routes changed"
    }
    house.find()
    run(house, 10)
    assert sorted(house.receiver.said[2:]) == ["resolved: (a)", "resolved: (a) (b)", "resolved: (b)"]


def test_when_two_groups_become_one_only_what_is_new_is_news(house: House) -> None:
    house.route["group_by"] = ["service"]
    house.find(ec2="a", s3="b")
    run(house, 3)
    house.route["group_by"] = ["rule"]
    run(house, 10)
    assert sorted(house.receiver.said) == ["first: a", "first: b"]
    house.find(ec2="a", s3="b", rds="c")
    run(house, 1)
    assert house.receiver.said[2:] == ["new: a c b"]


def test_another_receiver_is_told_what_one_before_it_was(house: House) -> None:
    house.find(ec2="a")
    run(house, 5)
    house.route["receiver"] = "other"
    other = Teller("other")
    house.deliver(other)
    house.wait(10 * MINUTE)
    house.deliver(other)
    assert (house.receiver.said, other.said) == (["first: a"], ["first: a"])
