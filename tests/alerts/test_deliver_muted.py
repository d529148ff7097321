"""What is told of alerts that are muted for a while: nothing lost, nothing twice, nothing too early."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.act import acknowledge, expire_silence, silence, silence_alert
from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.lifecycle import fingerprint
from costwatch.alerts.muting import InhibitRule
from costwatch.model import labels
from costwatch.warehouse.contents import contents
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, House, new_house


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


def silenced(house: House, *matchers: str, hours: float = 2) -> None:
    silence(house.warehouse, matchers or ("team=ml",), hours * HOUR, "ann", "test", house.now)


def play(house: House, steps: Sequence[str | dict[str, str]]) -> list[str]:
    """Each step takes an hour: ``silence`` (for 2 h), ``deliver``, or what is in breach."""
    for step in steps:
        if isinstance(step, dict):
            house.find(**step)
        else:
            for word in step.split():
                if word == "deliver":
                    house.deliver()
                elif word == "silence":
                    silenced(house)
                elif word == "silence-ec2":
                    silenced(house, "service=ec2")
                elif word == "wait":
                    house.wait()
    return house.receiver.said


A, B, AB, NONE = {"ec2": "a"}, {"s3": "b"}, {"ec2": "a", "s3": "b"}, dict[str, str]()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([A, "silence deliver wait deliver"], [], id="it fires while silenced: not told"),
        pytest.param(
            [A, "silence deliver wait wait deliver"],
            ["first: a"],
            id="it still fires when that ends: told then",
        ),
        pytest.param(
            ["silence", A, "deliver wait", NONE, "deliver wait wait deliver"],
            [],
            id="it fires and ends wholly silenced: not told, not even afterwards",
        ),
        pytest.param(
            ["silence", A, "wait", NONE, "wait wait deliver"],
            [],
            id="nor where nobody looked meanwhile",
        ),
        pytest.param(
            ["silence", A, "deliver wait wait", NONE, "deliver"],
            [],
            id="it ends as the silence does: not told",
        ),
        pytest.param(
            ["silence", A, "deliver wait wait wait", NONE, "deliver"],
            ["first: (a)"],
            id="it outlives the silence between two deliveries: told as over, once",
        ),
        pytest.param(
            [A, "wait silence deliver", NONE, "wait deliver deliver"],
            ["first: (a)"],
            id="it fired before the silence and was not told yet: told as over",
        ),
        pytest.param(
            [A, "deliver silence wait deliver"],
            ["first: a", "changed: a"],
            id="it was told and is silenced: shown so, never as over",
        ),
        pytest.param(
            [A, "deliver silence wait", NONE, "deliver wait wait deliver"],
            ["first: a", "resolved: (a)"],
            id="it was told and ends while silenced: that passes at once",
        ),
        pytest.param(
            [A, "deliver silence wait", {"ec2": "a2"}, "deliver wait wait deliver"],
            ["first: a", "changed: a2", "changed: a2"],
            id="its text changes while silenced: corrected, and again when the silence ends",
        ),
        pytest.param(
            [AB, "deliver silence-ec2 wait", A, "deliver"],
            ["first: a b", "some_resolved: a (b)"],
            id="another of its group ends: the message says that one, and the silenced one still fires",
        ),
        pytest.param(
            [A, "deliver silence-ec2 wait", AB, "deliver"],
            ["first: a", "new: a b"],
            id="another joins: the message keeps the silenced one",
        ),
        pytest.param(
            ["silence-ec2", AB, "deliver wait wait deliver"],
            ["first: b", "new: a b"],
            id="one of two is silenced: the other alone is told, then both",
        ),
        pytest.param(
            ["silence-ec2", AB, "deliver wait", B, "deliver wait wait deliver"],
            ["first: b"],
            id="one of two ends wholly silenced: the message never has it",
        ),
        pytest.param(
            ["silence-ec2", AB, "deliver wait wait wait", B, "deliver"],
            ["first: b", "some_resolved: b (a)"],
            id="one of two outlives its silence unseen: told as over beside the other",
        ),
        pytest.param(
            [A, "deliver wait", NONE, "deliver silence", A, "wait deliver wait deliver"],
            ["first: a", "resolved: (a)", "first: a"],
            id="it fires anew while silenced: its new message waits",
        ),
        pytest.param(
            [A, "deliver silence wait", NONE, A, "deliver wait wait deliver"],
            ["first: a", "changed: a", "changed: a"],
            id="it ends and fires anew between two deliveries, silenced: that is no news",
        ),
    ],
)
def test_what_is_told_of_a_silenced_alert(house: House, steps: list[Any], expected: list[str]) -> None:
    assert play(house, steps) == expected


def test_a_message_that_waits_is_withdrawn_when_its_alert_is_silenced(house: House) -> None:
    house.route["group_wait"] = "1h"
    house.find(ec2="a")
    house.deliver()
    assert len(house.outbox()) == 1
    silenced(house, hours=5)
    house.wait(2 * HOUR)
    house.deliver()
    assert (house.outbox(), house.receiver.said) == ([], [])
    house.wait(5 * HOUR)
    house.deliver()
    assert house.receiver.said == ["first: a"]


def test_what_is_silenced_is_not_repeated(house: House) -> None:
    house.find(ec2="a", s3="b")
    house.deliver()
    silenced(house, "service=ec2", hours=80)
    house.wait(25 * HOUR)
    house.deliver()
    assert house.receiver.said[1:] == ["repeat: a b"], "the other one is"
    silenced(house, "service=s3", hours=50)
    house.wait(25 * HOUR)
    house.deliver()
    assert house.receiver.said[2:] == ["changed: a b"], "an edit says so"
    house.wait(60 * HOUR)
    house.deliver()
    assert house.receiver.said[3:] == ["repeat: a b"]


def test_a_silence_that_is_ended_early_ends_there(house: House) -> None:
    silenced(house, hours=50)
    house.find(ec2="a")
    house.deliver()
    house.wait()
    with house.warehouse.read() as db:
        (made,) = db.execute("SELECT id FROM silence").fetchall()
    expire_silence(house.warehouse, made["id"], "bob", house.now)
    house.deliver()
    assert house.receiver.said == ["first: a"]


EC2 = fingerprint("Spend", labels(team="ml", service="ec2"))


def test_a_silence_by_fingerprint_is_about_one_alert(house: House) -> None:
    house.find(ec2="a", s3="b")
    silence_alert(house.warehouse, EC2, HOUR, "ann", "test", house.now)
    house.deliver()
    house.wait()
    house.deliver()
    assert house.receiver.said == ["first: b", "new: a b"]


def test_an_acknowledged_alert_is_not_repeated_but_all_else_is_told(house: House) -> None:
    house.find(ec2="a")
    house.deliver()
    acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
    house.wait(30 * HOUR)
    house.deliver()
    house.find(ec2="a2")
    house.deliver()
    house.find(ec2="a2", s3="b")
    house.deliver()
    house.wait(25 * HOUR)
    house.deliver()
    assert house.receiver.said == ["first: a", "changed: a", "changed: a2", "new: a2 b", "repeat: a2 b"]
    house.find()
    house.deliver()
    house.find(ec2="a")
    house.deliver()
    house.wait(25 * HOUR)
    house.deliver()
    assert house.receiver.said[5:] == ["resolved: (a2) (b)", "first: a", "repeat: a"], (
        "an ack is of one firing"
    )


def test_an_inhibited_alert_is_told_when_its_source_is_over(house: House) -> None:
    rule = InhibitRule(source_matchers=("service=s3",), target_matchers=("service=ec2",))
    house.find(ec2="a", s3="b")
    house.deliver(inhibit_rules=[rule])
    house.find(ec2="a")
    house.deliver(inhibit_rules=[rule])
    assert house.receiver.said == ["first: b", "new: a (b)"]


NIGHT = NamedTimeInterval.model_validate(
    {"name": "night", "time_intervals": [{"times": [{"start_time": "06:00", "end_time": "08:00"}]}]}
)


def test_a_route_that_is_muted_by_time_says_nothing_and_the_others_do(house: House) -> None:
    house.route["routes"] = [{"matchers": ["service=ec2"], "mute_time_intervals": ["night"]}]
    house.find(ec2="a", s3="b")
    for _ in range(3):
        house.deliver(time_intervals=[NIGHT])
        house.wait()
    assert house.receiver.said == ["first: b", "first: a"]


def test_which_alerts_are_muted_can_be_read_and_delivering_twice_changes_no_byte(house: House) -> None:
    silenced(house, hours=1)
    house.find(ec2="a")
    house.deliver()
    with house.warehouse.read() as db:
        (row,) = db.execute("SELECT * FROM muted_alert").fetchall()
        before = {name: held.sha256 for name, held in contents(db).items()}
    assert (row["receiver"], row["fingerprint"], row["muted_by"]) == ("default", EC2, "silence")
    house.deliver()
    with house.warehouse.read() as db:
        assert {name: held.sha256 for name, held in contents(db).items()} == before
    house.wait()
    house.deliver()
    with house.warehouse.read() as db:
        assert db.execute("SELECT count(*) FROM muted_alert").fetchone()[0] == 0


STEP = st.tuples(
    st.sets(st.sampled_from(["ec2", "s3"])),  # in breach
    st.sampled_from(["", "ec2", "s3"]),  # silenced for 90 minutes
    st.sampled_from(["no", "well", "away"]),  # and then delivered
    st.sampled_from([MINUTE, HOUR, DAY]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=8))
def test_whatever_is_silenced_what_was_told_as_firing_ends_as_it_ended(
    steps: Sequence[tuple[set[str], str, str, Any]],
) -> None:
    with new_house() as house:
        for services, quiet, how, span in steps:
            house.find(**{service: service for service in services})
            if quiet:
                silenced(house, f"service={quiet}", hours=1.5)
            if how != "no":
                house.receiver.failures = [DOWN] if how == "away" else []
                house.deliver()
            house.wait(span)
        house.receiver.failures = []
        house.wait(2 * HOUR)
        for _ in range(3):
            house.deliver()
            house.wait(10 * MINUTE)
        with house.warehouse.read() as db:
            rows = db.execute("SELECT fingerprint, state FROM alert WHERE state <> 'pending'").fetchall()
    begun, last = [], {}
    for group, _ in house.receiver.got:
        assert group.alerts
        for alert in group.alerts:
            if (alert.fingerprint, alert.fired_at) not in begun:
                begun.append((alert.fingerprint, alert.fired_at))
            last[alert.fingerprint] = str(alert.state)
    assert len(begun) == len(set(begun))
    for row in rows:
        if row["state"] == "firing":
            assert last[row["fingerprint"]] == "firing", "what fires on is told when no silence is left"
        else:
            assert last.get(row["fingerprint"], "resolved") == "resolved"
