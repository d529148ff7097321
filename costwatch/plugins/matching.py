"""Which parts of an answer have the values that are asked for."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from functools import cached_property
from typing import TypeVar

from costwatch.model import Labels
from costwatch.model.names import folded_account

_T = TypeVar("_T")


class Indexed(dict[Labels, _T]):
    """An answer by labels, not to be changed, that finds what has a value without a look at all of it.

    Snapshots keep their answers as this: ten thousand rules then share one index.
    """

    @cached_property
    def _keys(self) -> tuple[Labels, ...]:
        return tuple(self)

    @cached_property
    def _having(self) -> Mapping[str, Mapping[str, Set[int]]]:
        """Label -> value -> the places of the keys that have it."""
        found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for place, key in enumerate(self._keys):
            for name, value in key:
                found[name][value].add(place)
        return found

    @cached_property
    def _lacking(self) -> Mapping[str, Set[int]]:
        """Label -> the places of the keys that some others have it, and they have not."""
        every = {*range(len(self))}
        return {name: every.difference(*having.values()) for name, having in self._having.items()}

    @cached_property
    def _accounts(self) -> Mapping[str, Collection[str]]:
        """An account as it is compared -> how it is spelt."""
        found = defaultdict(list)
        for spelt in self._having["account"]:
            found[folded_account(spelt)].append(spelt)
        return found

    def matching(self, where: Mapping[str, Collection[str]]) -> dict[Labels, _T]:
        """See the function of this name."""
        conditions = [self._places(name, where[name]) for name in where if name in self._having]
        if not conditions:
            return dict(self)
        least, *others = sorted(conditions, key=lambda places: sum(map(len, places)))
        found = least[0] if len(least) == 1 else set().union(*least)
        for places in others:
            found = found & places[0] if len(places) == 1 else set().union(*(found & each for each in places))
        keys = self._keys
        return {keys[place]: self[keys[place]] for place in sorted(found)}

    def _places(self, name: str, values: Collection[str]) -> list[Set[int]]:
        """Where the label has one of the values, or is not there at all."""
        if name == "account":
            values = {spelt for value in values for spelt in self._accounts.get(folded_account(value), ())}
        having, lacking = self._having[name], self._lacking[name]
        found = [having[value] for value in values if value in having]
        return [*found, lacking] if lacking else found


def matching(answer: Mapping[Labels, _T], where: Mapping[str, Collection[str]]) -> dict[Labels, _T]:
    """Those of ``answer`` each of whose labels has, where ``where`` names it, one of the values given there.

    An ``account`` is one however it is spelt: with dashes, or without the zeros that spreadsheets lose.
    """
    known = answer if isinstance(answer, Indexed) else Indexed(answer)
    return known.matching(where)
