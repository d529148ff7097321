"""A clock that jumped, for years or for minutes, and came back: nothing waits for times that lie ahead."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.model import AlertState
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, REFUSED, START, House, Script, new_house

pytestmark = pytest.mark.slow
YEAR = 365 * DAY
JUMPS = [pytest.param(YEAR, id="a year"), pytest.param(2 * HOUR, id="two hours")]


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


@pytest.mark.parametrize("jump", JUMPS)
def test_a_message_that_was_to_be_tried_again_then_is_tried_now(house: House, jump: timedelta) -> None:
    house.receiver.failures = [DOWN]
    house.find(ec2="a")
    house.wait(jump)
    house.deliver()
    house.now = START + MINUTE
    assert len(house.deliver().sent) == 1


@pytest.mark.parametrize("jump", JUMPS)
def test_a_message_planned_then_is_told_now(house: House, jump: timedelta) -> None:
    house.route |= {"group_wait": "5m"}
    house.wait(jump)
    house.find(ec2="a")
    house.deliver()
    house.now = START
    for _ in range(3):
        house.wait(5 * MINUTE)
        house.deliver()
    assert house.receiver.said == ["first: a"]


@pytest.mark.parametrize("jump", JUMPS)
def test_what_was_refused_then_is_told_anew_when_its_time_has_come(house: House, jump: timedelta) -> None:
    house.route |= {"group_interval": "5m"}
    house.receiver.failures = [REFUSED]
    house.find(ec2="a")
    house.wait(jump)
    house.deliver()
    house.now = START
    for _ in range(3):
        house.wait(5 * MINUTE)
        house.deliver()
    assert house.receiver.said == ["first: a"]


@pytest.mark.parametrize("jump", JUMPS)
def test_repeats_go_on(house: House, jump: timedelta) -> None:
    house.route |= {"repeat_interval": "1h"}
    house.wait(jump)
    house.find(ec2="a")
    house.deliver()
    house.now = START
    for _ in range(7):
        house.deliver()
        house.wait(10 * MINUTE)
    assert house.receiver.said == ["first: a", "repeat: a"]


@pytest.mark.parametrize("jump", JUMPS)
def test_what_was_pending_or_over_then_fires_as_soon_as_it_has_lasted(house: House, jump: timedelta) -> None:
    house.rule.for_ = 20 * MINUTE
    house.wait(jump)
    for span in (HOUR, HOUR):
        house.find(ec2="a")
        house.wait(span)
    house.find(s3="b")  # and ec2 is over
    house.now = START
    for _ in range(5):
        house.find(ec2="a2", s3="b2")
        house.deliver()
        house.wait(10 * MINUTE)
    assert house.receiver.said[-1] == "first: a2 b2"


@pytest.mark.parametrize("jump", JUMPS)
def test_what_was_kept_firing_then_is_over_when_that_has_lasted(house: House, jump: timedelta) -> None:
    house.rule.keep_firing_for = 20 * MINUTE
    house.find(ec2="a")
    house.deliver()
    house.wait(jump)
    house.find()
    house.now = START
    for _ in range(4):
        house.find()
        house.wait(10 * MINUTE)
    house.deliver()
    assert house.receiver.said == ["first: a", "resolved: (a)"]


STEP = st.tuples(
    st.sets(st.sampled_from(["ec2", "s3", "rds"])),  # in breach
    st.sampled_from(["no", "well", "away", "refused"]),  # and then delivered
    st.sampled_from([timedelta(), -YEAR, -HOUR, 10 * MINUTE, HOUR, YEAR]),  # how far off the clock is
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(STEP, min_size=1, max_size=6), in_the_end=st.sets(st.sampled_from(["ec2", "s3", "rds"]))
)
def test_after_normal_runs_people_know_the_same_as_if_the_clock_had_been_right(
    steps: Sequence[tuple[set[str], str, timedelta]], in_the_end: set[str]
) -> None:
    assert _known(steps, in_the_end, is_right=False) == _known(steps, in_the_end, is_right=True)


def _known(
    steps: Sequence[tuple[set[str], str, timedelta]], in_the_end: set[str], *, is_right: bool
) -> tuple[dict[str, AlertState], list[str]]:
    """What the newest messages say of each service in the end, and what is left in the outbox."""
    rule = Script(for_=20 * MINUTE, keep_firing_for=20 * MINUTE)
    with new_house(rule=rule, route={"group_interval": "5m", "group_wait": "1m"}) as house:
        for services, how, off in steps:
            right = house.now
            house.now = right if is_right else right + off
            house.find(**dict.fromkeys(services, "x"))
            if how != "no":
                house.receiver.failures = {"away": [DOWN], "refused": [REFUSED]}.get(how, [])
                house.deliver()
            house.now = right + 10 * MINUTE
        house.receiver.failures = []
        for _ in range(14):
            house.find(**dict.fromkeys(in_the_end, "x"))
            house.deliver()
            house.wait(10 * MINUTE)
        told = {alert.labels: alert.state for group, _ in house.receiver.got for alert in group.alerts}
        firing = {dict(of)["service"]: state for of, state in told.items() if state is AlertState.FIRING}
        return firing, [state for _, state, _, _ in house.outbox() if state not in ("sent", "failed")]
