"""Running command lines in this process, as ``costwatch`` would, on the files of a small company."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from costwatch import cli
from tests.made.bills import Line, on_day, tags, write_csv

NOW = datetime(2026, 11, 3, tzinfo=UTC)
CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
teams:
  - {name: risk}
  - {name: payments, contact: "#payments"}
"""
ALERTS = """\
rules:
  - {name: StaleData, kind: freshness, max_age: 30h, max_data_age: 60d}
  - {name: Spend, kind: threshold, by: [team], window: 3d, above: 5}
route: {receiver: default, group_by: [rule]}
receivers:
  - {name: default, kind: stdout}
"""
S3 = "Amazon Simple Storage Service"
EVIL = "=cmd|' /C calc'!A1\x1b[31m"
LINES = [
    on_day(1, BilledCost="10.000000001", EffectiveCost="9", Tags=tags(team="risk")),
    on_day(2, BilledCost="0.1", EffectiveCost="0.2", Tags=tags(team="payments"), ServiceName=S3),
    on_day(2, BilledCost="3", EffectiveCost="3", Tags=tags(team="risk"), RegionId=EVIL),
    on_day(3, BilledCost="7", EffectiveCost="7", BillingCurrency="EUR", ProviderName="GCP"),
]


@dataclass(frozen=True)
class Answer:
    """What a command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Costwatch = Callable[..., Answer]


def commands(capsys: pytest.CaptureFixture[str]) -> Costwatch:
    """``costwatch("cost", "show")`` runs it; the clock stands at ``NOW``."""

    def costwatch(*arguments: object) -> Answer:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments], NOW)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return costwatch


def configure(folder: Path, config: str = CONFIG, alerts: str = ALERTS) -> None:
    """Write both files."""
    (folder / "costwatch.yaml").write_text(config)
    (folder / "alerts.yaml").write_text(alerts)


def publish(folder: Path, config: str = CONFIG, lines: Sequence[Line] = LINES) -> Path:
    """Configure a company there, collect ``lines`` and allocate them."""
    configure(folder, config)
    write_csv(folder / "bill" / "bill.csv", lines)
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(folder / "costwatch.yaml"), step], NOW) == 0
    return folder
