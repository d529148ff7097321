"""What a run leaves when it is killed is gone after the next one; what is not surely ours stays."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.scratch import scratch, sweep, temporary_files
from tests.made.bills import every_day, write_csv
from tests.made.command_line import CONFIG, Costwatch, configure

KILLED = """
import os, signal
from costwatch.ledger import csv_to_parquet
csv_to_parquet._create_view = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from costwatch.cli import main
main()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_collect_leaves_what_the_next_one_removes(tmp_path: Path) -> None:
    configure(tmp_path, CONFIG)
    write_csv(tmp_path / "bill" / "bill.csv.gz", every_day())
    aside = tmp_path / "tmp"
    aside.mkdir()

    def collect(*program: str) -> int:
        run = subprocess.run(
            [sys.executable, *program, "-c", str(tmp_path / "costwatch.yaml"), "collect"],
            env={**os.environ, "TMPDIR": str(aside)},
            check=False,
        )
        return run.returncode

    assert collect("-c", KILLED) == -signal.SIGKILL
    (unpacked,) = (tmp_path / "ledger").rglob("csv-*")
    assert unpacked.read_text().startswith("BilledCost")
    assert list(aside.glob("costwatch-run-*/costwatch-*"))
    assert collect("-m", "costwatch") == 0
    assert names(aside) == []
    assert [name for name in names(tmp_path / "ledger") if not name.endswith(".parquet")] == []


STRANGE = {
    "a .part without a number": "abc.part",
    "a .part with something else": "abc.xyz.part",
    "a backup": "costwatch-backup",
    "a hidden file": ".part",
    "a name of no text": b"caf\xe9.1.part".decode(errors="surrogateescape"),
}


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_what_is_not_surely_ours_stays_and_stops_nothing(
    name: str, make: object, costwatch: Costwatch, company: Path
) -> None:
    make(company / "ledger" / name)  # type: ignore[operator]
    assert costwatch("collect").code == 0
    assert (company / "ledger" / name).exists()


def test_what_earlier_versions_left_half_written_goes(tmp_path: Path) -> None:
    digest = "0123456789abcdef" * 4
    for name in (f"{digest}.77.part", f"csv-{digest}.77.part", "rows.77.part"):
        (tmp_path / name).touch()
    (tmp_path / f"{digest}.78.part").mkdir()
    LedgerFiles(tmp_path).sweep()
    assert names(tmp_path) == [f"{digest}.78.part"]


def test_a_folder_in_use_stays_and_goes_with_its_run(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "half").touch()
        holder = subprocess.run(
            [
                sys.executable,
                "-c",
                f"from costwatch.scratch import sweep; sweep(__import__('pathlib').Path({str(tmp_path)!r}))",
            ],
            check=True,
        )
        assert holder.returncode == 0
        assert (folder / "half").exists()
    assert names(tmp_path) == []


def test_a_folder_of_another_user_and_a_link_stay(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "costwatch-run-aaaaaaaa").symlink_to(tmp_path / "mine")
    (tmp_path / "costwatch-run-bbbbbbbb").mkdir()
    (tmp_path / "costwatch-run-cccccccc").touch()
    if os.geteuid() == 0:
        os.chown(tmp_path / "costwatch-run-bbbbbbbb", 65534, 65534)
    sweep(tmp_path)
    of_another = ["costwatch-run-bbbbbbbb"] if os.geteuid() == 0 else []
    assert names(tmp_path) == ["costwatch-run-aaaaaaaa", *of_another, "costwatch-run-cccccccc", "mine"]
    sweep(tmp_path / "none")


def test_temporary_files_lie_in_a_folder_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_files():
        with tempfile.NamedTemporaryFile() as file:
            assert Path(file.name).parents[1] == tmp_path
        (inside,) = names(tmp_path)
        assert inside.startswith("costwatch-run-")
    assert tempfile.tempdir == str(tmp_path)
    assert names(tmp_path) == []


def test_no_room_for_temporary_files_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(
        CostwatchError, match=r"^temporary folder .*: No such file or directory; make room, or let"
    ):
        temporary_files().__enter__()
