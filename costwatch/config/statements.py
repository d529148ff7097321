"""Rules whose SQL the warehouse would refuse, or that answers something else than they need."""

from collections.abc import Iterator, Mapping, Sequence

from costwatch.config.quote import instead, quoted
from costwatch.config.teams import named
from costwatch.config.tree import Tree
from costwatch.errors import UsageError
from costwatch.plugins import Rule

Found = Iterator[tuple[int, str]]  # line, sentence
_ALERTS_OWN = ("rule", "severity")


def check_statements(tree: Tree, rules: Sequence[Rule]) -> Found:
    """Against the tables of a new warehouse; what collectors' own tables hold is not known here."""
    places = {name: place[:-1] for place, name in named(tree, "rules")}
    for rule in rules:
        statements: Mapping[str, Sequence[str]] = getattr(rule, "statements", {})
        for sql, needed in statements.items():
            here = next((at for at in tree.below(places[rule.name]) if tree.at(at) == sql), places[rule.name])
            for text in _mistakes(sql, needed):
                yield tree.value_line(here), text


def _mistakes(sql: str, needed: Sequence[str]) -> Iterator[str]:
    from costwatch.warehouse.statements import columns_of

    try:
        columns = columns_of(sql)
    except UsageError as error:
        yield str(error)
        return
    if columns is None:
        return
    for name in needed:
        if name not in columns:
            yield f"no column is called {quoted(name)}{instead(name, columns)}; name it by AS {name}"
    for name in columns:
        if name in _ALERTS_OWN:
            yield f"column {quoted(name)} is a label of the alert's own; call it otherwise by AS"
