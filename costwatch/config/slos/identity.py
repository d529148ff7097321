"""What an objective's history is kept by: its name, and what tells it from others that are called so."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from costwatch.config.quote import quoted
from costwatch.config.slos.fields import OWN_OF_PYRRA, Labels
from costwatch.config.tree import shown
from costwatch.slo.objectives import Objective

Told = tuple[Objective, Labels]


def identified(known: Sequence[Told]) -> tuple[list[Told], list[tuple[Objective, str]]]:
    """The same with unique ids; and duplicates, of which none is kept, with what is wrong.

    Only where several share an id it goes on with the labels that differ, so that a label that changes
    loses no history elsewhere.
    """
    groups: dict[str, list[Told]] = defaultdict(list)
    for objective, labels in known:
        groups[objective.id].append((objective, labels))
    kept: list[Told] = []
    doubled: list[tuple[Objective, str]] = []
    for group in groups.values():
        by_id: dict[str, list[Told]] = defaultdict(list)
        for one, labels in _told_apart(group):
            by_id[one.id].append((one, labels))
        for alike in by_id.values():
            if len(alike) == 1:
                kept += alike
            else:
                doubled += _sentences([one for one, _ in alike])
    return kept, doubled


def _told_apart(group: list[Told]) -> Iterator[Told]:
    if len(group) == 1:
        yield from group
        return
    of_each = [
        {key.removeprefix(OWN_OF_PYRRA): value for key, value in labels.items()} for _, labels in group
    ]
    keys = sorted({key for labels in of_each for key in labels})
    differing = [key for key in keys if len({labels.get(key) for labels in of_each}) > 1]
    for (one, labels), short in zip(group, of_each, strict=True):
        own = ",".join(f"{key}={short[key]}" for key in differing if short.get(key))
        yield replace(one, id=f"{one.id}{{{own}}}" if own else one.id), labels


def _sentences(alike: list[Objective]) -> Iterator[tuple[Objective, str]]:
    for one in alike:
        others = " and ".join(
            f"{shown(Path(other.file))}:{other.line}" for other in alike if other is not one
        )
        text = f"SLO {quoted(one.id)} is also in {others}, with the same labels; rename one"
        yield one, text
