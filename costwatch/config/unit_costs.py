"""What no single unit cost shows: volumes that nothing brings, and slices of cost that there cannot be."""

from collections.abc import Iterator

from costwatch.config.matches import misspelt_account
from costwatch.config.measures import check_measured
from costwatch.config.names import Names, names_of
from costwatch.config.pools import texts
from costwatch.config.selections import nothing_called
from costwatch.config.tree import Tree
from costwatch.model import GIVEN_ON, METRICS, RESIDUALS

Found = Iterator[tuple[int, str]]  # line, sentence


def check_unit_costs(tree: Tree) -> Found:
    """Across the entries of ``unit_costs``."""
    entries = [*tree.entries(("unit_costs",))]
    yield from check_measured(tree, (((*place, "volume"), entry.get("volume")) for place, entry in entries))
    names = names_of(tree) if entries else Names()
    for place, entry in entries:
        where = entry.get("where")
        for label, nodes in where.items() if isinstance(where, dict) else ():
            here = (*place, "where", label)
            values = [(here, nodes)] if isinstance(nodes, str) else texts(here, nodes)
            for at, value in values:
                yield from ((tree.value_line(at), text) for text in _troubles(label, value, names))


def _troubles(label: str, value: str, names: Names) -> Iterator[str]:
    """What is wrong with a value that a slice of cost is told by."""
    known = {**names.values[METRICS[0]], "parent": (*names.teams, *RESIDUALS)}  # at any level
    if label == "account":
        yield from misspelt_account(value, names.accounts)
    for part in value.split(GIVEN_ON) if label == "pool" else (value,):
        if label in known and part not in known[label]:
            yield nothing_called(label, part, known[label])
