"""Names of what only lines know, as cost is asked by them: told with the nearest one where no line has it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from costwatch.cost.line_labels import is_of_lines, keyed
from costwatch.errors import UsageError
from costwatch.model.names import folded, folded_key

if TYPE_CHECKING:
    from costwatch.ledger.files import LedgerFiles
    from costwatch.warehouse.store import Warehouse

_NAMED = 20


def as_lines_write(
    warehouse: "Warehouse",
    files: "LedgerFiles",
    first: date,
    after: date,
    by: Collection[str],
    where: Mapping[str, Collection[str]],
) -> dict[str, tuple[str, ...]]:
    """``where`` with tags and cost categories as lines of these days write them; '' is what has none.

    Raises UsageError for a key that no line has, and for a value that no line of these days has.
    """
    from costwatch.allocation.line_values import line_values

    asked = [name for name in dict.fromkeys((*by, *where)) if name in where or keyed(name)]
    labels = [name for name in asked if is_of_lines(name)]
    spelt = {name: tuple(values) for name, values in where.items()}
    held = line_values(warehouse, files, first, after, labels) if labels else None
    for name in labels:
        if not held or not held.values[name]:  # no line at all, which is told by itself
            continue
        if keyed(name) and held.values[name] == {""}:
            _require_key(name, held.tag_keys, is_filter=name in where)
        if name in where:
            spelt[name] = tuple(_spelt(name, where[name], held.values[name]))
    return spelt


def _require_key(name: str, tag_keys: Iterable[str], *, is_filter: bool) -> None:
    """Lines of other days of the month may have it: then there is none here, and that is the answer."""
    from costwatch.config.quote import instead, quoted

    kind, key = name.split(":", 1)
    if folded_key(key) in map(folded_key, tag_keys):
        return
    near = instead(key, tag_keys)
    if kind != "tag":
        near = "; write it as the bill does"
    elif "did you mean" not in near:
        near = instead(key, sorted(tag_keys)[:_NAMED])
    option = f"--{kind.replace('_', '-')} {quoted(key)}" if is_filter else f"--by {quoted(name)}"
    raise UsageError(f"cost show: {option}: no line has that key{near}")


def _spelt(name: str, wanted: Iterable[str], known: Collection[str]) -> Iterable[str]:
    from costwatch.config.quote import instead, quoted

    of = keyed(name)
    for value in wanted:
        alike = sorted(one for one in known if one == value or (of and folded(one) == folded(value)))
        if not alike and value:
            near = instead(value, [one for one in known if one])
            advice = near if "did you mean" in near else f"; `costwatch cost show --by {name}` lists all"
            option = f"--{of[0].replace('_', '-')} {quoted(f'{of[1]}={value}')}" if of else ""
            option = option or f"--{name} {quoted(value)}"
            raise UsageError(f"cost show: {option}: no line of these days has it{advice}")
        yield from alike or [value]
