"""Filling a Prometheus with the made clusters, a day at a time: a month needs no more room than two days."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.made.cluster import DAY, World
from tests.made.cluster_text import write

PROCESSES = 2


def fill(
    data: Path, world: World, window: tuple[int, int], scrape_seconds: int = 60, traps_every: int = 1
) -> None:
    """Put blocks of a half-open window of Unix seconds into ``data``, the storage of a Prometheus at rest.

    A month of 240 pods at ``scrape_seconds=300, traps_every=8`` is 28 million samples: 6 GB of text in all,
    190 MB a day, 37 MB of blocks. It takes some 15 CPU-seconds to write and 70 of promtool.
    """
    data.mkdir(parents=True, exist_ok=True)
    days = range(window[0], window[1], DAY)
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(partial(_fill_day, data, world, window[1], scrape_seconds, traps_every), days))


def _fill_day(data: Path, world: World, end: int, scrape_seconds: int, traps_every: int, day: int) -> None:
    text = data.with_name(f"{data.name}-{day}.om")
    try:
        write(text, world, (day, min(day + DAY, end)), scrape_seconds, traps_every)
        command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics"]
        made = subprocess.run([*command, text, data], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
    finally:
        text.unlink(missing_ok=True)
