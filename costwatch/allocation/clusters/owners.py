"""Whose a workload is, and what is told of it: by its labels and its namespace, on each day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from costwatch.allocation.clusters.parts import Answer, Found, Numbers, texts
from costwatch.model import UNALLOCATED
from costwatch.model.names import folded, folded_key
from costwatch.plugins import Weighing, tags_of, tags_text

TeamFrom = Literal["label", "namespace label", "namespace"]
_OF_A_NAMESPACE, _OF_A_NODE, _ANNOTATION = "namespace:", "node:", "annotation:"
TOLD = ("cluster", "namespace", "workload_kind", "workload", "labels")


class Naming(Protocol):
    """The settings by which a pool finds the team of a workload."""

    @property
    def team_from(self) -> Sequence[TeamFrom]:
        """In which order it is looked for."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """Keys of labels whose value names a team."""
        ...

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Namespaces whose team is given."""
        ...


class Receivers:
    """Numbers for pairs of a team (or residual) and AllocatedTags, and who gets what workloads use."""

    def __init__(self, naming: Naming, asked: Weighing) -> None:
        self._naming, self._asked = naming, asked
        self._given = {folded(name): team for name, team in naming.namespaces.items()}
        self._changes = sorted({since for claims in asked.names.values() for since, _ in claims})
        self._answer = Answer()
        self.team = cache(self._team_of)  # namespace, labels, day -> team, or unallocated

    def number(self, team: str, **tags: str) -> int:
        """Of a team and what is told of its part."""
        return self._answer.number(team, tags_text(tags))

    def weights(self, found: Sequence[Found]) -> pa.Table:
        """See ``parts.Answer``."""
        return self._answer.weights(found)

    def of(self, rows: pa.Table, days: Numbers, *, by_workload: bool = True) -> Numbers:
        """The number of each row's receiver. days: as ``parts.ordinals`` has those of rows."""
        joined = texts(rows, *TOLD).dictionary_encode()
        # Claims change on few days: between them, whose a workload is is looked up once.
        spans = np.searchsorted([day.toordinal() for day in self._changes], days, side="right")
        width = len(self._changes) + 1
        keys, of = np.unique(joined.indices.to_numpy().astype("int64") * width + spans, return_inverse=True)
        told = joined.dictionary.take(pa.array(keys // width)).to_pylist()
        since = [date.min, *self._changes]
        found = [
            self._receiver(text.split("\x1f"), since[span], by_workload=by_workload)
            for text, span in zip(told, (keys % width).tolist(), strict=True)
        ]
        return np.array(found, "int64")[of]

    def _receiver(self, told: Sequence[str], day: date, *, by_workload: bool) -> int:
        cluster, namespace, kind, workload, labels = told
        team = self.team(namespace, labels, day)
        if not by_workload:
            return self.number(team, cluster=cluster, namespace=namespace)
        name = f"{kind.lower()}/{workload}" if kind and workload else workload
        own = _own(labels)
        return self.number(team, cluster=cluster, namespace=namespace, workload=name, **own)

    def _team_of(self, namespace: str, labels: str, day: date) -> str:
        for name in self._names(namespace, tags_of(labels)):
            if team := self._asked.team_named(name, day):
                return team
        return UNALLOCATED

    def _names(self, namespace: str, labels: Mapping[str, str]) -> Iterator[str]:
        for place in self._naming.team_from:
            if place == "namespace":
                yield from filter(None, (self._given.get(folded(namespace)), namespace))
                continue
            for wanted in map(folded_key, self._naming.labels):
                for key, value in labels.items():
                    is_of_namespace = key.startswith(_OF_A_NAMESPACE)
                    bare = key.removeprefix(_OF_A_NAMESPACE)
                    is_there = is_of_namespace == (place == "namespace label")
                    if is_there and not key.startswith(_OF_A_NODE) and folded_key(bare) == wanted and value:
                        yield value


def _own(labels: str) -> Mapping[str, str]:
    """The labels of the pods themselves, as ``AllocatedTags`` have them."""
    others = (_OF_A_NAMESPACE, _OF_A_NODE, _ANNOTATION)
    return {f"label:{key}": value for key, value in tags_of(labels).items() if not key.startswith(others)}
