"""Which keys the maps of a bill's files have (tags, cost categories), as they are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from costwatch.errors import LedgerError
from costwatch.ledger.engines.duckdb import fetch, literal

# The columns that may be maps, in lower case; ``product`` and ``discount`` name no owner.
_MAPS = ("allocatedtags", "cost_category", "resource_tags", "tags", "x_costcategories")


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
            keys = {key for path in paths for key in _of_map(con, path, field.name)}
        else:
            keys = _of_text(con, paths, field.name)
        found[field.name.lower()] = tuple(sorted(keys))
    return found


def _of_map(con: Any, path: Path, column: str) -> set[str]:
    try:
        leaves = pq.read_metadata(path).schema
        paths = (leaves.column(number).path for number in range(len(leaves)))
        leaf = next(
            each for each in paths if each.startswith(f"{column}.")
        )  # the key stands before the value
        file = pq.ParquetFile(path, read_dictionary=[leaf])
        found: set[str] = set()
        for number in range(file.num_row_groups):
            entries = file.read_row_group(number, columns=[leaf], use_threads=False).column(0)
            for chunk in entries.chunks:
                keys = chunk.values.field(0)
                found.update((keys.dictionary if pa.types.is_dictionary(keys.type) else keys).to_pylist())
    except pa.ArrowNotImplementedError:  # keys too many for one dictionary
        return _distinct(con, f"unnest(map_keys({_quoted(column)}))", f"read_parquet([{_literals([path])}])")
    except (OSError, pa.ArrowException) as error:
        raise LedgerError(f"{path}: {str(error).splitlines()[0][:200]}") from None
    return found


def _of_text(con: Any, paths: Sequence[Path], column: str) -> set[str]:
    """Of each different text once: tags repeat."""
    texts = f"(SELECT DISTINCT {_quoted(column)}::VARCHAR AS text FROM read_parquet([{_literals(paths)}]))"
    whole = "if(starts_with(text, '\"'), '{' || text || '}', text)"
    objects = f"(SELECT TRY_CAST({whole} AS JSON) AS object FROM {texts})"
    return _distinct(con, "unnest(json_keys(object))", f"{objects} WHERE json_type(object) = 'OBJECT'")


def _distinct(con: Any, what: str, source: str) -> set[str]:
    return set(fetch(con, f"SELECT DISTINCT {what} AS key FROM {source}")["key"].to_pylist())


def _literals(paths: Sequence[Path]) -> str:
    return ", ".join("'" + literal(path).replace("'", "''") + "'" for path in paths)


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
