"""Sums of stored costs and lines that cannot overflow: whole units and the rest are summed apart."""

import sqlite3

from costwatch.model import Amounts
from costwatch.money import NANO

SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")


def sums(prefix: str = "", factor: str = "") -> str:
    """SQL for the sums of both costs and lines, each in two limbs: even an altered row cannot overflow."""
    return ", ".join(
        f"SUM({factor}({prefix}{name} / {NANO})) AS {name}Whole,"
        f" SUM({factor}({prefix}{name} % {NANO})) AS {name}Rest"
        for name in SUMMED
    )


def amounts(row: sqlite3.Row) -> Amounts:
    """What ``sums`` found."""
    return Amounts(*(row[f"{name}Whole"] * NANO + row[f"{name}Rest"] for name in SUMMED))
