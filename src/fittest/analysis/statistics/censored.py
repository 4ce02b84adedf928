"""Times of what had not happened yet when a run ended: the estimate of Kaplan and Meier (1958).

A run that ends before the event says only that it takes longer. Leaving such runs out, or giving
them their last step, makes events look faster than they are.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.statistics.intervals import Estimate, Resampling, cluster_bootstrap

Floats = NDArray[np.float64]


def survival_curve(times: ArrayLike, happened: ArrayLike) -> tuple[Floats, Floats]:
    """Steps of the curve: distinct times (T,) at which something happened, ascending, and the
    estimated share (T,) of runs for which it had not happened yet after each.

    Args:
        times: (n,), when it happened, or when the run ended without it.
        happened: (n,), whether it did. Where an event and an end coincide, the event is first.

    Raises:
        ValueError: for a time that is not finite, or arrays of different lengths.
    """
    when, marks = np.asarray(times, dtype=np.float64), np.asarray(happened, dtype=bool)
    if when.shape != marks.shape:
        raise ValueError(f"{len(when)} times and {len(marks)} marks")
    if not np.isfinite(when).all():
        raise ValueError("a run that ended without the event has its last step as time")
    events, counts = np.unique(when[marks], return_counts=True)
    waiting = (when[None, :] >= events[:, None]).sum(axis=1)
    return events, np.cumprod(1 - counts / waiting)


def median_time(times: ArrayLike, happened: ArrayLike) -> float:
    """The first time by which the event has happened in half of the runs by ``survival_curve``;
    infinity where it has in fewer, NaN without runs."""
    if len(np.asarray(times)) == 0:
        return math.nan
    events, left = survival_curve(times, happened)
    # What rounding leaves above a half counts as a half.
    below = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(events[below[0]]) if len(below) else math.inf


def median_with_interval(times: ArrayLike, happened: ArrayLike, resampling: Resampling) -> Estimate:
    """``median_time`` with its bootstrap interval over runs; infinite ends where it is not
    reached."""
    when, marks = np.asarray(times, dtype=np.float64), np.asarray(happened, dtype=bool)
    return cluster_bootstrap(
        lambda picked: median_time(when[picked], marks[picked]), np.arange(len(when)), resampling
    )
