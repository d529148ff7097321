"""What becomes of an alert, step by step."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.alerts.lifecycle import advance, fingerprint, without_breach
from costwatch.alerts.restatement import restated
from costwatch.model import (
    About,
    Alert,
    AlertState,
    Driver,
    Impact,
    Labels,
    Severity,
    Window,
    labels,
)
from tests.made.timed_rule import HOUR, START, TEAM, Timed, days, finding, run

FIRING, PENDING, RESOLVED = AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED


@pytest.mark.parametrize(
    ("script", "for_hours", "keep_hours", "states", "events"),
    [
        pytest.param("b", 0, 0, "f", "f", id="without for, a breach fires at once"),
        pytest.param("bbb", 2, 0, "ppf", "pf", id="a breach fires once it has lasted for"),
        pytest.param("bob", 2, 0, "p.p", "prp", id="one evaluation without it starts the clock again"),
        pytest.param("b-b", 2, 0, "p.p", "prp", id="so does not being reported"),
        pytest.param("bub", 2, 0, "ppf", "pf", id="an unknown verdict does not"),
        pytest.param("ouu", 0, 0, "...", "", id="unknown of nothing is nothing"),
        pytest.param("bbo", 0, 0, "ffr", "fr", id="when the breach is gone it is resolved"),
        pytest.param("buuu", 0, 0, "ffff", "f", id="unknown keeps it firing"),
        pytest.param("boob", 0, 0, "frrf", "frf", id="a new breach fires anew"),
        pytest.param(
            "boooo", 0, 2, "fffrr", "fr", id="it keeps firing from the first evaluation without a breach"
        ),
        pytest.param("boboo", 0, 2, "fffff", "f", id="a breach in between starts that clock again"),
        pytest.param("b---", 0, 2, "fffr", "fr", id="not being reported counts alike"),
        pytest.param("bbobbb", 1, 0, "pfrrff", "pfrpf", id="resolved, it stays so until it fires anew"),
        pytest.param("bbobo", 1, 0, "pfrrr", "pfrpr", id="and also if it never does"),
        pytest.param("bbobobb", 1, 0, "pfrrrrf", "pfrprpf", id="and the clock starts again"),
    ],
)
def test_states_follow_prometheus(
    script: str, for_hours: int, keep_hours: int, states: str, events: str
) -> None:
    rule = Timed(for_=for_hours * HOUR, keep_firing_for=keep_hours * HOUR)
    assert run(script, rule) == (states, events)


def fired(value: object = 5000, day: str = "2026-11-18", at: datetime = START) -> Alert:
    alert = advance(None, finding(value=value, day=day), Timed(), at).alert
    assert alert is not None
    return alert


def test_an_alert_carries_what_routes_and_people_need() -> None:
    rule = Timed(labels={"team": "ml", "tier": "1"}, severity=Severity.PAGE)
    alert = advance(None, finding(), rule, START).alert
    assert alert is not None
    assert dict(alert.labels) == {"team": "ml", "tier": "1", "rule": "Spend", "severity": "page"}
    assert alert.fingerprint == fingerprint("Spend", TEAM)
    assert (alert.active_at, alert.fired_at, alert.resolved_at) == (START, START, None)
    assert (alert.runbook, alert.value, alert.threshold) == (rule.runbook, 5000, 3000)


def test_fingerprints_tell_instances_apart_and_stay_the_same() -> None:
    assert fingerprint("Spend", TEAM) == "c63689474a800439"
    others: list[tuple[str, Labels]] = [
        ("Spend", labels(team="risk")),
        ("Spent", TEAM),
        ("Spend", labels(team="ml-platform", service="")),
        ('Spend", [["team', TEAM),
    ]
    assert len({fingerprint(*other) for other in others} | {fingerprint("Spend", TEAM)}) == 5


def test_a_firing_alert_tells_the_newest_finding_but_keeps_its_times() -> None:
    step = advance(fired(), finding(value=5200, day="2026-11-19"), Timed(), START + 24 * HOUR)
    assert step.alert is not None
    assert (step.alert.summary, step.alert.fired_at) == ("ml-platform: $5200 on 2026-11-19", START)
    assert step.event is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param([5000, 5000], "ml-platform: $5000 on 2026-11-18", id="the same value is no news"),
        pytest.param(
            [5000, 4100],
            "ml-platform: $4100 on 2026-11-18 · 18 Nov is $4,100.00 now (was $5,000.00)",
            id="another value says what it was",
        ),
        pytest.param(
            [5000, 4100, 4100],
            "ml-platform: $4100 on 2026-11-18 · 18 Nov is $4,100.00 now (was $5,000.00)",
            id="and goes on saying it",
        ),
        pytest.param(
            [5000, 4100, 4200],
            "ml-platform: $4200 on 2026-11-18 · 18 Nov is $4,200.00 now (was $5,000.00)",
            id="was is what was told first",
        ),
        pytest.param(
            [5000, 4100, 5000], "ml-platform: $5000 on 2026-11-18", id="taken back, nothing is left to say"
        ),
    ],
)
def test_a_restated_day_still_in_breach(values: list[int], said: str) -> None:
    held: Alert | None = None
    events = 0
    for hour, value in enumerate(values):
        step = advance(held, finding(value=value), Timed(), START + hour * HOUR)
        held, events = step.alert, events + (step.event is not None)
    assert held is not None
    assert held.summary == said
    assert events == 1 + sum(old != new for old, new in pairwise(values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param([5000], "ml-platform: $5000 on 2026-11-18", id="the same value is no news"),
        pytest.param(
            [2100],
            "ml-platform: $5000 on 2026-11-18 · 18 Nov is $2,100.00 now (was $5,000.00)",
            id="what was told stands, the correction beside it",
        ),
        pytest.param(
            [2100, 2000],
            "ml-platform: $5000 on 2026-11-18 · 18 Nov is $2,000.00 now (was $5,000.00)",
            id="the newest correction alone",
        ),
        pytest.param([2100, 5000], "ml-platform: $5000 on 2026-11-18", id="taken back"),
    ],
)
def test_a_restated_day_no_longer_looked_at(values: list[int], said: str) -> None:
    alert = without_breach(fired(), timedelta(), START + HOUR).alert
    assert alert is not None
    for value in values:
        alert = restated(alert, Decimal(value))
    assert (alert.summary, alert.value, alert.state) == (said, values[-1], RESOLVED)


def test_an_alert_that_goes_unreported_says_so() -> None:
    step = without_breach(fired(), timedelta(), START + HOUR, "its rule is no longer in the file")
    assert step.alert is not None
    assert step.alert.summary == "ml-platform: $5000 on 2026-11-18 (its rule is no longer in the file)"


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        pytest.param(About("Q", window=days("2026-11-18"), value=Decimal("1.5")), True, id="one day"),
        pytest.param(About("Q", window=days("2026-11-18")), False, id="a day, but not by what it sums up to"),
        pytest.param(
            About("Q", window=days("2026-11-17", "2026-11-18"), value=Decimal(1)), False, id="two days"
        ),
        pytest.param(
            About("Q", window=Window(START, START + HOUR), value=Decimal(1)), False, id="an hour of a day"
        ),
        pytest.param(
            About("Q", window=Window(START + HOUR, START + 25 * HOUR), value=Decimal(1)),
            False,
            id="a day's length across two days",
        ),
        pytest.param(About("Q", value=Decimal(1)), False, id="how things are now"),
    ],
)
def test_only_one_whole_day_can_be_looked_up_again(about: About, expected: bool) -> None:
    assert (about.day is not None) is expected


def test_amounts_that_are_no_numbers_are_refused_where_they_are_made() -> None:
    nan = Decimal("NaN")
    for made in (
        lambda: About("Q", value=nan),
        lambda: Impact(nan, "USD"),
        lambda: Driver(TEAM, nan),
        lambda: finding(value="Infinity"),
    ):
        with pytest.raises(ValueError, match="is no finite Decimal"):
            made()


@given(
    script=st.text("bbou-", max_size=40),
    for_hours=st.integers(0, 4),
    keep_hours=st.integers(0, 4),
)
def test_whatever_is_found_firing_begins_and_ends_in_turn(
    script: str, for_hours: int, keep_hours: int
) -> None:
    states, events = run(script, Timed(for_=for_hours * HOUR, keep_firing_for=keep_hours * HOUR))
    told = [event for event in events.replace("pr", "p") if event in "fr"]
    assert told == ["f", "r"] * (len(told) // 2) + ["f"] * (len(told) % 2)
    assert "rp" not in states, "what was told as resolved is not taken back"
    assert states.count("f") >= events.count("f")
