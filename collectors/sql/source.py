"""The source: which statements are asked of which database, and when."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from collectors.measures import (
    Failures,
    Measured,
    MeasureSettings,
    MeasuresSettings,
    asked_days,
    day_batch,
    once_each,
)
from collectors.sql.statements import checked
from costwatch.model import Batch, Window
from costwatch.plugins import Duration
from costwatch.secret import SecretReference

SCHEMES = ("mysql", "mariadb", "postgresql", "sqlite")
_EXAMPLE = "mysql://host:3306/database or postgresql://host/database"


class SqlMeasure(MeasureSettings):
    """A statement that tells one measure of a day.

    statement: a single SELECT (or WITH) with ``:start`` and ``:end``, the half-open bounds of a day in UTC.
    value: the column that holds the value; all others are text, and labels by their names.
    """

    statement: str
    value: str = "value"

    @field_validator("statement")
    @classmethod
    def _is_a_read(cls, statement: str) -> str:
        return checked(statement)


class Sql(MeasuresSettings):
    """Measures from a SQL database: MySQL, MariaDB or PostgreSQL, by a statement for each and UTC day.

    It needs a driver: ``pip install costwatch[mysql]`` or ``costwatch[postgres]``. Whoever it connects as
    needs SELECT and nothing else; besides, its session is read-only, speaks UTC, and is ended after
    ``timeout_seconds``. An SQLite file is opened read-only, to try statements out.

    url: ``mysql://host:3306/database``, ``mariadb://…``, ``postgresql://…`` or ``sqlite:////path/to/file``.
    username, password: who connects; password is a secret reference (``${env:NAME}``, ``${file:/path}`` or
    ``${aws-sm:name#key}``).
    ca_file: the certificates to trust, as PEM; then the connection must be encrypted, and the server must
    be who url says. Left out, it is encrypted where the server can, whoever that is.
    measures: each with name, unit, ``statement`` and ``value``. A row holds one number in the column
    ``value`` and, in columns of text, labels by their names; NULL or an empty text is no such label. Rows
    with the same labels add up. NULL and NaN are unknown: such rows are left out, and lower the coverage;
    write COALESCE(…, 0) where nothing is 0. A day without a row is unknown, too. DATETIME columns are taken
    for UTC, TIMESTAMP columns are converted.
    first_day: none before it is asked for. Left out, the first run asks for the last 35 days; any others by
    ``costwatch collect --from --to``, also after a statement was changed.
    lookback: how far behind the last run days are asked for again, since late rows come in; what has not
    changed is not stored anew. The running day is asked up to its last whole hour, and is incomplete.
    timeout_seconds: how long one statement may take, to its last row.
    max_rows: how many rows one statement may answer with.

    A statement that fails leaves its measure unknown for the day, and the others go on; what is stored whole
    of that day stays. It is asked again by each run.

        - name: shop-db
          kind: sql
          url: mysql://mysql.internal:3306/shop
          username: costwatch
          password: ${env:SHOP_DB_PASSWORD}
          measures:
            - name: orders
              unit: orders
              statement: >-
                SELECT merchant, COUNT(*) AS value FROM orders
                WHERE created_at >= :start AND created_at < :end GROUP BY merchant
    """

    url: str
    username: str = ""
    password: SecretReference | None = None
    ca_file: str = ""
    measures: tuple[SqlMeasure, ...]
    first_day: date | None = None
    lookback: Duration = Field(default=timedelta(days=2), ge=timedelta(hours=1))
    timeout_seconds: int = Field(default=60, ge=1, le=3_600)
    max_rows: int = Field(default=10_000, ge=1, le=1_000_000)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        """Refuses what may hold a secret without repeating it."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"must be an address such as {_EXAMPLE}") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "must not hold a name or password; write username and password beside it, and password as a "
                "reference such as ${env:DB_PASSWORD}"
            )
        if parts.query or parts.fragment:
            raise ValueError("must not hold options; leave out what stands behind ? or #")
        if parts.scheme not in SCHEMES:
            raise ValueError(
                f"must begin with {', '.join(f'{name}://' for name in SCHEMES)}; as in {_EXAMPLE}"
            )
        if (parts.scheme == "sqlite") == bool(host) or not parts.path.strip("/"):
            raise ValueError(f"must name host and database, as in {_EXAMPLE}; a file as in sqlite:////path")
        return url

    @field_validator("measures")
    @classmethod
    def _are_there_once(cls, measures: Sequence[SqlMeasure]) -> Sequence[SqlMeasure]:
        return once_each(measures)

    @model_validator(mode="after")
    def _fit_together(self) -> "Sql":
        if self.password and not self.username:
            raise ValueError("password needs a username: write both")
        return self

    @property
    def database(self) -> str:
        """The name of the database, or the path of the file."""
        return unquote(urlsplit(self.url).path)[1:]

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``: as of the end of ``window``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: each day of ``window`` that has begun."""
        from collectors.sql.database import Database, StatementError
        from collectors.sql.rows import measured

        days = asked_days(self.name, window, now, self.first_day)
        settings = json.dumps(self.model_dump(mode="json", include={"measures"}))
        failures = Failures(self.name)
        with Database(self) as database:
            for day in days:
                found = []
                for measure in self.measures:
                    try:
                        answer = database.answer(measure.statement, day)
                        found.append(measured(measure, day, answer))
                    except StatementError as error:
                        failures.add(measure.name, day, str(error))
                        found.append(Measured(day.start.date(), measure.name, measure.unit))
                yield day_batch(day, found, settings, partial=failures.of(day))
        failures.tell()
