"""For how long of each step a pod held its node."""

from dataclasses import dataclass

import numpy as np

from collectors.kubernetes.grid import Array, Mask, Steps

USUAL_SCRAPE_SECONDS = 60.0  # of a pod that was seen once, when nothing says how often one looks


@dataclass(frozen=True, slots=True)
class Sightings:
    """What is known of pods, by pod and step.

    counts: samples in which the phase was Pending or Running, 0 where none was. has_phases: whether any phase
    of it is known; if not, ``present`` says where the pod was seen. measured: where its
    cluster was. starts, completions: Unix seconds, NaN where unknown. keeps_uid: whether it cannot be
    another one of its name that is back.
    """

    counts: Array
    has_phases: Mask
    present: Mask
    measured: Mask
    starts: Array
    completions: Array
    keeps_uid: Mask


def spans(steps: Steps, of: Sightings) -> tuple[Array, Array]:
    """From when until when each pod held its node (Unix seconds); NaN for one that never did.

    That is from its start to its completion, whatever was seen in between. Where one of the two is not
    known, the samples of the first or last step in which it was seen tell how much of it counts: a sample
    stands for the time to the next one. What was seen in a single step, with neither known, is one sample
    wide for each: ``USUAL_SCRAPE_SECONDS`` at most.
    """
    seen = _seen(of)
    if not seen.size:
        return of.starts, of.completions
    first, last = seen.argmax(axis=1), steps.count - 1 - seen[:, ::-1].argmax(axis=1)
    is_seen = seen.any(axis=1)
    begins, ends = steps.begins, steps.ends
    # The time at which one container of several ended is told while the others still run.
    is_over = ~(is_seen & of.has_phases & (of.completions < begins[last]))
    completions = np.where(is_over, of.completions, np.nan)
    wide_first, wide_last = _edges(steps, of, first, last)
    low = np.where(np.isnan(of.starts), ends[first] - wide_first, of.starts)
    until = np.minimum(ends[last], np.maximum(begins[last], low) + wide_last)
    high = np.where(np.isnan(completions), until, completions)
    # Who was never seen in a phase that counts may have come and gone between two samples.
    is_known = is_seen | (~np.isnan(of.starts) & ~np.isnan(completions))
    return np.where(is_known, low, np.nan), np.where(is_known, high, np.nan)


def overlap_seconds(steps: Steps, low: Array, high: Array) -> Array:
    """How much of each step lies between the two, by pod; 0 where they are not known."""
    overlap = np.minimum(steps.ends, high[:, None]) - np.maximum(steps.begins, low[:, None])
    seconds: Array = np.clip(np.nan_to_num(overlap), 0.0, steps.seconds)
    return seconds


def held_seconds(of: Sightings, overlap: Array) -> Array:
    """Of ``overlap``, what counts: the steps in which its cluster was measured.

    A uid that comes back was there in between; another pod of the same name was not.
    """
    return np.where(of.measured & (of.keeps_uid[:, None] | _seen(of)), overlap, 0.0)


def _seen(of: Sightings) -> Mask:
    seen: Mask = np.where(of.has_phases[:, None], of.counts > 0, of.present) & of.measured
    return seen


def _edges(steps: Steps, of: Sightings, first: np.ndarray, last: np.ndarray) -> tuple[Array, Array]:
    """Seconds of the first and of the last step in which a pod was seen that its samples stand for."""
    rows = np.arange(len(first))
    counts = np.where(of.has_phases[:, None], of.counts, of.present.astype(np.float64))
    most = counts.max(axis=1, initial=0.0)
    usual = np.maximum(1.0, most.max(initial=0.0))
    is_single = first == last
    interval = steps.seconds / np.where(is_single, usual, np.maximum(1.0, most))
    began = _is_measured(of.measured, rows, first - 1)
    ended = _is_measured(of.measured, rows, last + 1)
    is_brief = is_single & began & ended & np.isnan(of.starts) & np.isnan(of.completions)
    interval = np.where(is_brief, np.minimum(interval, USUAL_SCRAPE_SECONDS), interval)
    at_first = np.minimum(steps.seconds, interval * counts[rows, first])
    at_last = np.minimum(steps.seconds, interval * counts[rows, last])
    return np.where(began, at_first, steps.seconds), np.where(ended, at_last, steps.seconds)


def _is_measured(measured: Mask, rows: np.ndarray, at: np.ndarray) -> Mask:
    """Whether the cluster was measured in step ``at``; False outside of the span."""
    inside = (at >= 0) & (at < measured.shape[1])
    is_measured: Mask = inside & measured[rows, np.clip(at, 0, measured.shape[1] - 1)]
    return is_measured
