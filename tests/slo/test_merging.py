"""What changes of an instance's buckets, and how gaps are bridged."""

from hypothesis import given
from hypothesis import strategies as st

from costwatch.slo.collecting import Events, Growth, Kept, Told
from costwatch.slo.folding import QUANTUM
from costwatch.slo.merging import Changes, Gap, changes, gaps

BUCKET, HOUR = 300, 3600


def bucket(number: int, good: float = 9, total: float = 10, known: int = BUCKET, bridged: int = 0) -> Kept:
    return Kept(number * BUCKET, BUCKET, good, total, known, bridged)


def kept(*buckets: Kept) -> dict[int, Kept]:
    return {each.start: each for each in buckets}


def test_what_is_the_same_changes_nothing() -> None:
    assert changes(kept(bucket(1)), Told([bucket(1)])) == Changes([], [])


def test_another_value_replaces() -> None:
    assert changes(kept(bucket(1)), Told([bucket(1, 8)])).put == [bucket(1, 8)]


def test_what_is_known_is_not_replaced_by_what_is_less() -> None:
    assert changes(kept(bucket(1)), Told([bucket(1, 1, 1, 60)])).put == []


def test_at_the_end_of_what_a_server_keeps_less_does_not_replace_more() -> None:
    edge = frozenset({BUCKET})
    assert changes(kept(bucket(1)), Told([bucket(1, 5, 6)], edge)).put == []
    assert changes(kept(bucket(1)), Told([bucket(1, 10, 11)], edge)).put == [bucket(1, 10, 11)]
    assert changes({}, Told([bucket(1, 5, 6)], edge)).put == [bucket(1, 5, 6)]


def test_gaps_and_what_is_bridged_are_replaced_by_what_is_known() -> None:
    before = kept(bucket(1, 0, 0, 0), bucket(2, 1, 2, BUCKET, BUCKET))
    told = [bucket(1), bucket(2)]
    assert changes(before, Told(told)).put == told


def test_the_first_bucket_after_a_bridged_gap_stays_as_it_was_corrected() -> None:
    before = kept(bucket(1, 1, 2, BUCKET, BUCKET), bucket(2))
    assert changes(before, Told([bucket(2, 9, 5_000_010)], frozenset({2 * BUCKET}))).put == []
    filled = [bucket(1), bucket(2, 9, 11)]  # what was missing has come
    assert changes(before, Told(filled, frozenset({BUCKET}))).put == filled


def test_where_the_first_bucket_is_only_known_by_what_is_new_it_is_of_the_gap() -> None:
    of = Changes([], [bucket(3, 9, 5_000_010)])
    closed = of.closing(Gap(0, 3 * BUCKET), Growth(Events(6, 6), None), BUCKET, frozenset())
    assert closed.put == [bucket(number, 2, 2, BUCKET, BUCKET) for number in (1, 2, 3)]
    assert changes(kept(*closed.put), Told(of.put, frozenset({3 * BUCKET}))).put == []


HOUR_ROW = Kept(0, HOUR, 108, 120, HOUR)


def test_an_hour_is_replaced_by_buckets_that_know_as_much() -> None:
    whole = [bucket(number) for number in range(12)]
    assert changes(kept(HOUR_ROW), Told(whole)) == Changes([], [])  # they say the same
    other = [bucket(0, 8), *whole[1:]]
    assert changes(kept(HOUR_ROW), Told(other)) == Changes([0], other)
    assert changes(kept(HOUR_ROW), Told(other[:-1])) == Changes([], [])


def test_gaps_lie_between_known_buckets_and_are_looked_at_once() -> None:
    known = [0, 300, 1500, 1800]
    assert gaps(known, known, frozenset(), BUCKET) == [Gap(300, 1500)]
    assert gaps(known, [1800], frozenset(), BUCKET) == []
    assert gaps(known, known, frozenset({600, 900, 1200}), BUCKET) == []


def test_in_the_first_bucket_after_a_gap_nothing_counts_from_0() -> None:
    of = Changes([], [bucket(4, 9, 5_000_010)])
    growth = Growth(Events(2, 3), Events(9, 10))
    closed = of.closing(Gap(0, 4 * BUCKET), growth, BUCKET, frozenset())
    assert closed.put[0] == bucket(4)
    assert [each.total for each in closed.put[1:]] == [1, 1, 1]


def test_a_gap_of_which_nothing_can_be_learnt_is_kept_as_one() -> None:
    closed = Changes([], []).closing(Gap(0, 3 * BUCKET), Growth(None, None), BUCKET, frozenset({BUCKET}))
    assert closed.put == [bucket(2, 0, 0, 0)]


@given(
    st.integers(1, 3000),
    st.integers(0, 2**45).map(lambda quanta: quanta * QUANTUM),
    st.floats(0, 1),
)
def test_shares_sum_to_the_whole_and_none_has_more_good_than_all(
    count: int, total: float, share: float
) -> None:
    good = round(total * share / QUANTUM) * QUANTUM
    growth = Growth(Events(min(good, total), total), Events(0, 0))
    put = Changes([], []).closing(Gap(0, (count + 1) * BUCKET), growth, BUCKET, frozenset()).put
    assert len(put) == count
    assert sum(each.total for each in put) == total
    assert sum(each.good for each in put) == min(good, total)
    assert all(each.good <= each.total and each.bridged_seconds == BUCKET for each in put)
