"""Warehouses of earlier versions."""

from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.made.older_warehouse import LeftBefore, left_before


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LeftBefore:
    """Makes one as the version before the migration named left it, with rows in it."""

    def made(name: str, rows: str) -> Warehouse:
        return left_before(name, tmp_path / "costwatch.db", monkeypatch, rows)

    return made
