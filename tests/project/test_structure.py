"""The house stays in order: no import circles, short files, a small root, arithmetic without a store."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("costwatch", "collectors", "dashboards")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PURE = ("alerts", "charts", "cost", "proof", "savings", "slo")
MOST_LINES, MEDIAN_LINES, MOST_AT_THE_ROOT = 300, 130, 13


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imported(path: Path) -> Iterator[str]:
    """What a module imports of ours while it is itself imported; what stands in functions comes later."""
    for node in ast.iter_child_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name for name in inner if name in MODULES)
            if not all(name in MODULES for name in inner):
                yield node.module


def test_no_import_goes_round_in_a_circle() -> None:
    graph = {module: {*imported(path)} - {module} for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" > ".join(error.args[1]))


def test_files_are_short() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in FILES}
    assert {path.name: count for path, count in lines.items() if count > MOST_LINES} == {}
    assert median(lines.values()) < MEDIAN_LINES


def test_the_root_holds_the_steps_and_the_words() -> None:
    modules = [path for path in (ROOT / "costwatch").glob("*.py") if not path.name.startswith("__")]
    assert len(modules) <= MOST_AT_THE_ROOT


@pytest.mark.parametrize("package", PURE)
def test_arithmetic_takes_values_and_asks_nobody(package: str) -> None:
    asking = [
        path.name
        for path in (ROOT / "costwatch" / package).rglob("*.py")
        if "Snapshot" in path.read_text() or "sqlite3" in path.read_text()
    ]
    assert asking == []
