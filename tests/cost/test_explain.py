"""Changes between two windows: like for like, nothing lost between the parts and the whole."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from costwatch.answers.changes import changes, comparable_days, settled_days
from costwatch.cost.explain import Change
from tests.made.series import made

MON = date(2026, 11, 16)
BEFORE = date(2026, 11, 9)
AFTER = date(2026, 11, 23)
WEEKS = (MON, AFTER, BEFORE, MON)


def test_a_service_that_appeared_and_one_that_went_are_compared_with_nothing() -> None:
    facts = made([(BEFORE, "ml", "old", "USD", 5), (MON, "ml", "new", "USD", 7)])
    assert changes(facts, *WEEKS) == [
        Change("USD", (("service", "new"), ("team", "ml")), Decimal(0), Decimal(7)),
        Change("USD", (("service", "old"), ("team", "ml")), Decimal(5), Decimal(0)),
    ]


def test_only_weekdays_settled_in_both_weeks_are_compared() -> None:
    tuesday = MON + timedelta(days=1)
    facts = made(
        [
            (BEFORE, "ml", "s3", "USD", 10),
            (MON, "ml", "s3", "USD", 12),
            (tuesday, "ml", "s3", "USD", 100),  # no Tuesday the week before
            (BEFORE + timedelta(days=2), "ml", "s3", "USD", 100),
            (MON + timedelta(days=2), "ml", "s3", "USD", 50),  # still estimated
        ],
        open_days=[MON + timedelta(days=2)],
    )
    assert settled_days(facts, MON, AFTER) == (MON, tuesday)
    assert comparable_days(facts, *WEEKS) == ((MON, BEFORE),)
    assert [change.delta for change in changes(facts, *WEEKS)] == [Decimal(2)]


def test_without_a_week_before_nothing_is_called_a_change() -> None:
    assert changes(made([(MON, "ml", "s3", "USD", 12)]), *WEEKS) == []


def test_currencies_stay_apart() -> None:
    costs = [
        (day, "ml", "s3", currency, n) for day, n in ((BEFORE, 1), (MON, 3)) for currency in ("EUR", "USD")
    ]
    assert [(one.currency, one.delta) for one in changes(made(costs), *WEEKS, by=())] == [
        ("EUR", 2),
        ("USD", 2),
    ]


def test_a_window_longer_than_the_other_is_compared_as_far_as_both_go() -> None:
    costs = [(date(2026, 1, 1) + timedelta(days=n), "ml", "s3", "USD", 1) for n in range(59)]
    facts = made(costs)
    february = (date(2026, 2, 1), date(2026, 3, 1), date(2026, 1, 1), date(2026, 2, 1))
    assert [(one.before, one.after) for one in changes(facts, *february, by=())] == [(28, 28)]


def test_a_share_of_nothing_or_of_a_credit_is_not_told() -> None:
    assert Change("USD", (), Decimal(0), Decimal(5)).ratio is None
    assert Change("USD", (), Decimal(-5), Decimal(5)).ratio is None
    assert Change("USD", (), Decimal(4), Decimal(5)).ratio == Decimal("0.25")


COSTS = st.lists(
    st.tuples(
        st.integers(0, 13).map(lambda n: BEFORE + timedelta(days=n)),
        st.sampled_from(["ml", "risk", "unallocated"]),
        st.sampled_from(["s3", "ec2"]),
        st.sampled_from(["USD", "EUR"]),
        st.decimals(-1000, 1000, places=9),
    ),
    max_size=40,
)


@given(COSTS, st.sets(st.integers(0, 13).map(lambda n: BEFORE + timedelta(days=n))))
def test_the_parts_sum_to_the_whole(
    costs: list[tuple[date, str, str, str, object]], open_days: set[date]
) -> None:
    facts = made(costs, open_days)
    parts = changes(facts, *WEEKS)
    for whole in changes(facts, *WEEKS, by=()):
        mine = [part for part in parts if part.currency == whole.currency]
        assert sum(part.delta for part in mine) == whole.delta
        assert sum(part.after for part in mine) == whole.after
        assert [abs(part.delta) for part in mine] == sorted((abs(part.delta) for part in mine), reverse=True)
