"""What databases and the way to them refuse, in our words and without secrets."""

import re
from urllib.parse import urlsplit

from collectors.sql.source import Sql
from costwatch.errors import SourceError
from costwatch.wording import printable, shortened

# By the codes of MySQL and MariaDB, PostgreSQL (SQLSTATE) and SQLite.
# https://mariadb.com/kb/en/mariadb-error-code-reference/
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_NOT_LET_IN = (1045, 1698, "28P01", "28000")
_NO_RIGHT = (1044, 1142, 1143, 1227, 1370, "42501", "SQLITE_AUTH")
_TOO_SLOW = (1969, 3024, "57014", "SQLITE_INTERRUPT")
_WRITES = (1792, "25006", "SQLITE_READONLY")
_LIBPQ = re.compile(r"connection failed: connection to server at .* port \d+ failed: ")  # it is told already
_LONGEST = 300


class StatementError(Exception):
    """A statement was not answered as it must be: ``what is wrong; what to do``."""


class Refusals:
    """Errors of one database in sentences."""

    def __init__(self, settings: Sql, password: str) -> None:
        self._settings, self._password = settings, password

    def of_connection(self, error: Exception) -> SourceError:
        """Why there is no session."""
        code = _code(error)
        if code in _NOT_LET_IN:
            what = "does not let this user in; check username and password"
        elif code in _NO_RIGHT:
            what = f"{self._text(error)}; grant this user SELECT there, or correct url"
        else:
            what = f"{self._text(error)}; check url, username, password, ca_file and the network"
        return SourceError(f"{self._settings.name}: {self._place}: {what}")

    def of_statement(self, error: Exception, *, is_late: bool) -> StatementError:
        """Why there is no answer. is_late: not before the time was over."""
        code, text = _code(error), self._text(error)
        is_lost = getattr(error, "connection_invalidated", False)
        if code in _TOO_SLOW or (is_late and is_lost):
            seconds = self._settings.timeout_seconds
            return StatementError(
                f"not answered within {seconds} s; ask for less, add an index, or raise timeout_seconds"
            )
        if code in _WRITES:
            return StatementError(f"the database says: {text}; let the statement only read")
        if code in _NO_RIGHT:
            return StatementError(f"the database says: {text}; grant this user SELECT there")
        if is_lost:
            return StatementError(f"the connection was lost ({text}); it is asked again by the next run")
        return StatementError(f"the database says: {text}; correct the statement")

    @property
    def _place(self) -> str:
        return urlsplit(self._settings.url).netloc or self._settings.database

    def _text(self, error: Exception) -> str:
        """One line of what the driver said; a server may repeat what it was sent."""
        found = getattr(error, "orig", None) or error
        arguments = getattr(found, "args", ())
        text = " ".join(str(arguments[-1] if arguments else found).split())
        text = _LIBPQ.sub("", text)
        if self._password:
            text = text.replace(self._password, "…")
        return shortened(printable(text), _LONGEST)


def _code(error: Exception) -> object:
    """MySQL's drivers put a number first, the others have a name for theirs."""
    found = getattr(error, "orig", None) or error
    if (arguments := getattr(found, "args", ())) and isinstance(arguments[0], int):
        return arguments[0]
    return getattr(found, "sqlstate", None) or getattr(found, "sqlite_errorname", None)
