"""`costwatch demo`: from nothing to a summary; again; and never over somebody else's files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dashboards.serve
from costwatch import cli
from costwatch.commands import demo
from costwatch.warehouse.locks import lock
from tests.made.command_line import NOW, Costwatch, commands

pytestmark = pytest.mark.slow
SMALL = ("demo", "--no-serve", "--days", "45", "--rows", "1000")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert cli.run([*SMALL, "--folder", str(folder)], NOW) == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made demo, in the folder where commands run."""
    shutil.copytree(made, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "demo"


@pytest.fixture
def costwatch(capsys: pytest.CaptureFixture[str]) -> Costwatch:
    return commands(capsys)


def hashes(costwatch: Costwatch) -> dict[str, object]:
    """Of every table but the runs, which name files by where they are."""
    tables = costwatch("-c", "demo/costwatch.yaml", "db", "status", "--json").json["tables"]
    return {name: held for name, held in tables.items() if name != "collection"}


def test_the_summary_tells_spend_alerts_and_where_the_report_lies(costwatch: Costwatch, folder: Path) -> None:
    answer = costwatch(*SMALL)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith("A made-up company in demo, to 3 Nov 2026.")
    assert lines[3].startswith("everyone ")
    assert any(line.startswith("  TrainingSpend") for line in lines)
    reports = [line.split(": ")[1] for line in lines if line.startswith("Report: ")]
    assert [Path(report).exists() for report in reports] == [True]
    assert (folder / "messages.txt").read_text().startswith("FIRING")


def test_the_commands_it_names_next_work(costwatch: Costwatch, folder: Path) -> None:
    lines = costwatch(*SMALL).out.partition("\nNext:\n")[2].splitlines()
    assert [line.split()[3] for line in lines] == ["cost", "status", "report", "ui"]
    for line in lines:
        asked = f"{line} --help" if line.endswith(" ui") else f"{line} --now {NOW.isoformat()}"
        answer = subprocess.run(asked, shell=True, capture_output=True, text=True, check=False)
        assert (answer.returncode, answer.stderr) == (0, "")


def test_it_names_itself_as_it_can_be_typed(
    costwatch: Costwatch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", str(scripts))
    assert "\n  costwatch -c demo/costwatch.yaml ui\n" in costwatch(*SMALL).out
    monkeypatch.setenv("PATH", "")
    assert f"\n  {scripts}/costwatch -c demo/costwatch.yaml ui\n" in costwatch(*SMALL).out
    (folder.parent / ".venv").symlink_to(scripts.parent)
    monkeypatch.setattr(sys, "executable", str(folder.parent / ".venv" / "bin" / "python"))
    assert "\n  .venv/bin/costwatch -c demo/costwatch.yaml ui\n" in costwatch(*SMALL).out


def test_a_second_run_changes_nothing(costwatch: Costwatch, folder: Path) -> None:
    before, first = hashes(costwatch), costwatch(*SMALL)
    assert (costwatch(*SMALL), hashes(costwatch)) == (first, before)


def test_a_half_made_company_is_made_anew_and_equal(costwatch: Costwatch, folder: Path) -> None:
    before = hashes(costwatch)
    mark = json.loads((folder / "demo.json").read_text())
    (folder / "demo.json").write_text(json.dumps({**mark, "complete": False}))
    (folder / "notes.txt").write_text("mine")
    assert costwatch(*SMALL).code == 0
    assert hashes(costwatch) == before
    assert (folder / "notes.txt").read_text() == "mine"


def test_it_never_enters_a_folder_of_somebody_else(costwatch: Costwatch, tmp_path: Path) -> None:
    (tmp_path / "costwatch.yaml").write_text("mine")
    answer = costwatch(*SMALL, "--folder", tmp_path)
    assert answer.code == 2
    assert "name another --folder" in answer.err
    assert [file.name for file in tmp_path.iterdir()] == ["costwatch.yaml"]


def test_two_at_once_do_not_meet(costwatch: Costwatch, folder: Path) -> None:
    with lock(folder, demo._LOCK):
        assert costwatch(*SMALL).code == 75


@pytest.mark.parametrize("words", [("--days", "10"), ("--rows", "0")])
def test_a_company_too_small_to_have_stories_is_refused(
    words: tuple[str, ...], costwatch: Costwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = costwatch("demo", "--no-serve", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("costwatch: demo: ")


def test_then_it_serves_the_pages_of_that_company(
    costwatch: Costwatch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []
    monkeypatch.setattr(dashboards.serve, "serve", lambda *where: served.append(where) or 0)
    serving = [word for word in SMALL if word != "--no-serve"]
    assert costwatch(*serving, "--port", 8600).code == 0
    assert served == [(folder / "costwatch.yaml", "127.0.0.1", 8600)]
