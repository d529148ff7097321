"""Series as promtool writes them, value by value."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.alerts.series_notation import MAX_VALUES, expanded

# Those of promtool's own manual among them.
READ = {
    "-2+4x3": "-2 2 6 10",
    " 1-2x4": "1 -1 -3 -5 -7",
    "1x4": "1 1 1 1 1",
    "1 _x3 stale": "1 _ _ _ _",
    "1000x2 1800 1850": "1000 1000 1000 1800 1850",
    "1+0x2 1+0.5x2": "1 1 1 1 1.5 2",
    "5x0": "5",
    "_ _x2 .5 1.5e2 +3": "_ _ _ .5 150 3",
    "\t1\n2 ": "1 2",
}
REFUSED = (
    *("", "  ", "x3", "1x", "1x-3", "1+x3", "a", "1,5", "NaN", "Inf", "0x1g", "__", "_x", "1x1.5"),
    *("1 + 2x3", "1;2", "{{schema:1}}x2"),
)


@pytest.mark.parametrize("text", READ)
def test_is_expanded(text: str) -> None:
    assert expanded(text) == expanded(READ[text])


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must hold values such as"):
        expanded(text)


@pytest.mark.parametrize("text", ["1x999999999", "_x999999999", f"1x{MAX_VALUES}", "1x99999 1"])
def test_more_values_than_anyone_needs_are_refused_before_they_are_made(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"at most {MAX_VALUES:,} values")):
        expanded(text)


@given(st.integers(-1000, 1000), st.integers(-9, 9), st.integers(0, 50))
def test_a_run_has_one_value_more_than_it_says(first: int, step: int, times: int) -> None:
    assert expanded(f"{first}{step:+d}x{times}") == tuple(first + step * at for at in range(times + 1))
