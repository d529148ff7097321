"""A bill is nobody else's: files and folders are closed to others, and nobody else can hold a lock."""

import subprocess
import sys
from pathlib import Path

import pytest

from costwatch.errors import WarehouseError
from costwatch.warehouse.store import Warehouse
from tests.made.bills import line, write_csv


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in sorted(folder.rglob("*"))
        if path.stat().st_mode & 0o077
    ]


def test_whatever_the_commands_write_is_closed_to_others(tmp_path: Path) -> None:
    bill = write_csv(tmp_path / "bill" / "bill.csv", [line()])
    folder = tmp_path / "house"
    folder.mkdir(mode=0o755)
    (folder / "costwatch.yaml").write_text(
        f"sources: [{{name: aws, kind: exports, location: {bill.parent}}}]\n"
    )
    (folder / "costwatch.yaml").chmod(0o600)
    for command in (
        ["collect"],
        ["allocate"],
        ["db", "backup", "copy.db"],
        ["export", "focus", "bill.csv"],
    ):
        program = [sys.executable, "-m", "costwatch", "--now", "2026-11-03T00:00:00Z", *command]
        ended = subprocess.run(program, cwd=folder, umask=0o022, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
    assert {"costwatch.db", "copy.db", "bill.csv"} <= {path.name for path in folder.iterdir()}
    assert open_to_others(folder) == []


def test_a_folder_of_locks_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.locks.mkdir(mode=0o755)
    warehouse.locks.chmod(0o755)
    warehouse.migrate()
    assert warehouse.locks.stat().st_mode & 0o777 == 0o700


def test_a_lock_that_others_could_hold_is_not_trusted(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    warehouse.migrate()
    (lock,) = warehouse.locks.glob("*.lock")
    lock.chmod(0o644)
    with pytest.raises(WarehouseError, match="others may hold locks there; delete it"), warehouse.write():
        pass
