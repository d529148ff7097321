"""CONTRIBUTING says where each word and each door lives: it is there, and found by its name."""

import re
from pathlib import Path

import pytest

from costwatch import plugins
from dashboards import app
from tests.plugins import test_conformance

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def rows_of(heading: str) -> list[list[list[str]]]:
    """The rows of the table below a heading: of each cell, what stands in it between backticks."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")] for line in lines]


def words_of(heading: str) -> list[str]:
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [" · ".join(cell.strip() for cell in line.strip("|").split("|")[:2]) for line in lines]


def defines(text: str, name: str) -> bool:
    """Whether Python text has a function, class or constant of that name at its top."""
    return bool(re.search(rf"^(?:(?:def|class) {name}\b|{name}\b[^\n]*=)", text, re.MULTILINE))


WORDS = list(zip(words_of("Where each word lives"), rows_of("Where each word lives"), strict=True))
DOORS = list(zip(words_of("Doors"), rows_of("Doors"), strict=True))


@pytest.mark.parametrize("row", [row for _, row in WORDS], ids=[word for word, _ in WORDS])
def test_a_word_lives_where_contributing_says(row: list[list[str]]) -> None:
    _, _, files, names = row
    assert files
    assert names
    assert [name for name in files if not (ROOT / name).exists()] == []
    texts = [(ROOT / name).read_text() for name in files if name.endswith(".py")]
    assert [name for name in names if not any(defines(text, name) for text in texts)] == []


@pytest.mark.parametrize("row", [row for _, row in DOORS], ids=[door for door, _ in DOORS])
def test_a_door_is_where_contributing_says(row: list[list[str]]) -> None:
    _, (folder,), entries, (file, contract), proof = row
    assert (ROOT / folder).is_dir()
    assert defines((ROOT / file).read_text(), contract)
    assert hasattr(plugins, contract)
    groups = [name for name in entries if name.startswith("costwatch.")]
    assert groups
    assert {*groups} <= {*plugins.GROUPS}
    if contract == "Page":
        assert app.PAGES
    else:
        (rows,) = proof
        assert getattr(test_conformance, rows)
        assert f'[project.entry-points."{groups[0]}"]' in (ROOT / "pyproject.toml").read_text()


def test_every_group_of_plugins_has_a_door_in_contributing() -> None:
    named = {name for _, row in DOORS for name in row[2] if name.startswith("costwatch.")}
    assert named == {*plugins.GROUPS}


def test_no_domain_of_the_package_is_left_out() -> None:
    named = {name for _, row in (*WORDS, *DOORS) for cell in row for name in cell}
    folders = {
        f"costwatch/{folder.name}/"
        for folder in (ROOT / "costwatch").iterdir()
        if folder.is_dir() and (folder / "__init__.py").exists()
    }
    left_out = {folder for folder in folders if not any(name.startswith(folder) for name in named)}
    assert left_out <= {"costwatch/model/", "costwatch/testing/"}  # the words and suites all share
