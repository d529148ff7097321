"""What was built for a table is kept: Ibis takes longer to build than DuckDB to answer a small bill."""

from collections.abc import Callable, Collection
from functools import lru_cache, wraps
from typing import Any

import ibis.expr.types as ir

Columns = Callable[[ir.Table, Collection[str] | None], dict[str, ir.Value]]
_TABLES_KEPT = 16


def built_once(columns: Columns) -> Any:
    """``BillFormat.columns``, kept for the tables it was asked for last: to build it takes its time."""

    @lru_cache(_TABLES_KEPT)
    def built(raw: Any, unamortised: frozenset[str] | None) -> dict[str, ir.Value]:
        return columns(raw.to_expr(), unamortised)

    @wraps(columns)
    def known(raw: ir.Table, unamortised: Collection[str] | None = None) -> dict[str, ir.Value]:
        return dict(built(raw.op(), None if unamortised is None else frozenset(unamortised)))

    return known
