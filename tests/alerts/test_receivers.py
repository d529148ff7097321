"""Receivers of every make through one delivery: conversations, all that fires, reports; and the fallback."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from costwatch.act import perform, silence
from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.errors import NotifyError
from costwatch.model import Acknowledge, Act, Alert, Receipt, Report
from costwatch.plugins import Forwarder, Interactive, Notifier, Publisher
from costwatch.report import publish
from costwatch.testing import a_report
from tests.made.delivery_world import DOWN, HOUR, MINUTE, REFUSED, House, Recorder, new_house


@dataclass
class Forwarding:
    """A receiver that is handed what fires, and is told in no conversation."""

    name: str = "am"
    runs: list[list[str]] = field(default_factory=list)
    error: Exception | None = None

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        if self.error is not None:
            raise self.error
        self.runs.append(sorted(alert.summary for alert in alerts))


@dataclass
class Everything(Recorder):
    """A made-up receiver that is a notifier, a forwarder and a publisher, and has a button."""

    runs: list[list[str]] = field(default_factory=list)
    reports: list[tuple[str, int, Receipt | None]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        self.runs.append(sorted(alert.summary for alert in alerts))

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.reports.append((report.markdown, report.attempt, previous))
        return Receipt({"page": str(len(self.reports))})

    def listen(self, handle: object) -> None:
        act: Act = Acknowledge(self.got[0][0].alerts[0].fingerprint, "ann", "on it")
        self.answers.append(handle(act))  # type: ignore[operator]


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


def test_one_receiver_can_be_all_of_them(house: House) -> None:
    everything = house.receiver = Everything()
    assert isinstance(everything, Notifier)
    assert isinstance(everything, Forwarder)
    assert isinstance(everything, Publisher)
    assert isinstance(everything, Interactive)
    assert not isinstance(Recorder(), (Forwarder, Publisher, Interactive))
    for texts in ({"ec2": "a"}, {"ec2": "a", "s3": "b"}, {}):
        house.find(**texts)
        done = house.deliver()
        house.wait()
    assert everything.said == ["first: a", "new: a b", "resolved: (a) (b)"]
    assert everything.runs == [["a"], ["a", "b"], []]
    assert done.forwarded == {"default": 0}
    house.find(ec2="a")
    everything.listen(lambda act: perform(house.warehouse, act, house.now))
    assert everything.answers == ["Ack by ann: a"]
    assert publish(house.warehouse, everything, a_report(), house.now)
    assert [attempt for _, attempt, _ in everything.reports] == [1]


# --- forwarders --------------------------------------------------------------------------------


def test_a_forwarder_is_handed_all_that_fires_for_it_at_every_run(house: House) -> None:
    house.route["routes"] = [
        {"matchers": ["service=ec2"], "receiver": "am", "continue": True},
        {"matchers": ['service=~"ec2|s3"'], "receiver": "am"},
    ]
    am = Forwarding()
    house.find(ec2="a", s3="b", rds="c")
    for _ in range(2):
        assert house.deliver(am).forwarded == {"am": 2}  # type: ignore[arg-type]
    assert am.runs == [["a", "b"]] * 2, "each once, by however many routes it comes"
    assert house.receiver.said == ["first: c"]
    assert [row[0] for row in house.outbox()] == ["first"], "it has no conversation"


def test_what_is_muted_is_not_handed_on(house: House) -> None:
    morning = {"times": [{"start_time": "06:00", "end_time": "07:00"}]}
    interval = NamedTimeInterval.model_validate({"name": "morning", "time_intervals": [morning]})
    house.route["routes"] = [
        {"matchers": ["service=rds"], "receiver": "am", "mute_time_intervals": ["morning"]},
        {"receiver": "am"},
    ]
    am = Forwarding()
    house.find(ec2="a", s3="b", rds="c")
    silence(house.warehouse, ["service=ec2"], HOUR, "ann", "test", house.now)
    house.deliver(am, time_intervals=[interval])  # type: ignore[arg-type]
    house.wait()
    house.deliver(am, time_intervals=[interval])  # type: ignore[arg-type]
    assert am.runs == [["b"], ["a", "b", "c"]]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(DOWN, str(DOWN), id="it says why"),
        pytest.param(
            KeyError("token xoxb-canary"),
            "receiver 'am': its forwarder failed with KeyError; it is tried again",
            id="it breaks",
        ),
    ],
)
def test_a_forwarder_that_fails_is_reported_and_keeps_none_back(
    house: House, error: Exception, told: str
) -> None:
    house.route["routes"] = [{"receiver": name, "continue": True} for name in ("am", "am2", "default")]
    am, other = Forwarding(error=error), Forwarding("am2")
    house.find(ec2="a")
    done = house.deliver(am, other)  # type: ignore[arg-type]
    assert (done.not_forwarded, done.forwarded) == ({"am": told}, {"am2": 1})
    assert (house.receiver.said, other.runs) == (["first: a"], [["a"]])


def test_a_dry_run_hands_on_nothing_and_one_receiver_alone_is_handed_alone(house: House) -> None:
    house.route["routes"] = [{"receiver": "am", "continue": True}, {"receiver": "am2"}]
    am, other = Forwarding(), Forwarding("am2")
    house.find(ec2="a")
    assert house.deliver(am, other, dry_run=True).forwarded == {"am": 1, "am2": 1}  # type: ignore[arg-type]
    assert house.deliver(am, other, only="am").forwarded == {"am": 1}  # type: ignore[arg-type]
    assert (am.runs, other.runs) == ([["a"]], [])


# --- the fallback ------------------------------------------------------------------------------


@pytest.fixture
def paged(house: House) -> Recorder:
    """A receiver of everything, beside which ``default`` is the fallback."""
    house.route["routes"] = [{"receiver": "oncall"}]
    return Recorder("oncall")


def minutes_of(house: House, oncall: Recorder, count: int, **texts: str) -> None:
    for _ in range(count):
        house.wait(MINUTE)
        if texts:
            house.find(**texts)
        house.deliver(oncall, fallback="default")


def test_what_is_refused_for_good_goes_to_the_fallback_once(house: House, paged: Recorder) -> None:
    paged.failures = [REFUSED] * 100
    house.find(ec2="a")
    done = house.deliver(paged, fallback="default")
    assert ([each.receiver for each in done.sent], len(done.failed)) == (["default"], 1)
    minutes_of(house, paged, 30)
    assert house.receiver.said == ["first: a"]
    ((group, previous),) = house.receiver.got
    assert group.note == f"This was for receiver 'oncall', which did not take it: {REFUSED}"
    assert previous is None
    minutes_of(house, paged, 30, ec2="a", s3="b")
    assert house.receiver.said == ["first: a", "first: a b"], "another alert is another loss"
    minutes_of(house, paged, 10, ec2="a2", s3="b")
    paged.failures = []
    minutes_of(house, paged, 10)
    assert (len(house.receiver.said), paged.said) == (2, ["first: a2 b"])


def test_what_cannot_be_told_for_an_hour_goes_to_the_fallback_and_arrives_later_too(
    house: House, paged: Recorder
) -> None:
    paged.failures = [DOWN] * 1000
    house.route["group_by"] = ["service"]
    house.find(ec2="a", s3="b")
    began = house.now
    house.deliver(paged, fallback="default")
    minutes_of(house, paged, 59)
    assert house.receiver.said == []
    minutes_of(house, paged, 60)
    assert sorted(house.receiver.said) == ["first: a", "first: b"], "also what waits behind the one tried"
    notes = sorted(group.note for group, _ in house.receiver.got)
    assert notes[0].startswith(
        "This was for receiver 'oncall', which did not take it since 2026-11-20 06:00 UTC"
    )
    assert house.now - began > timedelta(hours=1)
    paged.failures = []
    minutes_of(house, paged, 6)
    assert sorted(paged.said) == ["first: a", "first: b"]
    assert len(house.receiver.said) == 2


def test_what_the_fallback_got_is_no_conversation_of_its_own(house: House, paged: Recorder) -> None:
    paged.failures = [REFUSED]
    house.find(ec2="a")
    house.deliver(paged, fallback="default")
    minutes_of(house, paged, 10)
    house.find()
    minutes_of(house, paged, 10)
    assert house.receiver.said == ["first: a"]
    assert paged.said == ["first: a", "resolved: (a)"]


def test_killed_while_handing_over_the_fallback_still_gets_it(house: House, paged: Recorder) -> None:
    paged.failures, house.receiver.failures = [REFUSED] * 9, [KeyboardInterrupt()]
    house.find(ec2="a")
    with pytest.raises(KeyboardInterrupt):
        house.deliver(paged, fallback="default")
    minutes_of(house, paged, 2)
    assert [(group.note[:8], group.attempt) for group, _ in house.receiver.got] == [("This was", 2)]


def test_a_fallback_that_fails_has_none_itself_and_is_reported(house: House, paged: Recorder) -> None:
    paged.failures, house.receiver.failures = [REFUSED], [REFUSED]
    house.find(ec2="a")
    done = house.deliver(paged, fallback="default")
    assert [each.group.receiver for each in done.failed] == ["oncall", "default"]
    minutes_of(house, paged, 3)
    assert house.receiver.said == []


def test_what_another_run_is_to_send_is_not_late(house: House, paged: Recorder) -> None:
    house.find(ec2="a")
    house.deliver(paged, fallback="default", only="default")
    house.wait(2 * HOUR)
    house.deliver(paged, fallback="default", only="default")
    assert (house.receiver.said, paged.said) == ([], [])


def test_old_failures_do_not_flood_a_fallback_that_is_new(house: House, paged: Recorder) -> None:
    paged.failures = [REFUSED]
    house.find(ec2="a")
    house.deliver(paged)
    house.find()
    house.wait(2 * HOUR)
    paged.failures = []
    house.deliver(paged, fallback="default")
    assert house.receiver.said == []


# --- reports -----------------------------------------------------------------------------------


def test_a_report_is_sent_once_and_corrected_when_its_text_changes(house: House) -> None:
    receiver = Everything()
    new = a_report(markdown="restated")
    for report, sent in ((a_report(), True), (a_report(), False), (new, True), (new, False)):
        assert publish(house.warehouse, receiver, report, house.now) is sent
    assert receiver.reports == [
        (a_report().markdown, 1, None),
        ("restated", 1, Receipt({"page": "1"})),
    ]
    assert publish(house.warehouse, receiver, a_report(name="weekly-2026-W48"), house.now)
    assert publish(house.warehouse, Everything("other"), new, house.now)
    assert receiver.reports[2][2] is None


def test_a_report_that_did_not_arrive_is_tried_again_as_one_that_may_have(house: House) -> None:
    receiver = Everything(failures=[DOWN, KeyboardInterrupt(), ValueError("xoxb-canary"), None, REFUSED])
    errors: list[str] = []
    for report in (*[a_report()] * 4, a_report(markdown="restated"), a_report(markdown="restated")):
        try:
            publish(house.warehouse, receiver, report, house.now)
        except (NotifyError, KeyboardInterrupt) as error:
            errors.append(str(error))
    assert receiver.reports == [
        (a_report().markdown, 4, None),
        ("restated", 2, Receipt({"page": "1"})),
    ]
    assert (
        errors[2]
        == "receiver 'default': its publisher failed with ValueError; run it again, or report it there"
    )
