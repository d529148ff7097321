"""How instances stand, read from a store that was written as the collector writes it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.slo.objectives import Form, Indicator, Method, Period, Query
from costwatch.slo.standing import Health, SloState
from costwatch.slo.words import in_words
from costwatch.warehouse.slo.standings import standings
from tests.made.slo_buckets import NOW, History, objective, steady

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def states(history: History, now: datetime | None = None, *, as_it_was: bool = False) -> list[SloState]:
    with history.warehouse.read() as db:
        return standings(db, now or history.now, as_it_was=as_it_was)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_whole_period_is_weighed_by_requests(history: History) -> None:
    history.put(objective()).buckets("checkout", [*steady(29, 1000), *steady(1, 1000, 5)])
    (state,) = states(history)
    assert state.coverage == 1
    assert state.left == pytest.approx(1 - 5 * 288 / (0.001 * 1000 * 288 * 30))
    assert state.burn(HOUR) == pytest.approx(5)
    assert state.burn(3 * DAY) == pytest.approx(5 / 3)
    assert state.health is Health.TICKET
    assert in_words(state) == "at this rate the budget is gone in 5 d; 1,440 of 8,640 allowed errors used"


def test_a_quiet_hour_is_known_and_an_absent_one_is_not(history: History) -> None:
    """Case s03."""
    of = objective(target="0.99", days=1 / 8)
    hour = [(1000.0, 1001.0)] * 12
    history.put(of).buckets("checkout", [*hour, *[(0, 0)] * 12, *hour])
    (state,) = states(history)
    assert (state.coverage, round(state.left or 0, 5)) == (1, 0.9001)
    history.buckets("checkout", [*hour, *[None] * 12, *hour])
    (state,) = states(history)
    assert (round(state.coverage, 3), round(state.left or 0, 5)) == (0.667, 0.9001)


def test_no_events_at_all_are_neither_good_nor_unknown(history: History) -> None:
    history.put(objective()).buckets("checkout", steady(30, 0))
    (state,) = states(history)
    assert (state.health, state.left, in_words(state)) == (
        Health.NO_EVENTS,
        None,
        "no events in the whole period",
    )


def test_what_brought_nothing_yet_is_unknown(history: History) -> None:
    history.put(objective())
    (state,) = states(history)
    assert (state.instance, state.health, in_words(state)) == (0, Health.UNKNOWN, "unknown, coverage 0 %")


def test_instances_have_budgets_of_their_own(history: History) -> None:
    """Case s04: the mixture would burn at 5."""
    history.put(objective(target="0.99"))
    history.buckets("checkout", [(900, 900)] * 12, host="a").buckets("checkout", [(50, 100)] * 12, host="b")
    assert {state.name: state.burn(HOUR) for state in states(history)} == {
        "checkout{host=a}": 0,
        "checkout{host=b}": pytest.approx(50),
    }


def test_ten_requests_an_hour_say_too_little_to_page(history: History) -> None:
    """Case s06: one in six minutes, one fails at 00:24."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    events = [
        [float(minute != 24) for minute in range(0, 60, 6) if n * 5 < minute <= n * 5 + 5 or n == 0 == minute]
        for n in range(12)
    ]
    history.put(objective()).buckets("checkout", [(sum(each), len(each)) for each in events], start=at)
    (state,) = states(history, at + 25 * MINUTE)
    assert state.burn(5 * MINUTE) == pytest.approx(1000)
    assert not state.burning
    (state,) = states(history, at + HOUR)
    assert state.burn(HOUR) == pytest.approx(100)
    assert state.budget.allowed == pytest.approx(7.2)
    assert state.budget.used == pytest.approx(0.1389, abs=5e-5)
    assert "known from 22 Nov 2026 on: what was before counts as such traffic without errors" in state.notes


def test_short_windows_are_as_they_were_asked_while_that_is_new(history: History) -> None:
    history.put(objective()).buckets("checkout", steady(30))
    history.asked("checkout", NOW - 9 * MINUTE, {5 * MINUTE: (0, 100)})
    (state,) = states(history)
    assert state.burn(5 * MINUTE) == pytest.approx(1000)
    assert states(history, as_it_was=True)[0].burn(5 * MINUTE) == 0
    history.asked("checkout", NOW - 11 * MINUTE, {5 * MINUTE: (0, 100)})
    assert states(history)[0].burn(5 * MINUTE) == 0


