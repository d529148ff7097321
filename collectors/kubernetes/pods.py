"""Which pod a series is of: by uid, else by its name, its node and the time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from collectors.kubernetes.grid import Array, Grid, Labels


class Pod(NamedTuple):
    """What tells a pod from others. node: only where it has no uid: its name may be back on another one."""

    cluster: str
    namespace: str
    name: str
    uid: str
    node: str = ""


class Pods:
    """The pods of a span, numbered."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        self.all: list[Pod] = []
        self._numbers: dict[Pod, int] = {}
        self._namesakes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        without_uid = []
        for grid in grids:
            for labels in grid.labels:
                if labels.get("uid"):
                    self._add(Pod(*_name(labels), labels["uid"]))
                else:
                    without_uid.append(labels)
        for labels in without_uid:
            if all(not self.all[each].uid for each in self._namesakes[_name(labels)]) and labels.get("node"):
                self._add(Pod(*_name(labels), "", labels["node"]))
        for labels in without_uid:
            if not self._namesakes[_name(labels)]:
                self._add(Pod(*_name(labels), ""))
        self.nodes = [pod.node for pod in self.all]

    def __len__(self) -> int:
        return len(self.all)

    def _add(self, pod: Pod) -> None:
        if pod not in self._numbers:
            self._numbers[pod] = len(self.all)
            self._namesakes[_name_of(pod)].append(len(self.all))
            self.all.append(pod)

    def placed(self, grids: Iterable[Grid]) -> None:
        """Note on which node each is; the grid that saw it there last is believed."""
        seen = np.full(len(self.all), -1)
        for grid in grids:
            for labels, known in zip(grid.labels, grid.is_seen, strict=True):
                number = self._numbers.get(Pod(*_name(labels), labels.get("uid", "")))
                if number is None or not labels.get("node") or not known.any():
                    continue
                last = int(np.flatnonzero(known)[-1])
                if last >= seen[number]:
                    seen[number], self.nodes[number] = last, labels["node"]

    def of(self, labels: Labels, uid: str = "") -> list[int]:
        """Those that a series may be of. uid: where its labels have none."""
        name = _name(labels)
        for each in (labels.get("uid", ""), uid):
            if each and (number := self._numbers.get(Pod(*name, each))) is not None:
                return [number]
        namesakes = self._namesakes.get(name, [])
        node = labels.get("node", "")
        there = [number for number in namesakes if self.nodes[number] in (node, "")] if node else namesakes
        return there or (namesakes if not node else [])


def shared_out(pods: Sequence[int], row: Array, starts: Array, ends: Array) -> list[tuple[int, Array]]:
    """``row`` cut between pods of one name: each step goes to the one that started last before it ended.

    starts: of all pods, Unix seconds; NaN: before all others. ends: of the steps.
    """
    if len(pods) == 1:
        return [(pods[0], row)]
    order = sorted(pods, key=lambda number: np.nan_to_num(starts[number], nan=-np.inf))
    began = np.nan_to_num(starts[order], nan=-np.inf)
    turn = np.clip(np.searchsorted(began, ends, side="left") - 1, 0, len(order) - 1)
    return [(number, np.where(turn == place, row, np.nan)) for place, number in enumerate(order)]


def _name(labels: Labels) -> tuple[str, str, str]:
    return labels["cluster"], labels.get("namespace", ""), labels.get("pod", "")


def _name_of(pod: Pod) -> tuple[str, str, str]:
    return pod.cluster, pod.namespace, pod.name
