"""The dimensions of ``costwatch.yaml``, as far as published periods were allocated by them."""

import sqlite3

from costwatch.warehouse import queries


def dimensions(db: sqlite3.Connection) -> tuple[str, ...]:
    """Their names, sorted: labels of cost like those that it always has."""
    return tuple(row["name"] for row in queries.rows(db, "dimensions"))


def ever_had(db: sqlite3.Connection, dimension: str) -> list[str]:
    """The values that a dimension ever had, sorted; ``no product`` of what has none."""
    bound = {"path": f'$."{dimension}"', "none": f"no {dimension}"}
    return [row["value"] for row in queries.rows(db, "dimension_values", bound)]
