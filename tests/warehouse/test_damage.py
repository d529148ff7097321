"""A damaged file is told as damage, with what to do, by every command; and a backup takes its place."""

import random
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.made.command_line import Costwatch

PAGE = 4096
WAYS = 45
COMMANDS = (
    ("status",),
    ("cost", "show"),
    ("cost", "verify", "--quick"),
    ("alerts", "list"),
    ("query", "SELECT * FROM cost"),
    ("db", "status"),
    ("doctor",),
    ("collect",),
    ("allocate",),
    ("alerts", "eval"),
)
DAMAGED = r"costwatch\.db: (damaged|written by a newer|schema \d+ is older|has schema|.*disk I/O error)"


def damaged(whole: bytes, seed: int) -> bytes:
    """Cut, flipped, overwritten, exchanged, or of letters that are no UTF-8."""
    chance = random.Random(seed)
    changed = bytearray(whole)
    page, other = (PAGE * chance.randrange(len(whole) // PAGE) for _ in range(2))
    if seed % 5 == 0:
        return whole[: chance.randrange(1, len(whole))]
    if seed % 5 == 1:
        for _ in range(chance.choice((1, 30, 3000))):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif seed % 5 == 2:
        changed[page : page + PAGE] = chance.choice((bytes(PAGE), chance.randbytes(PAGE)))
    elif seed % 5 == 3:
        changed[page : page + PAGE] = whole[other : other + PAGE]
    else:
        letters = [at for at, byte in enumerate(whole) if 97 <= byte <= 122]
        for at in chance.choices(letters, k=chance.choice((1, 20, 400))):
            changed[at] |= 0x80
    return bytes(changed)


def whole_file(path: Path) -> bytes:
    """With what is still in its log."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(WAYS))
def test_damage_is_told_as_damage(seed: int, costwatch: Costwatch, company: Path) -> None:
    db = company / "costwatch.db"
    content = damaged(whole_file(db), seed)
    for words in COMMANDS:
        for part in company.glob("costwatch.db*"):
            if part.is_file():
                part.unlink()
        db.write_bytes(content)
        answer = costwatch(*words)
        said = answer.err + (answer.out if words == ("doctor",) else "")
        assert not re.search(r"unexpected \w+ at|Traceback|failed with|report it", said)
        if answer.code == 1:  # where the damage is in what the command reads
            assert re.search(DAMAGED, said)


def test_doctor_finds_the_damage_and_restore_mends_it(costwatch: Costwatch, company: Path) -> None:
    db = company / "costwatch.db"
    before = costwatch("cost", "show", "--json").out
    assert costwatch("db", "backup", "copy.db").code == 0
    content = bytearray(whole_file(db))
    content[PAGE : 20 * PAGE] = bytes(19 * PAGE)
    db.write_bytes(content)
    answer = costwatch("doctor")
    assert (answer.code, "damaged" in answer.out, "by `costwatch db restore`" in answer.out) == (
        3,
        True,
        True,
    )
    assert costwatch("-v", "db", "restore", "copy.db").err == (
        f"{db.name}: is what copy.db holds; before: {db.name}.replaced\n".replace(db.name, str(db))
    )
    assert costwatch("cost", "show", "--json").out == before
    assert (company / "costwatch.db.replaced").read_bytes() == bytes(content)
    assert costwatch("collect").code == costwatch("allocate").code == 0


def test_a_whole_warehouse_is_not_replaced_unless_it_is_to_be(costwatch: Costwatch, company: Path) -> None:
    assert costwatch("db", "backup", "copy.db").code == 0
    with Warehouse(company / "costwatch.db").write() as db:
        db.execute("INSERT INTO team VALUES (99, 'later')")
    refused = costwatch("db", "restore", "copy.db")
    assert (refused.code, "is whole; to go back to copy.db all the same, add --replace" in refused.err) == (
        1,
        True,
    )
    assert costwatch("db", "restore", "copy.db", "--replace").code == 0
    with Warehouse(company / "costwatch.db").read() as db:
        assert db.execute("SELECT COUNT(*) FROM team WHERE id = 99").fetchone()[0] == 0
    with Warehouse(company / "costwatch.db.replaced").read() as db:
        assert db.execute("SELECT COUNT(*) FROM team WHERE id = 99").fetchone()[0] == 1


def test_a_lost_warehouse_is_restored(costwatch: Costwatch, company: Path) -> None:
    assert costwatch("db", "backup", "copy.db").code == 0
    for part in company.glob("costwatch.db*"):
        if part.is_file():
            part.unlink()
    assert costwatch("db", "restore", "copy.db").code == 0
    assert costwatch("cost", "show").code == 0
    assert not (company / "costwatch.db.replaced").exists()


NO_BACKUPS = {
    "a file that is not there": ("none.db", "there is no such file"),
    "the warehouse itself": ("costwatch.db", "is the warehouse itself"),
    "something else": ("costwatch.yaml", "is no whole warehouse"),
    "a database of something else": ("other.db", "is no whole warehouse"),
    "one that is damaged": ("torn.db", "is no whole warehouse"),
    "one of a newer costwatch": ("newer.db", "written by a newer costwatch"),
    "one in use": ("used.db", "is in use"),
}


@pytest.mark.parametrize(("name", "reason"), NO_BACKUPS.values(), ids=NO_BACKUPS)
def test_what_is_no_backup_is_refused(name: str, reason: str, costwatch: Costwatch, company: Path) -> None:
    before = costwatch("db", "status", "--json").out
    assert costwatch("db", "backup", "copy.db").code == 0
    for other in ("newer.db", "used.db"):
        shutil.copy("copy.db", other)
    Path("used.db-wal").write_bytes(b"x")
    Path("torn.db").write_bytes(Path("copy.db").read_bytes()[: 5 * PAGE])
    for other, statement in (("newer.db", "PRAGMA user_version = 99"), ("other.db", "CREATE TABLE x (y)")):
        with sqlite3.connect(other) as db:
            db.execute(statement)
        db.close()
    answer = costwatch("db", "restore", name, "--replace")
    assert (answer.code in (1, 2), reason in answer.err) == (True, True)
    assert costwatch("db", "status", "--json").out == before


def test_nothing_is_restored_while_a_command_is_at_work(costwatch: Costwatch, company: Path) -> None:
    assert costwatch("db", "backup", "copy.db").code == 0
    with Warehouse(company / "costwatch.db").job_lock("collect-aws"):
        assert costwatch("db", "restore", "copy.db", "--replace").code == 75
