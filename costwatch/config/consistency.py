"""What no single entry shows: names given twice, and names that nothing bears.

All of it reads the tree, not the models, so that one broken entry hides no other mistake.
"""

from collections.abc import Iterable, Iterator

from costwatch.config.pools import check_pools, receivers
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree

Found = Iterator[tuple[int, str]]  # line, sentence


def check_config(tree: Tree) -> Found:
    """Across the entries of ``costwatch.yaml``."""
    yield from _named_once(tree, "sources")
    yield from _named_once(tree, "teams", ignore_case=True)
    yield from _named_once(tree, "pools")
    yield from check_pools(tree)
    yield from _budgets_named_once(tree)
    yield from _teams_exist(tree)
    yield from _claimed_once(tree)


def check_alerts(tree: Tree) -> Found:
    """Across the entries of ``alerts.yaml``."""
    yield from _named_once(tree, "rules")
    yield from _named_once(tree, "receivers")
    receivers = [name for _, name in _names(tree, "receivers")]
    yield from _receivers_exist(tree, ("route",), receivers)


def _names(tree: Tree, section: str) -> Iterator[tuple[Place, str]]:
    for place, entry in tree.entries((section,)):
        if isinstance(name := entry.get("name"), str):
            yield (*place, "name"), name


def _named_once(tree: Tree, section: str, *, ignore_case: bool = False) -> Found:
    lines: dict[str, int] = {}
    for place, name in _names(tree, section):
        key = name.lower() if ignore_case else name
        if key in lines:
            yield tree.line(place), f"{section[:-1]} {quoted(name)} is also on line {lines[key]}; rename one"
        lines.setdefault(key, tree.line(place))


def _budgets_named_once(tree: Tree) -> Found:
    lines: dict[str, int] = {}
    for place, entry in tree.entries(("budgets",)):
        name = entry.get("name") or f"{entry.get('team', '*')} {entry.get('period', 'month')}"
        if isinstance(name, str) and name in lines:
            yield tree.line(place), f"budget {quoted(name)} is also on line {lines[name]}; rename one"
        lines.setdefault(str(name), tree.line(place))


def _teams_exist(tree: Tree) -> Found:
    teams = [name for _, name in _names(tree, "teams")]
    for place, name in _teams_named(tree):
        if name not in teams:
            yield tree.value_line(place), f"no team is called {quoted(name)}{instead(name, teams)}"


def _teams_named(tree: Tree) -> Iterator[tuple[Place, str]]:
    for place, pool in tree.entries(("pools",)):
        yield from receivers(place, pool)
        if isinstance(giver := pool.get("carried_by"), str):
            yield (*place, "carried_by"), giver
    for place, budget in tree.entries(("budgets",)):
        team = budget.get("team")
        if isinstance(team, str) and team != "*":
            yield (*place, "team"), team


def _claimed_once(tree: Tree) -> Found:
    """Two teams with the same account, or the same name or alias, from the same day on."""
    owners: dict[tuple[str, str, Node], tuple[str, int]] = {}
    for place, entry in tree.entries(("teams",)):
        team = entry.get("name")
        if not isinstance(team, str):
            continue
        for claim, what, name, since in _claims(place, entry, team):
            owner, line = owners.setdefault((what, name, since), (team, tree.line(claim)))
            if owner.lower() != team.lower():
                when = f"from {since} on" if since else "at all times"
                clash = f"{what} {quoted(name)} is claimed by team {quoted(owner)} too (line {line}), {when}"
                yield tree.line(claim), f"{clash}; remove one, or give it a later 'valid_from'"


def _claims(place: Place, entry: dict[str, Node], team: str) -> Iterator[tuple[Place, str, str, Node]]:
    yield (*place, "name"), "name", team.lower(), None
    for key, what in (("aliases", "name"), ("accounts", "account")):
        nodes = entry.get(key)
        for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
            since = node.get("valid_from") if isinstance(node, dict) else None
            name = node.get("id") if isinstance(node, dict) else node
            if isinstance(name, str) and not isinstance(since, (dict, list)):
                yield (*place, key, index), what, name.lower() if what == "name" else name, since


def _receivers_exist(tree: Tree, place: Place, receivers: Iterable[str]) -> Found:
    route = tree.at(place)
    if isinstance(route, dict) and isinstance(name := route.get("receiver"), str) and name not in receivers:
        here = (*place, "receiver")
        yield tree.value_line(here), f"no receiver is called {quoted(name)}{instead(name, receivers)}"
    for child, _ in tree.entries((*place, "routes")):
        yield from _receivers_exist(tree, child, receivers)
