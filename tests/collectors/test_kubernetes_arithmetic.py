"""What holds for any counters, lives and GPUs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.kubernetes.gpus import physical
from collectors.kubernetes.grid import Steps
from collectors.kubernetes.life import Sightings, held_seconds, overlap_seconds, spans
from collectors.kubernetes.usage import growth
from collectors.kubernetes.volumes import shared

STEPS = 12


def steps() -> Steps:
    return Steps(0.0, STEPS)


@given(
    st.lists(st.floats(0, 1e6), min_size=STEPS + 1, max_size=STEPS + 1),
    st.sets(st.integers(0, STEPS)),
    st.lists(st.integers(0, 300), min_size=STEPS, max_size=STEPS),
)
def test_what_a_counter_grew_by_is_neither_lost_nor_doubled_in_gaps(
    increases: list[float], gaps: set[int], lived: list[int]
) -> None:
    counter = np.cumsum(increases)
    counter[sorted(gaps)] = np.nan
    known = counter[~np.isnan(counter)]
    grown = growth(counter[None, :], np.array([lived], dtype=float))
    whole = known[-1] - known[0] if len(known) else 0.0
    assert np.nansum(grown) == pytest.approx(whole, abs=1e-6)
    assert not (np.nan_to_num(grown) < 0).any()


@given(st.data())
def test_a_pod_never_holds_more_than_its_life_nor_what_was_not_measured(data: st.DataObject) -> None:
    def mask() -> np.ndarray:
        return np.array([data.draw(st.lists(st.booleans(), min_size=STEPS, max_size=STEPS))])

    def instant() -> np.ndarray:
        return np.array([data.draw(st.one_of(st.just(np.nan), st.floats(-1000, 300 * STEPS + 1000)))])

    seen, measured = mask(), mask()
    of = Sightings(
        seen * float(data.draw(st.integers(1, 10))),
        np.array([data.draw(st.booleans())]),
        seen,
        measured,
        instant(),
        instant(),
        np.array([data.draw(st.booleans())]),
    )
    low, high = spans(steps(), of)
    held = held_seconds(of, overlap_seconds(steps(), low, high))
    assert ((held >= 0) & (held <= 300)).all()
    assert not held[~measured].any()
    if held.any():
        assert held.sum() <= high[0] - low[0] + 1e-6


@given(
    st.dictionaries(
        st.sampled_from(["nvidia_com_gpu", "nvidia_com_mig_1g_5gb", "nvidia_com_mig_3g_20gb", "amd_com_gpu"]),
        st.integers(0, 64),
    ),
    st.integers(0, 16),
    st.integers(0, 16),
)
def test_all_that_a_node_advertises_is_all_its_gpus(
    capacity: dict[str, int], count: int, replicas: int
) -> None:
    labels = {"label_nvidia_com_gpu_count": str(count), "label_nvidia_com_gpu_replicas": str(replicas)}
    gpus, parts = physical({name: float(number) for name, number in capacity.items()}, labels)
    if capacity:
        assert sum(capacity[name] * part for name, part in parts.items()) == pytest.approx(gpus)
    assert gpus >= 0


@given(st.data())
def test_a_volume_s_time_is_that_of_those_who_mount_it_and_of_nobody(data: st.DataObject) -> None:
    bits = st.lists(st.booleans(), min_size=STEPS, max_size=STEPS)
    seen, measured = (np.array(data.draw(bits)) for _ in range(2))
    seconds = st.lists(st.floats(0, 300), min_size=STEPS, max_size=STEPS)
    running = dict(enumerate(np.array(each) for each in data.draw(st.lists(seconds, max_size=4))))
    found = shared(seen, measured, running, 300.0)
    where = np.flatnonzero(seen)
    lived = (where[-1] - where[0] + 1) * 300.0 if len(where) else 0.0
    here = int(measured[where[0] : where[-1] + 1].sum()) * 300.0 if len(where) else 0.0
    assert found.expected == lived
    assert sum(found.parts.values()) + found.idle == pytest.approx(here)
    assert all(part <= found.mounted[pod] + 1e-9 for pod, part in found.parts.items())
