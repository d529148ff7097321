"""A shop's orders in MariaDB, PostgreSQL and SQLite, and how measures of them are asked."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from collectors.sql import Sql
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.mariadb import Mariadb
from tests.doubles.postgres import PASSWORD, Postgres

DAY = Window.of_days(date(2026, 11, 20), date(2026, 11, 21))
IN_DAY = "at >= :start AND at < :end"
ORDERS = f"SELECT merchant, SUM(amount) AS value FROM orders WHERE {IN_DAY} GROUP BY merchant"
ROWS = (
    "('2026-11-19 23:59:59', 'm-1', 100)",
    "('2026-11-20 00:00:00', 'm-1', 1.5)",
    "('2026-11-20 12:00:00', 'm-1', 2.25)",
    "('2026-11-20 23:59:59', 'm-2', 7)",
    "('2026-11-20 06:00:00', NULL, 3)",
    "('2026-11-20 06:00:00', 'm-3', NULL)",
    "('2026-11-21 00:00:00', 'm-1', 100)",
)
FILL = f"INSERT INTO orders VALUES {', '.join(ROWS)}"


@dataclass(frozen=True)
class Asked:
    """A database with orders. run: what its owner may do. keys: how we are let in. pid: of its server."""

    run: Callable[..., Any]
    keys: Mapping[str, Any]
    pid: int = 0

    def source(self, **more: Any) -> Sql:
        return Sql.model_validate({"name": "shop", "measures": [measure()], **self.keys, **more})

    def rows(self, window: Window = DAY, **more: Any) -> list[dict[str, Any]]:
        source = self.source(**more)
        return [row for batch in source.collect(window) for part in batch.read() for row in part.to_pylist()]

    def values(self, statement: str, **more: Any) -> dict[str, float]:
        return {row["labels"]: row["value"] for row in self.rows(measures=[measure(statement)], **more)}

    def refusal(self, statement: str, **more: Any) -> str:
        """Why ``statement`` is not answered."""
        with pytest.raises(SourceError) as caught:
            self.rows(measures=[measure(statement)], **more)
        text = str(caught.value)
        assert PASSWORD not in text
        return text


def measure(statement: str = ORDERS, name: str = "turnover", **more: str) -> dict[str, str]:
    return {"name": name, "unit": "EUR", "statement": statement, **more}


def in_mariadb(server: Mariadb) -> Asked:
    writing = "RETURNS INT BEGIN INSERT INTO"
    server.run(
        "CREATE DATABASE shop",
        "USE shop",
        "CREATE TABLE orders (at TIMESTAMP, merchant VARCHAR(20), amount DECIMAL(10, 2)) ENGINE=InnoDB",
        "CREATE TABLE notes (note INT) ENGINE=Aria",
        "CREATE SEQUENCE numbers",
        f"CREATE FUNCTION ordered() {writing} orders VALUES (NOW(), 'm', 1); RETURN 1; END",
        f"CREATE FUNCTION noted() {writing} notes VALUES (1); RETURN 1; END",
        FILL,
        f"CREATE USER costwatch IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL ON shop.* TO costwatch",
    )
    login = {"url": f"{server.url}/shop", "username": "costwatch", "password": "${env:SHOP_PASSWORD}"}
    return Asked(lambda *lines: server.run(*lines, database="shop"), login, server.pid)


def in_postgres(server: Postgres) -> Asked:
    server.run("CREATE DATABASE shop")
    server.run(
        "CREATE TABLE orders (at TIMESTAMPTZ, merchant TEXT, amount NUMERIC)",
        "SET TIME ZONE 'UTC'",
        FILL,
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION ordered() RETURNS INT LANGUAGE sql AS"
        " 'INSERT INTO orders VALUES (NOW(), ''m'', 1) RETURNING 1'",
        database="shop",
    )
    login = {"url": f"{server.url}/shop", "username": "postgres", "password": "${env:SHOP_PASSWORD}"}
    return Asked(lambda *lines: server.run(*lines, database="shop"), login, server.pid)


def in_sqlite(folder: Path) -> Asked:
    def run(*lines: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(folder / "shop.db") as db:
            for line in lines:
                cursor = db.execute(line)
            found = cursor.fetchall()
        db.close()
        return found

    run("CREATE TABLE orders (at TEXT, merchant TEXT, amount REAL)", FILL)
    return Asked(run, {"url": f"sqlite:///{folder / 'shop.db'}"})
