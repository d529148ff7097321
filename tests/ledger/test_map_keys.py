"""Which keys a bill's maps have, whatever their files look like."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.errors import LedgerError
from costwatch.ledger.engines.duckdb import InProcess
from costwatch.ledger.map_keys import keys_held

MAP = pa.map_(pa.string(), pa.string())
ROWS: list[dict[str, str] | None] = [{"team": "a", "É'\"x": "b"}, {}, None, {"user:app": "c"}]
KEYS = ("team", "user:app", "É'\"x")
MANY = 300_000


def maps(rows: Any, **options: Any) -> Callable[[Path], None]:
    entries = [None if row is None else [*row.items()] for row in rows]
    return lambda path: pq.write_table(pa.table({"Tags": pa.array(entries, MAP)}), path, **options)


def texts(*rows: str | None) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table({"Tags": pa.array(rows, pa.string())}), path)


FILES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "maps": (maps(ROWS), KEYS),
    "maps in many row groups": (maps(ROWS * 50, row_group_size=3), KEYS),
    "maps without a dictionary": (maps(ROWS * 50, use_dictionary=False), KEYS),
    "more keys than a dictionary holds": (
        maps(({f"key {number:07d}": "x"} for number in range(MANY)), dictionary_pagesize_limit=10_000),
        tuple(f"key {number:07d}" for number in range(MANY)),
    ),
    "no row": (maps([]), ()),
    "a struct": (
        lambda path: pq.write_table(pa.table({"Tags": pa.array([{"team": "a", "app": "b"}])}), path),
        ("app", "team"),
    ),
    "JSON": (texts(*(None if row is None else json.dumps(row) for row in ROWS), "nonsense", "[1]"), KEYS),
    "JSON without its braces, as Azure has it": (texts('"team": "a","app": "b"'), ("app", "team")),
}


@pytest.mark.parametrize(("write", "keys"), FILES.values(), ids=FILES)
def test_the_keys_are_found_in(write: Callable[[Path], None], keys: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "it's [one].parquet"
    write(path)
    engine = InProcess()
    try:
        assert keys_held(engine.con, [path]) == {"tags": keys}
    finally:
        engine.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bill.parquet"
    maps(ROWS * 50, compression="none")(path)
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)
    engine = InProcess()
    try:
        with pytest.raises(LedgerError, match=r"bill\.parquet: "):
            keys_held(engine.con, [path])
    finally:
        engine.close()
