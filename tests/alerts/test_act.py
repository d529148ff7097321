"""What people do about alerts: kept with who, when and why, once however often it is done."""

from collections.abc import Iterator
from typing import Any

import pytest

from costwatch.act import (
    acknowledge,
    active_silences,
    expire_silence,
    give_feedback,
    perform,
    silence,
    snooze,
)
from costwatch.alerts.lifecycle import fingerprint
from costwatch.errors import UsageError, WarehouseError
from costwatch.model import Acknowledge, Feedback, Snooze, Worth, labels
from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import DAY, HOUR, START, House, new_house

EC2 = fingerprint("Spend", labels(team="ml", service="ec2"))
S3 = fingerprint("Spend", labels(team="ml", service="s3"))


@pytest.fixture
def house() -> Iterator[House]:
    """Where ``ec2`` fires and ``s3`` is over."""
    with new_house() as house:
        house.find(ec2="a", s3="b")
        house.find(ec2="a")
        yield house


def rows(house: House, table: str) -> list[dict[str, Any]]:
    with house.warehouse.read() as db:
        return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]


def made(house: House, *matchers: str, hours: float = 2, who: str = "ann", why: str = "test") -> Any:
    return silence(house.warehouse, matchers, hours * HOUR, who, why, house.now)


def test_a_silence_says_which_alerts_it_is_about_and_that_it_is_about_none(house: House) -> None:
    assert [alert.summary for alert in made(house, "service=ec2").alerts] == ["a"]
    assert made(house, "service=s3").alerts == (), "what is over needs no silence"
    assert made(house, "team=nobody").alerts == ()
    found = active_silences(house.warehouse, house.now)
    assert sorted(len(each.alerts) for each in found) == [0, 0, 1]
    house.wait(2 * HOUR)
    assert active_silences(house.warehouse, house.now) == []


def test_the_same_silence_again_is_one_and_moves_its_end(house: House) -> None:
    first = made(house, "team=ml").silence
    assert made(house, "team=ml", "team=ml").silence == first
    house.wait()
    longer = made(house, "team=ml", hours=5).silence
    assert (longer.id, longer.starts_at, longer.ends_at) == (first.id, START, START + 6 * HOUR)
    assert made(house, "team=ml", hours=1).silence == longer, "a shorter one does not end it"
    assert len(rows(house, "silence")) == 1
    made(house, "team=ml", who="bob")
    made(house, "team=ml", why="another reason")
    house.wait(DAY)
    made(house, "team=ml")
    assert len(rows(house, "silence")) == 4


@pytest.mark.parametrize(
    ("matchers", "hours", "who", "why", "said"),
    [
        pytest.param([], 2, "ann", "test", "must need a label to be there", id="no matcher"),
        pytest.param(
            ["team=~.*"], 2, "ann", "test", "must need a label to be there", id="one that takes all"
        ),
        pytest.param(['team=""', "a!=b"], 2, "ann", "test", "must need a label", id="two that do"),
        pytest.param(["team"], 2, "ann", "test", "matcher 'team': must read label", id="no matcher at all"),
        pytest.param(['team=~"("'], 2, "ann", "test", "no regular expression", id="no expression"),
        pytest.param(["team=ml"], 0, "ann", "test", "for 0:00:00 is not possible", id="for no time"),
        pytest.param(["team=ml"], 24 * 91, "ann", "test", "at most for 90d", id="for too long"),
        pytest.param(["team=ml"], 2, "ann", " ", "say why", id="without a reason"),
        pytest.param(["team=ml"], 2, " ", "test", "nobody is named", id="by nobody"),
    ],
)
def test_what_is_no_silence_is_refused(
    house: House, matchers: list[str], hours: float, who: str, why: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        made(house, *matchers, hours=hours, who=who, why=why)
    assert rows(house, "silence") == []


def test_a_silence_can_be_ended_once(house: House) -> None:
    id = made(house, "team=ml").silence.id
    house.wait()
    ended = expire_silence(house.warehouse, id, "bob", house.now)
    assert (ended.ends_at, ended.expired_by, ended.who) == (house.now, "bob", "ann")
    house.wait()
    assert expire_silence(house.warehouse, id, "eve", house.now) == ended
    assert active_silences(house.warehouse, house.now) == []
    with pytest.raises(UsageError, match="silence 'x': there is none"):
        expire_silence(house.warehouse, "x", "bob", house.now)


def test_acts_on_one_alert_are_kept_with_who_when_and_why_and_twice_is_once(house: House) -> None:
    for _ in range(2):
        acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
        give_feedback(house.warehouse, Feedback(EC2, Worth.USEFUL, "ann"), house.now)
        snooze(house.warehouse, EC2, HOUR, "ann", "", house.now)
    with house.warehouse.read() as db:
        before = {name: held.sha256 for name, held in contents(db).items()}
    house.wait()
    acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
    give_feedback(house.warehouse, Feedback(EC2, Worth.USEFUL, "ann"), house.now)
    with house.warehouse.read() as db:
        assert {name: held.sha256 for name, held in contents(db).items()} == before
    fired = {"fingerprint": EC2, "fired_at": "2026-11-20T06:00:00Z", "at": "2026-11-20T06:00:00Z"}
    assert rows(house, "ack") == [{**fired, "who": "ann", "comment": "on it"}]
    assert rows(house, "feedback") == [{**fired, "who": "ann", "worth": "useful", "comment": ""}]
    give_feedback(house.warehouse, Feedback(EC2, Worth.NOISE, "ann", "nightly job"), house.now)
    give_feedback(house.warehouse, Feedback(EC2, Worth.EXPECTED, "bob"), house.now)
    assert [(row["who"], row["worth"]) for row in rows(house, "feedback")] == [
        ("ann", "noise"),
        ("bob", "expected"),
    ]


def test_what_is_over_can_be_judged_but_not_acknowledged_or_snoozed(house: House) -> None:
    assert give_feedback(house.warehouse, Feedback(S3, Worth.NOISE, "ann"), house.now).summary == "b"
    with pytest.raises(UsageError, match="it is over"):
        acknowledge(house.warehouse, S3, "ann", "", house.now)
    with pytest.raises(UsageError, match="it is over"):
        snooze(house.warehouse, S3, HOUR, "ann", "", house.now)
    with pytest.raises(UsageError, match="none that fired; see: costwatch alerts list"):
        acknowledge(house.warehouse, "0123", "ann", "", house.now)


def test_a_button_does_what_the_command_line_does(house: House) -> None:
    acts = (Acknowledge(EC2, "ann"), Snooze(EC2, HOUR, "ann"), Feedback(S3, Worth.NOISE, "ann"))
    assert [perform(house.warehouse, act, house.now) for act in acts] == [
        "ann sees to: a",
        "quiet until 2026-11-20 07:00 UTC, by ann",
        "noise: b",
    ]
    assert [len(rows(house, table)) for table in ("ack", "silence", "feedback")] == [1, 1, 1]
    with pytest.raises(UsageError):
        perform(house.warehouse, Acknowledge("0123", "ann"), house.now)


def test_an_act_makes_no_warehouse(tmp_path: Any) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with pytest.raises(WarehouseError, match="no warehouse yet"):
        silence(warehouse, ["team=ml"], HOUR, "ann", "test", START)
    assert not warehouse.exists
