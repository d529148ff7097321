"""Opening the one SQLite file: a single writer at a time, readers that cannot write.

Why each setting: WAL lets readers go on while a period is replaced; FULL survives a power cut;
mmap off and one lock around every write and checkpoint keep clear of
https://sqlite.org/wal.html#walresetbug, present in the SQLite of many systems.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

from costwatch.errors import BusyError, UsageError, WarehouseError
from costwatch.scratch import scratch, sweep
from costwatch.warehouse.locks import held_names, lock
from costwatch.warehouse.sql_child import only_reading
from costwatch.wording import RESTORE

WRITER_WAIT_SECONDS = 30
_WRITER = "writer"
_CHECKPOINT_BYTES = 4 << 20
# What SQLite says of a file whose bytes are not as it wrote them, and of a schema that is not ours any more.
_DAMAGED_BYTES = re.compile("not a database|malformed|file format|Could not decode")
_DAMAGED_SCHEMA = re.compile("no such table: (main.)?(?!x_)|no such column|has no column|already exists")

Transaction = sqlite3.Connection  # what ``read`` and ``write`` yield


class _Connection(sqlite3.Connection):
    """One that knows its file."""

    path: Path


class Warehouse:
    """The file at ``path``. Cheap to make: nothing is opened before the first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.locks = path.with_name(path.name + ".locks")

    @property
    def exists(self) -> bool:
        """Whether the file is there at all."""
        return self.path.exists()

    def files(self) -> list[Path]:
        """The file, what SQLite keeps beside it, and the folder of locks, as far as they are there."""
        beside = (
            self.path,
            *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm")),
            self.locks,
        )
        return [path for path in beside if path.exists()]

    def migrate(self) -> None:
        """Create the file, or bring its schema up to this program's. Raises WarehouseError if newer."""
        from costwatch.warehouse.migrations import LATEST, migrate

        if self.exists and self.version() == LATEST:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writer_lock(), self._connect("rwc") as db:
            db.execute("PRAGMA journal_mode=WAL")
            migrate(db, self.path)

    def version(self) -> int:
        """The schema version of the file; 0 for an empty one."""
        with self._connect("ro") as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])

    def job_lock(self, name: str) -> AbstractContextManager[None]:
        """Keep a second run of the same command out; it raises BusyError (exit 75)."""
        return lock(self.locks, f"job-{name}")

    @contextmanager
    def all_locks(self) -> Iterator[None]:
        """Keep every command out that changes anything; raises BusyError while one is at work."""
        with ExitStack() as held:
            for name in held_names(self.locks, but=_WRITER):
                held.enter_context(lock(self.locks, name))
            held.enter_context(self._writer_lock())
            yield

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at the end of the block, undone if it raises.

        Nothing is fetched, computed or sent inside it: other writers wait.
        """
        self.migrate()
        with self._writer_lock(), self._connect("rw") as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:  # a full disk has ended it already
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            wal = self.path.with_name(self.path.name + "-wal")
            if wal.exists() and wal.stat().st_size > _CHECKPOINT_BYTES:
                db.execute("PRAGMA busy_timeout=0")  # readers may hold it up: then a later write does it
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent snapshot. No statement can write, attach or change a setting."""
        self._require()
        with self._connect("ro") as db:
            db.execute("PRAGMA query_only=1")
            db.execute("BEGIN")
            # Declared on first use, which only looks like writing: afterwards it would be refused.
            db.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
            db.set_authorizer(only_reading)
            yield db

    def backup(self, target: Path) -> None:
        """A consistent copy while others read and write, by SQLite's backup API."""
        self._require()
        if target.exists():
            raise UsageError(f"{target}: is there already; name a new file")
        if not target.parent.is_dir():
            raise UsageError(f"{target.parent}: there is no such folder; make it first")
        sweep(target.parent)
        with scratch(target.parent) as aside:
            with self._connect("ro") as db, closing(sqlite3.connect(aside / target.name)) as copy:
                db.backup(copy)
            (aside / target.name).replace(target)

    def integrity(self) -> str:
        """SQLite's own check: ``ok``, or what is wrong."""
        with self._connect("ro") as db:
            return str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])

    def _require(self) -> None:
        from costwatch.warehouse.migrations import LATEST

        if not self.exists:
            raise WarehouseError(f"{self.path}: no warehouse yet; run: costwatch collect")
        version = self.version()
        if version > LATEST:
            raise WarehouseError(
                f"{self.path}: written by a newer costwatch (schema {version}, this one knows {LATEST}); "
                "upgrade costwatch"
            )
        if version < LATEST:
            raise WarehouseError(
                f"{self.path}: schema {version} is older than this costwatch ({LATEST}); "
                "run: costwatch db migrate"
            )

    def _writer_lock(self) -> AbstractContextManager[None]:
        return lock(self.locks, _WRITER, wait_seconds=WRITER_WAIT_SECONDS)

    @contextmanager
    def _connect(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=WRITER_WAIT_SECONDS,
                factory=_Connection,
            )
            db.path = self.path
        except sqlite3.OperationalError as error:
            raise WarehouseError(f"{self.path}: {error}; check the path, its rights and the disk") from None
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA mmap_size=0")
            yield db
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._explained(error) from error
        finally:
            db.set_authorizer(None)
            db.close()

    def _explained(self, error: sqlite3.DatabaseError | UnicodeDecodeError) -> Exception:
        text = str(error)
        if is_damage(error) or _DAMAGED_SCHEMA.search(text):
            return WarehouseError(f"{self.path}: damaged ({text[:200]}); {RESTORE}")
        if "locked" in text or "busy" in text:
            return BusyError(f"{self.path}: another program is writing to it ({text}); try again later")
        if any(sign in text for sign in ("disk is full", "disk I/O error", "readonly", "unable to open")):
            return WarehouseError(
                f"{self.path}: {text}; free some space or mend the rights, then run it again"
            )
        if "overflow" in text or "cannot store REAL" in text:
            return WarehouseError(
                f"{self.path}: an amount does not fit 64 bits ({text}); split the bill by account"
            )
        return error


def is_damage(error: Exception) -> bool:
    """Whether SQLite says so, or what it read is no text."""
    if isinstance(error, sqlite3.DatabaseError):
        return _DAMAGED_BYTES.search(str(error)) is not None
    return isinstance(error, UnicodeDecodeError)
