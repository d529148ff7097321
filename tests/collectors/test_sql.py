"""Measures by SQL from Debian's MariaDB and PostgreSQL and a file of SQLite: what a day is, and only read."""

import os
import signal
import time
from datetime import date
from pathlib import Path
from threading import Timer

import pytest

from tests.made.sql_shop import DAY, IN_DAY, ORDERS, ROWS, Asked

pytestmark = pytest.mark.usefixtures("shop_password")

# --- what a day is ---------------------------------------------------------------------------------


def test_a_day_is_measured_by_label(shop: Asked) -> None:
    assert [(row["day"], row["measure"], row["unit"]) for row in shop.rows()] == [
        (date(2026, 11, 20), "turnover", "EUR")
    ] * 3
    assert [(row["labels"], row["value"], row["coverage"]) for row in shop.rows()] == [
        ("", 3.0, 0.75),  # of one merchant it is not known
        ('{"merchant":"m-1"}', 3.75, 0.75),
        ('{"merchant":"m-2"}', 7.0, 0.75),
    ]


ANSWERS = {
    "rows of the same labels add up": (
        f"SELECT merchant, amount AS value FROM orders WHERE {IN_DAY} AND merchant = 'm-1'",
        {'{"merchant":"m-1"}': 3.75},
    ),
    "an empty label is none": (f"SELECT '' AS x, 1 AS value FROM orders WHERE {IN_DAY} LIMIT 1", {"": 1}),
    "no row is unknown": (ORDERS.replace("orders WHERE", "orders WHERE 1 = 0 AND"), {"": None}),
    "a sum of nothing is unknown": (
        f"SELECT SUM(amount) AS value FROM orders WHERE {IN_DAY} AND merchant = 'none'",
        {"": None},
    ),
    "nothing is 0 where the statement says so": (
        f"SELECT COALESCE(SUM(amount), 0) AS value FROM orders WHERE {IN_DAY} AND merchant = 'none'",
        {"": 0},
    ),
    "percent signs, colons and comments are its own": (
        f"WITH x AS (SELECT * FROM orders WHERE {IN_DAY} AND merchant LIKE 'm%' AND merchant <> '\\:start')\n"
        "SELECT COUNT(*) AS value FROM x -- all of them; really",
        {"": 4},
    ),
    "what is counted is not cut by max_rows": (
        f"SELECT COUNT(*) AS value FROM (SELECT * FROM orders WHERE {IN_DAY}) AS x",
        {"": 5},
    ),
}


