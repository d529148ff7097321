"""Sums of stored costs and lines that cannot overflow: whole units and the rest are summed apart."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from costwatch.model import Amounts
from costwatch.money import NANO

SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")


def sums(prefix: str = "", factor: str = "", of: Sequence[str] = SUMMED) -> str:
    """SQL for the sums of both costs and lines, each in two limbs: even an altered row cannot overflow.

    of: other columns.
    """
    return ", ".join(
        f"SUM({factor}({prefix}{name} / {NANO})) AS {name}Whole,"
        f" SUM({factor}({prefix}{name} % {NANO})) AS {name}Rest"
        for name in of
    )


def sums_of(row: Mapping[str, Any] | sqlite3.Row, of: Sequence[str]) -> dict[str, int | None]:
    """What ``sums`` found of these columns; None where every row has null."""
    return {
        name: None if row[f"{name}Whole"] is None else row[f"{name}Whole"] * NANO + row[f"{name}Rest"]
        for name in of
    }


def amounts(row: sqlite3.Row) -> Amounts:
    """The same of both costs and lines."""
    return Amounts(*(row[f"{name}Whole"] * NANO + row[f"{name}Rest"] for name in SUMMED))
