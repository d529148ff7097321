"""What no single team shows: names that nothing bears, things claimed twice, teams above each other."""

from collections.abc import Iterator
from datetime import date

from costwatch.config.pools import named_receivers
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree
from costwatch.cost.hierarchy import Since, circles
from costwatch.model import RESIDUALS
from costwatch.model.names import folded, folded_account

Found = Iterator[tuple[int, str]]  # line, sentence


def check_teams(tree: Tree) -> Found:
    """Across the entries of ``teams``, and all that names one."""
    yield from _teams_exist(tree)
    yield from _claimed_once(tree)
    yield from _one_at_a_time(tree)
    yield from _above_each_other(tree)


def team_names(tree: Tree) -> tuple[str, ...]:
    """Those under ``teams:``, in their order."""
    return tuple(name for _, name in named(tree, "teams"))


def named(tree: Tree, section: str) -> Iterator[tuple[Place, str]]:
    """The names in a section, and where they stand."""
    for place, entry in tree.entries((section,)):
        if isinstance(name := entry.get("name"), str):
            yield (*place, "name"), name


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
    for section, nobody in (("budgets", "*"), ("systems", ""), ("charges", ""), ("slos", "")):
        for place, entry in tree.entries((section,)):
            team = entry.get("team")
            if isinstance(team, str) and team != nobody:
                yield (*place, "team"), team
    for place, entry in tree.entries(("teams",)):
        for where, parent, _ in parents_of((*place, "parent"), entry):
            if parent:  # without one, a team stands alone from then on
                yield ((*where, "id") if isinstance(tree.at(where), dict) else where), parent


def _claimed_once(tree: Tree) -> Found:
    """Two teams with the same account, or the same name or alias, from the same day on."""
    owners: dict[tuple[str, str, Node], tuple[str, int]] = {}
    for place, entry in tree.entries(("teams",)):
        team = entry.get("name")
        if not isinstance(team, str):
            continue
        for claim, what, name, since in _claims(place, entry, team):
            fold = folded_account if what == "account" else folded
            owner, line = owners.setdefault((what, fold(name), since), (team, tree.line(claim)))
            if folded(owner) != folded(team):
                when = f"from {since} on" if since else "at all times"
                clash = f"{what} {quoted(name)} is claimed by team {quoted(owner)} too (line {line}), {when}"
                yield tree.line(claim), f"{clash}; remove one, or give it a later 'valid_from'"


def _claims(place: Place, entry: dict[str, Node], team: str) -> Iterator[tuple[Place, str, str, Node]]:
    yield (*place, "name"), "name", team, None
    for key, what in (("aliases", "name"), ("accounts", "account"), ("account_names", "account name")):
        for where, name, since in _dated((*place, key), entry.get(key)):
            yield where, what, name, since


def _dated(place: Place, nodes: Node) -> Iterator[tuple[Place, str, Node]]:
    """The names of a list, some with the day from which they hold: where, name, ``valid_from``."""
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        since = node.get("valid_from") if isinstance(node, dict) else None
        name = node.get("id", node.get("name")) if isinstance(node, dict) else node
        if isinstance(name, str) and not isinstance(since, (dict, list)):
            yield (*place, index), name, since


def parents_of(place: Place, entry: dict[str, Node]) -> Iterator[tuple[Place, str, Node]]:
    """What is above a team whose ``parent`` is at ``place``: where each stands, its name, ``valid_from``."""
    parent = entry.get("parent")
    yield from [(place, parent, None)] if isinstance(parent, str) else _dated(place, parent)


def _one_at_a_time(tree: Tree) -> Found:
    """A team with two parents or cost centers from the same day on."""
    for place, entry in tree.entries(("teams",)):
        for key in ("parent", "cost_center"):
            known: dict[str, str] = {}
            for where, name, since in _dated((*place, key), entry.get(key)):
                other = known.setdefault(str(since), name)
                if other is not name:
                    when = f"from {since} on" if since else "at all times"
                    clash = f"'{key}' is {quoted(other)} {when}, too"
                    yield tree.line(where), f"{clash}; keep one, or give it a later 'valid_from'"


def _above_each_other(tree: Tree) -> Found:
    parents: dict[str, list[Since]] = {}
    lines: dict[str, int] = {}
    for place, entry in tree.entries(("teams",)):
        above = [(parent, since) for _, parent, since in parents_of((*place, "parent"), entry)]
        if isinstance(team := entry.get("name"), str) and above:
            lines[team] = tree.line((*place, "parent"))
            parents[team] = [(parent, _day(since)) for parent, since in above]
    for teams, day in circles(parents):
        way = " under ".join(map(quoted, teams)) + ("" if day == date.min else f" from {day} on")
        yield lines[teams[0]], f"teams are above each other, {way}; give one of them another 'parent'"


def _day(since: Node) -> date | None:
    """Whoever reads the team tells what is no day."""
    try:
        return date.fromisoformat(str(since)) if since is not None else None
    except ValueError:
        return None
