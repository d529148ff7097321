"""How fast a run of delivery goes, what goes first, and when it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from costwatch.errors import NotifyError
from costwatch.model import Severity
from costwatch.notify.slack import Slack
from tests.doubles.slack import settled, slack_double
from tests.made.delivery_world import DOWN, MINUTE, FakeTime, House, Recorder, Script, new_house

SECOND = timedelta(seconds=1)


@dataclass
class Slow(Recorder):
    """A receiver that says how fast it may be told."""

    messages_per_second: float = 0.5
    channel: str = "C1"


@pytest.fixture
def house() -> Iterator[House]:
    with new_house(route={"group_by": ["service"]}) as house:
        yield house


def pages() -> Script:
    """A rule whose messages are not merged, however many there are."""
    return Script(severity=Severity.PAGE)


def busy(seconds: float) -> NotifyError:
    return NotifyError("receiver 'default': busy", permanent=False, retry_after_seconds=seconds)


def test_a_receiver_is_told_no_faster_than_it_takes_messages(house: House) -> None:
    house.receiver = Slow()
    house.find(a="a", b="b", c="c")
    assert len(house.deliver().sent) == 3
    assert house.time.seconds == 4


def test_a_slow_receiver_keeps_no_other_waiting(house: House) -> None:
    fast = Recorder("fast")
    house.route["routes"] = [{"receiver": "fast", "matchers": ['service=~"x.*"']}]
    house.receiver = Slow(messages_per_second=0.01)
    house.find(a="a", b="b", x1="x1", x2="x2", x3="x3")
    house.deliver(fast, budget=MINUTE)
    assert (len(house.receiver.got), len(fast.got)) == (1, 3)


def test_what_a_receiver_wants_to_be_waited_for_is_waited_for(house: House) -> None:
    house.receiver.failures = [busy(30), busy(0.5)]
    house.find(a="a", b="b")
    assert len(house.deliver().sent) == 2
    assert house.time.seconds == 31
    assert [(state, attempts) for _, state, attempts, _ in house.outbox()] == [("sent", 3), ("sent", 1)]


def test_a_receiver_that_wants_to_be_left_alone_for_long_is(house: House) -> None:
    house.receiver.failures = [busy(90)]
    house.find(a="a", b="b")
    assert (len(house.deliver().sent), house.time.seconds) == (0, 0)


def test_a_run_ends_in_time_says_so_and_the_next_goes_on(house: House) -> None:
    house.receiver, house.rule = Slow(), pages()
    house.find(**{f"s{number:02}": "x" for number in range(50)})
    done = house.deliver(budget=MINUTE)
    assert (len(done.sent), len(done.waiting), house.time.seconds) == (31, 19, 60)
    assert {attempt.error for attempt in done.waiting} == {
        "the run's time was over before it was sent; the next run goes on"
    }
    house.wait(2 * MINUTE)
    assert len(house.deliver(budget=MINUTE).sent) == 19
    assert len({dict(group.labels)["service"] for group, _ in house.receiver.got}) == 50


def test_a_run_that_ends_in_time_says_nothing_of_what_was_not_due(house: House) -> None:
    house.receiver = Slow(failures=[DOWN])
    house.find(a="a")
    house.deliver()
    house.find(a="a", b="b", c="c")
    done = house.deliver(budget=SECOND)
    assert len(done.sent) == 1
    assert sorted(bool(attempt.error) for attempt in done.waiting) == [False, True]


def test_a_run_that_is_asked_to_wait_past_its_end_leaves_the_message_to_the_next(house: House) -> None:
    house.receiver.failures = [busy(50)]
    house.find(a="a")
    done = house.deliver(budget=40 * SECOND)
    assert [attempt.error for attempt in done.waiting] == ["receiver 'default': busy"]
    house.wait(50 * SECOND)
    assert len(house.deliver().sent) == 1


def test_pages_go_before_tickets_before_the_rest_and_conversations_stay_in_order(house: House) -> None:
    house.receiver.failures = [DOWN]
    for severity in (Severity.INFO, Severity.TICKET, Severity.PAGE):
        house.rule = Script(name=f"Of{severity}", severity=severity)
        house.route["group_by"] = ["rule"]
        house.find(ec2=str(severity))
        house.deliver()
        house.receiver.failures = [DOWN]
        house.wait(SECOND)
    house.receiver.failures = []
    house.wait(5 * MINUTE)
    house.deliver()
    assert [(str(group.reason), group.alerts[0].rule) for group, _ in house.receiver.got] == [
        ("first", "Ofpage"),
        ("first", "Ofticket"),
        ("resolved", "Ofticket"),
        ("first", "Ofinfo"),
        ("resolved", "Ofinfo"),
    ]


def test_sixty_one_groups_are_told_at_the_pace_that_slack_allows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    time = FakeTime()
    with slack_double() as double:
        double.paced_by = time.monotonic
        house.receiver = Slack(  # type: ignore[assignment]
            name="default", channel="C1", token="${env:SLACK_BOT_TOKEN}", api_url=double.url
        )
        house.rule = pages()
        house.find(**{f"s{number}": "x" for number in range(61)})
        done = house.deliver(clock=time)
    assert len(done.sent) == len(double.parents) == 61
    assert 60 <= time.seconds <= 75


def test_slacks_limit_is_kept_by_waiting_even_where_someone_else_posts_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    monkeypatch.setattr(Slack, "messages_per_second", 50)
    time = FakeTime()
    with slack_double() as double:
        double.paced_by = time.monotonic
        house.receiver = Slack(  # type: ignore[assignment]
            name="default", channel="C1", token="${env:SLACK_BOT_TOKEN}", api_url=double.url
        )
        house.rule = pages()
        house.find(**{f"s{number}": "x" for number in range(61)})
        done = house.deliver(clock=time)
        assert [call.method for call in double.calls].count("chat.postMessage") > 61
    assert len(done.sent) == len(double.parents) == 61
