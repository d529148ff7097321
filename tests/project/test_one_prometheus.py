"""Whatever asks Prometheus does so through the one client."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("costwatch", "collectors", "dashboards")
CLIENT = ROOT / "collectors" / "prometheus"
# The paths of the query API, and the library that knows them.
ASKS = re.compile(r"/api/v1/(query|series|labels?|metadata)|prometheus_api_client|PrometheusConnect")


def code_of(path: Path) -> str:
    """A file without its docstrings and comments: those may speak of it."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def test_nothing_else_asks_prometheus() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    asking = [path for path in files if ASKS.search(code_of(path)) and CLIENT not in path.parents]
    assert asking == []


def test_the_client_is_wrapped_once() -> None:
    made = [
        path.name
        for path in CLIENT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("PrometheusConnect", "LimitedSession")
    ]
    assert made == ["client.py", "client.py"]
