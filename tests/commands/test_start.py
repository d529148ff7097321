"""What commands that people and cron wait for do not import where they find nothing new."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from costwatch import cli
from tests.made.command_line import NOW, publish

ENGINES = {"duckdb", "ibis", "numpy", "pandas", "pyarrow", "sqlglot"}
OTHERS = {
    "boto3",
    "botocore",
    "jinja2",
    "prometheus_api_client",
    "requests",
    "rich",
    "slack_sdk",
    "sqlite_utils",
    "stamina",
    "streamlit",
    "urllib3",
}
RESOURCES = "cost resources --team risk --service 'Amazon Elastic Compute Cloud' --json"
# What a command needs all the same.
NEEDED = {
    "collect": set(),
    "allocate": set(),
    "alerts eval": set(),
    "alerts list": set(),
    "alerts deliver": set(),
    "status": set(),
    "cost show --by team --json": set(),
    "cost show --by service": {"rich"},
    "cost show --per-day --csv": set(),
    "report weekly --week 2026-W40": {"jinja2"},
    RESOURCES: {"duckdb"},
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = publish(tmp_path_factory.mktemp("company"))
    assert (
        cli.run(["-c", str(folder / "costwatch.yaml"), *shlex.split(RESOURCES)], NOW) == 0
    )  # the first time
    return folder


@pytest.mark.parametrize("command", NEEDED)
def test_nothing_is_imported_that_is_not_needed(command: str, company: Path) -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from costwatch.cli import run\n"
        f"code = run({shlex.split(command)!r}, datetime(2026, 11, 3, tzinfo=UTC))\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr); sys.exit(code)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=company,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert answer.returncode == 0, answer.stderr
    imported = set(answer.stderr.splitlines()[-1].split())
    assert "costwatch" in imported
    assert (ENGINES | OTHERS) & imported <= NEEDED[command]
