"""Conditions on labels that no alert meets: in routes and in inhibit rules."""

from collections.abc import Collection, Iterator, Sequence

from costwatch.alerts import built_in
from costwatch.alerts.matchers import Matcher, parsed
from costwatch.config.kinds import imported
from costwatch.config.names import Names, Values
from costwatch.config.pools import texts
from costwatch.config.quote import instead, quoted
from costwatch.config.selections import nothing_called
from costwatch.config.teams import named
from costwatch.config.tree import Node, Place, Tree
from costwatch.errors import ConfigError
from costwatch.model import DIMENSIONS, Severity
from costwatch.plugins import RULES, Rule, RuleSettings, registered, selections_of

Found = Iterator[tuple[int, str]]  # line, sentence
_ALERTS_OWN = ("rule", "severity", "budget", "period", "...", *built_in.LABELS)
_SAYS_NOTHING = (None, RuleSettings.selections)


def check_matchers(tree: Tree, rules: Sequence[Rule], names: Names) -> Found:
    """Labels that look like a misspelt one, and matchers that take, or leave out, nothing there can be."""
    known = _known(tree, names)
    if not known:
        return
    known = {**_of_rules_alone(tree, rules), **known}
    asked = {label for rule in rules for one in selections_of(rule) for label in one.by}
    labels = {*DIMENSIONS, *names.dimensions, *_ALERTS_OWN, *known, *asked, *_given(tree)}
    for place, text in _matchers(tree):
        try:
            matchers = parsed([text])
        except ValueError:
            continue  # told by whoever reads it
        for matcher in matchers:
            values = known.get(matcher.label, ())
            yield from _misspelt(tree, place, matcher.label, labels)
            if values and matcher.value and not _meets_any(matcher, values):
                yield tree.value_line(place), _sentence(matcher, text, values)
    for place, label in _labels(tree):
        yield from _misspelt(tree, place, label, labels)


def _misspelt(tree: Tree, place: Place, label: str, known: Collection[str]) -> Found:
    guess = instead(label, known)
    if label not in known and "did you mean" in guess:
        yield tree.value_line(place), f"no alert has a label {quoted(label)}{guess}"


def routes(tree: Tree, place: Place = ("route",)) -> Iterator[tuple[Place, dict[str, Node]]]:
    """Every route, with its place."""
    route = tree.at(place)
    if isinstance(route, dict):
        yield place, route
    for child, _ in tree.entries((*place, "routes")):
        yield from routes(tree, child)


def _matchers(tree: Tree) -> Iterator[tuple[Place, str]]:
    for place, route in routes(tree):
        yield from texts((*place, "matchers"), route.get("matchers"))
    for place, rule in tree.entries(("inhibit_rules",)):
        for key in ("source_matchers", "target_matchers"):
            yield from texts((*place, key), rule.get(key))


def _labels(tree: Tree) -> Iterator[tuple[Place, str]]:
    for place, route in routes(tree):
        yield from texts((*place, "group_by"), route.get("group_by"))
    for place, rule in tree.entries(("inhibit_rules",)):
        yield from texts((*place, "equal"), rule.get("equal"))


def _given(tree: Tree) -> dict[str, tuple[str, ...]]:
    """The labels that rules give their alerts by themselves."""
    found: dict[str, tuple[str, ...]] = {}
    defaults = tree.root.get("defaults")
    givers = [entry for _, entry in tree.entries(("rules",))]
    for entry in (*givers, *([defaults] if isinstance(defaults, dict) else [])):
        labels = entry.get("labels")
        for label, value in labels.items() if isinstance(labels, dict) else ():
            found[label] = (*found.get(label, ()), str(value))
    return found


def _of_rules_alone(tree: Tree, rules: Sequence[Rule]) -> Values:
    """The values of labels that no finding has, where all kinds tell which theirs have."""
    found = [getattr(rule, "finding_labels", None) for rule in rules]
    told = [labels for labels in found if labels is not None]
    if not rules or len(told) < len(rules):
        return {}
    of_findings = {*built_in.LABELS, *(label for labels in told for label in labels)}
    return {label: values for label, values in _given(tree).items() if label not in of_findings}


def _known(tree: Tree, names: Names) -> Values:
    """Rules of kinds that do not say what they look at may give any label any value."""
    entries = [entry for _, entry in tree.entries(("rules",))]
    if not entries or not names.values:
        return {}
    values = {
        **(names.of_alerts if all(_tells(str(entry.get("kind"))) for entry in entries) else {}),
        "rule": (*(name for _, name in named(tree, "rules")), *built_in.NAMES),
        "severity": tuple(Severity),
    }
    given = _given(tree)
    return {label: (*known, *given.get(label, ())) for label, known in values.items()}


def _tells(kind: str) -> bool:
    """Whether rules of that kind say what they look at; one that is not there is a mistake of its own."""
    points = registered(RULES)
    try:
        return kind not in points or getattr(imported(points[kind]), "selections", None) not in _SAYS_NOTHING
    except ConfigError:
        return True


def _meets_any(matcher: Matcher, values: Sequence[str]) -> bool:
    """Whether its expression takes any of the values, by which it is a condition at all."""
    positive = Matcher(matcher.label, "=~" if "~" in matcher.operator else "=", matcher.value)
    return any(positive.matches({matcher.label: value}) for value in values)


def _sentence(matcher: Matcher, text: str, values: Sequence[str]) -> str:
    if "~" not in matcher.operator:
        return nothing_called(matcher.label, matcher.value, values)
    return f"{quoted(text)} fits no {matcher.label.replace('_', ' ')}{instead(matcher.value, values)}"
