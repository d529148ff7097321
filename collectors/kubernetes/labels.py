"""Labels and annotations that the configuration lists, as one text for each pod."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from collectors.kubernetes.grid import Labels


def prometheus_names(key: str, prefix: str = "label") -> tuple[str, ...]:
    """What kube-state-metrics makes of a label's key: version 2 splits words in capitals, version 1 did not.

    Source: https://github.com/kubernetes/kube-state-metrics/blob/main/internal/store/utils.go
    """
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", key)
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain).lower()
    return tuple(dict.fromkeys(f"{prefix}_{name}" for name in (snake, plain)))


class Described:
    """Values of the listed keys, by whatever has them (a pod, a namespace, a node)."""

    def __init__(
        self, rows: Iterable[Labels], name: Sequence[str], keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        """name: the labels that say what a row is of. keys: as it is written -> as Prometheus calls it."""
        self._values: dict[tuple[str, ...], dict[str, str]] = {}
        for labels in rows:
            found = {
                key: value
                for key, names in keys.items()
                if (value := next((labels[each] for each in names if labels.get(each)), ""))
            }
            self._values.setdefault(tuple(labels.get(each, "") for each in name), {}).update(found)

    def of(self, *name: str) -> Mapping[str, str]:
        """Key -> value; without those that are not set."""
        return self._values.get(name, {})


def written(values: Mapping[str, str]) -> str:
    """Canonical JSON; '' for nothing."""
    if not values:
        return ""
    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
