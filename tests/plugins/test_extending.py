"""docs/extending.md, done as it says: its blocks become a package, which is installed and runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```\w+\n# (\S+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = "2026-11-22T09:00:00Z"
Run = Callable[..., str]
KINDS = ("subscription", "traffic", "fell_quiet", "by_traffic", "journal")  # one file, one entry point each


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
        *(f"acme_costwatch/{name}.py" for name in ("__init__", *KINDS, "page")),
        "tests/test_plugins.py",
        "costwatch.yaml",
        "alerts.yaml",
        "hours.csv",
    ]


def test_the_example_is_clean(run: Run) -> None:
    style = ("--no-cache", "--isolated", "--line-length", "110")
    run("ruff", "check", *style, "--select", "E,F,I,B,UP,D1,ANN", "acme_costwatch")
    run("ruff", "format", *style, "--check", "acme_costwatch", "tests")
    run("mypy", "--cache-dir", os.devnull, "acme_costwatch", "tests")


def test_the_example_passes_the_conformance_suites(run: Run) -> None:
    assert "5 passed" in run("pytest", "tests", "-p", "no:cacheprovider")


def test_the_kinds_are_found(run: Run) -> None:
    assert {*KINDS} <= {each["kind"] for each in json.loads(run("costwatch", "plugins", "--json"))}


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
    nano = {row["x_Team"]: row["nano"] for row in json.loads(bill)}
    # 800 a month by the requests of each, 9 to 3, 5 to 3 and 7 to 1, besides a subscription of its own.
    gateway = {"payments": 600 + 500 + 700, "risk": 200 + 300 + 100}
    own = {"payments": 3 * 300, "risk": Fraction("3601.50")}
    assert nano == {team: (own[team] + amount) * 10**9 for team, amount in gateway.items()}
    run("costwatch", "--now", NOW, "alerts", "eval")
    run("costwatch", "--now", NOW, "alerts", "deliver")
    (message,) = [json.loads(line) for line in (place / "costwatch.jsonl").read_text().splitlines()]
    quiet = "scores answered 100 requests in a day, 500 are expected"
    (link,) = message.pop("links")
    assert message == {
        "reason": "first",
        "follows": None,
        "alerts": [{"state": "firing", "summary": quiet}],
    }
    assert "/traffic?" in link
    assert "service=scores" in link
    assert [*json.loads((place / "costwatch.jsonl.now").read_text()).values()] == [quiet]


PAGE = """
from dashboards.app import pages
from dashboards.frame import show
show(next(page.draw for page in pages() if page.path == "traffic"))
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
    assert "checkout" in drawn
    assert "700" in drawn
