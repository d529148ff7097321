"""The schema's versions: one file of plain DDL each, in order, applied by sqlite-utils."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from costwatch.errors import WarehouseError

VERSIONS = (
    "0001_house",
    "0002_proof",
    "0003_known_then",
    "0004_intake",
    "0005_findings",
    "0006_acts",
    "0007_splits",
    "0008_systems",
    "0009_load_findings",
    "0010_names",
    "0011_settled_truth",
    "0012_charge_kind",
    "0013_priced",
    "0014_day_summaries",
    "0015_allocated_tags",
    "0016_usage",
    "0017_live_estimates",
    "0018_unit_costs",
    "0019_part_cost",
    "0020_untagged",
    "0021_slo",
    "0022_tried_at",
    "0023_alert_group",
    "0024_expected",
    "0025_commitment",
    "0026_health",
)
LATEST = len(VERSIONS)


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Apply what is missing, each version in one transaction. Raises WarehouseError for a newer file."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > LATEST:
        raise WarehouseError(
            f"{path}: written by a newer costwatch (schema {version}, this one knows {LATEST}); "
            "upgrade costwatch"
        )
    # Imported here: it pulls in pandas, and a warehouse that is up to date never gets this far.
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("costwatch")
    for number, name in enumerate(VERSIONS, start=1):
        migrations(name=name)(_step(name, number))
    migrations.apply(Database(db))


def empty_copy() -> sqlite3.Connection:
    """A store in memory with the newest schema and no row."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for name in VERSIONS:
        for statement in _of_version(name):
            db.execute(statement)
    return db


def _step(name: str, number: int) -> Callable[[object], None]:
    def run(database: object) -> None:
        db: sqlite3.Connection = database.conn  # type: ignore[attr-defined]
        for statement in _of_version(name):
            db.execute(statement)
        db.execute(f"PRAGMA user_version={number}")

    return run


def _of_version(name: str) -> Iterator[str]:
    return _statements(Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8"))


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
