"""The lines by which a provider splits its own charges, as batches that splits can ask for."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from costwatch.allocation.bill import LoadFiles
from costwatch.ledger.engines.duckdb import of_one_schema
from costwatch.ledger.engines.engine import Engine
from costwatch.ledger.formats import cur2
from costwatch.ledger.formats import split_lines as written
from costwatch.ledger.map_keys import keys_held
from costwatch.model import Window
from costwatch.plugins import Batches

if TYPE_CHECKING:
    import pyarrow as pa

# By machine, day and what ran on it: ``split`` and ``unused`` cost; and by machine the hours in which these
# are not its own cost.
SPLIT_LINES, SPLIT_HOURS = "split_lines", "split_hours"
_TOLD = ("cluster", "namespace", "workload_kind", "workload")
# By how much of a machine's cost in an hour its parts may miss it: each is rounded.
_ROUNDED = 1e-4


class WithSplitLines:
    """``plugins.Batches``, and of a billing period's files two tables more. Their versions are the loads'.

    ``split_lines``: ``parent`` (a ResourceId), ``day``, ``cluster``, ``namespace``, ``workload_kind``,
    ``workload``, ``labels`` (JSON of the tags that pools ask for), ``split``, ``unused``. ``split_hours``:
    ``parent``, ``hours`` in which all of these do not come to the machine's amortised cost, ``told`` and
    ``amortised`` cost of these hours.
    """

    def __init__(
        self, batches: Batches, engine: Engine, parts: Sequence[LoadFiles], period: date, tags: Sequence[str]
    ) -> None:
        self._batches, self._engine, self._period, self._tags = batches, engine, period, tags
        self._parts = [part for part in parts if part.format == cur2.name]

    def versions(self, table: str, window: Window) -> Mapping[tuple[str, Window], str]:
        """See ``plugins.Batches``."""
        return {} if table in (SPLIT_LINES, SPLIT_HOURS) else self._batches.versions(table, window)

    def rows(self, table: str, window: Window, columns: Collection[str] = ()) -> "pa.Table":
        """See ``plugins.Batches``. Raises LedgerError, SourceError."""
        import pyarrow as pa

        if table not in (SPLIT_LINES, SPLIT_HOURS):
            return self._batches.rows(table, window, columns)
        read = self._split_lines if table == SPLIT_LINES else self._split_hours
        groups = (paths for part in self._parts for paths in of_one_schema(part.paths))
        found = [each for number, paths in enumerate(groups) if (each := read(paths, number)) is not None]
        return pa.concat_tables(found) if found else pa.table({})

    def _split_lines(self, paths: Sequence[Path], number: int) -> "pa.Table | None":
        import pyarrow as pa

        raw = self._raw(paths, number)
        if raw is None:
            return None
        lines = written.split_lines(raw, self._tags, keys_held(self._engine.con, paths))
        tags = [f"tag:{key}" for key in self._tags]
        lines = lines.mutate(day=lines.hour.date())
        sums = {name: lines[name].sum() for name in ("split", "unused")}
        found = self._engine.fetch(lines.group_by("parent", "day", *_TOLD, *tags).agg(**sums))
        rows = zip(*(found[tag].to_pylist() for tag in tags), strict=True) if tags else [()] * found.num_rows
        labels = pa.array([_labels(self._tags, row) for row in rows], pa.string())
        return found.drop_columns(tags).append_column("labels", labels)

    def _split_hours(self, paths: Sequence[Path], number: int) -> "pa.Table | None":
        raw = self._raw(paths, number)
        if raw is None:
            return None
        lines, machines = written.split_lines(raw, (), {}), written.machines(raw)
        told = lines.group_by("parent", "hour").agg(told=(lines.split + lines.unused).sum())
        own = machines.group_by("parent", "hour").agg(amortised=machines.amortised.sum())
        hours = told.join(own, ["parent", "hour"])
        unlike = hours.filter((hours.told - hours.amortised).abs() > hours.amortised.abs() * _ROUNDED)
        sums = {name: unlike[name].sum() for name in ("told", "amortised")}
        return self._engine.fetch(unlike.group_by("parent").agg(hours=unlike.count(), **sums))

    def _raw(self, paths: Sequence[Path], number: int) -> ir.Table | None:
        """The period's lines; None where none of them is split."""
        raw = self._engine.lines(paths, f"split_lines_{number}")
        if not written.has_split_lines(raw.columns):
            return None
        return raw.filter(cur2.columns(raw)["BillingPeriodStart"].date() == ibis.literal(self._period))


def _labels(keys: Sequence[str], values: Sequence[str]) -> str:
    told = {key: value for key, value in zip(keys, values, strict=True) if value}
    return json.dumps(told, sort_keys=True) if told else ""
