"""The documentation names what is there."""

import re
import sqlite3
from pathlib import Path
from types import ModuleType

import ibis
import pytest

from costwatch.cli import COMMANDS
from costwatch.ledger.formats import cur2, focus
from costwatch.warehouse.migrations import migrate

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


def code_of(page: Path) -> list[str]:
    """What stands between single backticks."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


def test_the_architecture_names_every_table(tmp_path: Path) -> None:
    path = tmp_path / "costwatch.db"
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    migrate(db, path)
    tables = {
        row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    }
    db.close()
    internal = {name for name in tables if name.startswith(("sqlite_", "_sqlite"))}
    assert tables - internal <= set(code_of(ROOT / "docs" / "architecture.md"))


@pytest.mark.parametrize("known", [focus, cur2], ids=["FOCUS", "CUR 2.0"])
def test_the_normalisation_tells_where_every_column_comes_from(known: ModuleType) -> None:
    told = set(code_of(ROOT / "docs" / "normalisation.md"))
    nothing = ibis.table({"line_item_line_item_type": "string", "line_item_unblended_cost": "float64"})
    assert known.columns(nothing).keys() <= told
    assert {column for column in known.MANDATORY if column.startswith(("bill_", "line_item_"))} - {
        "line_item_line_item_type"
    } <= told


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    places = ("costwatch", "collectors", "dashboards", "tests", "docs", "bench", ".ci")
    named = [
        text
        for text in code_of(page)
        if re.fullmatch(rf"({'|'.join(map(re.escape, places))})/[\w./-]*", text)
    ]
    named += re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    missing = [name for name in named if not ((ROOT / name).exists() or (page.parent / name).exists())]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {name for name, _ in COMMANDS}
    blocks = re.findall(r"^```\w*\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [*code_of(page), *(line for block in blocks for line in block.splitlines())]
    for line in lines:
        if found := re.match(r"(?:\.venv/bin/)?costwatch ([a-z]+)", line):
            assert found[1] in commands, line
        if found := re.match(r"make ([a-z]+)", line):
            assert found[1] in targets, line
