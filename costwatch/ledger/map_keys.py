"""Which keys the maps of a bill's files have (tags, cost categories), as they are written."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from costwatch.errors import LedgerError
from costwatch.ledger.engines.duckdb import fetch, literal

# The columns that may be maps, in lower case; ``product`` and ``discount`` name no owner.
_MAPS = ("allocatedtags", "cost_category", "resource_tags", "tags", "x_costcategories")
_ROWS_AT_ONCE = 100_000


def keys_held(con: Any, paths: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """The keys of each column of maps, structs or JSON text in Parquet files of one schema, sorted, by its
    lower-case name.

    Of a map only its keys are read, whose dictionary is small: a few hundredths of a second for a million
    lines. Raises LedgerError.
    """
    found: dict[str, tuple[str, ...]] = {}
    for field in pq.read_schema(paths[0]):
        if field.name.lower() not in _MAPS:
            continue
        if pa.types.is_struct(field.type):
            keys = {each.name for each in field.type}
        elif pa.types.is_map(field.type):
            keys = {key for path in paths for key in _of_map(path, field.name)}
        else:
            keys = _of_text(con, paths, field.name)
        found[field.name.lower()] = tuple(sorted(keys))
    return found


def _of_map(path: Path, column: str) -> Iterator[str]:
    try:
        leaves = pq.read_metadata(path).schema
        paths = (leaves.column(number).path for number in range(len(leaves)))
        leaf = next(
            each for each in paths if each.startswith(f"{column}.")
        )  # the key stands before the value
        file = pq.ParquetFile(path, read_dictionary=[leaf])
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=[leaf], use_threads=False):
            keys = batch.column(0).values.field(0)
            yield from (keys.dictionary if pa.types.is_dictionary(keys.type) else keys.unique()).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise LedgerError(f"{path}: {str(error).splitlines()[0][:200]}") from None


def _of_text(con: Any, paths: Sequence[Path], column: str) -> set[str]:
    """Of each different text once: tags repeat."""
    files = ", ".join("'" + literal(path).replace("'", "''") + "'" for path in paths)
    name = column.replace('"', '""')
    sql = f"""SELECT DISTINCT unnest(json_keys(object)) AS key FROM (
        SELECT TRY_CAST(if(starts_with(text, '"'), '{{' || text || '}}', text) AS JSON) AS object
        FROM (SELECT DISTINCT "{name}"::VARCHAR AS text FROM read_parquet([{files}])))
        WHERE json_type(object) = 'OBJECT'"""
    return set(fetch(con, sql)["key"].to_pylist())
