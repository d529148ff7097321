"""A killed run leaves the old bill or the new one, and the next run ends as if nothing had happened."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from costwatch.warehouse.contents import contents
from costwatch.warehouse.store import Warehouse
from tests.made.bills import on_day, tags, write_delivery
from tests.made.soak import in_soak

pytestmark = pytest.mark.slow

KILLS = in_soak(300, else_=4)
CONFIG = """
sources:
  - {name: aws, kind: exports, location: export}
teams:
  - {name: risk}
  - {name: payments}
pools:
  - {name: tax, match: {ChargeCategory: Tax}, split: proportional}
"""
# Four deliveries of months that grow: up to which day, and what a line costs in each.
BILLS = ((7, "1"), (14, "1"), (21, "2.5"), (28, "0.3333333333"))
LINES_A_DAY = 40


def nano(bill: tuple[int, str]) -> int:
    """What a billing period of that delivery costs, in nano-units."""
    last_day, amount = bill
    return round(float(amount) * 1e9) * LINES_A_DAY * last_day


def deliver(folder: Path, bill: tuple[int, str]) -> None:
    """One of the bills, over this billing period and the one before: every period's total is the same."""
    last_day, amount = bill
    for month in ("10", "11"):
        lines = [
            {
                **on_day(
                    day,
                    BilledCost=amount,
                    EffectiveCost=amount,
                    Tags=tags(team=team),
                    ChargeCategory=category,
                    ResourceId=f"{category}-{team}-{number}",
                ),
                "BillingPeriodStart": f"2026-{month}-01T00:00:00Z",
                "BillingPeriodEnd": f"2026-{int(month) + 1:02d}-01T00:00:00Z",
                "ChargePeriodStart": f"2026-{month}-{day:02d}T00:00:00Z",
                "ChargePeriodEnd": f"2026-{month}-{day:02d}T01:00:00Z",
            }
            for day in range(1, last_day + 1)
            for team, category in (("risk", "Usage"), ("payments", "Usage"), ("", "Tax"), ("", "Usage"))
            for number in range(LINES_A_DAY // 4)
        ]
        write_delivery(folder / "export", f"2026-{month}", lines, parts=2)


def steps(folder: Path) -> subprocess.Popen[bytes]:
    """Collect, then allocate, as cron would run them."""
    command = f'"{sys.executable}" -m costwatch --now 2026-11-29T00:00:00Z -c "{folder}/costwatch.yaml"'
    return subprocess.Popen(
        ["/bin/sh", "-c", f"{command} collect && {command} allocate"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def run(folder: Path) -> float:
    """Both steps whole; how long they took, in seconds."""
    started = time.monotonic()
    process = steps(folder)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return time.monotonic() - started


def totals(folder: Path) -> dict[int, int]:
    """period -> BilledCostNano, as a reader sees it, from both tables that readers use."""
    with Warehouse(folder / "costwatch.db").read() as db:
        facts = dict(
            db.execute("SELECT period, SUM(BilledCostNano) FROM team_cost GROUP BY period").fetchall()
        )
        summary = dict(
            db.execute("SELECT period, SUM(BilledCostNano) FROM cost_day GROUP BY period").fetchall()
        )
        bill = {
            row[0]: row[1]
            for row in db.execute(
                "SELECT period, json_extract(totals, '$.USD.BilledCostNano') FROM published"
            )
        }
    assert facts == summary == bill
    return facts


@pytest.mark.soak
def test_a_killed_run_is_never_half_seen(tmp_path: Path) -> None:
    (tmp_path / "costwatch.yaml").write_text(CONFIG)
    deliver(tmp_path, BILLS[0])
    run(tmp_path)
    whole = {bill: nano(bill) for bill in BILLS}
    deliver(tmp_path, BILLS[1])
    seconds = run(tmp_path)
    chance = random.Random(7)
    current = BILLS[1]
    for number in range(KILLS):
        following = BILLS[number % len(BILLS)]
        deliver(tmp_path, following)
        process = steps(tmp_path)
        until = time.monotonic() + chance.uniform(0, seconds)
        while time.monotonic() < until:  # a reader looks on while it runs
            assert set(totals(tmp_path).values()) <= set(whole.values())
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert set(totals(tmp_path).values()) <= set(whole.values())
        current = following
    with sqlite3.connect(tmp_path / "costwatch.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    run(tmp_path)
    assert set(totals(tmp_path).values()) == {whole[current]}
    assert not list((tmp_path / "ledger").glob("*.part"))


@pytest.mark.soak
def test_a_run_taken_up_again_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    ends = []
    for name, kills in (("undisturbed", 0), ("killed", max(3, KILLS // 20))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "costwatch.yaml").write_text(CONFIG)
        deliver(folder, BILLS[0])
        for number in range(kills):
            process = steps(folder)
            time.sleep(0.4 * (number % 8))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        run(folder)
        warehouse = Warehouse(folder / "costwatch.db")
        with warehouse.read() as db:
            ends.append({name: held.sha256 for name, held in contents(db).items() if name != "collection"})
    assert ends[0] == ends[1]
