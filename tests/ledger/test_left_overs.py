"""What killed runs and strangers leave in our folders: ours is swept, the rest is left, and nothing stops."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from costwatch.ledger.files import LedgerFiles
from costwatch.scratch import scratch, sweep
from tests.made.bills import line
from tests.made.company import Company

STRANGE = (
    *("abc.part", "abc.xyz.part", ".part", "x.1.part", "x.99999999999999999999.part", "notes.txt"),
    *("costwatch-run-", "costwatch-run-tooshort", "costwatch-run-UPPERCASE"),
)


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_surely_ours_is_left_and_stops_nothing(name: str, tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill([line()])
    stranger = tmp_path / "ledger" / name
    stranger.parent.mkdir()
    stranger.write_text("somebody's")
    company.run()
    assert stranger.read_text() == "somebody's"


def test_a_folder_of_a_strangers_name_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder.part" / "inside").mkdir(parents=True)
    LedgerFiles(tmp_path).sweep()
    assert (tmp_path / "folder.part" / "inside").is_dir()


def test_what_earlier_versions_left_half_written_is_swept(tmp_path: Path) -> None:
    old = [tmp_path / f"{'a' * 64}.123.part", tmp_path / f"csv-{'b' * 64}.7.part", tmp_path / "rows.9.part"]
    for path in old:
        path.touch()
    LedgerFiles(tmp_path).sweep()
    assert not any(path.exists() for path in old)


def test_a_folder_in_use_is_not_swept_and_is_gone_at_its_end(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "half").touch()
        sweep(tmp_path)
        assert (folder / "half").exists()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_leaves_is_swept_whoever_has_its_pid_now(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from costwatch.scratch import scratch\n"
        "with scratch(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'month.csv').write_text('a bill'); print('there', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"there\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(list(tmp_path.glob("*/month.csv"))) == 1
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_killed_collect_leaves_nothing_behind_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line(ResourceId=f"i-{number}") for number in range(20_000)]
    company = Company(tmp_path)
    company.bill(lines)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (tmp_path / "costwatch.yaml").write_text("sources: [{name: aws, kind: exports, location: bill}]\n")
    command = [sys.executable, "-m", "costwatch", "-c", str(tmp_path / "costwatch.yaml"), "collect"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not list((tmp_path / "ledger").glob("costwatch-run-*/*")) and time.monotonic() < until:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert list((tmp_path / "ledger").glob("costwatch-run-*"))
    assert subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
    assert not list((tmp_path / "ledger").glob("costwatch-run-*"))
    assert not list(temporary.iterdir())
