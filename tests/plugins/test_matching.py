"""What has the values that are asked for, found by an index as by looking at all of it."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.model import Labels, labels
from costwatch.model.names import folded_account
from costwatch.plugins import Indexed, matching

VALUES = {
    "team": ["risk", "data", "web", ""],
    "service": ["EC2", "S3"],
    "account": ["000011112222", "11112222", "0000-1111-2222", "333344445555", "sandbox", "Sandbox"],
    "currency": ["USD", "EUR"],
}


def by_looking_at_all(
    answer: Mapping[Labels, int], where: Mapping[str, Collection[str]]
) -> dict[Labels, int]:
    def fits(name: str, value: str) -> bool:
        if name == "account":
            return folded_account(value) in map(folded_account, where[name])
        return value in where[name]

    return {
        key: found
        for key, found in answer.items()
        if all(fits(name, value) for name, value in key if name in where)
    }


def some(values: Mapping[str, list[str]]) -> st.SearchStrategy[dict[str, str]]:
    """A value of each of some of the labels."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(of) for name, of in values.items()})


KEYS = st.lists(some(VALUES).map(lambda of: labels(**of)), unique=True, max_size=40)
ASKED = {**VALUES, "region": ["eu-west-1"]}
WHERE = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.sampled_from([*of, "nobody's"]), max_size=3).map(tuple)
        for name, of in ASKED.items()
    },
)


@given(KEYS, st.lists(WHERE, min_size=1, max_size=4))
def test_the_index_finds_what_a_look_at_all_finds_in_its_order(
    keys: list[Labels], wheres: list[Mapping[str, tuple[str, ...]]]
) -> None:
    answer = {key: place for place, key in enumerate(keys)}
    indexed = Indexed(answer)
    for where in wheres:
        expected = [*by_looking_at_all(answer, where).items()]
        assert [*matching(indexed, where).items()] == expected
        assert [*matching(answer, where).items()] == expected
    assert indexed == answer


ANSWER = {
    labels(account="000011112222", team="risk"): 1,
    labels(account="333344445555", team="risk"): 2,
    labels(account="333344445555", team="web"): 3,
    labels(team="web"): 4,
}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        pytest.param({}, [1, 2, 3, 4], id="nothing asked takes all"),
        pytest.param({"team": ("risk",)}, [1, 2], id="one value"),
        pytest.param({"team": ("web", "risk", "web")}, [1, 2, 3, 4], id="several values in any order"),
        pytest.param({"team": ()}, [], id="no value fits nothing"),
        pytest.param({"team": ("sales",)}, [], id="a value that nothing has"),
        pytest.param({"region": ("eu-west-1",)}, [1, 2, 3, 4], id="a label that nothing has says nothing"),
        pytest.param({"account": ("1111-2222",)}, [1, 4], id="an account is one however it is spelt"),
        pytest.param({"account": ("333344445555",), "team": ("web",)}, [3, 4], id="what lacks a label fits"),
    ],
)
def test_what_fits(where: Mapping[str, tuple[str, ...]], found: list[int]) -> None:
    assert [*matching(ANSWER, where).values()] == found
