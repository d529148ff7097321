"""An hour in which nothing goes through: five minutes later all is told, in order, as it came to be."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest

from costwatch.errors import NotifyError
from costwatch.model import AlertState
from costwatch.notify.slack import Slack
from tests.doubles.slack import settled, slack_double
from tests.made.delivery_world import (
    DOWN,
    MINUTE,
    REFUSED,
    START,
    FakeTime,
    House,
    Recorder,
    Teller,
    new_house,
)
from tests.made.soak import in_soak

SEEDS = range(in_soak(20, else_=1))
BUSY = NotifyError("receiver 'default': busy", permanent=False, retry_after_seconds=30)
HOUR_OF_TROUBLE, AFTERWARDS = 60, 5
FIRED, ENDED = [AlertState.FIRING], [AlertState.RESOLVED]
pytestmark = [pytest.mark.soak, pytest.mark.slow]


class Story:
    """Twelve services that each fire once: before, within or through the hour."""

    def __init__(self, chance: random.Random) -> None:
        self.spans = {
            f"s{number:02}": (begin := chance.randrange(-8, 55), begin + chance.randrange(1, 80))
            for number in range(12)
        }

    def firing(self, minute: int) -> dict[str, str]:
        return {name: name for name, (begin, end) in self.spans.items() if begin <= minute < end}


@pytest.mark.parametrize("receiver", [Recorder, Teller], ids=["edits", "cannot edit"])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_is_told_in_order_after_an_hour_of_trouble(seed: int, receiver: type[Teller]) -> None:
    chance = random.Random(seed)
    story = Story(chance)
    with new_house(route={"group_by": ["service"], "group_interval": "5m"}, receiver=receiver()) as house:
        for minute in range(-10, HOUR_OF_TROUBLE + AFTERWARDS + 1):
            in_trouble = 0 <= minute < HOUR_OF_TROUBLE
            house.receiver.failures = [chance.choice([BUSY, DOWN, REFUSED]) for _ in range(200 * in_trouble)]
            step(house, story, minute)
        states: dict[str, list[AlertState]] = defaultdict(list)
        for group, _ in house.receiver.got:
            for alert in group.alerts:
                states[alert.summary].append(alert.state)
    assert states.keys() == story.spans.keys()
    for name, (_, end) in story.spans.items():
        if end <= HOUR_OF_TROUBLE:
            assert states[name][-1] is AlertState.RESOLVED
        elif end > HOUR_OF_TROUBLE + AFTERWARDS:
            assert states[name][-1] is AlertState.FIRING
        assert states[name] in (ENDED, [*FIRED, *ENDED], FIRED), "in order, each once"


@pytest.mark.parametrize("seed", SEEDS)
def test_slack_has_one_message_of_each_group_as_it_is(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(monkeypatch)
    chance = random.Random(seed)
    story = Story(chance)
    with (
        new_house(route={"group_by": ["service"], "group_interval": "5m"}) as house,
        slack_double() as double,
    ):
        double.page_size, double.retry_after = 200, "5"
        house.receiver = Slack(  # type: ignore[assignment]
            name="default", channel="C1", token="${env:SLACK_BOT_TOKEN}", api_url=double.url
        )
        for minute in range(-10, HOUR_OF_TROUBLE + AFTERWARDS + 1):
            double.first_ts = int(house.now.timestamp()) + minute - len(double.messages)
            for method in ("chat.postMessage", "chat.update"):
                answers = ["429", "500", "drop", "token_revoked"]
                in_trouble = 0 <= minute < HOUR_OF_TROUBLE
                double.answers[method] = [chance.choice(answers) for _ in range(200 * in_trouble)]
            step(house, story, minute)
        texts = [str(message["text"]) for message in double.parents]
    for name, (_, end) in story.spans.items():
        (text,) = [text for text in texts if name in text]
        if end <= HOUR_OF_TROUBLE:
            assert text.startswith("RESOLVED")
        elif end > HOUR_OF_TROUBLE + AFTERWARDS:
            assert not text.startswith("RESOLVED")


def step(house: House, story: Story, minute: int) -> None:
    house.now = START + (minute + 10) * MINUTE
    house.find(**story.firing(minute))
    house.deliver(clock=FakeTime(), budget=timedelta(seconds=50))
