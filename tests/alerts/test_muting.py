"""Which alerts are muted, and by what: silences, inhibition, time intervals."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from costwatch.alerts.intervals import NamedTimeInterval, TimeInterval, minutes
from costwatch.alerts.muting import InhibitRule, MutedBy, muted, muted_on, muted_throughout, spells
from costwatch.alerts.routing import RootRoute, resolve
from costwatch.model import Alert, AlertState, Silence, labels
from costwatch.testing import an_alert

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


def alert(name: str = "a", fired: float = -1, over: float | None = None, **given: str) -> Alert:
    """Fired ``fired`` hours from NOW, and over since ``over``, if it is."""
    return an_alert(
        fingerprint=name,
        labels=labels(**{"team": "ml", "severity": "ticket", **given}),
        summary=f"{name} is high",
        state=AlertState.FIRING if over is None else AlertState.RESOLVED,
        fired_at=NOW + fired * HOUR,
        resolved_at=None if over is None else NOW + over * HOUR,
    )


def silence(*matchers: str, start: float = -2, end: float = 2, fingerprint: str = "") -> Silence:
    return Silence("s1", matchers, fingerprint, NOW + start * HOUR, NOW + end * HOUR, "ann", "load test")


# --- silences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "of", "expected"),
    [
        pytest.param(silence('team="ml"'), alert(), True, id="its matcher matches"),
        pytest.param(
            silence('team="ml"', "severity=page"), alert(), False, id="one of two matchers does not"
        ),
        pytest.param(silence('region=""', "team=ml"), alert(), True, id="a missing label counts as empty"),
        pytest.param(silence(fingerprint="a"), alert(), True, id="it is a silence of this alert"),
        pytest.param(silence(fingerprint="b"), alert(), False, id="it is a silence of another"),
        pytest.param(silence("team=ml", start=0), alert(), True, id="it starts now"),
        pytest.param(silence("team=ml", start=1), alert(), False, id="it has not started"),
        pytest.param(silence("team=ml", end=0), alert(), False, id="it ends now: the end is not in it"),
        pytest.param(silence("team=ml"), alert(fired=-3), True, id="what fired before it is quiet now"),
        pytest.param(silence("team=ml"), alert(fired=-2, over=-1), True, id="over: it fired wholly in it"),
        pytest.param(silence("team=ml", end=-1), alert(fired=-2, over=-1), True, id="over when it ended"),
        pytest.param(silence("team=ml"), alert(fired=-3, over=-1), False, id="over: it was loud before it"),
        pytest.param(
            silence("team=ml", end=-1), alert(fired=-2, over=-0.5), False, id="over: it was loud after"
        ),
    ],
)
def test_silences(made: Silence, of: Alert, expected: bool) -> None:
    found = muted([of], [made], [], NOW)
    assert list(found) == (["a"] if expected else [])
    if expected:
        reason = found["a"]
        assert (reason.by, reason.name) == (MutedBy.SILENCE, "s1")
        assert reason.text.endswith("by ann: load test")


def test_what_is_pending_is_not_muted_for_there_is_nothing_to_mute() -> None:
    pending = an_alert(state=AlertState.PENDING, fired_at=None)
    assert muted([pending], [silence("team=~.*")], [], NOW) == {}


# --- inhibition --------------------------------------------------------------------------------

PAGE_OVER_TICKET = InhibitRule(
    source_matchers=('severity="page"',), target_matchers=('severity="ticket"',), equal=("slo",)
)
TICKET_OVER_INFO = InhibitRule(
    source_matchers=('severity="ticket"',), target_matchers=('severity="info"',), equal=("slo",)
)
PAGE_OVER_PAGE = InhibitRule(
    source_matchers=('severity="page"',), target_matchers=('severity="page"',), equal=("slo",)
)
PAGE_OVER_ALL = InhibitRule(source_matchers=('severity="page"',), target_matchers=('team="ml"',), equal=())


@pytest.mark.parametrize(
    ("rules", "alerts", "expected"),
    [
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", slo="x"), alert("t", slo="x")],
            {"t": "p"},
            id="a source keeps its target quiet",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", slo="x"), alert("t", slo="y")],
            {},
            id="not where a label that must be equal is not",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page"), alert("t")],
            {"t": "p"},
            id="a label that both lack is equal",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", slo=""), alert("t")],
            {"t": "p"},
            id="and equals an empty one",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", over=-0.5), alert("t")],
            {},
            id="a source that is over no longer counts",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", over=-0.5), alert("t", over=-0.5)],
            {"t": "p"},
            id="but it kept quiet what fired and ended with it",
        ),
        pytest.param(
            [PAGE_OVER_TICKET],
            [alert("p", severity="page", over=-0.5), alert("t", fired=-2, over=-0.5)],
            {},
            id="not what fired before it",
        ),
        pytest.param(
            [PAGE_OVER_TICKET, TICKET_OVER_INFO],
            [alert("p", severity="page"), alert("t"), alert("i", severity="info")],
            {"t": "p", "i": "t"},
            id="an inhibited alert still inhibits others",
        ),
        pytest.param(
            [PAGE_OVER_PAGE], [alert("p", severity="page")], {}, id="an alert does not inhibit itself"
        ),
        pytest.param(
            [PAGE_OVER_PAGE],
            [alert("p", severity="page"), alert("q", severity="page")],
            {},
            id="what is source and target does not inhibit its like",
        ),
        pytest.param(
            [PAGE_OVER_ALL],
            [alert("p", severity="page"), alert("q", severity="page"), alert("t")],
            {"t": "p"},
            id="but what is a target only",
        ),
    ],
)
def test_inhibition(rules: Sequence[InhibitRule], alerts: Sequence[Alert], expected: dict[str, str]) -> None:
    found = muted(alerts, [], rules, NOW)
    assert {name: reason.name for name, reason in found.items()} == expected
    assert {reason.by for reason in found.values()} <= {MutedBy.INHIBITION}


def test_a_silenced_source_still_inhibits() -> None:
    alerts = [alert("p", severity="page"), alert("t")]
    found = muted(alerts, [silence("severity=page")], [PAGE_OVER_TICKET], NOW)
    assert {name: str(reason.by) for name, reason in found.items()} == {"p": "silence", "t": "inhibition"}


@given(st.lists(st.tuples(st.sampled_from(["page", "ticket", "info"]), st.sampled_from("xy")), max_size=6))
def test_no_rule_mutes_all_that_fire(made: list[tuple[str, str]]) -> None:
    alerts = [alert(str(n), severity=severity, slo=slo) for n, (severity, slo) in enumerate(made)]
    found = muted(alerts, [], [PAGE_OVER_TICKET, TICKET_OVER_INFO, PAGE_OVER_PAGE, PAGE_OVER_ALL], NOW)
    assert len(found) < len(alerts) or not alerts
    assert all(name != reason.name for name, reason in found.items())


# --- time intervals ----------------------------------------------------------------------------

NIGHT = {
    "times": [{"start_time": "00:00", "end_time": "08:00"}, {"start_time": "18:00", "end_time": "24:00"}]
}


@pytest.mark.parametrize(
    ("interval", "instant", "expected"),
    [
        pytest.param({}, "2026-11-25T12:00+00:00", True, id="nothing given: always"),
        pytest.param(NIGHT, "2026-11-25T18:00+00:00", True, id="the start is in it"),
        pytest.param(NIGHT, "2026-11-25T08:00+00:00", False, id="the end is not"),
        pytest.param(NIGHT, "2026-11-25T23:59:59+00:00", True, id="24:00 is the end of the day"),
        pytest.param({"weekdays": ["wednesday"]}, "2026-11-25T12:00+00:00", True, id="a day"),
        pytest.param(
            {"weekdays": ["saturday", "sunday"]}, "2026-11-25T12:00+00:00", False, id="not that day"
        ),
        pytest.param({"weekdays": ["monday:friday"]}, "2026-11-28T12:00+00:00", False, id="a range of days"),
        pytest.param(
            {"weekdays": ["friday:monday"]}, "2026-11-29T12:00+00:00", True, id="one past the weekend"
        ),
        pytest.param({"weekdays": ["friday:monday"]}, "2026-11-24T12:00+00:00", False, id="that ends"),
        pytest.param({"weekdays": ["friday:monday"]}, "2026-11-30T12:00+00:00", True, id="with its last day"),
        pytest.param(
            {**NIGHT, "location": "Europe/Berlin"}, "2026-07-01T16:30+00:00", True, id="summer in Berlin"
        ),
        pytest.param(
            {**NIGHT, "location": "Europe/Berlin"}, "2026-11-25T16:30+00:00", False, id="winter in Berlin"
        ),
        pytest.param(
            {"weekdays": ["thursday"], "location": "Asia/Tokyo"},
            "2026-11-25T15:00+00:00",
            True,
            id="the day is that of the place, too",
        ),
    ],
)
def test_intervals(interval: dict[str, Any], instant: str, expected: bool) -> None:
    assert TimeInterval.model_validate(interval).contains(datetime.fromisoformat(instant)) is expected


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ({"times": [{"start_time": "9:00", "end_time": "10:00"}]}, "must be a time of day"),
        ({"times": [{"start_time": "09:00", "end_time": "24:01"}]}, "must be a time of day"),
        ({"times": [{"start_time": "22:00", "end_time": "06:00"}]}, "must be after"),
        ({"weekdays": ["fryday"]}, "must be a day"),
        ({"weekdays": ["monday:friday:sunday"]}, "must be a day"),
        ({"location": "Europe/Bielefeld"}, "must be a time zone"),
        ({"location": "../../etc/passwd"}, "must be a time zone"),
        ({"location": "Europe"}, "must be a time zone"),
        ({"location": ""}, "must be a time zone"),
    ],
)
def test_what_is_no_interval_is_refused(interval: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TimeInterval.model_validate(interval)


@given(st.integers(0, 200_000), st.integers(0, 100_000), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_no_interval_changes_between_the_minutes_looked_at(start: int, seconds: int, zone: str) -> None:
    begin = datetime(2026, 10, 23, tzinfo=UTC) + timedelta(seconds=start)  # about a change of clocks
    night = TimeInterval.model_validate({**NIGHT, "weekdays": ["friday:monday"], "location": zone})
    looked_at = minutes(begin, begin + timedelta(seconds=seconds))
    seen = night.contains(begin)
    for first, then in zip(looked_at, [*looked_at[1:], begin + timedelta(seconds=seconds)], strict=True):
        assert first <= then <= first + timedelta(minutes=1)
        seen = night.contains(first)
        if then > first:
            assert night.contains(then - timedelta(microseconds=1)) is seen


def route(**given: Any) -> Any:
    intervals = [
        NamedTimeInterval.model_validate({"name": "night", "time_intervals": [NIGHT]}),
        NamedTimeInterval.model_validate(
            {"name": "week", "time_intervals": [{"weekdays": ["monday:friday"]}]}
        ),
    ]
    return resolve(RootRoute.model_validate({"receiver": "r", "routes": [given]}), intervals).children[0]


AT_NIGHT = NOW + 9 * HOUR


@pytest.mark.parametrize(
    ("given", "of", "now", "expected"),
    [
        pytest.param({}, alert(), NOW, None, id="no intervals"),
        pytest.param({"mute_time_intervals": ["night"]}, alert(), NOW, None, id="by day"),
        pytest.param(
            {"mute_time_intervals": ["night"]}, alert(), AT_NIGHT, "muted in 'night'", id="muted at night"
        ),
        pytest.param(
            {"active_time_intervals": ["night"]},
            alert(),
            NOW,
            "muted outside of 'night'",
            id="active at night",
        ),
        pytest.param(
            {"active_time_intervals": ["night", "week"]}, alert(), NOW, None, id="active in one of two"
        ),
        pytest.param(
            {"active_time_intervals": ["week"], "mute_time_intervals": ["night"]},
            alert(),
            AT_NIGHT,
            "muted in 'night'",
            id="active and muted: muted",
        ),
        pytest.param(
            {"mute_time_intervals": ["night"]},
            alert(fired=-16, over=-6),
            NOW,
            "muted in 'night'",
            id="over: it fired in one night",
        ),
        pytest.param(
            {"mute_time_intervals": ["night"]},
            alert(fired=-16, over=-3),
            NOW,
            None,
            id="over: it was loud at 8",
        ),
        pytest.param(
            {"mute_time_intervals": ["night"]},
            alert(fired=-40, over=-6),
            NOW,
            None,
            id="over: a day lay between",
        ),
        pytest.param(
            {"mute_time_intervals": ["night"]},
            alert(over=-0.5),
            AT_NIGHT,
            None,
            id="over: it is night only now",
        ),
    ],
)
def test_routes_by_time(given: dict[str, Any], of: Alert, now: datetime, expected: str | None) -> None:
    assert [each.text for each in muted_on(route(**given), [of], now).values()] == (
        [expected] if expected else []
    )


def test_routes_below_do_not_inherit_time_intervals() -> None:
    above = route(mute_time_intervals=["night"], routes=[{"matchers": ["team=ml"]}])
    assert [each.name for each in above.mute_time_intervals] == ["night"]
    assert above.children[0].mute_time_intervals == ()


def test_the_first_route_is_never_muted() -> None:
    with pytest.raises(ValidationError, match="never muted"):
        RootRoute.model_validate({"receiver": "r", "mute_time_intervals": ["night"]})


# --- one after the other -------------------------------------------------------------------------


def test_what_two_silences_muted_in_turn_was_muted_all_the_time() -> None:
    over = alert(fired=-1.9, over=-0.5)
    first, second = silence("team=ml", end=-1), silence("team=ml", start=-1.2, end=2)
    assert list(muted([over], [first, second], [], NOW)) == ["a"]
    assert not muted([over], [first, silence("team=ml", start=-0.9)], [], NOW)


def test_what_a_silence_and_then_an_inhibition_muted_was_muted_all_the_time() -> None:
    rule = InhibitRule.model_validate({"source_matchers": ["severity=page"], "target_matchers": ["team=ml"]})
    over, source = alert(fired=-1.9, over=-0.5), alert("s", fired=-1.2, team="risk", severity="page")
    assert list(muted([over, source], [silence("team=ml", end=-1)], [rule], NOW)) == ["a"]
    assert not muted([over, source], [silence("team=ml", end=-1.3)], [rule], NOW)


def test_what_two_sources_inhibited_in_turn_was_muted_all_the_time() -> None:
    rule = InhibitRule.model_validate({"source_matchers": ["severity=page"], "target_matchers": ["team=ml"]})
    over = alert(fired=-1.9, over=-0.5)
    gone = alert("s", fired=-3, over=-1, team="risk", severity="page")
    here = alert("t", fired=-1.1, team="risk", severity="page")
    assert "a" in muted([over, gone, here], [], [rule], NOW)
    assert "a" not in muted([over, gone], [], [rule], NOW)


def test_what_a_silence_and_then_a_time_interval_muted_was_muted_all_the_time() -> None:
    night = {"name": "n", "time_intervals": [{"times": [{"start_time": "11:00", "end_time": "12:00"}]}]}
    node = resolve(
        RootRoute.model_validate(
            {"receiver": "r", "routes": [{"receiver": "x", "mute_time_intervals": ["n"]}]}
        ),
        [NamedTimeInterval.model_validate(night)],
    ).children[0]
    over = alert(fired=-1.9, over=-0.5)
    for end, expected in ((-1, ["a"]), (-1.1, [])):
        of_all = spells([over], [silence("team=ml", end=end)], [], NOW)
        assert list(muted_on(node, [over], NOW, of_all)) == expected


@pytest.mark.parametrize(("group_wait", "is_muted"), [(0.5, False), (1, False), (1.5, True)])
def test_what_was_loud_for_less_than_group_wait_is_not_told_afterwards(
    group_wait: float, is_muted: bool
) -> None:
    over = alert(fired=-3, over=-0.5)
    of = spells([over], [silence("team=ml", start=-3, end=-1.5)], [], NOW)
    assert bool(muted_throughout([over], of, group_wait * HOUR)) == is_muted
