"""Rules that can find nothing: what they look at names queries, labels and values that are not there."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from costwatch.config.matches import misspelt_account
from costwatch.config.names import Names
from costwatch.config.quote import instead, quoted
from costwatch.config.teams import named
from costwatch.config.tree import Place, Tree
from costwatch.errors import CostwatchError
from costwatch.model import COST_METRICS, GIVEN_ON
from costwatch.plugins import (
    COLLECTORS,
    Rule,
    RuleSettings,
    Selection,
    fact_query,
    load,
    queries_of,
    selections_of,
)

Found = Iterator[tuple[int, str]]  # line, sentence

_NOTHING_CALLED = {
    ("budget", "team"): "no budget is of team",
    **{(metric, "parent"): "at the top, no team is called" for metric in COST_METRICS},
}
_SHARED = {field.alias or name for name, field in RuleSettings.model_fields.items()}


def check_selections(tree: Tree, rules: Sequence[Rule], names: Names) -> Found:
    """What ``rules`` say they look at, against the queries there are and what ``costwatch.yaml`` names."""
    places = {name: place[:-1] for place, name in named(tree, "rules")}
    if names.values:
        names = replace(names, values={**names.values, "rule_quiet_days": {"rule": tuple(places)}})
    for rule in rules:
        for one in selections_of(rule):
            yield from _check(tree, places[rule.name], rule, one, names)


def nothing_called(label: str, value: str, known: Sequence[str], query: str = "") -> str:
    """The sentence on a value of a label that nothing bears."""
    what = _NOTHING_CALLED.get((query, label), f"no {label.replace('_', ' ')} is called")
    return f"{what} {quoted(value)}{instead(value, known)}"


def _check(tree: Tree, place: Place, rule: Rule, one: Selection, names: Names) -> Found:
    try:
        query = fact_query(
            one.query,
            [name for name in (*one.by, *one.where) if name != "currency"],
            queries_of([rule]),
            names.dimensions,
        )
    except (ValueError, CostwatchError) as error:
        yield tree.line(place), str(error)
        return
    if names.values and (lacking := {*query.tables} - _tables(names.kinds)):
        why = f"no source brings {min(lacking)}, which {one.query} is made of"
        how = "add one to 'sources', of a kind that does (`costwatch plugins` lists them)"
        yield tree.line(place), f"{why}; {how}"
    lines: dict[str, int] | None = None
    for label, values in one.where.items():
        for written, text in _troubles(label, values, one.query, names):
            lines = _lines(tree, place) if lines is None else lines
            yield lines.get(written) or tree.line(place), text


def _tables(kinds: Sequence[str]) -> set[str]:
    """What collectors of these kinds bring besides bills."""
    found = set()
    for kind in kinds:
        with suppress(Exception):  # a collector may be anyone's; what is wrong with it is told elsewhere
            found |= {table.name for table in getattr(load(COLLECTORS, kind), "tables", ())}
    return found


def _troubles(label: str, values: Sequence[str], query: str, names: Names) -> Iterator[tuple[str, str]]:
    """What is wrong with the values that are waited for: what is written, and a sentence."""
    known = names.values.get(query, {})
    if not values:
        yield label, f"of {quoted(label)} no value is named; name one, or leave it out"
    for value in dict.fromkeys(values):
        if label == "account" and known:
            yield from ((value, text) for text in misspelt_account(value, names.accounts))
        elif label in known:
            for part in value.split(GIVEN_ON) if label == "pool" else (value,):
                if part not in known[label]:
                    yield value, nothing_called(label, part, known[label], query)


def _lines(tree: Tree, place: Place) -> dict[str, int]:
    """On which line a rule's own keys have a text, as a value or else as a key."""
    own = [here for here in tree.below(place) if {*here[len(place) :]} - _SHARED]
    found: dict[str, int] = {}
    for here in own:
        if isinstance(text := tree.at(here), str) and here[len(place)] not in _SHARED:
            found.setdefault(text, tree.value_line(here))
    for here in own:
        found.setdefault(str(here[-1]), tree.line(here))
    return found
