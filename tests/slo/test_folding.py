"""From sides to buckets: what is missing, what is odd, slices."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from costwatch.slo.collecting import Kept
from costwatch.slo.folding import folded, steps_of, window_sums
from costwatch.slo.objectives import Method, Objective
from tests.made.slo_history import objective

NAN = float("nan")
FIRST = 1_790_812_800


def buckets(of: Objective, total: list[float], bad: list[float] | None = None, **more: object) -> list[Kept]:
    seconds = int(more.pop("seconds", 300))  # type: ignore[call-overload]
    sides = {"good": None, **more}
    steps = steps_of(
        FIRST,
        seconds,
        np.array(total),
        *(None if side is None else np.array(side) for side in (sides["good"], bad)),
    )
    return list(folded(of, steps, FIRST).buckets)


def test_errors_that_are_missing_are_none_where_the_total_is_there() -> None:
    found = buckets(objective(), [10, NAN, 10], [1, 2, NAN])
    assert [(each.start - FIRST, each.good, each.total) for each in found] == [(0, 9, 10), (600, 10, 10)]


def test_nothing_happened_is_known() -> None:
    assert buckets(objective(), [0], [NAN]) == [Kept(FIRST, 300, 0, 0, 300)]


def test_more_good_than_all_is_kept_and_counted() -> None:
    steps = steps_of(FIRST, 300, np.array([10.0, 10, 10]), np.array([11.0, 10 + 1e-12, 3]), None)
    assert steps.odd_count == 1
    assert [each.good for each in folded(objective(), steps, FIRST).buckets] == [11, 10, 3]


def test_more_bad_than_all_is_kept_and_counted() -> None:
    steps = steps_of(FIRST, 300, np.array([10.0]), None, np.array([12.0]))
    assert (steps.odd_count, folded(objective(), steps, FIRST).buckets[0].good) == (1, -2)


def test_an_error_ratio_weighs_time() -> None:
    steps = steps_of(FIRST, 300, None, None, np.array([0.25, NAN]))
    assert list(folded(objective(), steps, FIRST).buckets) == [Kept(FIRST, 300, 225, 300, 300)]


def slices(method: Method, seconds: int, target: str = "0.9") -> Objective:
    return objective(method=method, slice_seconds=seconds, slice_target=Decimal(target))


def test_slices_are_folded_to_buckets_and_one_without_events_was_good() -> None:
    total, bad = [10, 10, 0, 10, NAN], [0, 1, 0, 2, NAN]
    of = slices(Method.TIMESLICES, 60)
    assert buckets(of, total, bad, seconds=60) == [Kept(FIRST, 300, 3, 4, 240)]
    of = slices(Method.RATIO_TIMESLICES, 60)
    assert buckets(of, total, bad, seconds=60)[0].good == np.round((1 + 0.9 + 1 + 0.8) * 2**20) / 2**20


def test_slices_longer_than_five_minutes_are_buckets() -> None:
    of = slices(Method.TIMESLICES, 900)
    assert of.bucket == timedelta(minutes=15)
    assert buckets(of, [10, 10], [0, 5], seconds=900) == [
        Kept(FIRST, 900, 1, 1, 900),
        Kept(FIRST + 900, 900, 0, 1, 900),
    ]


def test_what_comes_before_the_first_tells_whether_it_is_whole() -> None:
    steps = steps_of(FIRST - 300, 300, np.array([NAN, 5, 5, NAN, 5]), None, None)
    told = folded(objective(), steps, FIRST)
    assert told.edges == {FIRST, FIRST + 900}
    steps = steps_of(FIRST - 300, 300, np.array([5.0, 5, 5, 5, 5]), None, None)
    assert folded(objective(), steps, FIRST).edges == frozenset()


SIDE = arrays(float, 40, elements=st.one_of(st.just(NAN), st.floats(-1e300, 1e300), st.floats(0, 1e9)))


@given(SIDE, SIDE, st.sampled_from(Method))
def test_nothing_that_is_no_number_leaves(total: np.ndarray, bad: np.ndarray, method: Method) -> None:
    of = objective() if method is Method.OCCURRENCES else slices(method, 60)
    steps = steps_of(FIRST, 300 if method is Method.OCCURRENCES else 60, total, None, bad)
    for bucket in folded(of, steps, FIRST).buckets:
        assert np.isfinite([bucket.good, bucket.total]).all()
        assert 0 < bucket.known_seconds <= bucket.seconds
    events = window_sums(of, steps, 5)
    assert (events is None) == bool(np.isnan(steps.total[-5:]).all())
