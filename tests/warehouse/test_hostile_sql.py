"""SQL of a user's own that would take hours, gigabytes or the file: each ends, with one sentence."""

import random
import resource
import time
from pathlib import Path

import pytest

from costwatch.errors import UsageError
from costwatch.warehouse.sql import ask
from costwatch.warehouse.store import Warehouse
from tests.made.soak import in_soak
from tests.made.warehouse_rows import company

TIMEOUT_SECONDS = 0.4
_COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n{limit})"
_TEN_MILLION = _COUNT.format(limit=" LIMIT 10000000")
HOSTILE = {
    "one call that takes hours": "SELECT instr(printf('%.*c',40000000,'a'),printf('%.*c',20000000,'a')||'b')",
    "the same within a megabyte": "SELECT instr(printf('%.*c',1000000,'a'),printf('%.*c',500000,'a')||'b')",
    "huge blobs, row by row": "SELECT zeroblob(49000000) FROM cost LIMIT 200",
    "many blobs of nearly a megabyte": "SELECT zeroblob(1000000) FROM cost, cost b LIMIT 9999",
    "a blob beyond all limits": "SELECT zeroblob(2147483647)",
    "random bytes beyond the limit": "SELECT hex(randomblob(900000))",
    "a row of many long values": f"SELECT {', '.join(['zeroblob(1000000)'] * 400)}",
    "a loop without an end": f"{_COUNT.format(limit='')} SELECT count(*) FROM n",
    "a loop that doubles": "WITH RECURSIVE n(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM n) "
    "SELECT max(t) FROM n",
    "a product of tables": "SELECT count(*) FROM cost a, cost b, cost c, cost d, cost e, cost f",
    "a large sort": f"{_TEN_MILLION} SELECT i FROM n ORDER BY random() DESC",
    "a large group": f"{_TEN_MILLION} SELECT hex(i), count(*) FROM n GROUP BY hex(i)",
    "a large distinct": f"{_TEN_MILLION} SELECT DISTINCT i * 7 FROM n ORDER BY 1",
    "one text of everything": f"{_TEN_MILLION} SELECT group_concat(i) FROM n",
    "one list of everything": f"{_TEN_MILLION} SELECT json_group_array(hex(i)) FROM n",
    "a window over everything": f"{_TEN_MILLION} SELECT sum(i) OVER (ORDER BY i DESC) FROM n",
    "a pattern that backtracks": "SELECT printf('%.*c',50000,'a') LIKE '%a%a%a%a%a%a%a%a%a%a%a%b'",
    "a glob that backtracks": "SELECT printf('%.*c',50000,'a') GLOB '*a*a*a*a*a*a*a*a*a*a*b'",
    "replace that grows": "SELECT replace(printf('%.*c',1000000,'a'),'a','aaaaaaaaaaaaaaaaaaaa')",
    "deep brackets": f"SELECT {'(' * 5000}1{')' * 5000}",
    "many terms": f"SELECT {' UNION ALL SELECT '.join(['1'] * 5000)}",
    "a deep JSON": "SELECT count(*) FROM json_tree(replace(printf('%.*c',100000,'['),'x','y'))",
    "writing": "DELETE FROM published",
    "writing in a CTE's clothes": "WITH x AS (SELECT 1) INSERT INTO team (name) SELECT 1 FROM x",
    "a new table": "CREATE TABLE x (y)",
    "a temporary table": "CREATE TEMP TABLE x AS SELECT 1",
    "another file": "ATTACH 'x.db' AS x",
    "a copy of the file": "VACUUM INTO 'x.db'",
    "a setting": "PRAGMA query_only=0",
    "a setting as a table": "SELECT * FROM pragma_table_info('alert')",
    "an extension": "SELECT load_extension('x')",
    "an own schema": "SELECT writefile('x', 'y')",
    "two statements": "SELECT 1; SELECT 2",
    "a transaction": "COMMIT",
    "nothing": "",
    "a comment": "-- SELECT 1",
    "a NUL": "SELECT 1\x00",
    "a lone surrogate": "SELECT '\ud800'",
}  # fmt: skip

