"""Bills with anything wrong: each is read or refused in a sentence, soon, and within little memory."""

import json
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.made.soak import in_soak

INPUTS = in_soak(10_000, else_=100)
MOST_SECONDS = 10.0
MOST_MB = 300  # above a process that has read two bills and now waits for the next
# File and line, what is wrong, what to do; the last of many alike is a number of them.
REASON = r"bill\.[a-z.]+(:\d+)?: .{3,400}(; [a-z ]+|\d+ more lines like these)"
AT_ONCE = 500  # by one process: what it might leave behind does not add up for ever
PROCESSES = 2  # beside each other


@pytest.mark.soak
def test_a_mutated_bill_is_read_or_refused_soon_within_little_memory(tmp_path: Path) -> None:
    with ThreadPoolExecutor(PROCESSES) as pool:
        told = pool.map(lambda first: [*outcomes_of(first, tmp_path)], range(0, INPUTS, AT_ONCE))
        outcomes = [each for part in told for each in part]
    assert len(outcomes) == INPUTS
    assert [each for each in outcomes if trouble(each)] == []
    accepted = sum(each["found"].startswith("accepted") for each in outcomes)
    assert INPUTS * 0.1 < accepted < INPUTS * 0.6  # else the inputs prove little


def trouble(outcome: dict[str, Any]) -> bool:
    found = outcome["found"]
    is_sentence = re.fullmatch(rf"accepted: \d+|refused: ({REASON}\n)*{REASON}", found)
    return not is_sentence or outcome["seconds"] > MOST_SECONDS or outcome["mb"] > MOST_MB


def outcomes_of(first: int, folder: Path) -> Iterator[dict[str, Any]]:
    """One for each seed; where the process ended over one, or did not come back, that says so."""
    folder = folder / f"{first}"
    folder.mkdir()
    after = min(first + AT_ONCE, INPUTS)
    while first < after:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.made.mutated_reader", f"{first}", f"{after}", str(folder)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told = list(lines_of(process))
        process.kill()  # if it does not come back
        process.communicate()
        found = {each["seed"]: each for each in told if "found" in each and each["seed"] >= first}
        yield from found.values()
        first = max(found, default=first - 1) + 1
        if first < after:
            yield {"seed": first, "found": f"ended the process: {process.returncode}", "seconds": 0, "mb": 0}
            first += 1


def lines_of(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """What it tells, until it ends or says nothing for longer than an input may take."""
    assert process.stdout is not None
    while select.select([process.stdout], [], [], 3 * MOST_SECONDS)[0]:
        line = process.stdout.readline()
        if not line.startswith("{"):
            if not line:
                return
            continue
        yield json.loads(line)
