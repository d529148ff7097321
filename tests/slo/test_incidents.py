"""Incidents: stretches that burned, and what they took of the budget."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from costwatch.slo.incidents import Happened, incidents

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def happened(*bad: float | None, total: float = 100) -> list[Happened]:
    """None: a bucket that is not known."""
    return [
        Happened(FIRST + number * FIVE, 300, total - each, total)
        for number, each in enumerate(bad)
        if each is not None
    ]


def test_a_short_pause_does_not_end_an_incident_and_a_long_one_does() -> None:
    quiet = [0.0] * 6
    found = incidents(happened(50, 50, *quiet[:5], 20, *quiet, 70), 0.99, 1000)
    assert [(one.start - FIRST, one.length, one.bad, one.budget_share) for one in found] == [
        (timedelta(), 8 * FIVE, 120, 0.12),
        (14 * FIVE, FIVE, 70, 0.07),
    ]


def test_what_burns_slowly_is_no_incident() -> None:
    assert incidents(happened(*[6.0] * 20), 0.99, 1000) == []
    assert incidents(happened(0, total=0), 0.99, 0) == []


@given(st.lists(st.none() | st.integers(0, 100), max_size=60))
def test_incidents_are_apart_and_hold_no_more_than_happened(bad: list[int | None]) -> None:
    found = incidents(happened(*bad), 0.9, 500, at_most=100)
    assert sum(one.bad for one in found) <= sum(filter(None, bad))
    by_time = sorted(found, key=lambda one: one.start)
    assert all(later.start - one.end >= timedelta(minutes=30) for one, later in pairwise(by_time))
    assert [one.budget_share for one in found] == sorted((one.budget_share for one in found), reverse=True)
