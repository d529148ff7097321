"""What no single system shows: pools that it names and nothing bears."""

from collections.abc import Iterator

from costwatch.config.pools import texts
from costwatch.config.quote import instead, quoted
from costwatch.config.teams import named
from costwatch.config.tree import Tree

Found = Iterator[tuple[int, str]]  # line, sentence


def check_systems(tree: Tree) -> Found:
    """Across the entries of ``systems``."""
    pools = [name for _, name in named(tree, "pools")] + ["direct"]
    giving = {pool.get("name") for _, pool in tree.entries(("pools",)) if "carried_by" in pool}
    for place, entry in tree.entries(("systems",)):
        match = entry.get("match")
        nodes = match.get("pools") if isinstance(match, dict) else None
        here = (*place, "match", "pools")
        for where, name in [(here, nodes)] if isinstance(nodes, str) else texts(here, nodes):
            line = tree.value_line(where)
            if name not in pools:
                yield line, f"no pool is called {quoted(name)}{instead(name, pools)}"
            elif name in giving:
                yield line, f"pool {quoted(name)} takes no lines, it gives a team's cost on; name another"
