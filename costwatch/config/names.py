"""What ``costwatch.yaml`` names, for ``alerts.yaml`` to name again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from costwatch.config.measures import known_measures
from costwatch.config.teams import named, parents_of
from costwatch.config.tree import Node, Tree
from costwatch.model import (
    CHARGE_CATEGORIES,
    CHARGE_KINDS,
    CONFIGURED,
    COST_METRICS,
    METRICS,
    NO_COST_CENTER,
    NO_SYSTEM,
    RESIDUALS,
    UNALLOCATED,
)

Values = Mapping[
    str, tuple[str, ...]
]  # label -> all that it can be; a label that is not here may be anything


@dataclass(frozen=True, slots=True)
class Names:
    """teams: those under ``teams:``. values: query -> what its labels can be; empty: nothing is checked.

    kinds: those of ``sources:``. dimensions: those under ``dimensions:``. slos: names and ids of the SLOs,
    where their files were read; else None.
    """

    teams: tuple[str, ...] = ()
    values: Mapping[str, Values] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()  # those that teams name; others may exist
    kinds: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    slos: tuple[str, ...] | None = None
    prometheus: str = ""  # where the first source of SLOs asks

    @property
    def of_alerts(self) -> Values:
        """What the labels of alerts can be, as far as they come from these queries."""
        costs, budgets = self.values.get(METRICS[0], {}), self.values.get("budget", {})
        if not costs:
            return {}
        return {**costs, "team": (*costs["team"], "*"), "budget": budgets["name"]}


NO_NAMES = Names()


def names_of(tree: Tree | None) -> Names:
    """What ``costwatch.yaml`` names, mistakes and all; of a file that cannot be read, nothing."""
    if tree is None:
        return NO_NAMES
    teams, pools, systems, sources = (
        tuple(name for _, name in named(tree, section))
        for section in ("teams", "pools", "systems", "sources")
    )
    if tree.root.get("charges"):
        sources = (*sources, CONFIGURED)
    costs = {
        "team": (*teams, *RESIDUALS),
        "parent": (*_at_the_top(tree), *RESIDUALS),
        "cost_center": (*_ids(tree, "cost_center"), NO_COST_CENTER),
        "system": (*systems, NO_SYSTEM),
        "pool": (*pools, "direct"),
        "source": sources,
        "category": CHARGE_CATEGORIES,
        "charge_kind": CHARGE_KINDS,
    }
    budgets = [(str(entry.get("team", "*")), entry) for _, entry in tree.entries(("budgets",))]
    budget = {
        "team": tuple(team for team, _ in budgets),
        "name": tuple(
            str(entry.get("name") or f"{team} {entry.get('period', 'month')}") for team, entry in budgets
        ),
    }
    unit_cost = {"unit_cost": tuple(name for _, name in named(tree, "unit_costs"))}
    measures = known_measures(tree)
    measure = {"source": sources} | ({} if measures.is_open else {"measure": measures.names})
    of_sources = {key: {"source": sources} for key in ("freshness", "data_age", "data_age_limit")}
    tagging = {"team": (*teams, UNALLOCATED), "charge_kind": CHARGE_KINDS}
    commitment = {"team": (*teams, *RESIDUALS, ""), "source": sources}
    of_units = dict.fromkeys(("unit_cost", "unit_volume"), unit_cost)
    values = {
        **dict.fromkeys(COST_METRICS, costs),
        "tagging_cost": tagging,
        "budget": budget,
        "measure": measure,
        **of_sources,
        **of_units,
        **dict.fromkeys(("commitment_cost", "commitment_days_left"), commitment),
    }
    kinds = sorted({str(entry.get("kind")) for _, entry in tree.entries(("sources",))})
    named_dimensions = tree.root.get("dimensions")
    dimensions = tuple(named_dimensions) if isinstance(named_dimensions, dict) else ()
    accounts = tuple(_ids(tree, "accounts"))
    return Names(teams, values, accounts, tuple(kinds), dimensions, prometheus=_prometheus(tree))


def _prometheus(tree: Tree) -> str:
    for _, entry in tree.entries(("sources",)):
        url = entry.get("url")
        if entry.get("kind") == "slo" and isinstance(url, str) and url.startswith(("http://", "https://")):
            return url
    return ""


def _at_the_top(tree: Tree) -> Iterator[str]:
    """The teams that nothing is above, at some time at least."""
    for place, entry in tree.entries(("teams",)):
        above = list(parents_of((*place, "parent"), entry))
        if isinstance(name := entry.get("name"), str) and (
            not all(parent for _, parent, _ in above) or all(since for _, _, since in above)
        ):
            yield name


def _ids(tree: Tree, key: str) -> Iterator[str]:
    """What teams have under ``key``: a text, or a list of texts and of entries with an ``id``."""
    for _, entry in tree.entries(("teams",)):
        value = entry.get(key)
        nodes: list[Node] = value if isinstance(value, list) else [value]
        for node in nodes:
            if isinstance(name := node.get("id") if isinstance(node, dict) else node, str):
                yield name
