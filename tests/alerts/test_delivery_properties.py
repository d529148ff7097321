"""Whatever fires, is over, is silenced, and whenever anybody looks: what holds of all that is told."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.act import acknowledge, silence
from costwatch.errors import CostwatchError
from costwatch.model import Group, Reason
from tests.made.delivery_world import HOUR, MINUTE, House, Teller, new_house
from tests.made.soak import in_soak

EXAMPLES = in_soak(1_500, else_=8)
ROUTE = {"group_wait": "2m", "group_interval": "5m", "repeat_interval": "3h", "flap_window": "0s"}
SERVICES = ("ec2", "s3", "rds")
STEP = st.tuples(
    st.sets(st.sampled_from(SERVICES)),  # in breach from then on
    st.sampled_from(["", *SERVICES]),  # silenced for half an hour
    st.booleans(),  # acknowledged, where it fires
    st.lists(st.integers(1, 20), max_size=4),  # minutes until each of the next deliveries
)
Message = tuple[datetime, Group]


@pytest.mark.soak
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, min_size=1, max_size=8))
def test_what_holds_of_all_that_is_told(
    steps: Sequence[tuple[set[str], str, bool, Sequence[int]]],
) -> None:
    with new_house(route=dict(ROUTE), receiver=Teller()) as house:
        heard: list[Message] = []
        looked: list[datetime] = []
        quiet: list[tuple[str, datetime, datetime]] = []
        for services, silenced, is_seen, waits in steps:
            house.find(**{service: service for service in services})
            if silenced:
                silence(house.warehouse, [f"service={silenced}"], HOUR / 2, "ann", "test", house.now)
                quiet.append((silenced, house.now, house.now + HOUR / 2))
            for wait in waits:
                house.wait(wait * MINUTE)
                heard += look(house)
                looked.append(house.now)
                if is_seen:
                    see(house)
            house.wait(MINUTE)
        house.find()
        for _ in range(16):
            house.wait(3 * MINUTE)
            heard += look(house)
            looked.append(house.now)
        require_all_told(house, heard, looked, quiet)
    require_ends(heard)
    require_spaced(heard)


def look(house: House) -> list[Message]:
    before = len(house.receiver.got)
    house.deliver()
    return [(house.now, group) for group, _ in house.receiver.got[before:]]


def see(house: House) -> None:
    """Somebody sees to whatever was told last."""
    for group, _ in house.receiver.got[-1:]:
        for alert in group.alerts:
            try:
                acknowledge(house.warehouse, alert.fingerprint, "ann", "", house.now)
            except CostwatchError:  # it is over
                continue


def require_all_told(
    house: House,
    heard: Sequence[Message],
    looked: Sequence[datetime],
    quiet: Sequence[tuple[str, datetime, datetime]],
) -> None:
    """What fired for group_wait and was not silenced is told, unless people took it for firing already.

    Of an alert that was over and fired again before anybody looked, the last firing counts.
    """
    with house.warehouse.read() as db:
        rows = db.execute("SELECT summary, state, at FROM alert_event ORDER BY id").fetchall()
    began: dict[str, datetime] = {}
    firings = [
        (row["summary"].split(" ")[0], datetime.fromisoformat(row["at"]))
        for row in rows
        if row["state"] == "firing"
    ]
    for row in rows:
        name, at = row["summary"].split(" ")[0], datetime.fromisoformat(row["at"])
        if row["state"] == "firing":
            began[name] = at
        elif row["state"] == "resolved" and (start := began.pop(name, None)):
            is_silenced = any(who == name and since <= at and start <= until for who, since, until in quiet)
            seen_at = min(when for when in looked if when >= at)
            is_back = any(who == name and at <= when <= seen_at for who, when in firings)
            if at - start >= 2 * MINUTE and not is_silenced and not is_back:
                states = [
                    (when, alert.is_firing, alert.fired_at)
                    for when, group in heard
                    for alert in group.alerts
                    if dict(alert.labels)["service"] == name
                ]
                was_firing = [is_firing for when, is_firing, _ in states if when <= start][-1:] == [True]
                assert was_firing or any(fired_at == start for _, _, fired_at in states)


def require_ends(heard: Sequence[Message]) -> None:
    """Whatever was told to fire was told to be over in the end."""
    last = {alert.fingerprint: alert.is_firing for _, group in heard for alert in group.alerts}
    assert not any(last.values())


def require_spaced(heard: Sequence[Message]) -> None:
    """From a first message to the one that tells the end, group_interval lies between any two."""
    talks: dict[str, list[Message]] = defaultdict(list)
    for message in heard:
        talks[message[1].key].append(message)
    for messages in talks.values():
        for (earlier, _), (later, group) in pairwise(messages):
            assert group.reason is Reason.FIRST or later - earlier >= 5 * MINUTE
