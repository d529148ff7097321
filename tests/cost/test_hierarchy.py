"""Teams above teams: parents equal their children and themselves, exactly, whenever teams move."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.cost.hierarchy import CircleError, circles, memberships

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def test_a_team_moves_from_one_parent_to_another() -> None:
    found = memberships({"fs": [("data", None), ("ml", NOVEMBER)], "ml": [], "data": []}, {})
    assert [(one.team, one.since, one.until, one.parents) for one in found] == [
        ("data", date.min, date.max, ()),
        ("fs", date.min, NOVEMBER, ("data",)),
        ("fs", NOVEMBER, date.max, ("ml",)),
        ("ml", date.min, date.max, ()),
    ]


def test_the_top_of_a_chain_is_what_nothing_is_above() -> None:
    (fs, *_) = memberships({"fs": [("ml", None)], "ml": [("engineering", None)]}, {})
    assert fs.parents == ("ml", "engineering")
    assert fs.top == "engineering"


def test_a_cost_center_may_begin_later_than_its_team() -> None:
    found = memberships({}, {"risk": [("CC-7", OCTOBER)]})
    assert [(one.since, one.cost_center) for one in found] == [
        (date.min, "no cost center"),
        (OCTOBER, "CC-7"),
    ]


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        pytest.param({"a": [("a", None)]}, [(("a", "a"), date.min)], id="a team above itself"),
        pytest.param(
            {"a": [("b", None)], "b": [("a", None)]}, [(("a", "b", "a"), date.min)], id="two above each other"
        ),
        pytest.param(
            {"a": [("b", None)], "b": [("a", OCTOBER)]},
            [(("a", "b", "a"), OCTOBER)],
            id="two above each other from some day on",
        ),
        pytest.param(
            {"a": [("c", None)], "c": [("d", None)], "d": [("c", None)]},
            [(("c", "d", "c"), date.min)],
            id="a circle, without the team below it",
        ),
        pytest.param(
            {"a": [("b", None)], "b": [("a", None)], "f": [("f", OCTOBER)]},
            [(("a", "b", "a"), date.min), (("f", "f"), OCTOBER)],
            id="every circle",
        ),
    ],
)
def test_circles_are_named(
    parents: dict[str, list[tuple[str, date | None]]], expected: list[tuple[tuple[str, ...], date]]
) -> None:
    assert circles(parents) == expected
    with pytest.raises(CircleError):
        memberships(parents, {})


def test_no_circle_is_none() -> None:
    assert circles({"a": [("b", None), ("c", OCTOBER)], "b": [], "c": [("b", None)]}) == []


def test_a_team_may_come_to_stand_alone() -> None:
    found = memberships({"fs": [("data", None), ("", NOVEMBER)]}, {})
    assert [(one.since, one.parents) for one in found] == [(date.min, ("data",)), (NOVEMBER, ())]


_AMOUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(-(10**18), 10**18))
# Each team's parent comes later in the alphabet, so that no circle can be.
_PARENTS = st.fixed_dictionaries(
    {team: st.sampled_from([*"abcdef"[n + 1 :], ""]) for n, team in enumerate("abcdef")}
)


@given(amounts=_AMOUNTS, parents=_PARENTS)
def test_a_parent_carries_what_it_and_its_children_carry(
    amounts: dict[str, int], parents: dict[str, str]
) -> None:
    spans = memberships({team: [(above, None)] if above else [] for team, above in parents.items()}, {})
    rolled = {
        team: sum(amounts.get(one.team, 0) for one in spans if team in (one.team, *one.parents))
        for team in "abcdef"
    }
    for team in "abcdef":
        children = [child for child, above in parents.items() if above == team]
        own_and_below = amounts.get(team, 0) + sum(rolled[child] for child in children)
        assert rolled[team] == own_and_below
    tops = [team for team, above in parents.items() if not above]
    assert sum(rolled[team] for team in tops) == sum(amounts.values())