def test_until_more_is_read_it_burns_as_it_did(history: History) -> None:
    history.put(objective()).buckets("checkout", steady(1, 100, 50), end=NOW - 15 * MINUTE)
    (state,) = states(history)
    assert (state.burn(5 * MINUTE), state.health) == (pytest.approx(500), Health.PAGE)


def test_what_is_old_says_nothing_of_now(history: History) -> None:
    history.put(objective()).buckets("checkout", steady(10, 100, 50), end=NOW - 46 * MINUTE)
    (state,) = states(history)
    assert state.health is Health.UNKNOWN


def test_a_pod_that_is_gone_is_told_from_a_source_that_is_silent(history: History) -> None:
    history.put(objective()).buckets("checkout", steady(5), pod="new")
    history.buckets("checkout", steady(5, 100, 50), end=NOW - 2 * DAY, pod="old")
    assert {state.name: state.health for state in states(history)} == {
        "checkout{pod=new}": Health.OK,
        "checkout{pod=old}": Health.GONE,
    }


def test_earlier_instants_are_told_from_buckets_that_had_ended(history: History) -> None:
    history.put(objective()).buckets("checkout", [*steady(30), *steady(1, 100, 50)])
    (state,) = states(history, NOW - DAY + 4 * MINUTE, as_it_was=True)
    assert (state.left, state.burn(HOUR), state.window.end) == (1, 0, NOW - DAY)


def test_calendar_months_count_from_their_start(history: History) -> None:
    of = objective(period=Period(months=1, anchor=datetime.fromisoformat("2024-01-01"), zone="Europe/Berlin"))
    start = datetime(2026, 10, 31, 23, tzinfo=UTC)
    history.put(of).buckets("checkout", [*steady(3, 100, 50), *steady(5, 100, 0.05)], start=start - 3 * DAY)
    (state,) = states(history, start + 5 * DAY)
    assert state.window.start == start
    assert state.coverage == 1
    assert state.left == pytest.approx(1 - 0.5 * 5 / 30)


def test_an_hour_that_a_long_period_begins_in_is_counted_whole(history: History) -> None:
    """What is older than two weeks is kept by the hour."""
    history.put(objective())
    history.buckets("checkout", [(500.0, 1000.0)], start=NOW - 30 * DAY, step=HOUR)
    history.buckets("checkout", steady(30 - 1 / 24, 1000))
    (state,) = states(history, NOW + 40 * MINUTE)
    assert (state.coverage, state.budget.bad) == (pytest.approx(1, abs=0.01), 500)


def test_what_is_asked_for_no_longer_is_not_told(history: History) -> None:
    history.put(objective("old"), objective("kept"))
    history.now = NOW + MINUTE
    history.put(objective("kept"), objective("new"))
    assert [state.objective.id for state in states(history)] == ["kept", "new"]
    with history.warehouse.write() as db:
        db.execute("INSERT INTO collection (source, started_at, outcome) VALUES ('slos', '2026', 'loaded')")
    assert states(history) == []  # its source was read, and is configured no longer


def test_slices_that_are_longer_than_a_short_window_are_still_seen(history: History) -> None:
    of = objective(method=Method.TIMESLICES, slice_seconds=600, slice_target=Decimal("0.9"))
    history.put(of).buckets("checkout", [(1, 1)] * 100 + [(0, 1)] * 6, step=10 * MINUTE)
    (state,) = states(history)
    assert state.burn(5 * MINUTE) == pytest.approx(1000)
    assert in_words(state) == "the budget is spent; 6 of 4.3 allowed bad slices used; coverage 2.5 %"


def test_what_is_weighed_by_time_says_so(history: History) -> None:
    form = Indicator(bad=Query("1 - avg(up)", Form.RATIO))
    history.put(objective(indicator=form, target="0.99")).buckets("checkout", steady(30, 300, 1.5))
    (state,) = states(history)
    assert "approximate: weighed by time, as its queries do not count events" in state.notes
    assert in_words(state) == "at this rate the budget lasts; 3 h 36 min of 7 h 12 min allowed used"


def test_more_good_than_there_was_is_never_clamped(history: History) -> None:
    history.put(objective()).buckets("checkout", [(110.0, 100.0)] * 288 * 30)
    (state,) = states(history)
    assert state.left == pytest.approx(101)
    assert any(note.startswith("inconsistent") for note in state.notes)
