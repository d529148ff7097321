"""What no single entry of ``costwatch.yaml`` shows: names given twice, and names that nothing bears.

All but the tables reads the tree, not the models, so that one broken entry hides no other mistake.
"""

from collections.abc import Iterator, Sequence

from costwatch.config.matches import check_matches
from costwatch.config.pools import check_pools, texts
from costwatch.config.quote import instead, quoted
from costwatch.config.systems import check_systems
from costwatch.config.teams import check_teams, named
from costwatch.config.tree import Tree
from costwatch.config.unit_costs import check_unit_costs
from costwatch.model import CONFIGURED
from costwatch.model.names import folded
from costwatch.plugins import Collector

Found = Iterator[tuple[int, str]]  # line, sentence


def check_config(tree: Tree) -> Found:
    """Across the entries of ``costwatch.yaml``."""
    yield from named_once(tree, "sources")
    yield from named_once(tree, "charges")
    yield from _own_sources(tree)
    yield from named_once(tree, "teams", are_folded=True)
    yield from named_once(tree, "pools")
    yield from named_once(tree, "systems", are_folded=True)
    yield from named_once(tree, "unit_costs")
    yield from check_pools(tree)
    yield from _budgets_named_once(tree)
    yield from check_teams(tree)
    yield from check_systems(tree)
    yield from check_matches(tree)
    yield from check_unit_costs(tree)
    yield from _run_label_is_kept(tree)


def _own_sources(tree: Tree) -> Found:
    for place, name in named(tree, "sources"):
        if name == CONFIGURED:
            yield (
                tree.value_line(place),
                f"{quoted(name)} is the source of what 'charges' says; rename this one",
            )


def check_tables(tree: Tree, sources: Sequence[Collector]) -> Found:
    """Tables that collectors declare and that cannot be stored beside the others'."""
    if not any(getattr(source, "tables", ()) for source in sources):
        return
    from costwatch.intake.tables import clashes  # heavy, and seldom needed

    lines = {name: tree.line(place) for place, name in named(tree, "sources")}
    yield from ((lines[name], text) for name, text in clashes(sources))


def named_once(tree: Tree, section: str, *, are_folded: bool = False) -> Found:
    """Names in a list of entries that are there before."""
    lines: dict[str, int] = {}
    for place, name in named(tree, section):
        key = folded(name) if are_folded else name
        if key in lines:
            yield (
                tree.line(place),
                f"{section[:-1].replace('_', ' ')} {quoted(name)} is also on line {lines[key]}; rename one",
            )
        lines.setdefault(key, tree.line(place))


def _run_label_is_kept(tree: Tree) -> Found:
    """The label of runs, where it is named and no source of a cluster keeps it."""
    here = ("runs", "label")
    clusters = [place for place, entry in tree.entries(("sources",)) if entry.get("kind") == "kubernetes"]
    listed = (texts((*place, "pod_labels"), tree.at((*place, "pod_labels"))) for place in clusters)
    kept = [label for labels in listed for _, label in labels]
    if clusters and isinstance(label := tree.at(here), str) and label not in kept:
        known = instead(label, kept)
        guess = known if "did you mean" in known else "; add it to the 'pod_labels' of a source"
        yield tree.value_line(here), f"no source keeps the label {quoted(label)}{guess}"


def _budgets_named_once(tree: Tree) -> Found:
    lines: dict[str, int] = {}
    for place, entry in tree.entries(("budgets",)):
        name = entry.get("name") or f"{entry.get('team', '*')} {entry.get('period', 'month')}"
        if isinstance(name, str) and name in lines:
            yield tree.line(place), f"budget {quoted(name)} is also on line {lines[name]}; rename one"
        lines.setdefault(str(name), tree.line(place))
