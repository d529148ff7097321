"""Many messages at once are told in one that counts and names them, and nothing is lost by that."""

from collections.abc import Iterator

import pytest

from costwatch.evaluate import evaluate
from costwatch.model import Reason, Severity, Verdict
from tests.made.delivery_world import (
    DOWN,
    HOUR,
    MINUTE,
    REFUSED,
    FakeTime,
    House,
    Recorder,
    Script,
    Teller,
    new_house,
)

MANY = {f"s{number:02}": f"x{number}" for number in range(30)}


@pytest.fixture
def house() -> Iterator[House]:
    with new_house(route={"group_by": ["service"], "group_interval": "5m"}) as house:
        yield house


def test_a_backlog_is_one_message_that_counts_and_names_its_groups(house: House) -> None:
    house.find(**MANY)
    (group,) = house.deliver().sent
    assert len(group.alerts) == 30
    assert group.note.startswith("30 groups at once, told in one message: s00; s01; s02")
    assert group.note.endswith("s19 and 10 more")
    assert group.is_aloud
    assert {state for _, state, *_ in house.outbox()} == {"sent"}
    house.wait(10 * MINUTE)
    assert house.deliver().sent == ()


def test_twenty_are_told_one_by_one(house: House) -> None:
    house.find(**dict(list(MANY.items())[:20]))
    assert len(house.deliver().sent) == 20


def test_pages_are_never_merged_and_go_first(house: House) -> None:
    house.find(**MANY)
    page = Script(name="Page", severity=Severity.PAGE)
    house.rule, ticket = page, house.rule
    page.findings = {"down": (Verdict.BREACH, "down")}
    evaluate(house.warehouse, [page, ticket], house.now)
    sent = house.deliver().sent
    assert [len(group.alerts) for group in sent] == [1, 30]
    assert sent[0].alerts[0].rule == "Page"


@pytest.mark.parametrize("receiver", [Recorder, Teller], ids=["edits", "cannot edit"])
def test_what_becomes_of_each_group_is_told_without_touching_the_summary(
    house: House, receiver: type[Teller]
) -> None:
    house.receiver = receiver()
    house.find(**MANY)
    house.deliver()
    house.wait(6 * MINUTE)
    house.find(**{name: text for name, text in MANY.items() if name != "s07"})
    house.deliver()
    group, previous = house.receiver.got[-1]
    assert (house.receiver.said[-1], group.is_aloud) == ("resolved: (x7)", False)
    assert not (previous and previous.reference)


def test_many_ends_at_once_are_one_message_too(house: House) -> None:
    house.receiver = Teller()
    house.find(**MANY)
    house.deliver()
    house.wait(6 * MINUTE)
    house.find()
    (group,) = house.deliver().sent
    assert (group.reason, len(group.alerts)) == (Reason.RESOLVED, 30)
    house.wait(HOUR)
    assert house.deliver().sent == ()


@pytest.mark.parametrize("failure", [DOWN, REFUSED], ids=["away", "refused"])
def test_a_summary_that_does_not_arrive_is_told_later_with_what_became_of_its_groups(
    house: House, failure: Exception
) -> None:
    house.receiver.failures = [failure]
    house.find(**MANY)
    assert house.deliver().sent == ()
    for _ in range(20):
        house.wait(MINUTE)
        house.find(**{name: text for name, text in MANY.items() if name != "s07"})
        house.deliver()
    last = {alert.summary: alert.is_firing for group, _ in house.receiver.got for alert in group.alerts}
    assert last == {text: text != "x7" for text in MANY.values()}
    assert len(house.receiver.got) <= 2
    assert {state for _, state, *_ in house.outbox()} == {"sent"}


def test_killed_before_it_is_tried_a_backlog_is_merged_anew(house: House) -> None:
    house.find(**MANY)
    house.deliver(only="another")
    house.find(**MANY, more="y")
    (group,) = house.deliver().sent
    assert len(group.alerts) == 31


def test_receivers_of_one_channel_share_its_pace(house: House) -> None:
    def slow(name: str) -> Recorder:
        found = Recorder(name)
        found.messages_per_second, found.channel = 1.0, "C1"  # type: ignore[attr-defined]
        return found

    house.receiver, other = slow("default"), slow("other")
    house.route["routes"] = [{"receiver": "other", "matchers": ['service=~"s.[02468]"']}]
    house.find(**dict(list(MANY.items())[:20]))
    house.deliver(other)
    assert (len(house.receiver.got), len(other.got), house.time.seconds) == (10, 10, 19)


def test_edits_have_a_pace_of_their_own(house: House) -> None:
    receiver = Recorder()
    receiver.messages_per_second, receiver.channel = 1.0, "C1"  # type: ignore[attr-defined]
    receiver.edits_per_second = 0.5
    house.receiver = receiver
    house.find(a="a", b="b", c="c")
    house.deliver()
    house.time = FakeTime()
    house.wait(HOUR)
    house.find(a="a2", b="b2", c="c2", d="d", e="e", f="f")
    assert len(house.deliver().sent) == 6
    assert house.time.seconds == 4
