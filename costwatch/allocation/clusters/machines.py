"""Machines as their provider splits them."""

import numpy as np
import pyarrow as pa

from costwatch.allocation.clusters.owners import Naming, Receivers
from costwatch.allocation.clusters.parts import Parts, by_day, numbers, ordinals, texts
from costwatch.allocation.clusters.resources import identity
from costwatch.model import IDLE
from costwatch.plugins import Weighing


def split_by_provider(naming: Naming, asked: Weighing, rows: pa.Table, idle: str) -> pa.Table:
    """The answer of a split. rows: split lines by machine and day. idle: ``keep``, ``share`` or a team."""
    receivers = Receivers(naming, asked)
    if rows.num_rows == 0:
        return receivers.weights([Parts.of({}, 0, [_NOTHING]).weights(())])
    days, split, unused = ordinals(rows), numbers(rows, "split"), numbers(rows, "unused")
    place = texts(rows, "parent", "day").dictionary_encode().indices.to_numpy().astype("int64")
    _, first = np.unique(place, return_index=True)
    used = split + unused if idle == "share" else split
    found = [(place, receivers.of(rows, days), used)]
    if idle != "share":
        to = IDLE if idle == "keep" else idle
        clusters = rows["cluster"].to_pylist()
        of = [receivers.number(to, cluster=name or "", workload=IDLE) for name in clusters]
        found.append((place, np.array(of, "int64"), unused))
    things = ({identity(name)} for name in rows["parent"].take(pa.array(first)).to_pylist())
    parts = Parts.of(by_day(things, days[first]), len(first), found)
    pairs, _ = parts.paired(asked.spans, identity)
    return receivers.weights([parts.weights(pairs)])


_NOTHING = (np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0))
