"""The layers hold, name every module, and would be seen to break."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("costwatch", "collectors", "dashboards")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def lint(place: Path) -> str:
    """What lint-imports says of the packages copied to ``place``."""
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts:" in answer.stdout, answer.stdout + answer.stderr
    return answer.stdout


def copied(place: Path) -> Path:
    """The packages and their contracts, in ``place``."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_the_contracts_hold(tmp_path: Path) -> None:
    assert "0 broken" in lint(copied(tmp_path))


def test_every_module_stands_in_a_layer() -> None:
    layers = " ".join(next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"))
    named = set(re.findall(r"[\w.]+", layers))
    there = {
        f"costwatch.{path.stem}"
        for path in (ROOT / "costwatch").iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
    }
    assert there <= named
    assert {"collectors", "dashboards"} <= named


LAYERS, KNOW, EACH_OTHER = "layers", "plugins know", "plugins do not"
BREACHES = {
    "a step imports another": (LAYERS, "costwatch.deliver", "costwatch.evaluate"),
    "an answer imports a page": (LAYERS, "costwatch.answers.costs", "dashboards.blocks"),
    "an answer imports a split": (LAYERS, "costwatch.answers.costs", "costwatch.allocation.plan"),
    "a step imports the configuration": (LAYERS, "costwatch.collect", "costwatch.config"),
    "a page imports the command line": (LAYERS, "dashboards.app", "costwatch.cli"),
    "a collector imports a step": (LAYERS, "collectors.exports", "costwatch.allocate"),
    "the ledger imports the warehouse": (LAYERS, "costwatch.ledger.files", "costwatch.warehouse.store"),
    "arithmetic imports the warehouse": (LAYERS, "costwatch.money", "costwatch.warehouse.store"),
    "the model imports the plugins": (LAYERS, "costwatch.model.facts", "costwatch.plugins"),
    "the plugins import arithmetic": (LAYERS, "costwatch.plugins.rules", "costwatch.cost.forecast"),
    "a rule imports the warehouse": (KNOW, "costwatch.rules.budget", "costwatch.warehouse.store"),
    "a collector imports the ledger": (KNOW, "collectors.exports", "costwatch.ledger"),
    "a rule imports another": (EACH_OTHER, "costwatch.rules.budget", "costwatch.rules.threshold"),
    "a notifier imports a rule": (EACH_OTHER, "costwatch.notify.stdout", "costwatch.rules.freshness"),
    "a step speaks to AWS": ("AWS", "costwatch.collect", "boto3"),
    "a collector asks Prometheus itself": ("Prometheus", "collectors.exports", "prometheus_api_client"),
    "a collector understands PromQL itself": ("PromQL", "collectors.exports", "promql_parser"),
    "a step speaks HTTP": ("Prometheus", "costwatch.collect", "requests"),
    "a step asks a database of others": ("databases", "costwatch.collect", "sqlalchemy"),
    "a command draws": ("Streamlit", "costwatch.commands.report", "streamlit"),
    "a page runs Ibis": ("Ibis", "dashboards.app", "ibis"),
    "a step asks DuckDB": ("DuckDB", "costwatch.allocate", "duckdb"),
    "a step starts Spark": ("Spark", "costwatch.allocate", "pyspark"),
    "a page opens SQLite": ("SQL", "dashboards.app", "sqlite3"),
    "a step uses sqlite-utils": ("SQL", "costwatch.evaluate", "sqlite_utils"),
}


@pytest.fixture(scope="module")
def breaches_seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract -> what lint-imports says of it once its breaches are planted, each in a function.

    Those of the layers are planted apart: they would open longer ways to breach the others.
    """
    seen: dict[str, str] = {}
    for is_layers in (True, False):
        place = copied(tmp_path_factory.mktemp("breached"))
        for number, (contract, importer, imported) in enumerate(BREACHES.values()):
            if (contract == LAYERS) is is_layers:
                path = (place / importer.replace(".", "/")).with_suffix(".py")
                path.write_text(path.read_text() + f"\n\ndef breach_{number}():\n    import {imported}\n")
        _, broken = lint(place).split("Broken contracts")
        parts = re.split(r"\n([^\n]+)\n-{10,}\n", broken)
        said = zip(parts[1::2], parts[2::2], strict=True)
        seen |= {name: text for name, text in said if name.startswith(LAYERS) is is_layers}
    return seen


@pytest.mark.parametrize(("contract", "importer", "imported"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_seen(contract: str, importer: str, imported: str, breaches_seen: dict[str, str]) -> None:
    (said,) = (text for name, text in breaches_seen.items() if name.startswith(contract))
    assert re.search(rf"- +{re.escape(importer)} -> {re.escape(imported)} \(l\.\d+", said)


def test_every_contract_is_seen_to_break(breaches_seen: dict[str, str]) -> None:
    assert set(breaches_seen) == {contract["name"] for contract in CONTRACTS}
