"""Evaluation and delivery are killed at random moments: nothing is lost, nothing is told twice, in order."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costwatch.warehouse.store import Warehouse
from tests.doubles.slack import SlackDouble, settled, slack_double
from tests.made.delivery_world import START
from tests.made.soak import in_soak

KILLS = in_soak(500, else_=12)
pytestmark = [pytest.mark.soak, pytest.mark.slow]


class Rounds:
    """A process that forks one delivery a round."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def play(self, now: datetime, firing: list[str], kill_after: float | None) -> bool:
        """One round, killed after so many seconds; whether it was."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"now": now.isoformat(), "firing": firing}) + "\n")
        self._process.stdin.flush()
        pid, is_killed = int(self._line()), False
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                is_killed = True
        assert self._line() == "gone"
        return is_killed

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def rounds(path: Path, url: str) -> Iterator[Rounds]:
    command = [sys.executable, "-m", "tests.made.killed_delivery", str(path), url]
    root = Path(__file__).parents[2]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=root, **pipes) as process:
        try:
            yield Rounds(process)
        finally:
            process.kill()


@pytest.mark.parametrize("may_look", [True, False], ids=["Slack can be looked at", "it cannot"])
def test_killed_at_random_moments(may_look: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(monkeypatch)
    chance, path, killed = random.Random(7), tmp_path / "costwatch.db", 0
    Warehouse(path).migrate()
    with slack_double() as double, rounds(path, double.url) as process:
        double.page_size = 200
        if not may_look:
            double.answers["conversations.history"] = ["missing_scope"] * 10_000
            double.answers["conversations.replies"] = ["missing_scope"] * 10_000
        now, number, longest = START, 0, 0.2
        while killed < KILLS:
            now += timedelta(minutes=6)
            double.first_ts = int(now.timestamp()) - len(double.messages)
            firing = [f"s{one:05}" for one in range(max(0, number - 2), number + 1)]
            number += 1
            if number % 5 == 0:  # one that lives, so that what waits is sent and time is measured
                began = time.monotonic()
                process.play(now, firing, None)
                longest = min(1.0, 1.1 * (time.monotonic() - began))
                continue
            killed += process.play(now, firing, chance.uniform(0, longest))
            if killed % 40 == 0:  # 1,100 newer messages of others
                now += timedelta(hours=1)
                crowd(double, 1_100)
        for _ in range(6):
            now += timedelta(minutes=6)
            double.first_ts = int(now.timestamp()) - len(double.messages)
            process.play(now, [], None)
    told = Counter(
        name
        for message in double.parents
        if "metadata" in message
        for name in names(path)
        if name in title(message)
    )
    assert set(told) == names(path), "what fired was told"
    twice = sum(told.values()) - len(told)
    assert twice == 0 if may_look else twice <= killed
    for message in double.parents:
        if "metadata" in message and told[next(iter(n for n in names(path) if n in title(message)))] == 1:
            assert title(message).startswith("RESOLVED"), "and that it is over"
    require_in_order(double)
    with Warehouse(path).read() as db:
        assert [
            tuple(row) for row in db.execute("SELECT state FROM notification WHERE state <> 'sent'")
        ] == []


def title(message: dict[str, Any]) -> str:
    return str(message["text"])


def names(path: Path) -> set[str]:
    """Of all that ever fired."""
    with Warehouse(path).read() as db:
        rows = db.execute("SELECT DISTINCT summary FROM alert_event WHERE state = 'firing'")
        return {row["summary"] for row in rows}


def crowd(double: SlackDouble, count: int) -> None:
    """Messages of others, newer than all."""
    for _ in range(count):
        ts = f"{double.first_ts + len(double.messages)}.000100"
        double.messages.append({"ts": ts, "channel": "C1", "text": "hello", "blocks": []})


def require_in_order(double: SlackDouble) -> None:
    """No message that told the end is ever edited back."""
    over: set[str] = set()
    for call in double.calls:
        if call.method == "chat.update":
            is_over = call.arguments["text"].startswith("RESOLVED")
            assert is_over or call.arguments["ts"] not in over
            over |= {call.arguments["ts"]} if is_over else set()
