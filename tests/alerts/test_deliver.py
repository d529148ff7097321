"""From alerts to messages: what is told, to whom and when."""

from collections.abc import Iterator

import pytest

from costwatch.deliver import Delivery
from costwatch.errors import BusyError
from costwatch.model import Receipt, Severity
from costwatch.warehouse.contents import contents
from tests.made.delivery_world import DAY, DOWN, HOUR, MINUTE, START, House, Recorder, new_house, spelled


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


# --- what is told, and when --------------------------------------------------------------------


def test_the_life_of_an_alert_is_one_conversation(house: House) -> None:
    for texts in ({"ec2": "a"}, {"ec2": "a"}, {"ec2": "a2"}, {"ec2": "a2", "s3": "b"}, {"s3": "b"}, {}, {}):
        house.find(**texts)
        house.deliver()
        house.wait()
    assert house.receiver.said == [
        "first: a",
        "changed: a2",
        "new: a2 b",
        "some_resolved: b (a2)",
        "resolved: (a2) (b)",
    ]
    previous = [receipt.reference["ts"] if receipt else None for _, receipt in house.receiver.got]
    assert previous == [None, "1", "2", "3", "4"]


def test_a_message_carries_all_that_its_reader_needs(house: House) -> None:
    house.find(ec2="a")
    house.deliver()
    ((group, _),) = house.receiver.got
    assert dict(group.labels) == {"rule": "Spend", "team": "ml"}
    assert group.owners == ("@ml",)
    assert group.links == {"Open in costwatch": "http://127.0.0.1:8501/costs?service=ec2&team=ml"}
    assert (group.data_through, group.attempt, group.receiver) == (None, 1, "default")
    assert group.key == '{}:{"rule": "Spend", "team": "ml"}'


def test_a_pending_alert_is_not_told(house: House) -> None:
    house.rule.for_ = 2 * HOUR
    for _ in range(3):
        house.find(ec2="a")
        house.deliver()
        house.wait()
    assert house.receiver.said == ["first: a"]


def test_what_fired_and_was_resolved_between_two_deliveries_is_told_once(house: House) -> None:
    house.find(ec2="a")
    house.find()
    for _ in range(3):
        house.deliver()
        house.wait(DAY)
    assert house.receiver.said == ["first: (a)"]


def test_even_when_it_is_pending_again_by_then(house: House) -> None:
    house.rule.for_ = HOUR
    for texts in ({"ec2": "a"}, {"ec2": "a"}, {}, {"ec2": "a2"}):
        house.find(**texts)
        house.wait()
    house.deliver()
    house.find(ec2="a2")
    house.deliver()
    assert house.receiver.said == ["first: (a)", "first: a2"]


def test_firing_anew_begins_a_new_message(house: House) -> None:
    for texts in ({"ec2": "a"}, {}, {"ec2": "a"}):
        house.find(**texts)
        house.deliver()
        house.wait()
    assert house.receiver.said == ["first: a", "resolved: (a)", "first: a"]
    assert house.receiver.got[2][1] is None


def test_a_firing_alert_is_repeated_however_often_its_text_changes(house: House) -> None:
    house.find(ec2="a0")
    house.deliver()
    for number in range(1, 9):
        house.wait(6 * HOUR)
        house.find(ec2=f"a{number}")
        house.deliver()
    reasons = [said.split(":")[0] for said in house.receiver.said]
    assert reasons == ["first", *["changed"] * 3, "repeat", *["changed"] * 3, "repeat"]


def test_a_corrected_text_of_a_resolved_alert_updates_the_old_message(house: House) -> None:
    house.find(ec2="a")
    house.deliver()
    house.find()
    house.deliver()
    with house.warehouse.write() as db:
        db.execute("UPDATE alert SET summary = 'a, restated'")
    house.deliver()
    assert house.receiver.said[-1] == "changed: (a, restated)"
    assert house.receiver.got[-1][1] == Receipt({"ts": "2"})


def test_delivering_twice_changes_no_byte(house: House) -> None:
    house.find(ec2="a")
    house.deliver()
    with house.warehouse.read() as db:
        before = {name: held.sha256 for name, held in contents(db).items()}
    assert house.deliver() == Delivery()
    with house.warehouse.read() as db:
        assert {name: held.sha256 for name, held in contents(db).items()} == before


def test_a_dry_run_tells_what_would_be_sent_and_does_nothing(house: House) -> None:
    house.find(ec2="a")
    for _ in range(2):
        planned = house.deliver(dry_run=True)
        assert [spelled(attempt.group) for attempt in planned.waiting] == ["a"]
    assert (house.receiver.got, house.outbox()) == ([], [])
    house.receiver.failures = [DOWN]
    house.deliver()
    assert [spelled(attempt.group) for attempt in house.deliver(dry_run=True).waiting] == ["a"]


def test_two_deliveries_do_not_run_at_once(house: House) -> None:
    with house.warehouse.job_lock("alerts-deliver"), pytest.raises(BusyError):
        house.deliver()


