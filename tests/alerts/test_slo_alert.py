"""Alerts on error budgets, from the store to the message: when they fire, what they tell, what stays."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costwatch.alerts.lifecycle import EXPLAINED
from costwatch.alerts.routing import RootRoute
from costwatch.deliver import deliver
from costwatch.evaluate import evaluate
from costwatch.model import Alert, AlertState, Receipt, Severity
from costwatch.rules.slo_burn import SloBurn
from tests.made.slo_buckets import History, objective, seconds_of, steady
from tests.made.slo_facts import bad

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)  # the outage begins
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
SHORT = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR)


@dataclass
class Outage:
    """A service with an event a second, all of which fail for so many seconds from ``AT`` on."""

    folder: Path
    seconds: int
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.folder, AT).put(objective()).buckets("checkout", steady(30, 300))

    def collect(self, now: datetime) -> None:
        """What Prometheus would answer for the short windows."""
        at = int((now - AT).total_seconds())
        windows = {
            length: seconds_of(lambda second: not 0 <= second < self.seconds, at, int(length.total_seconds()))
            for length in SHORT
        }
        self.history.asked("checkout", now, windows)

    def evaluate(self, now: datetime, **more: Any) -> list[Alert]:
        """The alerts that are pending or fire."""
        return [*evaluate(self.history.warehouse, [SloBurn(name="Burn")], now, **more).alerts]


def test_a_two_minute_outage_fires_from_60_to_405_seconds(tmp_path: Path) -> None:
    """Case s05, evaluated every 15 seconds."""
    outage, firing = Outage(tmp_path, 120), []
    for second in range(0, 481, 15):
        now = AT + second * SECOND
        outage.collect(now)
        if outage.evaluate(now):
            firing.append(second)
    assert firing == list(range(60, 406, 15))


@dataclass
class Pager:
    """A receiver that keeps what it was told."""

    name: str = "oncall"
    told: list[tuple[datetime, str]] = field(default_factory=list)
    now: datetime = AT

    def notify(self, group: Any, previous: Receipt | None) -> Receipt:
        self.told += [(self.now, alert.severity) for alert in group.alerts if alert.is_firing]
        return Receipt({})


@pytest.mark.parametrize("starts", [0, 17, 59])
def test_once_a_minute_a_total_outage_pages_within_two(tmp_path: Path, starts: int) -> None:
    """collect, evaluate and deliver, each once a minute on a clock that began ``starts`` seconds earlier."""
    outage, pager = Outage(tmp_path, 3600), Pager()
    route = RootRoute(receiver="oncall", group_wait=timedelta())
    for minute in range(4):
        pager.now = now = AT + minute * MINUTE + (60 - starts) % 60 * SECOND
        outage.collect(now)
        outage.evaluate(now)
        deliver(outage.history.warehouse, route, [pager], {}, "", now)  # type: ignore[list-item]
    first, severity = pager.told[0]
    assert severity is Severity.PAGE
    assert first - AT <= 2 * MINUTE


def test_it_is_found_at_the_run_after_52_seconds(tmp_path: Path) -> None:
    outage = Outage(tmp_path, 120)
    for second, expected in ((45, []), (52, [AlertState.FIRING])):
        outage.collect(AT + second * SECOND)
        assert [alert.state for alert in outage.evaluate(AT + second * SECOND)] == expected


def test_who_is_to_blame_is_asked_once_and_kept_while_it_fires(tmp_path: Path) -> None:
    outage, asked = Outage(tmp_path, 120), []

    def live(by: Any, window: Any, where: Any) -> Any:
        asked.append((by, window.end, where))
        return {**bad("/pay", "500", 30, AT), **bad("/buy", "503", 10, AT)}

    outage.history.marker("deploy", "v42 of checkout", AT - 10 * MINUTE, service="shop")
    told = []
    for second in (60, 75, 90):
        now = AT + second * SECOND
        outage.collect(now)
        told += outage.evaluate(now, live={"sli_bad_events": live})
    assert len(asked) == 1
    assert asked[0][2] == (("instance", ""), ("slo", "checkout"))
    assert [alert.evidence[EXPLAINED] for alert in told] == [
        {
            "bad events": "code=500 route=/pay 45, code=503 route=/buy 15 of 60",
            "changes before": "deploy v42 of checkout at 08:50 UTC",
        }
    ] * 3
    assert (
        [sum(part.amount for part in alert.drivers) for alert in told]
        == [60, 60, 60]
        == [alert.change for alert in told]
    )


def test_an_alert_goes_out_where_explaining_it_breaks(tmp_path: Path) -> None:
    outage = Outage(tmp_path, 120)

    def live(*_: Any) -> Any:
        raise OSError("broken")

    outage.collect(AT + MINUTE)
    (alert,) = outage.evaluate(AT + MINUTE, live={"sli_bad_events": live})
    assert alert.is_firing
    assert not alert.drivers


def test_a_page_becomes_a_ticket_when_the_fast_burn_is_over(tmp_path: Path) -> None:
    """Six minutes without one good event: no longer a page after that, and for days more than is allowed."""
    outage = Outage(tmp_path, 360)
    outage.history.buckets("checkout", [(0, 300), (240, 300), *[(300, 300)] * 10], start=AT)
    outage.collect(AT + 2 * MINUTE)
    assert [alert.severity for alert in outage.evaluate(AT + 2 * MINUTE)] == [Severity.PAGE]
    outage.collect(AT + HOUR)
    assert [alert.severity for alert in outage.evaluate(AT + HOUR)] == [Severity.TICKET]


def test_a_source_that_falls_silent_is_told_and_resolves_nothing(tmp_path: Path) -> None:
    outage = Outage(tmp_path, 120)
    outage.collect(AT + MINUTE)
    outage.evaluate(AT + MINUTE)
    found = outage.evaluate(AT + 50 * MINUTE)
    assert {alert.summary for alert in found} == {
        "no data: nothing new is known of any of its objectives",
        "no data: checkout: nothing new for 50 min",
    }
