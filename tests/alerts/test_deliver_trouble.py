"""None lost, none twice, in order, whatever breaks between an alert and its message."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.errors import NotifyError
from costwatch.model import AlertState, Reason
from costwatch.notify.slack import Slack
from tests.doubles.slack import TOKEN, settled, slack_double
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, REFUSED, START, House, Script, new_house


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


# --- what can go wrong -------------------------------------------------------------------------


def test_a_temporary_failure_is_tried_again_later_and_later(house: House) -> None:
    house.receiver.failures = [DOWN] * 8
    house.find(ec2="a")
    tries = []
    for second in range(0, 1500, 5):
        house.now = START + timedelta(seconds=second)
        left = len(house.receiver.failures)
        done = house.deliver()
        if len(house.receiver.failures) < left or done.sent:
            tries.append(second)
    assert tries == [0, 15, 45, 105, 225, 465, 705, 945, 1185]
    assert house.receiver.said == ["first: a"]
    assert house.outbox() == [("first", "sent", 9, "")]


def test_a_receiver_that_says_when_is_heeded(house: House) -> None:
    house.receiver.failures = [NotifyError("busy", permanent=False, retry_after_seconds=90)]
    house.find(ec2="a")
    house.deliver()
    house.wait(timedelta(seconds=89))
    assert house.deliver().sent == ()
    house.wait(timedelta(seconds=1))
    assert len(house.deliver().sent) == 1


def test_one_failure_lets_a_receiver_be_for_the_rest_of_the_run(house: House) -> None:
    house.route["group_by"] = ["service"]
    house.receiver.failures = [DOWN]
    house.find(**{f"s{number}": "x" for number in range(20)})
    done = house.deliver()
    assert (len(done.sent), len(done.waiting), house.receiver.failures) == (0, 20, [])
    house.wait()
    assert len(house.deliver().sent) == 20


def test_after_an_outage_everything_is_told_in_order(house: House) -> None:
    house.find(ec2="a")
    house.deliver()
    house.receiver.failures = [DOWN] * 1_000
    for minute in range(60):
        house.wait(MINUTE)
        house.find(
            ec2="a", **({"s3": "b"} if minute > 20 else {}), **({"rds": "c"} if 5 < minute < 9 else {})
        )
        house.deliver()
    house.receiver.failures = []
    back = house.now
    while house.deliver().waiting or house.now == back:
        house.wait(MINUTE)
    assert house.now - back <= 5 * MINUTE
    assert house.receiver.said == ["first: a", "new: a c", "new: a b (c)"]


def test_what_a_receiver_refuses_is_reported_and_tried_again_as_it_is_then(house: House) -> None:
    house.route["group_interval"] = "5m"
    house.receiver.failures = [REFUSED, REFUSED]
    house.find(ec2="a")
    assert [attempt.error for attempt in house.deliver().failed] == [str(REFUSED)]
    house.wait(4 * MINUTE)
    assert (house.deliver().failed, len(house.outbox())) == ((), 1)
    house.wait(2 * MINUTE)
    assert len(house.deliver().failed) == 1
    house.find(ec2="a", s3="b")
    house.wait(6 * MINUTE)
    house.deliver()
    assert house.receiver.said == ["first: a b"]
    assert house.outbox() == [("first", "sent", 1, "")]


def test_a_refused_message_stops_none_after_it(house: House) -> None:
    house.receiver.failures = [DOWN, REFUSED]
    house.find(ec2="a")
    house.deliver()
    house.wait()
    house.find()
    house.deliver()
    house.wait()
    house.deliver()
    assert house.receiver.said == ["first: (a)"]
    assert house.receiver.got[0][1] is None


def test_what_a_refused_message_should_have_told_goes_into_the_one_after_it(house: House) -> None:
    house.find(ec2="a", s3="b")
    house.find()
    house.receiver.failures = [DOWN, REFUSED]
    house.deliver()
    house.wait()
    house.find(ec2="a2")
    for _ in range(3):
        house.deliver()
        house.wait(6 * MINUTE)
    assert house.receiver.said == ["first: a2 (b)"]


def test_a_notifier_that_breaks_loses_nothing_and_shows_nothing(house: House) -> None:
    house.receiver.failures = [RuntimeError("token xoxb-canary")]
    house.find(ec2="a")
    (attempt,) = house.deliver().waiting
    assert attempt.error == "receiver 'default': its notifier failed with RuntimeError; it is tried again"
    assert "canary" not in str(house.outbox())
    house.wait()
    house.deliver()
    assert house.receiver.said == ["first: a"]


def test_killed_while_sending_the_message_is_tried_again_as_one_that_may_have_arrived(house: House) -> None:
    house.receiver.failures = [KeyboardInterrupt()]
    house.find(ec2="a")
    with pytest.raises(KeyboardInterrupt):
        house.deliver()
    assert house.outbox() == [("first", "sending", 1, "")]
    house.deliver()
    assert [group.attempt for group, _ in house.receiver.got] == [2]


def test_a_withdrawn_correction_is_not_sent(house: House) -> None:
    house.route["group_interval"] = "1h"
    house.find(ec2="a")
    house.deliver()
    for text in ("a2", "a"):
        house.find(ec2=text)
        house.deliver(only="another")
        house.wait(MINUTE)
    house.wait(2 * HOUR)
    house.deliver()
    assert house.receiver.said == ["first: a"]
    assert [row[0] for row in house.outbox()] == ["first"]


@pytest.mark.parametrize("failure", [DOWN, REFUSED], ids=["away", "refusing"])
@pytest.mark.parametrize("only", [None, "another"], ids=["tried", "never tried"])
def test_what_nobody_could_be_told_for_months_is_told_at_last(
    house: House, failure: NotifyError, only: str | None
) -> None:
    house.receiver.failures = [failure] * 1_000
    house.find(ec2="a")
    house.deliver(only=only)
    house.wait()
    house.find()
    over_at = house.now
    for _ in range(60):
        house.find()
        house.deliver(only=only)
        house.wait(DAY)
    house.receiver.failures = []
    for _ in range(2):
        house.deliver()
        house.wait(DAY)
    group, _ = house.receiver.got[-1]
    assert [(alert.summary, alert.resolved_at) for alert in group.alerts] == [("a", over_at)]
    assert {state for _, state, *_ in house.outbox()} == {"sent"}


def test_what_fired_while_no_delivery_ran_for_months_is_told_at_last(house: House) -> None:
    house.find(ec2="a")
    house.wait()
    house.find()
    house.wait(60 * DAY)
    house.find()
    house.deliver()
    assert house.receiver.said == ["first: (a)"]


# --- with Slack --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([], id="all goes well"),
        pytest.param(["429"], id="too many messages"),
        pytest.param(["500", "503"], id="server errors"),
        pytest.param(["drop"], id="taken, but the answer is lost"),
        pytest.param(["drop", "drop"], id="lost twice"),
        pytest.param(["500", "drop", "429"], id="a bad hour"),
        pytest.param(["not_in_channel"], id="not invited at first"),
    ],
)
def test_slack_ends_with_exactly_one_message(
    house: House, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    with slack_double() as double:
        double.answers = {"chat.postMessage": list(answers)}
        house.receiver = Slack(  # type: ignore[assignment]
            name="default", channel="C1", token="${env:SLACK_BOT_TOKEN}", api_url=double.url
        )
        house.find(ec2="a")
        for _ in range(6):
            house.deliver()
            house.wait(6 * MINUTE)
        house.find()
        house.deliver()
        (parent,) = double.parents
        assert len(double.messages) == 1
        assert parent["text"].startswith("RESOLVED")
    with house.warehouse.read() as db:
        assert not any(TOKEN in str(row) for row in _everything(db))


def _everything(db: Any) -> Iterable[object]:
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        yield from map(tuple, db.execute(f'SELECT * FROM "{table}"'))


# --- whatever happens --------------------------------------------------------------------------

STEP = st.tuples(
    st.sets(st.sampled_from(["ec2", "s3"])),  # in breach
    st.sampled_from(["no", "well", "away", "refused", "killed"]),  # and then delivered
    st.sampled_from([MINUTE, 6 * MINUTE, 25 * HOUR]),
)
FAILURES: dict[str, BaseException] = {"away": DOWN, "refused": REFUSED, "killed": KeyboardInterrupt()}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=8), for_hours=st.integers(0, 1))
def test_every_episode_is_told_once_and_ends_as_it_ended(
    steps: Sequence[tuple[set[str], str, timedelta]], for_hours: int
) -> None:
    with new_house(rule=Script(for_=for_hours * HOUR), route={}) as house:
        for number, (services, how, span) in enumerate(steps):
            house.find(**{service: f"{service} {number}" for service in services})
            if how != "no":
                house.receiver.failures = [FAILURES[how]] if how in FAILURES else []
                with suppress(KeyboardInterrupt):
                    house.deliver()
            house.wait(span)
        house.receiver.failures = []
        for _ in range(4):
            house.deliver()
            house.wait(6 * MINUTE)
        with house.warehouse.read() as db:
            fired = db.execute("SELECT count(*) FROM alert_event WHERE state = 'firing'").fetchone()[0]
            stored = {
                (row["fingerprint"], row["state"])
                for row in db.execute("SELECT * FROM alert WHERE fired_at IS NOT NULL")
            }
    begun: Counter[object] = Counter()
    last: dict[object, AlertState] = {}
    for group, _ in house.receiver.got:
        assert len({alert.fingerprint for alert in group.alerts}) == len(group.alerts)
        for alert in group.alerts:
            episode = (alert.fingerprint, alert.fired_at)
            if group.reason in (Reason.FIRST, Reason.NEW) and alert.state is AlertState.FIRING:
                begun[episode] += episode not in last
            last[episode] = alert.state
    assert all(count <= 1 for count in begun.values())
    assert len(last) <= fired
    newest = {fingerprint: state for (fingerprint, _), state in last.items()}
    assert {(fingerprint, str(state)) for fingerprint, state in newest.items()} == stored
