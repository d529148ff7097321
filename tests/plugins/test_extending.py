"""docs/extending.md, done as it says: its blocks become a package, which is installed and runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```\w+\n# (\S+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = "2026-11-22T09:00:00Z"
Run = Callable[..., str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The blocks as files, and the package installed beside them: never into the running environment."""
    place = tmp_path_factory.mktemp("acme")
    for name, text in BLOCK.findall((ROOT / "docs" / "extending.md").read_text()):
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("/var/log/", f"{place}/"))
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    options = ["--offline", "--no-deps", "--no-build-isolation", "--target", place / "installed"]
    subprocess.run([*uv, *options, place], check=True)
    return place


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    """Runs a Python module where the files lie, with the package installed; gives what it prints."""

    def run(*words: str) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(place / "installed"), "COSTWATCH_NOW": NOW},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{words}\n{answer.stdout}{answer.stderr}"
        return answer.stdout

    return run


def test_the_page_has_the_package_its_tests_and_its_configuration() -> None:
    names = [name for name, _ in BLOCK.findall((ROOT / "docs" / "extending.md").read_text())]
    assert names == [
        "pyproject.toml",
        "acme_costwatch/__init__.py",
        "acme_costwatch/subscription.py",
        "acme_costwatch/share.py",
        "acme_costwatch/journal.py",
        "tests/test_plugins.py",
        "costwatch.yaml",
        "alerts.yaml",
        "dashboards/views/services.py",
    ]


def test_the_example_is_clean(run: Run) -> None:
    style = ("--no-cache", "--isolated", "--line-length", "110")
    run("ruff", "check", *style, "--select", "E,F,I,B,UP,D1,ANN", "acme_costwatch")
    run("ruff", "check", *style, "--select", "E,F", "dashboards")
    run("ruff", "format", *style, "--check", "acme_costwatch", "tests", "dashboards")
    run("mypy", "--strict", "--cache-dir", os.devnull, "acme_costwatch", "tests")


def test_the_example_passes_the_conformance_suites(run: Run) -> None:
    assert "3 passed" in run("pytest", "tests", "-p", "no:cacheprovider")


def test_the_kinds_are_found(run: Run) -> None:
    assert {"subscription", "share", "journal"} <= set(
        re.findall(r"\w+", run("costwatch", "plugins", "--json"))
    )


@pytest.fixture(scope="module")
def _allocated(run: Run) -> None:
    run("costwatch", "check")
    run("costwatch", "--now", NOW, "collect")
    run("costwatch", "--now", NOW, "allocate")


@pytest.mark.usefixtures("_allocated")
def test_the_example_runs_end_to_end(place: Path, run: Run) -> None:
    bill = run(
        "costwatch", "query", "SELECT x_Team, SUM(BilledCostNano) AS nano FROM cost GROUP BY 1", "--json"
    )
    assert json.loads(bill) == [
        {"x_Team": "payments", "nano": 3 * 300 * 10**9},
        {"x_Team": "risk", "nano": 3 * 1_200_500_000_000},
    ]
    run("costwatch", "--now", NOW, "alerts", "eval")
    run("costwatch", "--now", NOW, "alerts", "deliver")
    (message,) = [json.loads(line) for line in (place / "costwatch.jsonl").read_text().splitlines()]
    assert message == {
        "reason": "first",
        "follows": None,
        "alerts": [{"state": "firing", "summary": "risk is 80% of all USD"}],
    }


PAGE = """
import runpy
from dashboards.frame import show
show(runpy.run_path("dashboards/views/services.py")["page"])
"""


@pytest.mark.usefixtures("_allocated")
def test_the_example_page_draws(place: Path, run: Run) -> None:
    (place / "draw.py").write_text(
        "from streamlit.testing.v1 import AppTest\n"
        f"shown = AppTest.from_string({PAGE!r}, default_timeout=60).run()\n"
        "assert not shown.exception\n"
        "print([element.proto.body for element in shown.get('html')])\n"
    )
    drawn = run("draw")
    assert "$3,601.50" in drawn
    assert "$900.00" in drawn
