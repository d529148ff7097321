"""Every error costwatch raises on purpose.

A message reads ``where: what is wrong; what to do``. The command line prints it without a
traceback and ends with the exit code below; anything else that escapes is a bug of ours.

* CostwatchError              1   something failed
    * UsageError              2   the command line or a configuration file is wrong
        * ConfigError         2   one or more mistakes in a file, each as ``file:line: ...``
    * SourceError             1   a source could not be read; what is stored stays as it was
        * RefusedError        1   a bill that breaks its format or the store's limits, refused whole
            * NotABillError   1   a file that is no bill at all, of whatever provider
    * WarehouseError          1   the store is missing, newer than this program, or damaged
    * EngineError             1   the engine that is to read the bill cannot be had
    * LedgerError             1   files of the ledger cannot be read
    * NotifyError             1   a receiver did not take a message (``permanent``: trying again is no use)
    * BusyError              75   another run holds the lock; try again
"""

from collections.abc import Sequence


class CostwatchError(Exception):
    """Something failed in a way the user can act on; ``exit_code`` is the process's."""

    exit_code = 1


class UsageError(CostwatchError):
    """The command line or a configuration file is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """All mistakes found in the configuration files, one line each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class SourceError(CostwatchError):
    """A source could not be read."""


class RefusedError(SourceError):
    """A bill was refused whole; every reason found, one line each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


class NotABillError(RefusedError):
    """A file whose columns are those of no bill: it lies where bills are looked for, and is none."""


class WarehouseError(CostwatchError):
    """The warehouse file cannot be used as it is."""


class EngineError(CostwatchError):
    """The engine that ``costwatch.yaml`` names cannot be had: nothing can be allocated by it."""


class LedgerError(CostwatchError):
    """Files of the ledger cannot be read; the message is the engine's reason, for a step to say whose."""


class NotifyError(CostwatchError):
    """A receiver did not take a message; ``retry_after_seconds`` where it said when to try again."""

    def __init__(self, message: str, *, permanent: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


class BusyError(CostwatchError):
    """Another run of the same work holds its lock."""

    exit_code = 75


def unexpected(error: Exception) -> str:
    """A bug of ours in a sentence, by its place: what the error says may be nobody's business."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "an unknown place"
    return (
        f"unexpected {type(error).__name__} at {place}; that is a bug of costwatch: please report it with "
        "the command, `costwatch --version` and what -v shows"
    )
