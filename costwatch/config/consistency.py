"""What no single entry shows: names given twice, and names that nothing bears.

All but the tables, and what receivers can do, reads the tree, not the models, so that one broken entry hides
no other mistake.
"""

from collections.abc import Iterable, Iterator, Sequence

from costwatch.config.pools import check_pools, named_receivers, texts
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree
from costwatch.model import RESIDUALS
from costwatch.plugins import Collector, Forwarder, Notifier, Receiver

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


def check_tables(tree: Tree, sources: Sequence[Collector]) -> Found:
    """Tables that collectors declare and that cannot be stored beside the others'."""
    if not any(getattr(source, "tables", ()) for source in sources):
        return
    from costwatch.intake.tables import clashes  # heavy, and seldom needed

    lines = {name: tree.line(place) for place, name in _names(tree, "sources")}
    yield from ((lines[name], text) for name, text in clashes(sources))


def team_names(tree: Tree) -> tuple[str, ...]:
    """Those under ``teams:``, in their order."""
    return tuple(name for _, name in _names(tree, "teams"))


def check_alerts(tree: Tree) -> Found:
    """Across the entries of ``alerts.yaml``."""
    yield from _named_once(tree, "rules")
    yield from _named_once(tree, "receivers")
    yield from _named_once(tree, "time_intervals")
    receivers = [name for _, name in _names(tree, "receivers")]
    intervals = [name for _, name in _names(tree, "time_intervals")]
    for place, route in _routes(tree):
        yield from _receiver_exists(tree, (*place, "receiver"), receivers)
        for key in ("mute_time_intervals", "active_time_intervals"):
            for here, name in texts((*place, key), route.get(key)):
                if name not in intervals:
                    what = f"no time interval is called {quoted(name)}"
                    yield tree.value_line(here), f"{what}{instead(name, intervals)}"
    yield from _receiver_exists(tree, ("fallback",), receivers)


def check_receivers(tree: Tree, receivers: Sequence[Receiver]) -> Found:
    """Whether those of ``receivers`` that ``alerts.yaml`` sends alerts to take any."""
    by_name = {receiver.name: receiver for receiver in receivers}
    routed = {str(route["receiver"]): place for place, route in _routes(tree) if "receiver" in route}
    for name, place in routed.items():
        if name in by_name and not isinstance(by_name[name], (Notifier, Forwarder)):
            what = f"receiver {quoted(name)} takes no alerts"
            yield tree.value_line((*place, "receiver")), f"{what}; name one of a kind that does"
    fallback = tree.root.get("fallback")
    if not isinstance(fallback, str):
        return
    line = tree.value_line(("fallback",))
    if fallback in by_name and not isinstance(by_name[fallback], Notifier):
        yield line, f"receiver {quoted(fallback)} takes no messages; name one of a kind that does"
    if routed.keys() == {fallback}:
        what = f"{quoted(fallback)} is the only receiver of 'route' and would be its own fallback"
        yield line, f"{what}; name another"


def _names(tree: Tree, section: str) -> Iterator[tuple[Place, str]]:
    for place, entry in tree.entries((section,)):
        if isinstance(name := entry.get("name"), str):
            yield (*place, "name"), name


def _named_once(tree: Tree, section: str, *, ignore_case: bool = False) -> Found:
    lines: dict[str, int] = {}
    for place, name in _names(tree, section):
        key = name.lower() if ignore_case else name
        if key in lines:
            yield (
                tree.line(place),
                f"{section[:-1].replace('_', ' ')} {quoted(name)} is also on line {lines[key]}; rename one",
            )
        lines.setdefault(key, tree.line(place))


def _budgets_named_once(tree: Tree) -> Found:
    lines: dict[str, int] = {}
    for place, entry in tree.entries(("budgets",)):
        name = entry.get("name") or f"{entry.get('team', '*')} {entry.get('period', 'month')}"
        if isinstance(name, str) and name in lines:
            yield tree.line(place), f"budget {quoted(name)} is also on line {lines[name]}; rename one"
        lines.setdefault(str(name), tree.line(place))


def _teams_exist(tree: Tree) -> Found:
    teams = team_names(tree)
    for place, name in _teams_named(tree):
        if name not in teams:
            yield tree.value_line(place), f"no team is called {quoted(name)}{instead(name, teams)}"


def _teams_named(tree: Tree) -> Iterator[tuple[Place, str]]:
    for place, pool in tree.entries(("pools",)):
        yield from named_receivers(place, pool)
        if isinstance(giver := pool.get("carried_by"), str) and giver not in RESIDUALS:
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


def _routes(tree: Tree, place: Place = ("route",)) -> Iterator[tuple[Place, dict[str, Node]]]:
    """Every route, with its place."""
    route = tree.at(place)
    if isinstance(route, dict):
        yield place, route
    for child, _ in tree.entries((*place, "routes")):
        yield from _routes(tree, child)


def _receiver_exists(tree: Tree, place: Place, receivers: Iterable[str]) -> Found:
    if isinstance(name := tree.at(place), str) and name not in receivers:
        yield tree.value_line(place), f"no receiver is called {quoted(name)}{instead(name, receivers)}"
