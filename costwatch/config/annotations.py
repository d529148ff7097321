"""What the annotations of rules leave to be filled in, against the labels that their alerts can have."""

from collections.abc import Collection, Iterator, Sequence

from costwatch.alerts.lifecycle import placeholders
from costwatch.config.quote import instead, quoted
from costwatch.config.teams import named
from costwatch.config.tree import Place, Tree
from costwatch.plugins import Rule, alert_labels_of

Found = Iterator[tuple[int, str]]  # line, sentence


def check_annotations(tree: Tree, rules: Sequence[Rule]) -> Found:
    """Of each rule, and of ``defaults``: what these name, one of the rules must have."""
    places = {name: place[:-1] for place, name in named(tree, "rules")}
    known = [alert_labels_of(rule) for rule in rules]
    for rule, labels in zip(rules, known, strict=True):
        yield from _check(tree, (*places[rule.name], "annotations"), labels)
    told = [labels for labels in known if labels is not None]
    if rules:
        every = frozenset().union(*told) if len(told) == len(known) else None
        yield from _check(tree, ("defaults", "annotations"), every)


def _check(tree: Tree, place: Place, labels: Collection[str] | None) -> Found:
    texts = tree.at(place)
    for name, text in texts.items() if isinstance(texts, dict) else ():
        if not isinstance(text, str):
            continue
        line = tree.value_line((*place, name))
        if "{{" in text:
            yield (
                line,
                f"{quoted(name)}: templates are not filled in; name a label in braces, such as {{team}}",
            )
            continue
        for label in placeholders(text):
            if labels is not None and label not in labels:
                guess = instead(label, labels)
                yield line, f"{quoted(name)}: no alert of this rule has a label {quoted(label)}{guess}"
