"""Names that filters of cost are given and nobody has: told with the nearest one, not answered by nothing."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from costwatch.errors import UsageError
from costwatch.model import RESIDUALS

if TYPE_CHECKING:
    from costwatch.config import Config
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def require_known(facts: "WarehouseSnapshot", where: Mapping[str, Collection[str]], config: "Config") -> None:
    """Raises UsageError for a value that no cost ever had and costwatch.yaml does not name."""
    from costwatch.config.quote import instead, quoted
    from costwatch.warehouse.facts.cost import values

    for name, wanted in where.items():
        known = {*values(facts.db, name, date.min, date.max), *_configured(name, config)}
        if name == "parent":  # at any level of the tree
            known |= {*values(facts.db, "team", date.min, date.max)}
        option = name.replace("_", "-")
        for value in wanted:
            if value not in known:
                near = instead(value, known)
                advice = near if "did you mean" in near else f"; `costwatch cost show --by {name}` lists all"
                raise UsageError(f"cost show: --{option} {quoted(value)}: no cost is known of it{advice}")


def _configured(name: str, config: "Config") -> Iterator[str]:
    """What may have no cost yet."""
    from costwatch.allocation.teams import memberships_of

    names = {
        "system": [system.name for system in config.systems],
        "pool": [pool.name for pool in config.pools],
        "source": [source.name for source in config.sources],
    }
    yield from names.get(name, ())
    if name in ("team", "parent"):
        yield from (*config.team_names, *RESIDUALS)
    for above in memberships_of(config.teams):
        if name == "parent":
            yield from above.parents
        if name == "cost_center":
            yield above.cost_center
