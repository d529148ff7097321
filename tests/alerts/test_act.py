"""What people do about alerts: kept with who, when and why, once however often it is done."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.act import (
    Silenced,
    acknowledge,
    edit_silence,
    expect,
    expire_silence,
    give_feedback,
    kept_silences,
    perform,
    silence,
    silence_alert,
)
from costwatch.alerts.lifecycle import fingerprint
from costwatch.alerts.silencing import SilenceLimits
from costwatch.errors import UsageError, WarehouseError
from costwatch.model import Acknowledge, Band, Expect, Feedback, SilenceAlert, Worth, labels
from costwatch.warehouse.alerts.acts import recorded_acts
from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import DAY, HOUR, START, House, new_house

EC2 = fingerprint("Spend", labels(team="ml", service="ec2"))
S3 = fingerprint("Spend", labels(team="ml", service="s3"))
LAST = datetime.max.replace(tzinfo=UTC)


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


def made(
    house: House, *matchers: str, hours: float = 2, who: str = "ann", why: str = "test", **more: Any
) -> Silenced:
    return silence(house.warehouse, matchers, hours * HOUR, who, why, house.now, **more)


def expected(house: House, hours: float = 2, who: str = "ann", why: str = "test", **more: Any) -> Any:
    return expect(house.warehouse, EC2, hours * HOUR, who, why, house.now, **more).silence


def done(house: House) -> list[tuple[str, str]]:
    """Who did what, as it is logged."""
    with house.warehouse.read() as db:
        return [(one.who, one.what) for one in recorded_acts(db, START - DAY)]


def everything(house: House) -> dict[str, str]:
    with house.warehouse.read() as db:
        return {name: held.sha256 for name, held in contents(db).items()}


# --- silences ----------------------------------------------------------------------------------


def test_a_silence_says_which_alerts_it_is_about_and_that_it_is_about_none(house: House) -> None:
    assert [alert.summary for alert in made(house, "service=ec2").alerts] == ["a"]
    assert made(house, "service=s3").alerts == (), "what is over needs no silence"
    assert made(house, "team=nobody").alerts == ()
    found = kept_silences(house.warehouse, house.now)
    assert sorted(len(each.alerts) for each in found) == [0, 0, 1]
    house.wait(2 * HOUR)
    assert kept_silences(house.warehouse, house.now) == []
    assert len(kept_silences(house.warehouse, house.now, with_over=True)) == 3


def test_the_same_silence_again_is_one_and_moves_its_end(house: House) -> None:
    first = made(house, "team=ml").silence
    before = everything(house)
    assert made(house, "team=ml", "team=ml").silence == first
    assert everything(house) == before
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
    assert done(house) == [
        ("ann", "silence"),
        ("ann", "edit"),
        ("bob", "silence"),
        ("ann", "silence"),
        ("ann", "silence"),
    ]


@pytest.mark.parametrize(
    ("matchers", "words", "said"),
    [
        pytest.param([], {}, "must need a label to be there", id="no matcher"),
        pytest.param(["team=~.*"], {}, "must need a label to be there", id="one that takes all"),
        pytest.param(['team=""', "a!=b"], {}, "must need a label", id="two that do"),
        pytest.param(["team"], {}, "matcher 'team': must read", id="no matcher at all"),
        pytest.param(['team=~"("'], {}, "matcher", id="no expression"),
        pytest.param(["team=" + "x" * 2000], {}, "is longer than 1,000 characters", id="a book"),
        pytest.param([f"a{n}=b" for n in range(60)], {}, "60 matchers are too many", id="a list of all"),
        pytest.param(["team=ml"], {"hours": 0}, "before it begins", id="for no time"),
        pytest.param(["team=ml"], {"hours": -1}, "before it begins", id="that is over before it begins"),
        pytest.param(["team=ml"], {"hours": 24 * 91}, "is too long; at most for 90d", id="for too long"),
        pytest.param(
            ["team=ml"], {"starts_at": START - HOUR}, "which is past; leave out --from", id="from before now"
        ),
        pytest.param(
            ["team=ml"],
            {"starts_at": START + 100 * DAY},
            "at most 90d from now",
            id="that begins far off",
        ),
        pytest.param(["team=ml"], {"why": " "}, "say why", id="without a reason"),
        pytest.param(
            ["team=ml"], {"why": "x" * 1_000_000}, "1,000,000 characters", id="a megabyte of reasons"
        ),
        pytest.param(["team=ml"], {"who": " "}, "nobody is named", id="by nobody"),
        pytest.param(["team=ml"], {"who": "x" * 101}, "a name of 101 characters", id="by a novel"),
    ],
)
def test_what_is_no_silence_is_refused(
    house: House, matchers: list[str], words: dict[str, Any], said: str
) -> None:
    before = everything(house)
    with pytest.raises(UsageError, match=said):
        made(house, *matchers, **words)
    assert everything(house) == before


def test_more_silences_than_there_may_be_are_refused(house: House) -> None:
    limits = SilenceLimits(max_silences=1)
    first = made(house, "team=ml", limits=limits).silence
    with pytest.raises(UsageError, match="there are 1 that are not over, and may be 1; end some by"):
        made(house, "team=risk", limits=limits)
    made(house, "team=ml", hours=5, limits=limits)  # the same again needs no room
    expire_silence(house.warehouse, first.id, "ann", house.now)
    made(house, "team=risk", limits=limits)


def test_a_silence_may_begin_later(house: House) -> None:
    later = made(house, "team=ml", starts_at=START + 3 * HOUR).silence
    assert (later.starts_at, later.ends_at) == (START + 3 * HOUR, START + 5 * HOUR)
    assert made(house, "team=ml", starts_at=START + 3 * HOUR).silence == later
    now = made(house, "team=ml").silence
    assert now.id != later.id, "one that has not begun keeps nothing quiet until it does"
    ended = expire_silence(house.warehouse, later.id, "ann", house.now)
    assert (ended.starts_at, ended.ends_at) == (START, START)


def test_a_silence_is_edited_under_its_id_while_it_is_active_and_made_anew_after(house: House) -> None:
    first = made(house, "service=ec2").silence
    house.wait()

    def edited(**words: Any) -> Any:
        return edit_silence(house.warehouse, first.id, "bob", house.now, **words).silence

    longer = edited(until=START + 9 * HOUR, comment="a longer test")
    assert (longer.id, longer.who, longer.comment) == (first.id, "bob", "a longer test")
    assert (longer.starts_at, longer.ends_at) == (START, START + 9 * HOUR)
    before = everything(house)
    assert edited(until=START + 9 * HOUR, comment="a longer test") == longer
    assert everything(house) == before, "twice is once"
    other = edited(matchers=["service=s3"])
    assert (other.id, other.matchers, other.starts_at) == (first.id, ("service=s3",), START + HOUR)
    with pytest.raises(UsageError, match="before it begins"):
        edited(until=START)
    with pytest.raises(UsageError, match="at most for 90d"):
        edited(until=START + 99 * DAY)
    house.wait(DAY)
    with pytest.raises(UsageError, match="it is over, and would be made anew; say how long"):
        edited(comment="once more")
    anew = edited(until=house.now + HOUR)
    assert (anew.id != first.id, anew.matchers, anew.starts_at) == (True, ("service=s3",), house.now)
    assert done(house) == [("ann", "silence"), ("bob", "edit"), ("bob", "edit"), ("bob", "silence")]
    with pytest.raises(UsageError, match="silence 'x': there is none"):
        edit_silence(house.warehouse, "x", "bob", house.now)


def test_a_silence_can_be_ended_once(house: House) -> None:
    id = made(house, "team=ml").silence.id
    house.wait()
    ended = expire_silence(house.warehouse, id, "bob", house.now)
    assert (ended.ends_at, ended.expired_by, ended.who) == (house.now, "bob", "ann")
    house.wait()
    assert expire_silence(house.warehouse, id, "eve", house.now) == ended
    assert kept_silences(house.warehouse, house.now) == []
    assert done(house) == [("ann", "silence"), ("bob", "expire")]
    with pytest.raises(UsageError, match="silence 'x': there is none"):
        expire_silence(house.warehouse, "x", "bob", house.now)


def test_what_is_over_is_kept_for_120_hours(house: House) -> None:
    old = made(house, "team=ml", hours=1).silence
    house.deliver()
    house.wait(120 * HOUR)
    made(house, "team=risk")
    kept = kept_silences(house.warehouse, house.now, with_over=True)
    assert old.id in [each.silence.id for each in kept]
    house.wait(HOUR)
    made(house, "team=platform", hours=1)
    kept = kept_silences(house.warehouse, house.now, with_over=True)
    assert [each.silence.matchers for each in kept] == [("team=risk",), ("team=platform",)]
    assert len(done(house)) == 3, "the log of who did what is kept"


def test_what_fired_and_was_over_in_a_silence_is_not_told_when_the_silence_is_forgotten(house: House) -> None:
    made(house, "team=ml", hours=1)
    house.find()
    house.deliver()
    for _ in range(20):
        house.wait(DAY)
        made(house, "team=risk", hours=1)
        house.find()
        house.deliver()
    assert house.receiver.said == []


def test_one_alert_is_silenced_by_its_fingerprint_or_how_that_begins(house: House) -> None:
    done = silence_alert(house.warehouse, EC2[:6], HOUR, "ann", "test", house.now)
    assert (done.silence.fingerprint, [alert.summary for alert in done.alerts]) == (EC2, ["a"])
    assert silence_alert(house.warehouse, S3, HOUR, "ann", "test", house.now).alerts == (), (
        "it does not fire now"
    )
    with pytest.raises(UsageError, match="alert 'zzzz': there is none"):
        silence_alert(house.warehouse, "zzzz", HOUR, "ann", "test", house.now)
    with pytest.raises(UsageError, match="it is about one alert"):
        edit_silence(house.warehouse, done.silence.id, "ann", house.now, matchers=["team=ml"])


# --- acts on one alert -------------------------------------------------------------------------


def test_acts_on_one_alert_are_kept_with_who_when_and_why_and_twice_is_once(house: House) -> None:
    def act() -> None:
        acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
        give_feedback(house.warehouse, Feedback(EC2, Worth.USEFUL, "ann"), house.now)
        silence_alert(house.warehouse, EC2, HOUR, "ann", "test", house.now)
        expected(house)

    act()
    before = everything(house)
    act()
    assert everything(house) == before
    fired = {"fingerprint": EC2, "fired_at": "2026-11-20T06:00:00Z", "at": "2026-11-20T06:00:00Z"}
    assert rows(house, "ack") == [{**fired, "who": "ann", "comment": "on it"}]
    assert rows(house, "feedback") == [{**fired, "who": "ann", "worth": "useful", "comment": ""}]
    assert done(house) == [("ann", what) for what in ("ack", "useful", "silence", "expect")]
    house.wait()
    acknowledge(house.warehouse, EC2, "ann", "on it", house.now)
    assert [row["at"] for row in rows(house, "ack")] == ["2026-11-20T07:00:00Z"], "an ack is renewed"
    give_feedback(house.warehouse, Feedback(EC2, Worth.NOISE, "ann", "nightly job"), house.now)
    give_feedback(house.warehouse, Feedback(EC2, Worth.USEFUL, "bob"), house.now)
    assert [(row["who"], row["worth"]) for row in rows(house, "feedback")] == [
        ("ann", "noise"),
        ("bob", "useful"),
    ]
    assert done(house)[4:] == [("ann", "ack"), ("ann", "noise"), ("bob", "useful")]


def test_what_is_over_can_be_judged_but_not_acknowledged_or_expected(house: House) -> None:
    assert give_feedback(house.warehouse, Feedback(S3, Worth.NOISE, "ann"), house.now).summary == "b"
    with pytest.raises(UsageError, match="it is over"):
        acknowledge(house.warehouse, S3, "ann", "", house.now)
    with pytest.raises(UsageError, match="it is over"):
        expect(house.warehouse, S3, HOUR, "ann", "test", house.now)
    with pytest.raises(UsageError, match="there is none; see: costwatch alerts list"):
        acknowledge(house.warehouse, "0123", "ann", "", house.now)


def test_a_button_does_what_the_command_line_does(house: House) -> None:
    acts = (
        Acknowledge(EC2, "ann"),
        SilenceAlert(EC2, HOUR, "ann", "load test"),
        Expect(EC2, DAY, "ann", "a backfill"),
        Feedback(S3, Worth.NOISE, "ann"),
    )
    assert [perform(house.warehouse, act, house.now) for act in acts] == [
        "Ack by ann: a",
        "silenced until 2026-11-20 07:00 UTC by ann: load test",
        "expected at $0.80 to $1.20 until 2026-11-21 06:00 UTC by ann: a backfill",
        "noise by ann: b",
    ]
    assert [len(rows(house, table)) for table in ("ack", "silence", "feedback")] == [1, 2, 1]
    for act in (Acknowledge("0123", "ann"), SilenceAlert(EC2, timedelta.max, "ann", "for ever")):
        with pytest.raises(UsageError):
            perform(house.warehouse, act, house.now)


def test_what_is_expected_is_the_value_now_and_a_fifth_around_it_and_the_last_word_counts(
    house: House,
) -> None:
    first = expected(house)
    assert first.band == Band(Decimal("0.8"), Decimal("1.2"), "USD")
    closer = expected(house, hours=1, who="bob", tolerance=Decimal("0.1"))
    assert (closer.id, closer.who, closer.ends_at) == (first.id, "bob", START + HOUR)
    assert closer.band == Band(Decimal("0.9"), Decimal("1.1"), "USD")
    assert done(house) == [("ann", "expect"), ("bob", "expect")]
    with pytest.raises(UsageError, match="expected: it has no comment; say why"):
        expected(house, why="")


@pytest.mark.parametrize("hostile", ["\udcff\udc80 broken", "a\0b", "\x1b[31mred", "<!here> *bold* <b>"])
def test_hostile_words_are_stored_or_refused_in_a_sentence(house: House, hostile: str) -> None:
    made(house, "team=ml", who=hostile, why=hostile)
    acknowledge(house.warehouse, EC2, hostile, hostile, house.now)
    assert len(kept_silences(house.warehouse, house.now)) == 1
    assert len(done(house)) == 2


def test_an_act_makes_no_warehouse(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    with pytest.raises(WarehouseError, match="no warehouse yet"):
        silence(warehouse, ["team=ml"], HOUR, "ann", "test", START)
    assert not warehouse.exists


def test_a_silence_of_ages_is_refused_not_overflown(house: House) -> None:
    for span in (timedelta.max, timedelta.min, timedelta(days=9999 * 365)):
        with pytest.raises(UsageError, match="silence: it would end"):
            silence(house.warehouse, ["team=ml"], span, "ann", "test", START)
    with pytest.raises(UsageError, match="too long"):
        edit_silence(house.warehouse, made(house, "team=ml").silence.id, "ann", START, until=LAST)


# --- one transaction each ----------------------------------------------------------------------


def test_an_act_that_is_interrupted_has_not_been_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    id = made(house, "team=ml").silence.id
    before = everything(house)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    acts: dict[str, Callable[[], object]] = {
        "silence": lambda: made(house, "team=risk"),
        "edit": lambda: edit_silence(house.warehouse, id, "bob", house.now, until=START + 9 * HOUR),
        "expire": lambda: expire_silence(house.warehouse, id, "bob", house.now),
        "ack": lambda: acknowledge(house.warehouse, EC2, "ann", "", house.now),
        "expect": lambda: expected(house),
        "feedback": lambda: give_feedback(house.warehouse, Feedback(EC2, Worth.NOISE, "ann"), house.now),
    }
    with monkeypatch.context() as broken:
        broken.setattr("costwatch.warehouse.alerts.acts.record_act", killed)
        for act in acts.values():
            with pytest.raises(KeyboardInterrupt):
                act()
    assert everything(house) == before
    for act in acts.values():
        act()
    assert [what for _, what in done(house)] == ["silence", *list(acts)[:-1], "noise"]


def test_many_at_once_do_it_once(house: House) -> None:
    limits = SilenceLimits(max_silences=3)

    def act(number: int) -> str:
        try:
            return made(house, f"team=t{number % 5}", limits=limits).silence.id
        except UsageError:
            return ""

    with ThreadPoolExecutor(8) as people:
        ids = set(people.map(act, range(40))) - {""}
    assert len(ids) == len(rows(house, "silence")) == len(done(house)) == 3