# Within the limits of lengths these are answered at once.
HARMLESS = ("one call that takes hours", "a pattern that backtracks", "a glob that backtracks")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return company(tmp_path_factory.mktemp("sql") / "costwatch.db")


def refused(warehouse: Warehouse, sql: str, timeout_seconds: float = TIMEOUT_SECONDS) -> tuple[str, float]:
    """What is said of it, if anything, and after how many seconds."""
    begun = time.monotonic()
    with warehouse.read() as db:
        try:
            ask(db, sql, row_limit=10_000, timeout_seconds=timeout_seconds)
        except UsageError as error:
            return str(error), time.monotonic() - begun
    return "", time.monotonic() - begun


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_statement_ends_with_a_sentence(name: str, warehouse: Warehouse) -> None:
    before = warehouse.path.read_bytes()
    said, seconds = refused(warehouse, HOSTILE[name])
    assert said.startswith("query: ") or (said == "" and name in HARMLESS)
    assert "\n" not in said
    assert len(said) < 300
    assert seconds < 30, "it is ended from outside"  # a child starts late on a busy machine
    assert warehouse.path.read_bytes() == before
    assert not Path("x.db").exists()


def test_what_takes_long_says_so_and_what_takes_much_says_that(warehouse: Warehouse) -> None:
    assert "took longer than 0.4 s" in refused(warehouse, HOSTILE["the same within a megabyte"])[0]
    assert "took longer than 0.4 s" in refused(warehouse, HOSTILE["a loop without an end"])[0]
    assert "more than 1 MB" in refused(warehouse, HOSTILE["huge blobs, row by row"])[0]
    assert "64 MB" in refused(warehouse, HOSTILE["many blobs of nearly a megabyte"], 20)[0]
    assert "256 MB of memory" in refused(warehouse, HOSTILE["a row of many long values"], 20)[0]
    assert "write a SELECT" in refused(warehouse, HOSTILE["writing"])[0]
    assert "only one statement" in refused(warehouse, HOSTILE["two statements"])[0]


def test_every_type_comes_back_as_it_is(warehouse: Warehouse) -> None:
    with warehouse.read() as db:
        sql = "SELECT 9007199254740993, -1.5, 9e999, NULL, x'00ff', 'é\u2028\"', json_extract('[7]', '$[0]')"
        answer = ask(db, sql, row_limit=1, timeout_seconds=30)
        assert answer.rows == [(9007199254740993, -1.5, float("inf"), None, b"\x00\xff", 'é\u2028"', 7)]
        assert not answer.more
        assert ask(db, "SELECT 1 UNION SELECT 2", row_limit=1, timeout_seconds=30).more


@pytest.mark.soak
def test_mutated_statements_end_in_time_and_within_their_memory(warehouse: Warehouse) -> None:
    """Of PART=sql; what a child takes is bounded by its address space: 256 MB of it."""
    chance = random.Random(20261201)
    texts = [*HOSTILE.values()]
    for _ in range(in_soak(500, else_=5)):
        one, other = chance.sample(texts, 2)
        cut, place = chance.randrange(len(one) + 1), chance.randrange(len(other) + 1)
        sql = chance.choice(
            [
                one[:cut] + other[place:],
                f"SELECT * FROM ({one}), ({other}) LIMIT 100000",
                f"WITH a AS ({one}), b AS ({other}) SELECT count(*) FROM a, b, cost, cost AS c",
                one.replace(str(chance.randrange(10)), str(chance.randrange(10**6))),
            ]
        )
        said, seconds = refused(warehouse, sql, timeout_seconds=1)
        assert said == "" or said.startswith("query: ")
        assert seconds < 1.5 + 1.5, f"{seconds} s: {sql[:200]}"  # and how long a child takes to start
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 300 * 1024 or not in_soak(
        True, else_=False
    )
