"""What no single entry shows: names given twice, and names that nothing bears.

All but the tables, what rules look at and what receivers can do reads the tree, not the models, so that one
broken entry hides no other mistake.
"""

from collections.abc import Iterable, Iterator, Sequence

from costwatch.config.matchers import check_matchers, routes
from costwatch.config.matches import check_matches
from costwatch.config.names import Names
from costwatch.config.pools import check_pools, texts
from costwatch.config.quote import instead, quoted
from costwatch.config.selections import check_selections
from costwatch.config.systems import check_systems
from costwatch.config.teams import check_teams, named
from costwatch.config.tree import Place, Tree
from costwatch.model import CONFIGURED
from costwatch.model.names import folded
from costwatch.plugins import Collector, Forwarder, Notifier, Receiver, Rule

Found = Iterator[tuple[int, str]]  # line, sentence


def check_config(tree: Tree) -> Found:
    """Across the entries of ``costwatch.yaml``."""
    yield from _named_once(tree, "sources")
    yield from _named_once(tree, "charges")
    yield from _own_sources(tree)
    yield from _named_once(tree, "teams", are_folded=True)
    yield from _named_once(tree, "pools")
    yield from _named_once(tree, "systems", are_folded=True)
    yield from check_pools(tree)
    yield from _budgets_named_once(tree)
    yield from check_teams(tree)
    yield from check_systems(tree)
    yield from check_matches(tree)


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


def check_alerts(tree: Tree) -> Found:
    """Across the entries of ``alerts.yaml``."""
    yield from _named_once(tree, "rules")
    yield from _named_once(tree, "receivers")
    yield from _named_once(tree, "time_intervals")
    receivers = [name for _, name in named(tree, "receivers")]
    intervals = [name for _, name in named(tree, "time_intervals")]
    for place, route in routes(tree):
        yield from _receiver_exists(tree, (*place, "receiver"), receivers)
        for key in ("mute_time_intervals", "active_time_intervals"):
            for here, name in texts((*place, key), route.get(key)):
                if name not in intervals:
                    what = f"no time interval is called {quoted(name)}"
                    yield tree.value_line(here), f"{what}{instead(name, intervals)}"
    yield from _receiver_exists(tree, ("fallback",), receivers)


def check_rules(tree: Tree, rules: Sequence[Rule], names: Names) -> Found:
    """What the rules look at and matchers wait for, against what there can be."""
    yield from check_selections(tree, rules, names)
    yield from check_matchers(tree, rules, names)


def check_receivers(tree: Tree, receivers: Sequence[Receiver]) -> Found:
    """Whether those of ``receivers`` that ``alerts.yaml`` sends alerts to take any."""
    by_name = {receiver.name: receiver for receiver in receivers}
    routed = {str(route["receiver"]): place for place, route in routes(tree) if "receiver" in route}
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


def _named_once(tree: Tree, section: str, *, are_folded: bool = False) -> Found:
    lines: dict[str, int] = {}
    for place, name in named(tree, section):
        key = folded(name) if are_folded else name
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


def _receiver_exists(tree: Tree, place: Place, receivers: Iterable[str]) -> Found:
    if isinstance(name := tree.at(place), str) and name not in receivers:
        yield tree.value_line(place), f"no receiver is called {quoted(name)}{instead(name, receivers)}"
