"""A database, asked read-only and within limits."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from collectors.sql.refusals import Refusals, StatementError
from collectors.sql.source import Sql
from costwatch.errors import CostwatchError, SourceError
from costwatch.model import Window
from costwatch.secret import resolve

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Answer", "Database", "StatementError"]

_CONNECT_SECONDS = 10
_GRACE_SECONDS = 5  # for the server to end a statement itself, before the connection is cut
# What makes a session read-only, limited and UTC. PostgreSQL is told so for the transaction alone: a pooler
# between may hand its session to somebody else.
_MYSQL = ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'", "SET sql_select_limit = {rows}")
_SESSIONS = {
    "mariadb": (*_MYSQL, "SET max_statement_time = {seconds}"),
    "mysql": (*_MYSQL, "SET max_execution_time = {milliseconds}"),
    "postgresql": (
        "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout = {milliseconds}",
        "SET LOCAL TIME ZONE 'UTC'",
    ),
    "sqlite": ("PRAGMA query_only = ON",),
}
_DRIVERS = {
    "mysql": ("mysql+pymysql", "mysql"),
    "mariadb": ("mysql+pymysql", "mysql"),
    "postgresql": ("postgresql+psycopg", "postgres"),
    "sqlite": ("sqlite+pysqlite", "mysql"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement answered with: rows of as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


class Database:
    """A database that is asked one statement at a time, each on a connection of its own.

    What goes wrong is a SourceError where the database does not let us in, and a StatementError where it
    does not answer one statement; neither holds a secret.
    """

    def __init__(self, settings: Sql) -> None:
        self._settings = settings
        self._password = self._secret()
        self._refusals = Refusals(settings, self._password)
        self._engine = self._made()

    def answer(self, statement: str, asked: Window) -> Answer:
        """What ``statement`` answers for ``asked``. Raises SourceError and StatementError."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        most, seconds = self._settings.max_rows, self._settings.timeout_seconds
        bounds = {"start": self._bound(asked.start), "end": self._bound(asked.end)}
        if self._engine.dialect.name == "postgresql":  # MySQL is told of the limit once connected
            statement = f"SELECT * FROM ({statement}\n) AS measured LIMIT {most + 1}"  # noqa: S608
        with self._connected() as connection:
            began = time.monotonic()
            try:
                with _cut_in_time(connection, seconds):
                    result = connection.execute(text(statement), bounds)
                    answer = Answer(list(result.keys()), [tuple(row) for row in result.fetchmany(most + 1)])
            except SQLAlchemyError as error:
                is_late = time.monotonic() - began > seconds
                raise self._refusals.of_statement(error, is_late=is_late) from None
        if len(answer.rows) > most:
            raise StatementError(
                f"the answer has more than {most:,} rows; add them up by fewer labels, or raise max_rows"
            )
        return answer

    def close(self) -> None:
        """Let go of what is connected."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _secret(self) -> str:
        try:
            return resolve(self._settings.password) if self._settings.password else ""
        except CostwatchError as error:
            raise SourceError(f"{self._settings.name}: {error}") from None

    def _made(self) -> "Engine":
        parts = urlsplit(self._settings.url)
        driver, extra = _DRIVERS[parts.scheme]
        try:
            from sqlalchemy import URL, NullPool, create_engine

            url = URL.create(
                driver,
                self._settings.username or None,
                host=parts.hostname,
                port=parts.port,
                database=self._settings.database,
            )
            if parts.scheme == "sqlite":
                url = url.set(
                    database=f"file:{quote(self._settings.database)}", query={"mode": "ro", "uri": "true"}
                )
            arguments = self._arguments(parts.scheme)
            return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        except ImportError:
            raise SourceError(
                f"{self._settings.name}: no driver for {parts.scheme} is installed; "
                f"pip install costwatch[{extra}]"
            ) from None

    def _arguments(self, scheme: str) -> Mapping[str, Any]:
        """What the driver is given beside the address; the password among it, since addresses are shown."""
        seconds, ca_file = self._settings.timeout_seconds, self._settings.ca_file
        if ca_file and not Path(ca_file).is_file():
            raise SourceError(
                f"{self._settings.name}: ca_file: {ca_file} cannot be read; check the path and its rights"
            )
        if scheme == "sqlite":
            return {"timeout": seconds}
        limits = {"connect_timeout": _CONNECT_SECONDS}
        if scheme == "postgresql":
            password = {"password": self._password} if self._password else {}
            trusted = {"sslmode": "verify-full", "sslrootcert": ca_file} if ca_file else {}
            texts = {"client_encoding": "utf8"}  # else a database of SQL_ASCII answers in bytes
            return {**limits, **password, **trusted, **texts, "application_name": "costwatch"}
        trusted_ca = {"ssl": {"ca": ca_file}} if ca_file else {}
        password_bytes = self._password.encode()  # as a text it could only hold Latin letters
        reading = {"read_timeout": seconds + _GRACE_SECONDS, "write_timeout": seconds + _GRACE_SECONDS}
        return {**limits, **reading, **trusted_ca, "password": password_bytes}

    @contextmanager
    def _connected(self) -> "Iterator[Connection]":
        """A connection that can only read. Raises SourceError."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            connection = self._engine.connect()
        except (SQLAlchemyError, OSError, RuntimeError) as error:
            raise self._refusals.of_connection(error) from None
        with connection:
            try:
                self._limit(connection)
            except SQLAlchemyError as error:
                raise self._refusals.of_connection(error) from None
            yield connection

    def _limit(self, connection: "Connection") -> None:
        dialect = connection.dialect.name
        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        seconds = self._settings.timeout_seconds
        for line in _SESSIONS["mariadb" if is_mariadb else dialect]:
            connection.exec_driver_sql(
                line.format(seconds=seconds, milliseconds=1_000 * seconds, rows=self._settings.max_rows + 1)
            )
        if dialect == "mysql":
            connection.rollback()  # a session's new mode holds from its next transaction on

    def _bound(self, instant: datetime) -> object:
        """As the driver takes an instant in UTC."""
        if self._engine.dialect.name == "postgresql":
            return instant
        if self._engine.dialect.name == "sqlite":
            return f"{instant:%Y-%m-%d %H:%M:%S}"
        return instant.replace(tzinfo=None)


@contextmanager
def _cut_in_time(connection: "Connection", seconds: int) -> Iterator[None]:
    """End what the server does not end itself: SQLite has no server, and psycopg waits without end."""
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        deadline = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    if connection.dialect.name != "postgresql":
        yield
        return
    with socket.socket(fileno=os.dup(driver.fileno())) as same:
        timer = threading.Timer(seconds + _GRACE_SECONDS, _cut, [same])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be lost already
        connection.shutdown(socket.SHUT_RDWR)
