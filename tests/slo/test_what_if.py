"""Alerts of the past under another objective: as rule ``slo_burn`` raises them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.answers.slo_what_if import what_if
from costwatch.model import Severity
from costwatch.slo.burn import burn_rate, burning
from costwatch.slo.what_if import episodes
from costwatch.slo.windows import burn_windows
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.slo_buckets import NOW, History, objective, steady

START = datetime(2026, 11, 1, tzinfo=UTC)
STEP, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
# Odd, so that no sum of them is just as much as a factor allows: there, floats decide.
_BAD = (0.0, 0.05317, 0.51713, 1.03331, 2.07173, 59.31737)
PAIRS, _ = burn_windows(30 * DAY)


def by_hand(bad: list[float], min_events: float) -> list[Severity | None]:
    """The severity at the end of each step, by the arithmetic that rules use."""
    found: list[Severity | None] = []
    for end in range(1, len(bad) + 1):
        rates, events = {}, {}
        for length in {length for pair in PAIRS for length in (pair.long, pair.short)}:
            part = bad[max(0, end - length // STEP) : end]
            total = 100.0 * len(part)
            rates[length], events[length] = burn_rate(total - sum(part), total, 0.999), total
        pairs = burning(PAIRS, rates, events, min_events)
        found.append(Severity(pairs[0].severity) if pairs else None)
    return found


@settings(max_examples=40)
@given(
    runs=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(_BAD)), max_size=8),
    min_events=st.sampled_from([0, 100, 5000]),
)
def test_every_step_is_as_the_rule_would_see_it(runs: list[tuple[int, float]], min_events: int) -> None:
    bad = [each for count, each in runs for _ in range(count)]
    rows = [(int((START + n * STEP).timestamp()), 300, 100 - each, 100.0) for n, each in enumerate(bad)]
    after = START + len(bad) * STEP
    found = episodes(rows, START, after, 0.999, PAIRS, min_events)
    expected = by_hand(bad, min_events)
    burns = {int((START + (n + 1) * STEP).timestamp()) for n, each in enumerate(expected) if each}
    told = {at for one in found for at in range(int(one.start.timestamp()), int(one.end.timestamp()), 300)}
    assert told == burns
    for one in found:
        of_run = [
            expected[(at - int(START.timestamp())) // 300 - 1]
            for at in range(int(one.start.timestamp()), int(one.end.timestamp()), 300)
        ]
        assert one.severity is (Severity.PAGE if Severity.PAGE in of_run else Severity.TICKET)


def test_a_looser_objective_calls_nobody(tmp_path: Path) -> None:
    history = History(tmp_path).put(objective(target="0.999"))
    quarter, incident = steady(20), [(97.0, 100.0)] * 12
    history.buckets("checkout", [*quarter, *incident, *quarter, *incident, *quarter])
    with history.warehouse.read() as db:
        now, other = what_if(WarehouseSnapshot(db, NOW), objective(target="0.999"), target=Decimal("0.99"))
        _, week = what_if(WarehouseSnapshot(db, NOW), objective(target="0.999"), period=7 * DAY)
    assert (now.pages, now.tickets) == (2, 0)
    assert (other.pages, other.tickets) == (0, 0)
    assert now.known_since == NOW - 60 * DAY - 2 * HOUR
    assert week.pages == 2
    assert len(week.notes) == 2
    assert (other.states[0].left or 0) > (now.states[0].left or 0)


def test_ninety_days_take_no_time(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).random(93 * 288)
    start = int((NOW - 93 * DAY).timestamp())
    rows = [(start + n * 300, 300, 100 - each, 100.0) for n, each in enumerate(noise.tolist())]
    began = process_time()
    assert episodes(rows, NOW - 90 * DAY, NOW, 0.999, PAIRS, 100)
    assert process_time() - began < 0.5


@pytest.mark.parametrize("pairs", [[], PAIRS])
def test_nothing_known_alerts_nobody(pairs: list[object]) -> None:
    assert episodes([], START, START + DAY, 0.999, pairs) == []  # type: ignore[arg-type]
