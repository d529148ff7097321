"""Burn rate windows by period (research: slo rule 7)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from costwatch.slo.windows import burn_windows, unreachable


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        pytest.param(30, [14.4, 6, 3, 1], id="thirty days have Google's factors"),
        pytest.param(7, [3.36, 1.4], id="seven days have no window for tickets"),
        pytest.param(28, [13.44, 5.6, 2.8], id="28 days have none of three days"),
        pytest.param(84, [40.32, 16.8, 8.4, 2.8], id="twelve weeks are scaled"),
        pytest.param(90, [43.2, 18, 9, 3], id="ninety days are scaled"),
    ],
)
def test_factor_is_the_share_of_the_budget_by_the_period(days: int, factors: list[float]) -> None:
    windows, notes = burn_windows(timedelta(days=days))
    assert [one.factor for one in windows] == pytest.approx(factors)
    assert len(notes) == 4 - len(factors)


def test_windows_that_no_outage_reaches_are_said() -> None:
    windows, _ = burn_windows(timedelta(days=30))
    assert unreachable(windows, Decimal("0.95")) == ()
    assert unreachable(windows, Decimal("0.80")) == (
        "at 80 % a budget burns at most 5 times too fast, so that windows of factor 14.4, 6 "
        "are never told of",
    )


def test_what_is_left_out_is_said() -> None:
    _, notes = burn_windows(timedelta(days=28))
    assert notes == (
        "the ticket window of 72 h is left out: over 28 days its factor is 0.933, "
        "which a budget that lasts may burn at, too",
    )