def test_group_wait_gathers_and_group_interval_spaces(house: House) -> None:
    house.route = {"group_wait": "2m", "group_interval": "10m"}
    for texts in ({"ec2": "a"}, {"ec2": "a", "s3": "b"}, {"s3": "b"}):
        house.find(**texts)
        assert [attempt.error for attempt in house.deliver().waiting] == (
            [""] if house.now < START + 2 * MINUTE else []
        )
        house.wait(MINUTE)
    assert house.receiver.said == ["first: b (a)"]
    for minute in range(12):
        house.find(**({"s3": "b", "rds": "c"} if minute < 5 else {"s3": "b"}))
        house.deliver()
        house.wait(MINUTE)
    assert house.receiver.said[1:] == ["some_resolved: b (a) (c)"]


@pytest.mark.parametrize(
    ("queries", "url"),
    [
        pytest.param({"a &b": "EffectiveCost"}, "/costs?service=a+%26b&team=ml", id="one service of a team"),
        pytest.param(
            {"a": "BilledCost", "b": "BilledCost"}, "/costs?team=ml", id="what two alerts have in common"
        ),
        pytest.param({"a": "budget", "b": "budget"}, "/?team=ml", id="a budget"),
        pytest.param({"a": "freshness"}, "/data", id="a late source"),
        pytest.param({"a": "budget", "b": "BilledCost"}, "/?team=ml", id="two queries: the overview"),
        pytest.param({"a": "moon"}, "/?service=a&team=ml", id="a query without a page: the overview"),
    ],
)
def test_links_lead_to_the_page_that_shows_it(house: House, queries: dict[str, str], url: str) -> None:
    house.rule.queries = queries
    house.find(**dict.fromkeys(queries, "text"))
    house.deliver()
    assert list(house.receiver.got[0][0].links.values()) == [f"http://127.0.0.1:8501{url}"]


def test_an_alert_that_becomes_more_severe_is_told_again(house: House) -> None:
    for severity in (Severity.TICKET, Severity.PAGE, Severity.TICKET):
        house.rule.severity = severity
        house.find(ec2="a")
        house.deliver()
        house.wait(HOUR)
    assert house.receiver.said == ["first: a", "new: a"]


# --- routes ------------------------------------------------------------------------------------


def test_every_receiver_of_a_route_hears_and_one_that_is_down_holds_up_no_other(house: House) -> None:
    house.route["routes"] = [
        {"matchers": ['severity="ticket"'], "receiver": "oncall", "continue": True},
        {"receiver": "default"},
    ]
    oncall = Recorder("oncall", failures=[DOWN])
    house.find(ec2="a")
    done = house.deliver(oncall)
    assert (len(done.sent), [attempt.error for attempt in done.waiting]) == (1, [str(DOWN)])
    house.wait()
    house.deliver(oncall)
    assert house.receiver.said == oncall.said == ["first: a"]


def test_an_alert_that_becomes_more_severe_moves_to_the_route_of_its_severity(house: House) -> None:
    house.route["routes"] = [{"matchers": ['severity="page"'], "receiver": "oncall"}]
    oncall = Recorder("oncall")
    for severity in (Severity.TICKET, Severity.PAGE):
        house.rule.severity = severity
        house.find(ec2="a")
        house.deliver(oncall)
        house.wait(HOUR)
    assert (house.receiver.said, oncall.said) == (["first: a", "resolved: (a)"], ["first: a"])


def test_one_receiver_alone_can_be_served(house: House) -> None:
    house.route["routes"] = [{"receiver": "oncall", "continue": True}, {"receiver": "default"}]
    oncall = Recorder("oncall")
    house.find(ec2="a")
    assert len(house.deliver(oncall, only="oncall").waiting) == 1
    assert (house.receiver.said, oncall.said) == ([], ["first: a"])
    house.deliver(oncall)
    assert (house.receiver.said, oncall.said) == (["first: a"], ["first: a"])


def test_when_routes_change_the_conversation_goes_on_and_old_news_stays_old(house: House) -> None:
    house.find(ec2="a", s3="b")
    house.find(ec2="a")
    house.deliver()
    house.wait()
    house.route["group_by"] = ["rule"]
    house.deliver()
    house.wait()
    house.deliver()
    assert house.receiver.said == ["first: a (b)"]
    house.find()
    house.deliver()
    assert house.receiver.said[1:] == ["resolved: (a) (b)"]
    assert house.receiver.got[1][1] == Receipt({"ts": "1"}), "its message is edited, under its new key"


def test_a_message_for_a_receiver_that_is_gone_is_reported_once(house: House) -> None:
    house.route["routes"] = [{"receiver": "oncall"}]
    house.find(ec2="a")
    house.deliver(Recorder("oncall", failures=[DOWN]))
    house.wait()
    house.route = {}
    done = house.deliver()
    assert "receiver 'oncall': no longer in the rules file" in done.failed[0].error
    house.wait(DAY)
    assert (house.deliver().failed, house.receiver.said) == ((), ["first: a", "repeat: a"])
