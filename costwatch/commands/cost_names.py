"""Names that filters of cost are given and nobody has: told with the nearest one, not answered by nothing."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from costwatch.commands.context import Context
from costwatch.errors import UsageError
from costwatch.model import RESIDUALS
from costwatch.model.names import folded_label

if TYPE_CHECKING:
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def as_known(
    facts: "WarehouseSnapshot",
    where: Mapping[str, Collection[str]],
    context: Context,
    option: str = "cost show: --{}",
) -> dict[str, tuple[str, ...]]:
    """``where`` with its values as they are spelt in what is published; those of single lines as they are.

    option: how messages name the one that a label's values came by. Raises UsageError for a value that no
    cost ever had and costwatch.yaml does not name.
    """
    from costwatch.cost.line_labels import is_of_lines

    return {
        name: tuple(wanted) if is_of_lines(name) else tuple(_spelt(facts, name, wanted, context, option))
        for name, wanted in where.items()
    }


def _spelt(
    facts: "WarehouseSnapshot", name: str, wanted: Collection[str], context: Context, option: str
) -> Iterator[str]:
    from costwatch.config.quote import instead, quoted
    from costwatch.warehouse.facts.cost import values

    known = {*values(facts.db, name, date.min, date.max)}
    if name == "parent":  # at any level of the tree
        known |= {*values(facts.db, "team", date.min, date.max)}
    if not known.issuperset(wanted):
        known |= {*_configured(name, context)}
    for value in wanted:
        meant = folded_label(name, value)
        alike = sorted(one for one in known if folded_label(name, one) == meant)
        if not alike:
            near = instead(value, known)
            advice = near if "did you mean" in near else f"; `costwatch cost show --by {name}` lists all"
            where = option.format(name.replace("_", "-"))
            raise UsageError(f"{where} {quoted(value)}: no cost is known of it{advice}")
        yield from alike


def _configured(name: str, context: Context) -> Iterator[str]:
    """What may have no cost yet; nothing where a warehouse is read without a configuration."""
    from costwatch.allocation.teams import memberships_of

    try:
        config = context.config
    except UsageError:
        return
    names = {
        "system": [system.name for system in config.systems],
        "pool": [pool.name for pool in config.pools],
        "source": [source.name for source in config.sources],
    }
    yield from names.get(name, ())
    if name in ("team", "parent"):
        yield from (*config.names.teams, *RESIDUALS)
    for above in memberships_of(config.teams):
        if name == "parent":
            yield from above.parents
        if name == "cost_center":
            yield above.cost_center
