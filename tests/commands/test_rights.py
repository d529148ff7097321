"""Files are their owner's alone, and so are the locks; what is too open is told, with how to mend it."""

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from costwatch.errors import WarehouseError
from costwatch.warehouse.locks import lock
from costwatch.warehouse.store import Warehouse
from tests.made.bills import write_csv
from tests.made.command_line import CONFIG, LINES, Costwatch, configure

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def run(folder: Path, *words: str, user: int | None = None) -> None:
    """The program itself, as a shell with the usual umask starts it."""
    command = [sys.executable, "-m", "costwatch", "--now", "2026-11-03T00:00:00Z", *words]
    subprocess.run(command, cwd=folder, umask=0o022, user=user, check=True, stdout=subprocess.DEVNULL)


def too_open(folder: Path, paths: Sequence[Path]) -> list[str]:
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in paths
        if path.stat().st_mode & 0o077
    ]


def test_whatever_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    configure(tmp_path, CONFIG)
    write_csv(tmp_path / "bill" / "bill.csv", LINES)
    given = set(tmp_path.rglob("*"))
    for words in (
        ("collect",),
        ("allocate",),
        ("alerts", "eval"),
        ("db", "backup", "copy.db"),
        ("report", "weekly", "--to", "html", "--week", "2026-W40"),
        ("export", "focus", "out.csv"),
        ("export", "focus", "out.parquet"),
    ):
        run(tmp_path, *words)
    written = [path for path in tmp_path.rglob("*") if path not in given]
    assert {"costwatch.db", "copy.db", "out.csv", "out.parquet"} <= {path.name for path in written}
    assert len(written) > 8
    assert too_open(tmp_path, written) == []


def test_locks_of_an_installation_that_all_could_open_are_not_trusted(tmp_path: Path) -> None:
    old = tmp_path / "costwatch.db.locks"
    old.mkdir(mode=0o755)
    old.chmod(0o755)
    (old / "writer").touch(mode=0o644)
    with lock(old, "held-by-another"):
        holder = subprocess.Popen(
            ["flock", "-x", str(old / "writer"), "sleep", "60"], stdout=subprocess.DEVNULL
        )
        try:
            with Warehouse(tmp_path / "costwatch.db").write() as db:
                db.execute("INSERT INTO team VALUES (1, 'risk')")
        finally:
            holder.kill()
            holder.wait()
    assert stat.S_IMODE(old.stat().st_mode) == 0o700
    assert too_open(old, list(old.glob("*.lock"))) == []


@needs_root
def test_nobody_else_can_take_a_lock(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    Warehouse(tmp_path / "costwatch.db").migrate()
    (file,) = (tmp_path / "costwatch.db.locks").rglob("writer*")
    taken = subprocess.run(
        ["flock", "-n", "-x", str(file), "true"], user=NOBODY, check=False, stderr=subprocess.PIPE
    )
    assert taken.returncode != 0
    assert b"Permission denied" in taken.stderr


@needs_root
def test_locks_of_another_user_are_not_held(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    os.chown(tmp_path / "locks", NOBODY, NOBODY)
    with pytest.raises(WarehouseError, match=r"locks: others may hold locks there; delete it and run it"):
        lock(tmp_path / "locks", "writer").__enter__()


def test_a_lock_that_others_can_open_is_not_held(tmp_path: Path) -> None:
    with lock(tmp_path / "locks", "writer"):
        pass
    (file,) = (tmp_path / "locks").iterdir()
    file.chmod(0o644)
    with pytest.raises(WarehouseError, match=r"writer\.lock: others may hold locks there; delete it"):
        lock(tmp_path / "locks", "writer").__enter__()


def test_a_file_in_the_place_of_the_locks_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "locks").touch(mode=0o600)
    with pytest.raises(WarehouseError, match=r"locks.*: Not a directory; check its owner, its rights"):
        lock(tmp_path / "locks", "writer").__enter__()


def test_doctor_names_what_others_can_get_at(costwatch: Costwatch, company: Path) -> None:
    for path in ("costwatch.db", "ledger"):
        (company / path).chmod(0o700)
    assert "ok    rights" in costwatch("doctor").out
    (company / "costwatch.db").chmod(0o644)
    (company / "ledger").chmod(0o755)
    answer = costwatch("doctor")
    assert answer.code == 3
    for path in ("costwatch.db", "ledger"):
        assert f"mend  rights: {path}: others can get at it" in answer.out.replace(f"{company}/", "")
        assert f"run: chmod -R go= {company / path}" in answer.out


def test_a_group_may_be_let_in_to_read(costwatch: Costwatch, company: Path) -> None:
    (company / "costwatch.db").chmod(0o640)
    (company / "ledger").chmod(0o750)
    assert "ok    rights" in costwatch("doctor").out
