"""Whether to cut or to spend: only where budget and use point the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.slo.worth import BURNT, IDLE, SATURATED, UNSPENT, Advice, decide


@pytest.mark.parametrize(
    ("left", "use", "is_burning", "advice", "reason"),
    [
        (0.9, 0.4, False, Advice.CUT, "budget unspent and 60 % idle: cut"),
        (0.1, 0.8, False, Advice.SPEND, "budget burnt and saturated (80 % used): spend"),
        (-0.2, 0.8, False, Advice.SPEND, "budget spent and saturated (80 % used): spend"),
        (0.1, 0.3, False, Advice.MEND, "money is not what it lacks"),
        (0.9, 0.3, True, Advice.MEND, "first see what changed"),
        (0.9, 0.7, False, Advice.KEEP, "only 30 % idle"),
        (0.4, 0.3, False, Advice.KEEP, "neither to spare nor to save"),
        (None, 0.3, False, Advice.UNKNOWN, "not known"),
        (0.9, None, False, Advice.UNKNOWN, "how much of it is used is not known"),
        (0.1, None, False, Advice.UNKNOWN, "whether more machines would help is not known"),
    ],
)
def test_the_reason_is_told_in_words(
    left: float | None, use: float | None, is_burning: bool, advice: Advice, reason: str
) -> None:
    found = decide(left, use, is_burning=is_burning)
    assert found.advice is advice
    assert reason in found.reason


SHARES = st.none() | st.floats(-2, 2)


@given(SHARES, SHARES, st.booleans())
def test_nothing_is_cut_that_is_needed_and_nothing_bought_that_is_idle(
    left: float | None, use: float | None, is_burning: bool
) -> None:
    found = decide(left, use, is_burning=is_burning)
    if found.advice is Advice.CUT:
        assert left is not None
        assert left >= UNSPENT
        assert use is not None
        assert 1 - use >= IDLE
        assert not is_burning
    if found.advice is Advice.SPEND:
        assert left is not None
        assert left <= BURNT
        assert use is not None
        assert use >= SATURATED
    assert (found.advice is Advice.UNKNOWN) == (
        left is None or (use is None and (left <= BURNT or not is_burning))
    )
