"""One writer, readers that cannot write, and a file that is refused rather than misread."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from costwatch.errors import BusyError, UsageError, WarehouseError
from costwatch.warehouse.migrations import LATEST
from costwatch.warehouse.sql import ask
from costwatch.warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "costwatch.db")
    made.migrate()
    return made


HOSTILE = [
    "DELETE FROM load",
    "INSERT INTO budget VALUES ('a', '*', 'EffectiveCost', 'month', 'USD', 1)",
    "DROP TABLE load",
    "ATTACH 'file:other.db?mode=rwc' AS other",
    "PRAGMA query_only = 0",
    "PRAGMA journal_mode = DELETE",
    "CREATE TEMP TABLE x (y)",
    "VACUUM INTO 'copy.db'",
    "COMMIT",
    "SELECT load_extension('x')",
]


@pytest.mark.parametrize("statement", HOSTILE)
def test_a_reader_cannot(statement: str, warehouse: Warehouse) -> None:
    with warehouse.read() as db, pytest.raises((sqlite3.DatabaseError, sqlite3.OperationalError)):
        db.execute(statement)


def test_a_reader_sees_one_snapshot(warehouse: Warehouse) -> None:
    with warehouse.read() as db:
        assert db.execute("SELECT COUNT(*) FROM team").fetchone()[0] == 0
        with warehouse.write() as writer:
            writer.execute("INSERT INTO team VALUES (1, 'risk')")
        assert db.execute("SELECT COUNT(*) FROM team").fetchone()[0] == 0


def test_a_write_that_raises_leaves_nothing(warehouse: Warehouse) -> None:
    def write() -> None:
        with warehouse.write() as db:
            db.execute("INSERT INTO team VALUES (1, 'risk')")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write()
    with warehouse.read() as db:
        assert db.execute("SELECT COUNT(*) FROM team").fetchone()[0] == 0


def test_a_long_statement_of_a_users_is_cut(warehouse: Warehouse) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"
    with warehouse.read() as db:
        with pytest.raises(UsageError, match=r"longer than 0\.2 s"):
            ask(db, endless, row_limit=1, timeout_seconds=0.2)
        assert ask(db, "SELECT 1", row_limit=1, timeout_seconds=0.2).rows == [(1,)]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse yet; run: costwatch collect"):
        Warehouse(tmp_path / "none.db").read().__enter__()


def test_a_newer_schema_is_refused(warehouse: Warehouse) -> None:
    with sqlite3.connect(warehouse.path) as db:
        db.execute(f"PRAGMA user_version = {LATEST + 1}")
    db.close()
    with pytest.raises(WarehouseError, match="written by a newer costwatch"):
        warehouse.read().__enter__()
    with pytest.raises(WarehouseError, match="written by a newer costwatch"):
        warehouse.migrate()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "costwatch.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(WarehouseError, match="damaged"):
        Warehouse(tmp_path / "costwatch.db").read().__enter__()


def test_a_backup_is_whole_and_never_overwrites(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.write() as db:
        db.execute("INSERT INTO team VALUES (1, 'risk')")
    warehouse.backup(tmp_path / "copy.db")
    assert Warehouse(tmp_path / "copy.db").integrity() == "ok"
    with Warehouse(tmp_path / "copy.db").read() as db:
        assert db.execute("SELECT name FROM team").fetchone()[0] == "risk"
    with pytest.raises(UsageError, match="is there already"):
        warehouse.backup(tmp_path / "copy.db")


def test_a_full_disk_is_a_sentence(warehouse: Warehouse) -> None:
    def write() -> None:
        with warehouse.write() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count={pages + 5}")
            db.executemany("INSERT INTO team VALUES (?, ?)", ((n, f"{n}" * 500) for n in range(1000)))

    with pytest.raises(WarehouseError, match="database or disk is full; free some space"):
        write()
    with warehouse.read() as db:
        assert db.execute("SELECT COUNT(*) FROM team").fetchone()[0] == 0


def test_a_database_that_another_program_holds_is_busy(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costwatch.warehouse.store.WRITER_WAIT_SECONDS", 0.1)
    other = sqlite3.connect(warehouse.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match="another program is writing to it"):
        warehouse.write().__enter__()
    other.close()


def test_a_backup_into_no_folder_is_a_sentence(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder; make it first"):
        warehouse.backup(tmp_path / "none" / "copy.db")


def test_a_second_run_of_a_job_is_turned_away_until_the_first_is_dead(warehouse: Warehouse) -> None:
    script = (
        "import sys, pathlib; from costwatch.warehouse.store import Warehouse\n"
        "with Warehouse(pathlib.Path(sys.argv[1])).job_lock('allocate'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(warehouse.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(BusyError, match="another run holds the lock 'job-allocate'"),
        warehouse.job_lock("allocate"),
    ):
        pass
    holder.kill()
    holder.communicate()
    with warehouse.job_lock("allocate"):
        pass