@pytest.mark.parametrize(("statement", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer(statement: str, expected: dict[str, float | None], shop: Asked) -> None:
    assert shop.values(statement, max_rows=2) == expected


@pytest.mark.postgres
def test_what_is_not_a_number_is_unknown(postgresql: Asked) -> None:
    for text in ("'NaN'::float", "'NaN'::numeric", "'Infinity'::float", "1e999::numeric"):
        assert postgresql.values(f"SELECT {text} AS value WHERE :start < :end") == {"": None}


@pytest.mark.mariadb
def test_instants_are_utc_whatever_the_server_says(maria: Asked) -> None:
    maria.run("SET GLOBAL time_zone = '-08:00'")
    try:
        assert maria.values(f"SELECT COUNT(*) AS value FROM orders WHERE {IN_DAY}") == {"": 5}
        assert maria.values("SELECT UNIX_TIMESTAMP(:start) AS value FROM orders WHERE :end > 0 LIMIT 1") == {
            "": DAY.start.timestamp()
        }
    finally:
        maria.run("SET GLOBAL time_zone = SYSTEM")


# --- it only reads, and not for long ---------------------------------------------------------------

WRITES = {
    "maria": [
        "SELECT ordered() AS value FROM orders WHERE :start < :end LIMIT 1",
        "SELECT noted() AS value FROM orders WHERE :start < :end LIMIT 1",  # a table without transactions
        "SELECT NEXTVAL(numbers) AS value FROM orders WHERE :start < :end LIMIT 1",
    ],
    "postgresql": [
        "SELECT ordered() AS value WHERE :start < :end",
        "SELECT nextval('numbers') AS value WHERE :start < :end",
        "WITH x AS (DELETE FROM orders RETURNING 1) SELECT COUNT(*) AS value FROM x WHERE :start < :end",
        "SELECT set_config('transaction_read_only', 'off', false) AS x, 1 AS value WHERE :start < :end",
        "SELECT 1 AS value WHERE :start < :end) AS x; DELETE FROM orders; SELECT * FROM (SELECT 1",
    ],
}


@pytest.mark.parametrize(
    ("server", "statement"),
    [
        pytest.param(name, each, marks=pytest.mark.mariadb if name == "maria" else pytest.mark.postgres)
        for name, statements in WRITES.items()
        for each in statements
    ],
)
def test_a_statement_that_writes_changes_nothing(
    server: str, statement: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop: Asked = request.getfixturevalue(server)
    monkeypatch.setattr("collectors.sql.source.checked", lambda statement: statement)
    shop.refusal(statement)
    assert shop.run("SELECT COUNT(*) FROM orders")[0] == (len(ROWS),)
    if server == "maria":
        assert shop.run("SELECT COUNT(*) FROM notes")[0] == (0,)
        assert "READ ONLY transaction; let the statement only read" in shop.refusal(statement)


def test_a_file_is_opened_read_only(sqlite: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sql.source.checked", lambda statement: statement)
    delete = "DELETE FROM orders WHERE at < :start AND at < :end RETURNING amount AS value"
    assert "attempt to write a readonly database; let the statement only read" in sqlite.refusal(delete)
    gone = sqlite.refusal(ORDERS, url=f"sqlite:///{tmp_path / 'none.db'}")
    assert gone.startswith(f"shop: {tmp_path / 'none.db'}: unable to open database file; check url")
    assert not (tmp_path / "none.db").exists()


SLOW = {
    "maria": "SELECT SLEEP(20) AS value FROM orders WHERE :start < :end",
    "postgresql": "SELECT 1 AS value FROM pg_sleep(20) WHERE :start < :end",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT COUNT(*) AS value FROM n WHERE :start < :end",
}


def test_a_statement_has_so_long_and_no_longer(shop: Asked, request: pytest.FixtureRequest) -> None:
    slow = SLOW[request.node.callspec.params["shop"]]
    began = time.monotonic()
    told = shop.refusal(slow, timeout_seconds=1)
    assert time.monotonic() - began < 4
    assert told == (
        "shop: measure turnover, 20 Nov 2026: not answered within 1 s; ask for less, add an index, or raise "
        "timeout_seconds"
    )


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("maria", marks=pytest.mark.mariadb),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def test_a_server_that_hangs_is_given_up(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.sql.database._GRACE_SECONDS", 1)
    shop: Asked = request.getfixturevalue(server)
    stopped: list[int] = []

    def stop() -> None:
        """All its processes, a while after it has begun to answer."""
        children = Path(f"/proc/{shop.pid}/task/{shop.pid}/children").read_text().split()
        for pid in (shop.pid, *map(int, children)):
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)

    timer = Timer(1, stop)
    timer.start()
    try:
        assert "not answered within 2 s" in shop.refusal(SLOW[server], timeout_seconds=2)
    finally:
        timer.join()
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)
    assert len(shop.rows()) == 3


def test_an_answer_has_so_many_rows_and_no_more(shop: Asked) -> None:
    told = shop.refusal(f"SELECT merchant, amount AS value FROM orders WHERE {IN_DAY}", max_rows=4)
    assert told.endswith("the answer has more than 4 rows; add them up by fewer labels, or raise max_rows")
    assert len(shop.rows(max_rows=5)) == 3
