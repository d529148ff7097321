"""What each made container used, step by step: the one thing that its metrics and the truth both know."""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from tests.made.cluster import DAY, GIB, STEP, Container, Pod

BUSY_SECONDS = 240
"""A container does a step's work in its first four minutes, so whatever reads the counter in the fifth minute
sees all of the step, and the truth does not depend on when somebody scrapes."""


@dataclass(frozen=True)
class Use:
    """By step, from ``first`` (Unix seconds / 300) on: seconds alive, CPU seconds, memory, share of a GPU."""

    first: int
    seconds: np.ndarray
    cpu_seconds: np.ndarray
    memory_bytes: np.ndarray
    gpu_share: np.ndarray

    @property
    def begins(self) -> np.ndarray:
        return (self.first + np.arange(len(self.seconds))) * STEP


def alive(begin: int, end: int) -> tuple[int, np.ndarray]:
    """The first step of a half-open window, and how many seconds of each step are in it."""
    first = begin // STEP
    edges = np.arange(first, -(-end // STEP)) * STEP
    return first, (np.minimum(edges + STEP, end) - np.maximum(edges, begin)).astype(float)


@lru_cache(maxsize=4096)
def used(seed: int, pod: Pod, container: Container) -> Use:
    """The use of one container; of a plain init container, or one that never started, there is none."""
    first, seconds = alive(pod.begin, max(pod.end, pod.begin))
    steps = len(seconds)
    if not pod.pulled or pod.node is None or container.init == "plain":
        return Use(first, seconds, np.zeros(steps), np.zeros(steps), np.zeros(steps))
    random = np.random.default_rng([seed, crc32(f"{pod.uid}/{container.name}".encode())])
    mean = random.uniform(*container.cpu_used)
    hours = (first + np.arange(steps)) * STEP % DAY / 3600
    wave = 1 + 0.4 * np.sin((hours - 8) * np.pi / 12)
    cores = mean * wave * random.uniform(0.7, 1.3, steps)
    if container.cpu_used[1] <= container.cpu:  # what only ever asks for enough never uses more
        cores = np.minimum(cores, container.cpu)
    memory = random.uniform(*container.memory_used) * GIB * (0.9 + 0.1 * wave)
    return Use(
        first,
        seconds,
        np.round(cores * seconds * 8) / 8,  # eighths add up exactly
        np.round(memory / 2**20) * 2**20,
        np.round(np.clip(random.uniform(0.3, 0.9) * wave, 0, 1) * 64) / 64 * min(container.gpus, 1),
    )


def counter(pod: Pod, use: Use, times: np.ndarray, since: int) -> np.ndarray:
    """The CPU counter at these instants of the pod's life, of a container that started over at ``since``."""
    total = np.concatenate([[0.0], np.cumsum(use.cpu_seconds)])
    total -= total[max(since // STEP - use.first, 0)]
    step = (times // STEP).astype(int) - use.first
    a = np.maximum(use.begins[step], pod.begin)
    b = np.minimum(use.begins[step] + BUSY_SECONDS, pod.end)
    done = np.clip((times - a) / np.maximum(b - a, 1), 0, 1)
    return np.round(total[step] + done * use.cpu_seconds[step], 3)
