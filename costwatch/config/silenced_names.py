"""Matchers of silences that no alert can meet: labels and values that nothing bears."""

from collections.abc import Collection, Mapping, Sequence

from costwatch.alerts import built_in
from costwatch.alerts.matchers import Matcher, parsed
from costwatch.config.names import Names
from costwatch.config.quote import instead, quoted
from costwatch.config.selections import nothing_called
from costwatch.model import DIMENSIONS, Severity
from costwatch.plugins import Rule, selections_of


def never_matched(
    matchers: Sequence[str],
    rules: Sequence[Rule],
    names: Names,
    there: Mapping[str, Collection[str]],
) -> list[str]:
    """A sentence on each matcher that names what no alert can have, with the nearest that one can.

    names: what ``costwatch.yaml`` names. there: label -> values of the alerts that are known.
    """
    values: dict[str, set[str]] = {label: set(found) for label, found in there.items()}
    certain = {"rule": {*built_in.NAMES, *(rule.name for rule in rules)}, "severity": {*map(str, Severity)}}
    if rules and all(selections_of(rule) for rule in rules):  # others may give any label any value
        certain |= {label: {*known} for label, known in names.of_alerts.items()}
    for rule in rules:
        for label, value in rule.labels.items():
            values.setdefault(label, set()).add(value)
    asked = {label for rule in rules for one in selections_of(rule) for label in one.by}
    labels = {*DIMENSIONS, *built_in.LABELS, *names.dimensions, *asked, *values, *certain}
    return [
        sentence
        for text in matchers
        for matcher in parsed([text])
        if (sentence := _sentence(matcher, text, labels, values, certain))
    ]


def _sentence(
    matcher: Matcher,
    text: str,
    labels: Collection[str],
    values: Mapping[str, Collection[str]],
    certain: Mapping[str, Collection[str]],
) -> str:
    """What is wrong with one matcher; '' where an alert may meet it."""
    if matcher.label not in labels:
        return f"no alert has a label {quoted(matcher.label)}{instead(matcher.label, labels)}"
    known = sorted({*values.get(matcher.label, ()), *certain.get(matcher.label, ())})
    if matcher.matches({}) or any(matcher.matches({matcher.label: value}) for value in known):
        return ""
    if "~" in matcher.operator:
        return f"{quoted(text)} fits no {matcher.label.replace('_', ' ')}{instead(matcher.value, known)}"
    if certain.get(matcher.label):
        return nothing_called(matcher.label, matcher.value, known)
    so_far = f"no alert so far has the {matcher.label.replace('_', ' ')} {quoted(matcher.value)}"
    return so_far + instead(matcher.value, known)
