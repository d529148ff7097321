"""What no single entry of ``alerts.yaml`` shows: names given twice, and names that nothing bears.

All but what rules look at and what receivers can do reads the tree, not the models, so that one broken entry
hides no other mistake.
"""

from collections.abc import Iterable, Iterator, Sequence

from costwatch.alerts import built_in
from costwatch.config.annotations import check_annotations
from costwatch.config.consistency import named_once
from costwatch.config.dead_routes import check_reachable
from costwatch.config.matchers import check_matchers, routes
from costwatch.config.names import Names
from costwatch.config.pools import texts
from costwatch.config.quote import instead, quoted
from costwatch.config.rule_tests import check_tests
from costwatch.config.selections import check_selections
from costwatch.config.statements import check_statements
from costwatch.config.teams import named
from costwatch.config.tree import Place, Tree
from costwatch.plugins import Forwarder, Notifier, Receiver, Rule

Found = Iterator[tuple[int, str]]  # line, sentence


def check_alerts(tree: Tree) -> Found:
    """Across the entries of ``alerts.yaml``."""
    yield from named_once(tree, "rules")
    for place, name in named(tree, "rules"):
        if name in built_in.NAMES:
            what = f"{quoted(name)} is the name of a rule that is built in"
            yield tree.value_line(place), f"{what}; choose another"
    yield from named_once(tree, "receivers")
    yield from named_once(tree, "time_intervals")
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
    yield from check_reachable(tree)


def check_rules(tree: Tree, rules: Sequence[Rule], names: Names) -> Found:
    """What the rules look at and matchers wait for, against what there can be."""
    yield from check_selections(tree, rules, names)
    yield from check_statements(tree, rules)
    yield from check_matchers(tree, rules, names)
    yield from check_annotations(tree, rules)
    yield from check_tests(tree, rules, names)


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


def _receiver_exists(tree: Tree, place: Place, receivers: Iterable[str]) -> Found:
    if isinstance(name := tree.at(place), str) and name not in receivers:
        yield tree.value_line(place), f"no receiver is called {quoted(name)}{instead(name, receivers)}"
