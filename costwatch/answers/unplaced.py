"""What splits could not place: machines of the bill that no cluster knows, nodes that no line is of."""

import json

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def unplaced(facts: WarehouseSnapshot) -> list[str]:
    """Sentences, of the two newest billing periods that have any, the newest first."""
    return [
        f"{from_int(row['period']):%Y-%m}: pool {pool}: {text}"
        for row in queries.rows(facts.db, "unplaced")
        for pool, text in json.loads(row["notes"])
    ]
