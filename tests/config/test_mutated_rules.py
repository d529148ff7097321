"""Rules files that something happened to: refused by file and line or taken, and never without rules."""

import random
import re
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest

from costwatch.commands.context import Context
from costwatch.config import Config, default_text
from costwatch.errors import ConfigError
from costwatch.warehouse.store import Warehouse
from tests.config.test_shipped_examples import FITTING
from tests.made.mutated_text import mutated
from tests.made.slo_files import SLOTH
from tests.made.soak import in_soak

NOW = datetime(2026, 12, 1, tzinfo=UTC)
COUNT = in_soak(10_000, else_=40)
WHERE = re.compile(r"(alerts|rules\.d/platform)\.yaml(:\d+)?: ")
INCLUDED = """\
rules:
  - name: Platform
    kind: threshold
    by: [team, service]
    match: {team: platform}
    above: 500
    annotations: {ask: "who runs {service}?"}
tests:
  - name: platform is told
    at: 2026-11-10
    data: {cost: [{team: platform, service: EC2, from: 2026-11-01, values: 10x3 600x5}]}
    expect: [{rule: Platform, labels: {team: platform}}]
"""


def folder_of(folder: Path) -> dict[str, str]:
    """The files of a company, every example among its rules; those that things happen to are returned."""
    beside = {"costwatch.yaml": FITTING, "slos/shop.yaml": SLOTH, "budgets.d/a.yaml": "budgets: []\n"}
    shipped = re.sub("^#(?=  )", "", default_text("alerts.yaml"), flags=re.MULTILINE)
    files = {"alerts.yaml": shipped, "rules.d/platform.yaml": INCLUDED}
    for name, text in {**beside, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write(folder / name, text)
    return files


def write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))


def context_of(folder: Path, config: Config | None = None) -> Context:
    context = Context(NOW)
    context.config_name = str(folder / "costwatch.yaml")
    if config is not None:
        context.config = config
    return context


@pytest.mark.soak
def test_every_file_is_refused_by_line_or_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = folder_of(tmp_path)
    with Warehouse(tmp_path / "costwatch.db").write():
        pass
    first = context_of(tmp_path)
    good, _ = first.last_good_alerts()
    names = {rule.name for rule in good.rules}
    assert len(names) > 12
    seconds, refused = [], 0
    for seed in range(COUNT):
        chance = random.Random(seed)
        name = chance.choice(sorted(files))
        write(tmp_path / name, mutated(files[name], chance))
        context = context_of(tmp_path, first.config)
        began = process_time()
        try:
            _ = context.alerts
        except ConfigError as error:
            seconds.append(process_time() - began)
            refused += 1
            for mistake in error.mistakes:
                assert WHERE.match(mistake.removeprefix(f"{tmp_path}/")), (seed, mistake)
                assert "broke on these settings" not in mistake, (seed, mistake)
            active, mistakes = context.last_good_alerts()
            assert {rule.name for rule in active.rules} == names, seed
            assert mistakes, seed
        else:
            seconds.append(process_time() - began)
        write(tmp_path / name, files[name])
    seconds.sort()
    with capsys.disabled():
        middle, most = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
        print(f"\n{COUNT:,} files, {refused:,} refused; half of them in {middle * 1000:.0f} ms,", end=" ")
        print(f"99 % in {most * 1000:.0f} ms, all in {seconds[-1] * 1000:.0f} ms")
    assert seconds[len(seconds) // 2] < in_soak(0.15, else_=1)
