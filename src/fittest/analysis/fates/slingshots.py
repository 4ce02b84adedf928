"""Slingshots: sudden rises of a loss that had been low (survival methods 2.21), by two rules."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def slingshots(
    steps: ArrayLike, losses: ArrayLike, after: int, factor: float, refractory: int
) -> int:
    """How often a loss rises above a multiple of its running minimum (methods 2.21).

    Args:
        steps, losses: (T,), increasing in step.
        after: what starts up to this step does not count.
        factor: dimensionless.
        refractory: a rise less than this many steps after a counted one belongs to it.
    """
    return len(slingshot_steps(steps, losses, after, factor, refractory))


def slingshot_steps(
    steps: ArrayLike, losses: ArrayLike, after: int, factor: float, refractory: int
) -> list[float]:
    """The steps at which these rises begin, increasing. Arguments as in ``slingshots``."""
    times = np.asarray(steps)
    values = np.asarray(losses, dtype=np.float64)
    if len(times) == 0:
        return []
    lowest = np.minimum.accumulate(values)
    # The minimum up to the step itself: a value cannot exceed a multiple of itself.
    above = values > factor * lowest
    rises = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    found: list[float] = []
    for step in times[rises]:
        if step > after and (not found or step - found[-1] >= refractory):
            found.append(float(step))
    return found


def spikes(steps: ArrayLike, losses: ArrayLike, after: int, factor: float) -> int:
    """How many spikes the curve of a loss shows on a logarithmic axis.

    A spike is a rise to ``factor`` times the lowest loss since the last spike ended; it ends where
    the loss has fallen again to its peak over ``factor``. Smaller wiggles are none, and a rise that
    stays up is one. Unlike ``slingshots`` this needs no new height above the lowest loss of the
    whole run, nor a time between two.

    Args:
        steps, losses: (T,), increasing in step.
        after: a spike counts if its peak comes after this step.
        factor: dimensionless, above 1.
    """
    number, up = 0, False
    low, peak, peak_at = np.inf, -np.inf, 0
    for step, loss in zip(np.asarray(steps), np.asarray(losses, dtype=np.float64), strict=True):
        if not up:
            low = min(low, loss)
            if loss >= factor * low and loss > low:
                up, peak, peak_at = True, loss, step
        elif loss > peak:
            peak, peak_at = loss, step
        elif loss * factor <= peak:
            number += bool(peak_at > after)
            up, low = False, loss
    return number + bool(up and peak_at > after)
