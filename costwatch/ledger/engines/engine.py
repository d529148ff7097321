"""What an engine is: where the lines of a bill are read and summed.

The expressions are the same for each; only its door is its own, from ledger files to one table with
lower-case column names. What comes of the lines is small, and goes on in DuckDB whichever read them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import ibis.expr.types as ir
import pyarrow as pa

# The columns that say where a line stands, by names that no bill has.
PLACE = ("costwatch: file", "costwatch: row")
# What DuckDB tells it by; a column of a bill would hide it.
RESERVED = ("file_index", "file_row_number")


class Engine(Protocol):
    """One engine, until it is closed. Its methods raise CostwatchError; an EngineError stays one."""

    con: Any  # the in-process connection that answers are kept in

    def lines(self, paths: Sequence[Path], name: str = "lines") -> ir.Table:
        """The rows of ledger files of one schema, costs and tags as ``formats`` can read them.

        name: replaces what was read by it before.

        The columns ``PLACE`` are where a row stands: its file's number and its own in it. They are the same
        whenever it is read; of a file that is named twice, two rows may stand in one place.
        """
        ...

    def period_of(self, charge: Mapping[str, ir.Value]) -> ir.DateValue:
        """The day on which the billing period of a charge (columns of the contract) begins.

        An answer fails if this engine cannot read an instant or a cost that DuckDB could read when it
        registered the load.
        """
        ...

    def mark(self, columns: Sequence[ir.Value]) -> ir.IntegerValue:
        """A 64-bit hash of a row's columns: equal for equal rows, and for others by one in 10^19 chances."""
        ...

    def fetch(self, expression: ir.Table) -> pa.Table:
        """The answer, with the expression's types."""
        ...

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """The answer as a temporary table of ``con``, which replaces one of that name.

        Returns the same rows for use in this engine's further expressions.
        """
        ...

    def close(self) -> None:
        """Let go of what the engine holds."""
        ...
