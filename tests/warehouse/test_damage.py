"""A damaged warehouse is told as one, in one sentence, with what to do; and a backup takes its place."""

import random
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from costwatch.errors import BusyError, UsageError, WarehouseError
from costwatch.warehouse.restore import restore
from tests.made.bills import line
from tests.made.command_line import Costwatch, configure
from tests.made.company import Company


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut, or with some bytes or a page of it overwritten."""
    match chance.randrange(3):
        case 0:
            return content[: chance.randrange(1, len(content))]
        case 1:
            bad = bytearray(content)
            for _ in range(chance.randrange(1, 3000)):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            return bytes(bad)
        case _:
            at = chance.randrange(len(content) // 4096) * 4096
            return content[:at] + chance.randbytes(4096) + content[at + 4096 :]


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_is_never_told_as_a_bug(seed: int, costwatch: Costwatch, tmp_path: Path) -> None:
    Company(tmp_path).bill([line(ResourceId=f"i-{number}") for number in range(50)])
    configure(tmp_path)
    assert costwatch("collect").code == costwatch("allocate").code == 0
    with sqlite3.connect("costwatch.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    path = Path("costwatch.db")
    path.write_bytes(damaged(path.read_bytes(), random.Random(seed)))
    for command in (("status",), ("cost", "show"), ("allocate",), ("cost", "verify"), ("alerts", "eval")):
        answer = costwatch(*command)
        assert "report" not in answer.err, (command, answer.err)
        assert "Traceback" not in answer.err
    doctor = costwatch("doctor")
    assert doctor.code == 0 or re.search(r"mend  .*costwatch\.db", doctor.out)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.bill([line()])
    made.run()
    made.warehouse.backup(tmp_path / "backup.db")
    return made


def test_a_backup_takes_the_place_of_a_damaged_warehouse(company: Company, tmp_path: Path) -> None:
    before = company.hashes()
    company.warehouse.path.write_bytes(b"no database" * 1000)
    aside = restore(company.warehouse, tmp_path / "backup.db")
    assert company.hashes() == before
    assert aside
    assert aside.read_bytes().startswith(b"no database")


def test_a_whole_warehouse_is_replaced_only_when_told_to(company: Company, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"is whole; to go back to .* add --replace"):
        restore(company.warehouse, tmp_path / "backup.db")
    assert restore(company.warehouse, tmp_path / "backup.db", replace=True)


def test_what_is_no_backup_leaves_the_warehouse_as_it_is(company: Company, tmp_path: Path) -> None:
    before = company.hashes()
    (tmp_path / "no.db").write_bytes(b"x" * 5000)
    with pytest.raises(WarehouseError, match="is no whole warehouse"):
        restore(company.warehouse, tmp_path / "no.db", replace=True)
    with pytest.raises(UsageError, match="there is no such file"):
        restore(company.warehouse, tmp_path / "gone.db", replace=True)
    assert company.hashes() == before


def test_nothing_is_replaced_while_a_command_is_at_work(company: Company, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from costwatch.warehouse.store import Warehouse\n"
        "with Warehouse(Path(sys.argv[1])).job_lock('allocate'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(company.warehouse.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="another run holds the lock"):
            restore(company.warehouse, tmp_path / "backup.db", replace=True)
        process.kill()
